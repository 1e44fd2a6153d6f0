"""A store that several have open at once, each with a memory of its own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import chromadb
import chromadb.errors
import numpy as np
import pytest

import commonplace
from chroma_server import in_this_process
from clock import Clock
from commonplace import Memory, Record, Scope, StoreError
from commonplace.chroma import commit_log, shared_catalogue
from commonplace.chroma.absence import AskingStore
from commonplace.chroma.catalogue import PARTITIONS, Catalogue, partition_name
from commonplace.chroma.shared_store import SharedStore
from commonplace.chroma.shared_warm import SharedWarm
from commonplace.chroma.store import ChromaStore
from commonplace.embedding import as_embedder
from commonplace.errors import StoreFormatError
from commonplace.ports import Entry
from commonplace.testing import HashingEmbedder
from commonplace.values.records import now
from stepping import Process, SteppedClient, SteppedLines

ALICE = Scope(("user", "alice"))
TWICE = ["begun", "done", "done"]
COSINE: dict[str, Any] = {"configuration": {"hnsw": {"space": "cosine"}}}
MANY = 20
"""More commits than are looked for at a time."""


@pytest.fixture
def client() -> Any:
    return in_this_process()


def opened(client: Any, **options: Any) -> Memory:
    root = commonplace.open(chroma=client, embedder=HashingEmbedder(8), **options)
    return root.scope("user", "alice")


def until_it_writes(process: Process, work: Callable[[], object]) -> None:
    """Run it until its first write is about to be sent."""
    process.start(work)
    while process.stopped_before not in {"add", "update", "upsert"}:
        process.step()


def to_its_end(process: Process) -> object:
    while process.is_busy:
        process.step()
    if process.error is not None:
        raise process.error
    return process.result


def test_an_update_that_was_overtaken_is_decided_again(client: Any) -> None:
    process = Process()
    theirs, mine = opened(client), opened(SteppedClient(client, process))
    tea = theirs.remember("Likes tea")

    until_it_writes(process, lambda: mine.update(tea.id, importance=0.9))
    theirs.update(tea.id, metadata={"since": 2024})
    to_its_end(process)

    for memory in (mine, theirs):
        assert memory.record(tea.id).importance == 0.9
        assert memory.record(tea.id).metadata == {"since": 2024}


def test_what_was_forgotten_meanwhile_is_not_brought_back(client: Any) -> None:
    process = Process()
    theirs, mine = opened(client), opened(SteppedClient(client, process))
    tea = theirs.remember("Likes tea")

    until_it_writes(process, lambda: mine.update(tea.id, importance=0.9))
    theirs.forget(tea.id)

    with pytest.raises(commonplace.RecordNotFoundError):
        to_its_end(process)
    assert opened(client).records() == []


def test_what_was_erased_meanwhile_is_not_brought_back(client: Any) -> None:
    process = Process()
    theirs, mine = opened(client), opened(SteppedClient(client, process))
    tea = theirs.remember("Likes tea")
    mine.scope("below").remember("Likes tea")

    until_it_writes(process, lambda: mine.update(tea.id, text="Likes green tea"))
    assert theirs.erase(reason="asked for").records == 2

    with pytest.raises(commonplace.RecordNotFoundError):
        to_its_end(process)
    assert mine.records() == theirs.records() == opened(client).records() == []
    assert not any("tea" in (text or "") for text in texts(client))


def test_the_whole_store_is_erased_and_takes_records_again(client: Any) -> None:
    alice = opened(client)
    root = commonplace.open(chroma=client, embedder=HashingEmbedder(8))
    alice.remember("Likes tea")

    assert root.erase(reason="asked for").records == 1

    assert root.count() == alice.count() == 0
    alice.remember("Lives in Oslo")
    assert [one.text for one in root.records()] == ["Lives in Oslo"]


def texts(client: Any) -> list[str]:
    """Return the text of every row, whether it counts or not."""
    return [text for one in client.list_collections() for text in one.get()["documents"] if text]


def test_a_sweep_removes_what_a_dead_writer_left(client: Any) -> None:
    process = Process()
    theirs, mine = opened(client), opened(SteppedClient(client, process))
    theirs.remember("Likes tea")
    mine.recall("tea")
    until_it_writes(process, lambda: mine.remember("Lives in Oslo"))
    theirs.remember("Likes rum")
    process.step()  # the rows are there; that another was first it never reads
    process.kill()
    assert "Lives in Oslo" in texts(client)
    assert len(theirs.records()) == len(opened(client, cache_bytes=0).records()) == 2

    theirs.sweep()

    assert sorted(texts(client)) == ["Likes rum", "Likes tea"]


def test_a_write_to_collections_that_were_just_removed_is_kept(client: Any) -> None:
    mine, theirs = opened(client), opened(client)
    for number in range(3):
        mine.remember(f"Fact {number}")
    for one in client.list_collections():
        client.delete_collection(one.name)

    mine.remember("Likes tea")

    for memory in (mine, theirs, opened(client), opened(client, cache_bytes=0)):
        assert [one.text for one in memory.records()] == ["Likes tea"]


def test_uses_are_counted_once_each(client: Any) -> None:
    clock = Clock()
    one, two = opened(client, clock=clock), opened(client, clock=clock, cache_bytes=0)
    tea = one.remember("Likes tea")
    for _ in range(3):
        one.used(tea.id)
        two.used(tea.id)

    clock.advance(minutes=20)
    one.used(tea.id)
    two.used(tea.id)

    assert one.record(tea.id).uses == two.record(tea.id).uses == 8


@pytest.mark.parametrize("room", [0, 2**20])
def test_a_long_history_stays_small_and_whole(client: Any, room: int) -> None:
    """Blocks of commits are closed, and another goes on from there, from any point."""
    late, alice = opened(client), opened(client, cache_bytes=room)
    for number in range(150):
        alice.set("number", number)
        if number == 70:
            assert late.get("number") == 70

    assert late.get("number") == opened(client).get("number") == 149
    values = late.history(late.records()[0].id)
    assert [one.metadata["value"] for one in values] == list(range(150))
    assert sum(one.count() for one in client.list_collections()) < 150 + 3 * 64


def test_a_store_of_a_release_before_is_taken_over(client: Any) -> None:
    vectors = np.eye(8, dtype=np.float32)
    former = ChromaStore(client, HashingEmbedder(8).name)
    former.put([Entry(Record("Likes tea", scope=ALICE), vectors[:3])])
    alice = opened(client)
    assert [one.text for one in alice.records()] == ["Likes tea"]
    assert Catalogue(client, None).mark is not None  # reading has changed nothing

    alice.update(alice.records()[0].id, text="Likes green tea")

    for memory in (alice, opened(client), opened(client, cache_bytes=0)):
        [present] = memory.records()
        assert [one.text for one in memory.history(present.id)] == ["Likes tea", "Likes green tea"]
    with pytest.raises(StoreFormatError, match="format 2"):
        Catalogue(client, None)


def test_a_large_scope_is_ranked_as_one_that_fits(client: Any) -> None:
    words = ["tea", "rum", "milk", "rice", "Oslo", "Rome", "red", "blue", "cat", "dog"]
    alice, large = opened(client), opened(client, cache_bytes=0)
    alice.remember_many([f"Likes {one} and {two}" for one in words for two in words if one < two])
    alice.forget(*(record.id for record in alice.records(limit=5)))

    for word in words:
        expected = [match.record.text for match in alice.recall(word, limit=3)]
        found = {match.record.text for match in large.recall(word, limit=3)}
        assert expected[0] in found
    assert large.count() == alice.count() == 40


@pytest.mark.parametrize(("is_late", "expected"), [(False, ["begun", "done"]), (True, TWICE)])
def test_work_is_done_once_where_news_comes_while_it_is_begun(
    client: Any, monkeypatch: pytest.MonkeyPatch, *, is_late: bool, expected: list[str]
) -> None:
    """Beside a late answer it is done, and again on what the answer brings."""
    monkeypatch.setattr(shared_catalogue, "lines_of", lambda _: SteppedLines([is_late]))
    name, done = as_embedder(HashingEmbedder(8)).name, list[str]()
    here, other = (SharedWarm(SharedStore(client, name, 2**20), 2**20) for _ in range(2))

    def step(assume: Callable[[], None], what: str) -> Any:
        done.append(what)
        with here.operation():
            assume()
            return [one.text for one in here.current(ALICE)]

    def texts() -> list[str]:
        done.clear()
        return here.beside([ALICE], partial(step, what="done"), partial(step, what="begun"))

    for number, text in enumerate(("Likes tea", "Likes rum")):
        other.store.put([Entry(Record(text, scope=ALICE), np.eye(8, dtype=np.float32)[:1])])
        found = texts() if number else here.tally([ALICE], now())

    assert found == ["Likes tea", "Likes rum"]
    assert done == expected
    assert texts() == found
    assert done == ["begun", "done"]


def test_who_slept_while_others_closed_blocks_reads_anew(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows of the commits in between are removed: nothing tells them apart from none."""
    monkeypatch.setattr(commit_log, "BLOCK", 2)
    asleep, awake = opened(client), opened(client)
    asleep.set("colour", "none")
    for number in range(MANY):
        awake.set("colour", number)
    assert asleep.get("colour") == MANY - 1

    for number in range(MANY):
        awake.set("size", number)
    asleep.set("colour", "red")

    assert [awake.get("colour"), awake.get("size")] == ["red", MANY - 1]
    assert asleep.records() == awake.records()


def test_the_part_of_a_batch_that_was_stored_is_said(client: Any) -> None:
    store = SharedStore(client, as_embedder(HashingEmbedder(8)).name, 2**20)
    many = [Entry(Record(str(n), scope=ALICE), np.eye(8, dtype=np.float32)[:1]) for n in range(700)]
    failing: Any = FailingAdds(client, after=2)
    store_failing = SharedStore(failing, as_embedder(HashingEmbedder(8)).name, 2**20)

    with pytest.raises(StoreError, match=r"full.*598 of 700 records of 'user/alice' were stored"):
        store_failing.put(many)

    assert len(list(store.records(ALICE))) == 598


class FailingAdds(SteppedClient):
    """A client of a Chroma whose disk is full after so many adds."""

    def __init__(self, client: Any, after: int) -> None:
        super().__init__(client, Counting(after))


class Counting(Process):
    """Goes on until the disk is full."""

    def __init__(self, adds: int) -> None:
        super().__init__()
        self._left = adds

    def stop(self, before: str = "") -> None:
        if before == "add":
            self._left -= 1
            if self._left < 0:
                raise chromadb.errors.InternalError("disk full")


def test_a_server_that_gives_few_rows_at_a_time_is_asked_for_few(client: Any) -> None:
    """As Chroma Cloud, which takes and gives 300 rows in a request."""
    name = as_embedder(HashingEmbedder(8)).name
    vectors = np.eye(8, dtype=np.float32)[:1]
    many = [Entry(Record(str(number), scope=ALICE), vectors) for number in range(700)]
    SharedStore(few(client), name, 2**30).put(many)

    for room in (0, 2**30):
        store = SharedStore(few(client), name, room)
        assert len(list(store.entries(ALICE))) == 700
        assert len(store.stating(ALICE, [str(number) for number in range(20)])) == 20
    assert AskingStore(few(client), name, 0).erase(ALICE).records == 700


def few(client: Any) -> Any:
    """Return a client of a server with the quotas of Chroma Cloud."""
    return Few(client)


class Few:
    """A client of a server with the quotas of Chroma Cloud."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def get_collection(self, *given: Any, **options: Any) -> Any:
        return FewRows(self._client.get_collection(*given, **options))

    def get_or_create_collection(self, *given: Any, **options: Any) -> Any:
        return FewRows(self._client.get_or_create_collection(*given, **options))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class FewRows:
    def __init__(self, collection: Any) -> None:
        self._collection = collection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._collection, name)

    def get(self, **options: Any) -> Any:
        self._check(options.get("limit") or len(options.get("ids") or ()))
        self._check(str(options.get("where")).count("contains") * 300 // 8)
        found = self._collection.get(**options)
        self._check(len(found["ids"]))
        return found

    def query(self, **options: Any) -> Any:
        self._check(options["n_results"])
        return self._collection.query(**options)

    def add(self, **options: Any) -> None:
        self._check(len(options["ids"]))
        self._collection.add(**options)

    def delete(self, **options: Any) -> None:
        self._check(len(options["ids"]))
        self._collection.delete(**options)

    def _check(self, count: int) -> None:
        if count > 300:
            raise chromadb.errors.InvalidArgumentError(
                "Quota exceeded: 'Limit value' exceeded quota limit for action 'Get': current "
                f"usage of {count} exceeds limit of 300"
            )


def test_a_collection_of_somebody_else_takes_no_records_and_starts_no_store(client: Any) -> None:
    for number in range(PARTITIONS):
        name = partition_name(number)
        client.create_collection(name, embedding_function=None, metadata={"mine": 1}, **COSINE)
    before = sorted(one.name for one in client.list_collections())

    with opened(client) as alice, pytest.raises(StoreFormatError, match=r"not made by.*another"):
        alice.remember("Likes tea")

    assert sorted(one.name for one in client.list_collections()) == before
