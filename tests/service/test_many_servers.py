"""Any number of servers on one Chroma database: each knows at once what the others did."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from tenacity import retry, stop_after_delay, wait_fixed

import commonplace
from chroma_server import HERE, client_of_new_database
from commonplace import Memory
from commonplace.chroma.notes import Notes
from commonplace.chroma.shared_audit import SharedAuditLog
from commonplace.errors import AccessDeniedError, QuotaExceededError
from commonplace.keeping.audit_chain import AuditEntry
from commonplace.service.rates import SharedRates
from commonplace.service.store_keys import KEYS, StoreKeys
from commonplace.service.store_serving import CLAIMS
from commonplace.testing import HashingEmbedder
from commonplace.values.scope import Scope
from several_servers import as_processes, in_threads

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

pytestmark = pytest.mark.allow_hosts([HERE])
ALICE = Scope(("user", "alice"))
MemoryAt: TypeAlias = Callable[[str, str], Memory]
patient = retry(stop=stop_after_delay(60), wait=wait_fixed(0.1), reraise=True)


@pytest.fixture(scope="module")
def client(chroma_port: int) -> ClientAPI:
    return client_of_new_database(chroma_port)


@pytest.fixture(scope="module")
def both(client: ClientAPI) -> Iterator[list[str]]:
    """Give the addresses of two servers."""
    with in_threads(2, client) as addresses:
        yield addresses


@pytest.fixture
def keys(client: ClientAPI) -> StoreKeys:
    return StoreKeys(Notes(client, KEYS))


@pytest.fixture
def memory_at() -> Iterator[MemoryAt]:
    """Open the memory of a key at a server."""
    with ExitStack() as closing:

        def opened(server: str, key: str) -> Memory:
            memory = commonplace.open(server, api_key=key, embedder=HashingEmbedder())
            return closing.enter_context(memory)

        yield opened


def asked(server: str, path: str, key: str = "", body: Any = None) -> tuple[int, Any]:
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    try:
        with urlopen(Request(f"{server}{path}", data, headers)) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)


def test_what_one_is_told_the_other_knows(
    memory_at: MemoryAt, both: list[str], keys: StoreKeys
) -> None:
    one, other = (memory_at(server, keys.add(ALICE)) for server in both)

    record = one.remember("Likes green tea")
    assert [match.record.id for match in other.recall("green tea")] == [record.id]
    other.set("timezone", "Europe/Oslo")
    assert one.get("timezone") == "Europe/Oslo"
    assert one.forget(record.id) == 1
    assert other.count() == 1
    assert other.erase(reason="request 1").is_complete
    assert one.count() == 0


def test_a_key_is_one_of_both_and_so_is_its_end(
    memory_at: MemoryAt, both: list[str], keys: StoreKeys
) -> None:
    key = keys.add(ALICE)
    assert [asked(server, "/v1/count", key, {}) for server in both] == [(200, 0), (200, 0)]

    keys.revoke(key.split("_")[1])

    @patient
    def is_refused(server: str) -> None:
        assert asked(server, "/v1/count", key, {})[0] == 401

    for server in both:
        is_refused(server)
        with pytest.raises(AccessDeniedError):
            memory_at(server, key).count()


def test_a_revoked_key_is_refused_before_a_second_is_over(keys: StoreKeys) -> None:
    seconds = [0.0]
    served = StoreKeys(keys._notes, ticks=lambda: seconds[0])
    key = keys.add(ALICE)
    assert served.grant(key) is not None
    keys.revoke(key.split("_")[1])

    seconds[0] = 0.9

    assert served.grant(key) is None


def test_no_secret_is_in_the_database(client: ClientAPI, keys: StoreKeys) -> None:
    key = keys.add(ALICE)
    _, id, secret = key.split("_", 2)

    kept = str(client.get_collection(KEYS, embedding_function=None).get())

    assert id in kept
    assert secret not in kept


def test_both_write_one_audit_log(memory_at: MemoryAt, both: list[str], keys: StoreKeys) -> None:
    key = keys.add(Scope())
    memories = [memory_at(server, key) for server in both]

    def forget_some(number: int) -> None:
        memory = memories[number % 2].scope("user", f"of-{number}")
        for text in ("One", "Two", "Three"):
            memory.forget(memory.remember(text).id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(forget_some, range(4)))

    for memory in memories:
        entries = memory.audit()
        assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
        assert memory.verify_audit() == []
    assert len(memories[0].scope("user", "of-1").audit()) == 3
    assert memories[0].audit() == memories[1].audit()


def test_entries_stand_in_the_order_in_which_they_were_written(chroma_port: int) -> None:
    """And not by the clocks of who wrote them, which are minutes apart."""
    apart, at = client_of_new_database(chroma_port), commonplace.values.records.now()
    logs = [SharedAuditLog(apart) for _ in range(2)]

    for number in range(4):
        behind = timedelta(minutes=number)
        logs[number % 2].append("sweep", ALICE, at=at - behind, counts={"records": number})

    for entries in (logs[0].entries(), logs[0].entries(ALICE), logs[1].entries()):
        assert [entry.counts["records"] for entry in entries] == [0, 1, 2, 3]
        assert [entry.number for entry in entries] == [1, 2, 3, 4]
    assert logs[1].verify() == []


def test_what_is_taken_from_the_log_is_missed(chroma_port: int) -> None:
    apart = client_of_new_database(chroma_port)
    at = commonplace.values.records.now()
    for number in range(3):
        SharedAuditLog(apart).append("sweep", ALICE, at=at, counts={"records": number})
    assert SharedAuditLog(apart).verify() == []
    collection = apart.get_collection("commonplace-audit", embedding_function=None)

    collection.delete(ids=["3"])
    assert SharedAuditLog(apart).verify() != []
    SharedAuditLog(apart).append("sweep", ALICE, at=at)
    collection.delete(ids=["2"])

    assert "Entry 2 cannot be read." in SharedAuditLog(apart).verify()


def test_both_keep_together_no_more_than_a_key_may(
    memory_at: MemoryAt, both: list[str], keys: StoreKeys
) -> None:
    key = keys.add(Scope(("user", "small")), max_records=10)
    memories = [memory_at(server, key) for server in both]

    def is_kept(number: int) -> bool:
        try:
            memories[number % 2].set(f"key-{number}", number)
        except QuotaExceededError as error:
            assert "may keep 10 records; 10 are stored" in str(error)  # noqa: PT017  # one of several threads raised it
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        kept = list(pool.map(is_kept, range(24)))

    assert kept.count(True) == memories[0].count() == 10


def test_what_a_key_may_ask_in_a_minute_is_for_all_servers(chroma_port: int) -> None:
    claims, seconds = Notes(client_of_new_database(chroma_port), CLAIMS), [600.0]
    one, other = (SharedRates(claims, lambda: seconds[0]) for _ in range(2))

    taken = [each.takes("key", 50) for _ in range(40) for each in (one, other)]
    assert taken.count(True) == 50
    assert not one.takes("key", 50)

    seconds[0] += 60
    assert [other.takes("key", 3) for _ in range(4)] == [True, True, True, False]
    seconds[0] += 120
    one.tidy()
    assert claims.all() == {}


LEFT = """
import os, signal, sys
import chromadb
from chromadb.config import Settings
import commonplace
from chromadb.api.models.Collection import Collection
from commonplace.chroma import open_erasures
from commonplace.testing import HashingEmbedder

open_erasures.LASTS_SECONDS = 0.0
settings = Settings(anonymized_telemetry=False)
client = chromadb.HttpClient(sys.argv[1], int(sys.argv[2]), settings=settings, database=sys.argv[3])
memory = commonplace.open(chroma=client, embedder=HashingEmbedder())
Collection.delete = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
memory.scope("user", "left").erase(reason="request 7")
"""


def test_an_erasure_that_a_dead_process_left_is_seen_and_finished(
    memory_at: MemoryAt, both: list[str], client: ClientAPI, chroma_port: int, keys: StoreKeys
) -> None:
    memory = memory_at(both[0], keys.add(Scope()))
    left, beside = memory.scope("user", "left"), memory.scope("user", "beside")
    left.remember_many(["One", "Two"])
    beside.remember("Three")

    run = subprocess.run(
        [sys.executable, "-c", LEFT, HERE, str(chroma_port), client.database], check=False
    )
    assert run.returncode == -signal.SIGKILL

    @patient
    def is_finished() -> list[AuditEntry]:
        assert left.count() == 0
        assert left.unfinished() == []
        assert Notes(client, "commonplace-erasures").all() == {}
        return left.audit()

    actions = [entry.action for entry in is_finished()]
    assert actions == ["erase begun", "erase begun", "erased"]
    assert {entry.reason for entry in left.audit()} == {"request 7"}
    assert beside.count() == 1


def half_a_request(server: str, key: str, body: bytes) -> socket.socket:
    """Send all of a request but its last byte: it is under way."""
    host, port = urlsplit(server).netloc.split(":")
    line = socket.create_connection((host, int(port)), timeout=60)
    head = (
        f"POST /v1/count HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    line.sendall(head.encode() + body[:-1])
    return line


def test_one_process_is_killed_and_another_told_to_end(
    memory_at: MemoryAt, client: ClientAPI, chroma_port: int, keys: StoreKeys
) -> None:
    key, body = keys.add(Scope(("user", "killed"))), b"{}"
    with as_processes(2, chroma_port, client.database) as [one, other]:
        memory = memory_at(one.address, key)
        kept = {memory.remember(f"Number {number}").id for number in range(3)}
        one.send(signal.SIGKILL)
        one.ended()

        memory = memory_at(other.address, key)
        assert {record.id for record in memory.records()} == kept
        assert asked(other.address, "/health/ready") == (200, {"status": "ready"})
        with half_a_request(other.address, key, body) as line:
            # That one is under way once a request that came behind it is answered.
            assert asked(other.address, "/v1/count", key, {}) == (200, 3)
            other.send(signal.SIGTERM)

            @patient
            def is_ending() -> None:
                assert asked(other.address, "/v1/count", key, {})[0] == 503

            is_ending()
            assert asked(other.address, "/health/ready")[0] == 503
            assert asked(other.address, "/health") == (200, {"status": "ok"})
            line.sendall(body[-1:])
            assert line.recv(100).startswith(b"HTTP/1.1 200 OK")
        assert other.ended() == 0
