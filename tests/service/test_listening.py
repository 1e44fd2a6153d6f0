"""Servers on real sockets: who can connect, how, and for how long."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from ipaddress import IPv4Address
from pathlib import Path

import pytest

import commonplace
from clock import Clock
from commonplace import InvalidInputError, Memory
from commonplace.client.address import Address
from commonplace.client.connection import Line
from commonplace.errors import AccessDeniedError
from commonplace.service import http_server
from commonplace.service.http_server import Port
from commonplace.service.keys import Keys
from commonplace.service.serving import Service
from commonplace.testing import HashingEmbedder
from commonplace.values.scope import Scope
from serving import serving

HERE = "127.0.0.1"
# Servers for other machines are reached over TCP and nothing else; this one is this machine's.
pytestmark = pytest.mark.allow_hosts([HERE])


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory whose path is short, and into which every user may look."""
    with tempfile.TemporaryDirectory(prefix="commonplace-test-") as made:
        Path(made).chmod(0o755)
        store = Path(made) / "store"
        store.mkdir(mode=0o755)
        store.chmod(0o755)
        yield store


@pytest.fixture
def service(directory: Path) -> Iterator[Service]:
    with serving(directory, HashingEmbedder(), Clock(), port=Port(HERE, 0)) as running:
        yield running


def number_of(service: Service) -> int:
    return int(service.addresses[1].rpartition(":")[2])


CONNECT = """
import os, socket, sys
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(int(sys.argv[2]))
try:
    socket.socket(socket.AF_UNIX).connect(sys.argv[1])
except PermissionError:
    print("refused")
else:
    print("connected")
for path in sys.argv[3:]:
    try:
        open(path).read()
    except PermissionError:
        continue
    print("read", path)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(("user", "outcome"), [(0, "connected"), (65_534, "refused")])
def test_another_user_of_the_machine_cannot_connect(
    directory: Path, service: Service, user: int, outcome: str
) -> None:
    path = service.addresses[0].removeprefix("unix:")
    Keys(directory).add(Scope())
    private = [] if user == 0 else [str(directory / "keys.json"), str(directory / "owner.json")]

    run = subprocess.run(
        [sys.executable, "-S", "-c", CONNECT, path, str(user), *private],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )

    assert run.stdout.strip() == outcome


def test_the_socket_and_its_directory_are_the_user_s_alone(service: Service) -> None:
    path = Path(service.addresses[0].removeprefix("unix:"))

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("name", ["x" * 120, "ä" * 60])
def test_a_directory_with_a_long_path_has_its_socket_elsewhere(directory: Path, name: str) -> None:
    with serving(directory / name, HashingEmbedder(), Clock()) as service:
        path = Path(service.addresses[0].removeprefix("unix:"))

        assert not path.is_relative_to(directory)
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        with commonplace.open(directory / name) as memory:
            assert memory.count() == 0

    assert not path.parent.exists()


def test_a_directory_made_open_before_is_closed_to_others(directory: Path) -> None:
    (directory / "run").mkdir(mode=0o777)
    (directory / "run").chmod(0o777)

    with serving(directory, HashingEmbedder(), Clock()):
        assert stat.S_IMODE((directory / "run").stat().st_mode) == 0o700


def test_the_memory_of_a_key_is_its_scope_and_reaches_nothing_else(
    directory: Path, service: Service
) -> None:
    with commonplace.open(directory) as local:
        local.scope("user", "bob").remember("Lives in Oslo")
    key = Keys(directory).add(Scope.parse("user/alice"))

    with commonplace.open(service.addresses[1], api_key=key) as alice:
        assert alice.path == Scope.parse("user/alice")
        alice.remember("Likes green tea")
        assert [match.record.text for match in alice.recall("Oslo or tea?")] == ["Likes green tea"]
        assert alice.count() == 1
        for above in (Scope(), Scope.parse("user"), Scope.parse("user/bob")):
            beyond = Memory(alice._engine, above)
            with pytest.raises(AccessDeniedError, match="user/alice"):
                beyond.records()
            with pytest.raises(AccessDeniedError, match="user/alice"):
                beyond.remember("Was here")
            with pytest.raises(AccessDeniedError, match="user/alice"):
                alice.including(beyond).recall("Oslo")

    with commonplace.open(directory) as local:
        assert sorted(one.text for one in local.records()) == ["Likes green tea", "Lives in Oslo"]


@pytest.mark.parametrize("key", [None, "wrong", "cp_0123_wrong"])
def test_without_a_key_the_port_opens_nothing(service: Service, key: str | None) -> None:
    with pytest.raises(AccessDeniedError, match="no such key"):
        commonplace.open(service.addresses[1], api_key=key)


def test_a_key_that_is_revoked_ends_an_open_memory_s_access(
    directory: Path, service: Service
) -> None:
    key = Keys(directory).add(Scope.parse("user/alice"))

    with commonplace.open(service.addresses[1], api_key=key) as alice:
        alice.remember("Likes green tea")
        Keys(directory).revoke(Keys(directory).listed()[0].id)

        with pytest.raises(AccessDeniedError):
            alice.count()


HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("sent", [b"", b"POST /v1/remember HTTP/1.1\r\nHost:"])
def test_a_head_that_does_not_arrive_is_not_waited_for(
    directory: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(http_server.Protocol, "head_seconds", 0.05)
    with (
        serving(directory, HashingEmbedder(), Clock(), port=Port(HERE, 0)) as service,
        socket.create_connection((HERE, number_of(service)), timeout=30) as line,
    ):
        line.sendall(sent)

        assert line.recv(100) == b""


def test_nor_is_the_head_of_a_second_request(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_server.Protocol, "head_seconds", 1.0)
    with (
        serving(directory, HashingEmbedder(), Clock(), port=Port(HERE, 0)) as service,
        socket.create_connection((HERE, number_of(service)), timeout=30) as line,
    ):
        line.sendall(HEALTH)
        answer = b""
        while not answer.endswith(b'"ok"}'):
            answer += line.recv(1_000)
        line.sendall(HEALTH[:10])

        assert answer.startswith(b"HTTP/1.1 200")
        assert line.recv(100) == b""


def test_a_head_without_end_is_refused(service: Service) -> None:
    with socket.create_connection((HERE, number_of(service)), timeout=30) as line:
        line.sendall(b"GET /health HTTP/1.1\r\nX: " + b"x" * 100_000)

        assert line.recv(100).startswith(b"HTTP/1.1 400")


def certified(directory: Path) -> tuple[Path, Path]:
    """Return the files of a certificate for this machine, which signs itself, and of its key."""
    pytest.importorskip("cryptography", reason="makes the certificate")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "commonplace test")])
    at = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address(HERE))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    certificate, private = directory / "certificate.pem", directory / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, private


def test_over_tls_who_trusts_the_certificate_is_served_and_no_other(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, private = certified(tmp_path)
    port = Port(HERE, 0, certificate, private)
    key = Keys(directory).add(Scope.parse("user/alice"))

    with serving(directory, HashingEmbedder(), Clock(), port=port) as service:
        address = service.addresses[1]
        assert address.startswith("https://")
        assert not Line(Address(address, key)).is_healthy()

        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with commonplace.open(address, api_key=key) as alice:
            assert alice.remember("Likes tea").scope == Scope.parse("user/alice")
        in_clear = Address(address.replace("https://", "http://"), key)
        assert not Line(in_clear).is_healthy()


@pytest.mark.parametrize("content", [b"", b"no certificate"])
def test_a_certificate_of_no_use_is_refused_and_the_directory_given_free(
    directory: Path, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "bad.pem").write_bytes(content)
    for port in (
        Port(HERE, 0, tmp_path / "bad.pem"),
        Port(HERE, 0, tmp_path / "missing.pem"),
        Port(HERE, 0, None, tmp_path / "bad.pem"),
    ):
        with (
            pytest.raises(InvalidInputError, match="certificate"),
            serving(directory, HashingEmbedder(), Clock(), port=port),
        ):
            pass
    with commonplace.open(directory, embedder=HashingEmbedder()) as memory:
        assert memory.count() == 0


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host", "x" * 300])
def test_an_address_that_cannot_be_had_is_named(directory: Path, host: str) -> None:
    with (
        pytest.raises(InvalidInputError, match="cannot listen"),
        serving(directory, HashingEmbedder(), Clock(), port=Port(host, 0)),
    ):
        pass


def test_a_port_that_is_taken_is_named(directory: Path, service: Service) -> None:
    taken = number_of(service)
    with (
        pytest.raises(InvalidInputError, match=f"port {taken}"),
        serving(directory.parent / "other", HashingEmbedder(), Clock(), port=Port(HERE, taken)),
    ):
        pass
