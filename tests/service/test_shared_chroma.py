"""Processes beside one another on a real `chroma run`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timezone
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest

import commonplace
from chroma_door import LOST, Answer, door
from chroma_server import HERE, client_of, client_of_new_database, running
from commonplace import Memory, StoreError
from commonplace.chroma import patience
from commonplace.chroma.lines import Lines
from commonplace.errors import StoreDamagedError
from commonplace.testing import HashingEmbedder
from shared_writer import WRITES

pytestmark = pytest.mark.allow_hosts([HERE])
WRITER = Path(__file__).parents[1] / "shared_writer.py"


def opened(client: Any, **options: Any) -> Memory:
    root = commonplace.open(chroma=client, embedder=HashingEmbedder(8), **options)
    return root.scope("user", "alice")


@pytest.fixture
def client(chroma_port: int) -> Any:
    return client_of_new_database(chroma_port)


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each request to Chroma."""
    made: list[str] = []
    send = httpx.Client.send

    def noting(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        made.append(f"{request.method} {request.url.path.rpartition('/')[2]}")
        return send(self, request, **options)

    monkeypatch.setattr(httpx.Client, "send", noting)
    asking = Lines.asking

    def noting_too(self: Lines, collection: Any, what: str, body: Any) -> Any:
        made.append(f"POST {what}")
        return asking(self, collection, what, body)

    monkeypatch.setattr(Lines, "asking", noting_too)
    return made


def test_what_is_warm_costs_one_request_and_a_write_two(client: Any, requests: list[str]) -> None:
    alice = opened(client)
    alice.remember_many([f"Fact {number}" for number in range(50)])
    alice.set("colour", "green")
    alice.recall("fact")

    for ask in (lambda: alice.recall("fact"), alice.count, lambda: alice.get("colour")):
        requests.clear()
        ask()
        assert requests == ["POST get"]
    requests.clear()
    alice.remember("Likes tea")
    assert requests == ["POST add", "POST get"]
    requests.clear()
    alice.set("colour", "red")
    assert requests == ["POST add", "POST get"]
    again = alice.records()
    requests.clear()
    alice.remember_many(again)  # that this changes nothing has to be so now
    assert requests == ["POST get"]


def test_a_recall_ranks_before_chroma_has_answered(client: Any, chroma_port: int) -> None:
    """The server answers only once the clock was read a third time, which ranking does."""
    read, ranked = [0], list[bool]()
    ranks, is_warm = threading.Event(), threading.Event()

    def clock() -> datetime:
        read[0] += is_warm.is_set()
        if read[0] > 2:
            ranks.set()
        return datetime(2026, 5, 4, tzinfo=timezone.utc)

    def guard(_: str, __: str) -> Answer:
        if is_warm.is_set():
            ranked.append(ranks.wait(20))
        return None

    with door(chroma_port, guard) as address:
        port = int(address.rpartition(":")[2])
        alice = opened(client_of(port, client.database), clock=clock)
        alice.remember("Likes tea")
        alice.recall("tea")
        is_warm.set()

        assert alice.recall("tea")[0].record.text == "Likes tea"
    assert ranked == [True]


def test_of_what_another_wrote_only_that_is_read(client: Any, requests: list[str]) -> None:
    mine, theirs = opened(client), opened(client)
    mine.remember_many([f"Fact {number}" for number in range(50)])
    assert theirs.recall("fact", limit=1)
    assert theirs.count() == 50

    mine.remember("Likes tea")
    requests.clear()

    assert theirs.recall("tea")[0].record.text == "Likes tea"
    assert requests == ["POST get"] * 2  # a look that brings the commit along, and its rows
    mine.remember("Likes rum")
    requests.clear()
    assert theirs.count() == 52
    assert requests == ["POST get"] * 2


@pytest.fixture
def writers(client: Any, chroma_port: int) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Start writers in processes of their own, ready to write."""
    with ExitStack() as closing:

        def started(name: str) -> subprocess.Popen[str]:
            command = [sys.executable, str(WRITER), str(chroma_port), client.database, name]
            writer = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            closing.enter_context(writer)
            closing.callback(writer.kill)
            assert said(writer) == "ready"
            return writer

        yield started


def said(writer: subprocess.Popen[str]) -> str:
    assert writer.stdout is not None
    return writer.stdout.readline().strip()


def let_on(*writers: subprocess.Popen[str]) -> None:
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("\n")
        writer.stdin.flush()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows cannot pause a process")
def test_of_several_processes_no_write_is_lost_or_doubled(
    client: Any, writers: Callable[[str], subprocess.Popen[str]]
) -> None:
    """One is paused between its writes until the others are done, and one is killed."""
    alice = opened(client)
    paused, killed, steady = (writers(name) for name in ("paused", "killed", "steady"))
    let_on(paused, killed, steady)
    said(paused)
    os.kill(paused.pid, signal.SIGSTOP)
    acknowledged = [said(killed) for _ in range(3)]
    killed.kill()
    assert steady.wait() == 0
    during = alice.count()
    os.kill(paused.pid, signal.SIGCONT)
    assert paused.wait() == 0

    assert alice.count() > during
    events = Counter(one.text for one in alice.records(kind="event", limit=100))
    assert set(events.values()) == {1}
    for name, number in (("paused", WRITES), ("steady", WRITES), ("killed", len(acknowledged))):
        assert {f"{name} did {one}" for one in range(number)} <= set(events)
    [tea] = alice.records(kind="fact")
    assert tea.mentions in range(2 * WRITES + 3, 3 * WRITES + 1)
    colours = [one.metadata["value"] for one in alice.history(alice.records(kind="value")[0].id)]
    assert len(colours) == len(set(colours))
    assert {f"steady {one}" for one in range(WRITES)} <= set(colours)
    assert {f"paused {one}" for one in range(WRITES)} <= set(colours)
    assert alice.get("colour") == f"paused {WRITES - 1}"


UNFINISHED: list[Answer] = [
    (
        500,
        b'{"error": "InternalError", "message": "Error executing plan: Internal error: %b"}' % said,
    )
    for said in (b"Error creating hnsw segment reader: Nothing found on disk", b"Error finding id")
]
"""What chromadb 1.5 answers who reads an index that it is just writing."""


def test_every_verb_outlasts_a_busy_server_and_answers_that_are_lost(
    client: Any, chroma_port: int
) -> None:
    """Every other request is refused, or done and its answer lost."""
    hindrances = (503, b"busy"), LOST, (429, b"slow down"), *UNFINISHED
    answers = cycle(answer for hindrance in hindrances for answer in (hindrance, None))
    is_up = threading.Event()

    def guard(_: str, path: str) -> Answer:
        return next(answers) if is_up.is_set() and "/collections/" in path else None

    with door(chroma_port, guard) as address:
        alice = opened(client_of(int(address.rpartition(":")[2]), client.database))
        is_up.set()
        tea = alice.remember("Likes tea")
        alice.remember("Likes tea")
        alice.set("colour", "green")
        alice.set("colour", "red")
        rum = alice.remember("Likes rum")
        assert [match.record.id for match in alice.recall("tea")][:1] == [tea.id]
        assert alice.forget(rum.id) == 1

    [fact] = opened(client).records(kind="fact")
    assert (fact.id, fact.mentions) == (tea.id, 2)
    [value] = opened(client).records(kind="value")
    versions = opened(client).history(value.id)
    assert [one.metadata["value"] for one in versions] == ["green", "red"]


def test_a_restart_of_chroma_is_waited_for(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    port = unused_tcp_port_factory()
    with running(tmp_path, port):
        client = client_of_new_database(port)
        alice = opened(client)
        alice.remember("Likes tea")
    writes = threading.Thread(target=alice.remember, args=["Lives in Oslo"])
    writes.start()
    with running(tmp_path, port):
        writes.join()
        assert sorted(one.text for one in alice.records()) == ["Likes tea", "Lives in Oslo"]
        assert alice.recall("Oslo")[0].record.text == "Lives in Oslo"


def test_a_chroma_that_stays_away_is_an_error_of_ours(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patience, "BUDGET_SECONDS", 0.2)
    port = unused_tcp_port_factory()
    with running(tmp_path, port):
        alice = opened(client_of_new_database(port))
        alice.remember("Likes tea")

    with pytest.raises(StoreError, match=r"reading 'user/alice'.*ConnectError"):
        alice.recall("tea")
    with pytest.raises(StoreError, match="ConnectError"):
        alice.remember("Lives in Oslo")


def cut_in_half(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


@pytest.mark.parametrize(
    ("name", "damage"), [("header.bin", Path.unlink), ("index_metadata.pickle", cut_in_half)]
)
def test_a_damaged_index_of_a_server_is_told(
    tmp_path: Path,
    unused_tcp_port_factory: Callable[[], int],
    name: str,
    damage: Callable[[Path], None],
) -> None:
    with running(tmp_path, unused_tcp_port_factory()) as port:
        client = client_of_new_database(port)
        opened(client).remember_many([f"Fact {number}" for number in range(200)])
    [index] = tmp_path.rglob(name)
    damage(index)

    with running(tmp_path, unused_tcp_port_factory()) as port:
        client_of_new_database(port)  # by then it answers
        alice = opened(client_of(port, client.database))
        asks: list[Callable[[], object]] = [alice.count, lambda: alice.recall("fact")]
        asks += [lambda: alice.remember("More"), lambda: alice.erase(reason="request 1")]
        for ask in asks:
            with pytest.raises(StoreDamagedError, match="restore the backup of that server"):
                ask()
