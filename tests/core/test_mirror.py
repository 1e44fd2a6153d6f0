"""The copy of a store's entries beside Chroma: read where it is in step, and nowhere else."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing as closing_file
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

import commonplace
from commonplace import EmbedderMismatchError, MemoryClosedError, Record, Scope, StoreError
from commonplace.chroma import mirror, mirror_rows
from commonplace.chroma.client import client_of
from commonplace.chroma.directory import MIRROR, DirectoryStore, opened
from commonplace.chroma.mirror import NO_DATABASE, Mirror
from commonplace.chroma.purging import DATABASE
from commonplace.chroma.sealing import CHROMA, SEAL
from commonplace.chroma.store import ChromaStore
from commonplace.errors import StoreDamagedError
from commonplace.ports import Entry
from commonplace.testing import HashingEmbedder
from commonplace.uses import Use

ALICE = Scope(("user", "alice"))
TALK = ALICE.child("session", "7")
BOB = Scope(("user", "bob"))
NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


def entry(text: str, scope: Scope = ALICE, *, windows: int = 1, id: str | None = None) -> Entry:
    seed = sum(text.encode())
    vectors = np.random.default_rng(seed).normal(size=(windows, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    record = Record(text, scope=scope)
    return Entry(record if id is None else replace(record, id=id), vectors)


@contextmanager
def store_in(directory: Path) -> Iterator[DirectoryStore]:
    store, close = opened(directory, "random")
    try:
        yield store
    finally:
        close()


def in_chroma(store: DirectoryStore, scope: Scope) -> list[Record]:
    """Return what Chroma holds, past the copy."""
    return list(ChromaStore.records(store, scope))


def texts(store: DirectoryStore, scope: Scope) -> list[str]:
    return sorted(one.record.text for one in store.entries(scope))


def lose_indexes(directory: Path) -> None:
    """Let no vector be read from Chroma any more: who has one has it from the copy."""
    for path in (directory / CHROMA).iterdir():
        if path.is_dir():
            shutil.rmtree(path)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """Give a directory that was closed, with enough records that they are in Chroma's indexes."""
    with store_in(tmp_path / "store") as store:
        store.put([entry(f"alice {n}", windows=1 + n % 2) for n in range(150)])
        store.put([entry("in a talk", TALK), entry("bob", BOB), entry("user", Scope(("user",)))])
    return tmp_path / "store"


def test_what_was_closed_in_step_is_read_without_chroma(directory: Path) -> None:
    lose_indexes(directory)

    with store_in(directory) as store:
        assert texts(store, ALICE) == sorted(["in a talk", *(f"alice {n}" for n in range(150))])
        assert texts(store, TALK) == ["in a talk"]
        assert texts(store, BOB) == ["bob"]
        assert len(texts(store, Scope())) == 153
        assert texts(store, Scope(("user", "al"))) == []


def test_entries_come_out_of_the_copy_as_they_were_put(directory: Path) -> None:
    record = Record(
        "naïve \u2028 \x00 \U0001f9e0",
        scope=Scope(("user", "a/b %\x01é")),
        metadata={"a": [1, 1.0, None, {"b": 2**70}]},
        uses=3,
        used_at=NOW,
    )
    put = Entry(record, entry("x", windows=3).vectors)
    with store_in(directory) as store:
        store.put([put])
    lose_indexes(directory)

    with store_in(directory) as store:
        [found] = store.entries(record.scope)

    assert found.record == record
    np.testing.assert_array_equal(found.vectors, put.vectors)


def test_the_copy_follows_every_kind_of_write(directory: Path) -> None:
    old, used, gone = entry("old", BOB), entry("used", BOB), entry("gone", BOB)
    new = Entry(replace(old.record, text="new"), entry("new", windows=2).vectors)
    with store_in(directory) as store:
        store.put([old, used, gone])
        store.replace([(old, new)])
        store.remove([gone])
        store.count_uses({(BOB, used.record.id): Use(2, NOW)})
    lose_indexes(directory)

    with store_in(directory) as store:
        found = {one.record.text: one for one in store.entries(BOB)}

    assert sorted(found) == ["bob", "new", "used"]
    assert (found["used"].record.uses, found["used"].record.used_at) == (2, NOW)
    np.testing.assert_array_equal(found["new"].vectors, new.vectors)


ENDED_WITHIN = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_mirror import ALICE, entry, opened
store, _ = opened(Path(sys.argv[1]), "random")
store.put([entry("written at last")])
os._exit(1)
"""


def test_the_copy_of_a_process_that_ended_within_is_not_believed(directory: Path) -> None:
    run = [sys.executable, "-c", ENDED_WITHIN, str(directory), str(Path(__file__).parent)]
    ended = subprocess.run(run, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr

    with store_in(directory) as store:
        assert "written at last" in texts(store, ALICE)
        assert not store._mirror.covers(BOB)


NOT_CLOSED_AFTER_READING = """
import sys, commonplace
from commonplace.testing import HashingEmbedder
memory = commonplace.open(sys.argv[1], embedder=HashingEmbedder())
if not memory.count():
    memory.remember("Likes tea")
    memory.close()
else:
    memory.context("Which tea?", min_confidence=0)
"""


def test_uses_are_counted_when_a_process_ends_that_only_read(tmp_path: Path) -> None:
    for _ in range(2):
        run = [sys.executable, "-c", NOT_CLOSED_AFTER_READING, str(tmp_path)]
        ended = subprocess.run(run, capture_output=True, text=True, check=True)
        assert not ended.stderr

    with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
        assert [record.uses for record in memory.records()] == [1]


NOT_CLOSED = """
import sys, commonplace
from commonplace.testing import HashingEmbedder
memory = commonplace.open(sys.argv[1], embedder=HashingEmbedder())
memory.remember_many([f"Likes tea number {n}" for n in range(150)])
memory.context("Which tea?", min_confidence=0)
"""


def test_a_store_that_nobody_closes_is_closed_when_its_process_ends(tmp_path: Path) -> None:
    directory = tmp_path / "store"
    subprocess.run([sys.executable, "-c", NOT_CLOSED, str(directory)], check=True)
    lose_indexes(directory)

    store, close = opened(directory, HashingEmbedder().name)
    found = [one.record for one in store.entries(Scope())]
    close()

    assert len(found) == 150
    assert sum(record.uses for record in found) > 0


WITHOUT_CHROMA = """
import sys, commonplace
from commonplace.testing import HashingEmbedder
with commonplace.open(sys.argv[1], embedder=HashingEmbedder()) as memory:
    alice = memory.scope("user", "alice")
    record = alice.record(sys.argv[2])
    assert record in alice.records() and memory.records() == alice.records()
    assert alice.get("tea") == "green" and alice.get("coffee") is None
    assert memory.count() == alice.count() == memory.stats().records == 2
    assert alice.recall("What does she like?")[0].record == record
    assert memory.sweep() == 0
assert "chromadb" not in sys.modules, "importing it takes longer than all of this"
"""


def test_what_is_closed_is_read_without_opening_chroma_or_importing_it(tmp_path: Path) -> None:
    directory = tmp_path / "store"
    with commonplace.open(directory, embedder=HashingEmbedder()) as memory:
        record = memory.scope("user", "alice").remember("Likes long walks")
        memory.scope("user", "alice").set("tea", "green")
    written = (directory / CHROMA / DATABASE).stat().st_mtime_ns

    for _ in range(2):  # it is closed as it was opened
        run = [sys.executable, "-c", WITHOUT_CHROMA, str(directory), record.id]
        subprocess.run(run, check=True)

    assert (directory / CHROMA / DATABASE).stat().st_mtime_ns == written


def test_a_store_of_another_embedder_is_refused_without_opening_chroma(directory: Path) -> None:
    with pytest.raises(EmbedderMismatchError, match="'random'"):
        opened(directory, "another")
    with store_in(directory) as store:
        assert store.dimension == 8
        assert store._opened is None


def write_in_the_format_before(directory: Path) -> None:
    (directory / SEAL).unlink()
    with closing_file(sqlite3.connect(directory / MIRROR)) as database:
        database.executescript(
            "DROP INDEX by_id; CREATE TABLE one (state TEXT);"
            "INSERT INTO one SELECT state FROM closed_beside; DROP TABLE closed_beside;"
            "ALTER TABLE one RENAME TO closed_beside; PRAGMA user_version = 1;"
        )


def test_a_copy_of_the_format_before_is_brought_over(directory: Path) -> None:
    write_in_the_format_before(directory)
    lose_indexes(directory)
    with store_in(directory) as store:
        ids = [one.id for one in store.records(ALICE)]
        assert len(store.find(ALICE, ids)) == 151

    with store_in(directory) as store:
        assert len(texts(store, Scope())) == 153
        assert store._opened is None


def test_who_is_killed_while_it_is_brought_over_leaves_no_copy_that_is_believed(
    directory: Path,
) -> None:
    write_in_the_format_before(directory)
    begun, _, _ = mirror_rows.FROM_1.partition("CREATE INDEX")
    with closing_file(sqlite3.connect(directory / MIRROR)) as database:
        database.executescript(begun)

    with store_in(directory) as store:
        assert not store._mirror.covers(BOB)
        assert len(texts(store, Scope())) == 153


def test_records_are_read_on_while_the_copy_is_written_anew(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "_ENTRIES_PER_READ", 10)
    with store_in(directory) as store:
        reading = store.records(Scope())
        read = [next(reading)]
        store.erase(BOB)
        store.put([entry("meanwhile")])
        read += reading

    assert len({one.id for one in read}) == len(read)
    assert {f"alice {n}" for n in range(150)} <= {one.text for one in read}
    assert "bob" not in {one.text for one in read}


def test_who_reads_on_after_closing_opens_and_removes_nothing(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mirror, "_ENTRIES_PER_READ", 10)
    with store_in(directory) as store:
        reading = store.records(Scope())
        next(reading)

    with pytest.raises(StoreError, match="ask again"):
        list(reading)
    with pytest.raises(MemoryClosedError):
        list(store.records(Scope()))
    assert (directory / MIRROR).exists()


def test_no_other_thread_opens_chroma_while_its_files_are_to_be_closed(directory: Path) -> None:
    with store_in(directory) as store, ThreadPoolExecutor() as threads:
        for _ in range(2):
            with store.stopped():
                assert not threads.submit(store._opening.acquire, blocking=False).result()
            list(ChromaStore.records(store, BOB))  # it is open the second time


def put_back_an_old_copy(directory: Path) -> None:
    kept = directory.with_name("kept")
    shutil.copy2(directory / MIRROR, kept)
    with store_in(directory) as store:
        store.put([entry("later")])
    shutil.copy2(kept, directory / MIRROR)


def put_back_an_old_database(directory: Path) -> None:
    shutil.copytree(directory / CHROMA, directory.with_name("kept"))
    with store_in(directory) as store:
        store.remove(list(store.entries(BOB)))
    shutil.rmtree(directory / CHROMA)
    shutil.copytree(directory.with_name("kept"), directory / CHROMA)


def write_with_chroma(directory: Path) -> None:
    client = client_of(directory)
    for collection in client.list_collections():
        found = collection.get(where={"within": {"$contains": "/user/bob"}})
        if found["ids"]:
            collection.delete(found["ids"])
    client.close()


@pytest.mark.parametrize(
    "change",
    [
        put_back_an_old_copy,
        put_back_an_old_database,
        write_with_chroma,
    ],
)
def test_a_copy_beside_another_database_than_it_was_closed_with_is_not_believed(
    directory: Path, change: Callable[[Path], None]
) -> None:
    change(directory)

    with store_in(directory) as store:
        stored = sorted(record.text for record in in_chroma(store, Scope()))
        assert texts(store, Scope()) == stored
        assert texts(store, BOB) == [text for text in stored if text == "bob"]


def test_a_copy_that_was_written_and_not_closed_is_not_believed_beside_the_same_database(
    tmp_path: Path,
) -> None:
    file = tmp_path / "copy"
    with closing(Mirror(file, NO_DATABASE), "a state") as copy:
        copy.put([entry("alice")])
    with closing(Mirror(file, "a state"), "a state") as copy:
        assert copy.covers(ALICE)

        copy.put([entry("later")])
        shutil.copy2(file, tmp_path / "left")

    with closing(Mirror(tmp_path / "left", "a state"), "a state") as copy:
        assert not copy.covers(ALICE)


@contextmanager
def closing(copy: Mirror, state: str) -> Iterator[Mirror]:
    yield copy
    copy.close(state, None)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def fill_with_noise(file: Path) -> None:
    file.write_bytes(np.random.default_rng(0).bytes(100_000))


def cut_in_two(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize("damage", [empty, fill_with_noise, cut_in_two])
def test_a_damaged_copy_harms_nobody(
    directory: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    damage(directory / MIRROR)

    with caplog.at_level(logging.CRITICAL), store_in(directory) as store:
        with suppress(StoreDamagedError):  # some damage shows only when it is read, and only once
            list(store.entries(Scope()))
        assert len(texts(store, Scope())) == 153
        store.put([entry("later", BOB)])
        assert texts(store, BOB) == ["bob", "later"]


def test_who_reads_a_copy_that_is_damaged_meanwhile_is_told_to_ask_again(directory: Path) -> None:
    with store_in(directory) as store:
        reading = store.entries(ALICE)
        fill_with_noise(directory / MIRROR)

        with pytest.raises(StoreDamagedError, match="ask again"):
            list(reading)
        assert len(texts(store, ALICE)) == 151


def test_a_scope_is_copied_when_it_is_read_and_followed_from_then_on(directory: Path) -> None:
    (directory / MIRROR).unlink()
    with store_in(directory) as store:
        assert len(texts(store, ALICE)) == 151
        store.put([entry("later", TALK), entry("later", BOB)])
    lose_indexes(directory)

    with store_in(directory) as store:
        assert texts(store, TALK) == ["in a talk", "later"]
        assert len(texts(store, ALICE)) == 152
        assert not store._mirror.covers(BOB)


def test_what_is_written_while_a_scope_is_read_is_not_missing_from_the_copy(
    directory: Path,
) -> None:
    (directory / MIRROR).unlink()
    with store_in(directory) as store:
        reading = store.entries(ALICE)
        next(reading)
        store.put([entry("meanwhile")])
        list(reading)

        assert "meanwhile" in texts(store, ALICE)


def test_a_scope_that_was_not_read_to_its_end_is_not_covered(directory: Path) -> None:
    (directory / MIRROR).unlink()
    with store_in(directory) as store:
        reading = store.entries(ALICE)
        next(reading)
        del reading

        assert len(texts(store, ALICE)) == 151


def test_a_write_that_failed_leaves_no_copy_that_is_out_of_step(directory: Path) -> None:
    of_another_length = Entry(Record("too short", scope=ALICE), np.ones((1, 3), np.float32))
    with store_in(directory) as store:
        with pytest.raises(StoreError):
            store.put([*(entry(f"first {n}") for n in range(100)), of_another_length])

        stored = sorted(record.text for record in in_chroma(store, ALICE))
        assert texts(store, ALICE) == stored
        assert "first 0" in stored


def test_erasing_a_scope_leaves_the_copies_of_the_others(directory: Path) -> None:
    with store_in(directory) as store:
        store.erase(ALICE)
        assert texts(store, Scope()) == ["bob", "user"]
    assert b"alice" not in (directory / MIRROR).read_bytes()
    lose_indexes(directory)

    with store_in(directory) as store:
        assert texts(store, Scope()) == ["bob", "user"]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_of_an_erased_scope_is_left_in_the_pages_of_the_copy(
    tmp_path: Path, seed: int
) -> None:
    random = np.random.default_rng(seed)
    scopes = [Scope(("user", name)) for name in ("alice", "bob", "aaron")]
    vectors = random.normal(size=(2_000, 1, 384)).astype(np.float32)
    # Many, of many lengths and in any order: so pages are divided and joined.
    mixed = [
        Entry(Record(f"{number} " + "x" * int(random.integers(300)), scope=scope), vector)
        for number, vector in enumerate(vectors)
        for scope in [scopes[int(random.integers(3))]]
    ]
    with closing(Mirror(tmp_path / "copy", NO_DATABASE), "a state") as copy:
        for start in range(0, len(mixed), 50):
            copy.put(mixed[start : start + 50])
        copy.remove([one.record for one in mixed[::7]])

        copy.erase(ALICE)

        assert len(list(copy.entries(Scope()))) == sum(
            one.record.scope != ALICE for one in set(mixed) - set(mixed[::7])
        )
    content = (tmp_path / "copy").read_bytes()
    assert b"user/alice" not in content
    erased = (one.vectors for one in mixed if one.record.scope == ALICE)
    assert not any(vector.tobytes()[400:432] in content for vector in erased)


def test_nobody_else_can_read_the_copy(directory: Path) -> None:
    assert (directory / MIRROR).stat().st_mode & 0o077 == 0


SCOPES = [Scope(), Scope(("user",)), ALICE, TALK, BOB]
NUMBERS = st.integers(0, 5)


class Following(RuleBasedStateMachine):
    """Whatever is done to a store, its copy says what Chroma says."""

    def __init__(self) -> None:
        super().__init__()
        self.parent = TemporaryDirectory()
        self.openings = 0
        self.directory = Path(self.parent.name) / "0"
        self.open()

    def open(self) -> None:
        self.store, self.close = opened(self.directory, "random")

    def held(self, scope: Scope) -> list[Entry]:
        ids = [one.id for one in in_chroma(self.store, scope) if one.scope == scope]
        return [one for one in self.store.find(scope, ids) if one.record.scope == scope]

    @rule(scope=st.sampled_from(SCOPES), number=NUMBERS)
    def write(self, scope: Scope, number: int) -> None:
        new = entry(f"text {number}", scope, windows=1 + number % 2, id=f"{scope}-{number % 3}")
        old = [one for one in self.held(scope) if one.record.id == new.record.id]
        if old:
            self.store.replace([(old[0], new)])
        else:
            self.store.put([new])

    @rule(scope=st.sampled_from(SCOPES), number=NUMBERS)
    def use(self, scope: Scope, number: int) -> None:
        self.store.count_uses(
            {(scope, one.record.id): Use(1 + number, NOW) for one in self.held(scope)[:number]}
        )

    @rule(scope=st.sampled_from(SCOPES), number=NUMBERS)
    def remove(self, scope: Scope, number: int) -> None:
        self.store.remove(self.held(scope)[:number])

    @rule(scope=st.sampled_from(SCOPES))
    def erase(self, scope: Scope) -> None:
        self.store.erase(scope)

    @rule(scope=st.sampled_from(SCOPES))
    def agrees(self, scope: Scope) -> None:
        stored = {one.id: one for one in in_chroma(self.store, scope)}
        assert {one.id: one for one in self.store.records(scope)} == stored
        said = {one.text: one for one in stored.values() if one.scope == scope}
        stating = self.store.stating(scope, [*said, "something else"])
        assert {one.record.id for one in stating} == {
            one.id for one in stored.values() if one.scope == scope
        }
        found = {one.record.id: one for one in self.store.entries(scope)}
        assert {id: one.record for id, one in found.items()} == stored
        named = {one.record.id: one for one in self.store.find(scope, [*stored])}
        assert {id: one.record for id, one in named.items()} == stored
        for one in ChromaStore.find(self.store, scope, [*stored]):
            np.testing.assert_allclose(found[one.record.id].vectors, one.vectors, atol=1e-6)
            np.testing.assert_array_equal(
                found[one.record.id].vectors, named[one.record.id].vectors
            )

    @rule()
    def close_and_open(self) -> None:
        self.close()
        self.open()

    @rule()
    def open_what_a_process_leaves_that_ends_now(self) -> None:
        self.openings += 1
        left = self.directory.with_name(str(self.openings))
        shutil.copytree(self.directory, left)
        self.close()
        self.directory = left
        self.open()

    def teardown(self) -> None:
        for scope in SCOPES:
            self.agrees(scope)
        self.close()
        self.parent.cleanup()


TestFollowing = Following.TestCase
TestFollowing.settings = settings(max_examples=12, stateful_step_count=12)
