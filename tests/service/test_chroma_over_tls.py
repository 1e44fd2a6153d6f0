"""A store behind a proxy that speaks TLS and asks for a token."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import commonplace
from certificates import Authority
from chroma_door import TOKEN, Answer, door
from chroma_server import HERE, client_of_new_database
from commonplace import StoreError
from commonplace.chroma.connecting import ChromaPlace, connected
from commonplace.cli.app import app
from commonplace.errors import AccessDeniedError, ServerUnavailableError
from commonplace.testing import HashingEmbedder

pytestmark = pytest.mark.allow_hosts([HERE])
SECRET = "a token of tests"
SENT = {TOKEN: SECRET}
HOUR = timedelta(hours=1)


@pytest.fixture
def database(chroma_port: int) -> str:
    return str(client_of_new_database(chroma_port).database)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """Return an authority that this process trusts."""
    made = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.file))
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    return made


def anybody(_: str, __: str) -> Answer:
    return None


@pytest.fixture
def place(chroma_port: int, database: str, authority: Authority) -> Iterator[ChromaPlace]:
    with door(chroma_port, anybody, token=SECRET, tls=authority.context(HERE)) as url:
        yield ChromaPlace(url, database=database, headers=SENT)


def run(place: ChromaPlace, *words: str, token: str = SECRET) -> Any:
    at = ["--chroma", place.url, "--database", place.database or ""]
    sent = ["--header-from-env", f"{TOKEN}=TOKEN_OF_TESTS"]
    return CliRunner().invoke(app, [*words, *at, *sent], env={"TOKEN_OF_TESTS": token})


def test_the_whole_road_is_gone_behind_it(place: ChromaPlace) -> None:
    assert run(place, "keys", "add", "user/alice").output.startswith("cp_")
    with commonplace.open(chroma=connected(place), embedder=HashingEmbedder(8)) as memory:
        alice = memory.scope("user/alice")
        alice.remember("Likes tea")
        alice.set("colour", "green")
        for _ in range(2):  # the second time over a connection that was kept
            assert [one.record.text for one in alice.recall("tea", kind="fact")] == ["Likes tea"]
            assert alice.get("colour") == "green"

    receipt = json.loads(run(place, "erase", "user/alice", "--reason", "request 1").output)
    assert receipt["records"] == 2
    assert run(place, "list").output == ""


@pytest.mark.parametrize("headers", [{}, {TOKEN: "another"}])
def test_without_the_token_nothing_is_let_in(place: ChromaPlace, headers: dict[str, str]) -> None:
    with pytest.raises(AccessDeniedError, match=r"refuses what it was sent.*--header-from-env"):
        connected(ChromaPlace(place.url, database=place.database, headers=headers))

    ended = run(place, "keys", "add", "user/alice", token="another")
    assert isinstance(ended.exception, AccessDeniedError)
    assert connected(place).list_collections() == []


def test_a_token_that_is_taken_back_is_told(
    chroma_port: int, database: str, authority: Authority
) -> None:
    taken_back = list[Answer]()

    def guard(_: str, path: str) -> Answer:
        return taken_back[0] if taken_back and "/collections/" in path else None

    with door(chroma_port, guard, tls=authority.context(HERE)) as url:
        client = connected(ChromaPlace(url, database=database))
        with commonplace.open(chroma=client, embedder=HashingEmbedder(8)) as memory:
            alice = memory.scope("user/alice")
            alice.remember("Likes tea")
            taken_back.append((401, b"no such token"))

            with pytest.raises(StoreError, match=r"refused what it was sent.*token"):
                alice.recall("tea")
            with pytest.raises(StoreError, match=r"refused what it was sent.*token"):
                alice.remember("Likes rum")

            taken_back.clear()
            assert [one.text for one in alice.records()] == ["Likes tea"]


def test_a_certificate_that_ended_is_told(
    chroma_port: int, database: str, authority: Authority
) -> None:
    with door(chroma_port, anybody, tls=authority.context(HERE, ended=HOUR)) as url:
        place = ChromaPlace(url, database=database)

        with pytest.raises(ServerUnavailableError, match=r"not trusted.*expired.*valid today"):
            connected(place)


def test_a_certificate_of_another_name_is_told(
    chroma_port: int, database: str, authority: Authority
) -> None:
    with door(chroma_port, anybody, tls=authority.context("127.0.0.2")) as url:
        place = ChromaPlace(url, database=database)

        with pytest.raises(ServerUnavailableError, match=r"not trusted.*for that name"):
            connected(place)


def test_an_unknown_authority_is_told(
    place: ChromaPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "another").mkdir()
    monkeypatch.setenv("SSL_CERT_FILE", str(Authority(tmp_path / "another").file))

    with pytest.raises(ServerUnavailableError, match=r"not trusted.*SSL_CERT_FILE"):
        connected(place)


def test_a_server_without_tls_is_told(chroma_port: int) -> None:
    with pytest.raises(ServerUnavailableError, match=r"does not speak TLS.*http://"):
        connected(ChromaPlace(f"https://{HERE}:{chroma_port}"))
