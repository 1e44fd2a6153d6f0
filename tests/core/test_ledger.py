"""The ledger ahead of Chroma: what is in it lasts, and Chroma comes to have it."""

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
from commonplace.chroma import ledger, ledger_rows
from commonplace.chroma.client import client_of
from commonplace.chroma.directory import DirectoryStore, opened
from commonplace.chroma.ledger_file import LEDGER, Fed, Said, make
from commonplace.chroma.ledger_seal import unseal
from commonplace.chroma.purging import DATABASE
from commonplace.chroma.reconciling import UNFED
from commonplace.chroma.sealing import CHROMA, SEAL
from commonplace.errors import StoreDamagedError, StoreFormatError
from commonplace.ports import Entry
from commonplace.recall import features
from commonplace.recall.columns import columns_of, joined
from commonplace.testing import HashingEmbedder
from commonplace.values.uses import Use
from stored_entries import ALICE, BOB, TALK, entry, in_chroma, texts, unlist

NOW = datetime(2026, 1, 1, tzinfo=timezone.utc)


@contextmanager
def store_in(directory: Path) -> Iterator[DirectoryStore]:
    store, close = opened(directory, "random")
    try:
        yield store
    finally:
        close()


@contextmanager
def edited(file: Path) -> Iterator[sqlite3.Connection]:
    """Give a closed ledger to change, as a release does that knows of no seal."""
    unseal(file)
    with closing_file(sqlite3.connect(file, isolation_level=None)) as database:
        yield database


def lose_indexes(directory: Path) -> None:
    """Let no vector be read from Chroma any more: who has one has it from the ledger."""
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


def test_entries_come_out_of_the_ledger_as_they_were_put(directory: Path) -> None:
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


def test_every_kind_of_write_is_read_from_the_ledger(directory: Path) -> None:
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


def test_what_chroma_turns_out_to_have_waits_no_longer(tmp_path: Path) -> None:
    """As after a feeder that was killed before it could take note."""
    make(tmp_path / LEDGER, None, "", "")
    kept = ledger.Ledger(tmp_path / LEDGER)
    kept.put([entry("one"), entry("two"), entry("three")])
    _, second, third = kept.pending(-1)

    kept.skip(second.sequence)

    assert (kept.pending(-1), kept.waiting.changes) == ([third], 1)
    assert kept.said.fed == second.sequence
    kept.close()


@pytest.mark.parametrize(("fed", "belongs"), [(2, False), (3, True), (5, True), (6, False)])
def test_a_database_between_what_it_had_and_what_there_is_belongs_to_a_ledger(
    *, fed: int, belongs: bool
) -> None:
    said = Said("this", None, fed=3, follows="", beside=None, last=5)

    assert said.belongs_to(Fed("this", fed)) is belongs
    assert not said.belongs_to(Fed("another", fed))
    assert said.is_ahead_of(Fed("this", fed)) is (fed < 3)


ENDED_WITHIN = """
import os, sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from stored_entries import ALICE, entry
from commonplace.chroma.directory import opened
store, _ = opened(Path(sys.argv[1]), "random")
store.put([entry("written at last")])
os._exit(1)
"""


def test_what_a_process_that_was_killed_acknowledged_is_there_and_fed(directory: Path) -> None:
    run = [sys.executable, "-c", ENDED_WITHIN, str(directory), str(Path(__file__).parents[1])]
    ended = subprocess.run(run, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr

    with store_in(directory) as store:
        assert "written at last" in texts(store, ALICE)
        assert store.ledger.covers(Scope())
        assert "written at last" in [one.text for one in in_chroma(store, ALICE)]


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
        assert not store.chroma.is_open


@pytest.mark.parametrize("kept", ["all", "other stamps", "none"])
def test_columns_are_those_of_the_entries(directory: Path, kept: str) -> None:
    with edited(directory / LEDGER) as database:
        if kept == "none":
            database.execute("UPDATE entries SET features = NULL")
        elif kept == "other stamps":  # and nothing of use behind them
            database.execute("UPDATE entries SET features = zeroblob(150)")

    with store_in(directory) as store:
        found, expected = store.columns(ALICE), columns_of(store.entries(ALICE))
        assert found is not None
        columns = joined(list(found))

    assert [one.id for one in columns.records] == [one.id for one in expected.records]
    assert [one if isinstance(one, Record) else one.read() for one in columns.records] == list(
        expected.records
    )
    for field in ("texts", "agents", "languages"):
        assert getattr(columns.told, field) == getattr(expected.told, field)
    assert columns.told.is_sure.tolist() == expected.told.is_sure.tolist()
    for field in ("sizes", "codes", "counts"):
        ours, theirs = getattr(columns.told.terms, field), getattr(expected.told.terms, field)
        assert ours.tolist() == theirs.tolist()
    assert (columns.numbers == expected.numbers).all()
    np.testing.assert_array_equal(columns.vectors, expected.vectors)


@pytest.mark.parametrize("kept", ["NULL", "zeroblob(150)"])
def test_what_a_recall_computes_is_kept_for_the_next(directory: Path, kept: str) -> None:
    file = directory / LEDGER
    with edited(file) as database:
        database.execute(f"UPDATE entries SET features = {kept}")

    with store_in(directory) as store:
        assert list(store.columns(ALICE) or ())
        [entry, *_] = store.entries(ALICE)
        [bob] = store.entries(BOB)

    with closing_file(sqlite3.connect(file)) as database:
        found = dict(database.execute("SELECT id, features FROM entries").fetchall())
    assert found[entry.record.id] == features.packed(entry.record, len(entry.vectors))
    assert not features.is_known(found[bob.record.id])


def test_features_of_a_record_that_changed_meanwhile_are_not_kept(directory: Path) -> None:
    with edited(directory / LEDGER) as database:
        whole = "SELECT scope, id, text, record, used FROM entries LIMIT 1"
        [(scope, id, *content)] = database.execute(whole)
        for place, other in ((0, "b"), (1, "{}"), (2, "{}")):
            changed = [*content[:place], other, *content[place + 1 :]]
            done = database.execute(ledger_rows.KEEP, [b"computed", scope, id, *changed])
            assert done.rowcount == 0
        done = database.execute(ledger_rows.KEEP, [b"computed", scope, id, *content])
        assert done.rowcount == 1


def test_a_recall_does_not_need_to_keep_what_it_computes(
    directory: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with edited(directory / LEDGER) as database:
        database.execute("UPDATE entries SET features = NULL")
    caplog.set_level("INFO", "commonplace")
    with store_in(directory) as store:
        monkeypatch.setattr(ledger_rows, "KEEP", "UPDATE nothing SET features = ?")
        assert sum(map(len, store.columns(ALICE) or ())) == 151

    assert "not kept: There is no room on the disk to write to the ledger" in caplog.text


def test_a_ledger_without_features_gets_the_column(directory: Path) -> None:
    with edited(directory / LEDGER) as database:
        database.execute("ALTER TABLE entries DROP COLUMN features")
        database.execute("PRAGMA user_version = 3")

    for _ in range(2):
        with store_in(directory) as store:
            assert len(texts(store, Scope())) == 153
            [bob] = store.entries(BOB)
            store.replace([(bob, bob)])
    with edited(directory / LEDGER) as database:
        known = database.execute("SELECT text FROM entries WHERE features IS NOT NULL").fetchall()
    assert known == [("bob",)]


def test_columns_are_not_given_of_what_the_ledger_does_not_cover(directory: Path) -> None:
    (directory / LEDGER).unlink()
    with store_in(directory) as store:
        assert store.columns(ALICE) is None


def leave_as_former_releases_did(directory: Path, version: int) -> None:
    """Write the copy that they kept beside Chroma, and no ledger."""
    (directory / SEAL).unlink()
    with edited(directory / LEDGER) as database:
        unlist(database)
        database.executescript(
            "PRAGMA journal_mode = DELETE; DROP INDEX by_version;"
            "ALTER TABLE entries DROP COLUMN version; ALTER TABLE entries DROP COLUMN features;"
            "CREATE TABLE closed_beside AS SELECT 'changes ' || beside AS state, mark FROM ledger;"
            f"DROP TABLE ledger; DROP TABLE pending; PRAGMA user_version = {version};"
        )
        if version == 1:
            database.executescript("ALTER TABLE closed_beside DROP COLUMN mark; DROP INDEX by_id")
    (directory / LEDGER).rename(directory / "mirror.sqlite3")


@pytest.mark.parametrize("version", [1, 2])
def test_the_copy_of_a_former_release_becomes_the_ledger(directory: Path, version: int) -> None:
    past = Entry(replace(entry("past").record, version_of="alice"), entry("past").vectors)
    with store_in(directory) as store:
        store.put([past])
    leave_as_former_releases_did(directory, version)
    lose_indexes(directory)

    for _ in range(2):
        with store_in(directory) as store:
            assert len(texts(store, Scope())) == 154
            assert [one.record for one in store.versions(ALICE, ["alice"])] == [past.record]
            assert not store.chroma.is_open or version == 1
            assert store.embedder == "random" or version == 1  # which did not say
    assert not (directory / "mirror.sqlite3").exists()


def test_a_copy_of_a_former_release_that_is_out_of_step_is_not_believed(directory: Path) -> None:
    leave_as_former_releases_did(directory, 2)
    write_with_chroma(directory)

    with store_in(directory) as store:
        assert texts(store, BOB) == []
        assert len(texts(store, ALICE)) == 151
    assert not (directory / "mirror.sqlite3").exists()


def test_records_are_read_on_while_the_ledger_is_written_anew(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_ENTRIES_PER_READ", 10)
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
    monkeypatch.setattr(ledger, "_ENTRIES_PER_READ", 10)
    with store_in(directory) as store:
        reading = store.records(Scope())
        next(reading)

    with pytest.raises(StoreError, match="ask again"):
        list(reading)
    with pytest.raises(MemoryClosedError):
        list(store.records(Scope()))
    assert (directory / LEDGER).exists()


def test_no_other_thread_opens_chroma_while_its_files_are_to_be_closed(directory: Path) -> None:
    with store_in(directory) as store, ThreadPoolExecutor() as threads:
        for _ in range(2):
            with store.stopped():
                assert not threads.submit(store.chroma._in_use.acquire, blocking=False).result()
            list(store.chroma.records(BOB))  # it is open the second time


def put_back_an_old_ledger(directory: Path) -> None:
    kept = directory.with_name("kept")
    shutil.copy2(directory / LEDGER, kept)
    with store_in(directory) as store:
        store.put([entry("later")])
    shutil.copy2(kept, directory / LEDGER)


def write_with_chroma(directory: Path) -> None:
    client = client_of(directory)
    for collection in client.list_collections():
        found = collection.get(where={"within": {"$contains": "/user/bob"}})
        if found["ids"]:
            collection.delete(found["ids"])
    client.close()


def put_there_the_ledger_of_another(directory: Path) -> None:
    with store_in(directory.with_name("another")) as store:
        store.put([entry("of another")])
    shutil.copy2(directory.with_name("another") / LEDGER, directory / LEDGER)


@pytest.mark.parametrize(
    "change",
    [put_back_an_old_ledger, write_with_chroma, put_there_the_ledger_of_another],
)
def test_a_ledger_that_is_not_in_step_with_chroma_at_rest_is_not_believed(
    directory: Path, change: Callable[[Path], None]
) -> None:
    change(directory)

    with store_in(directory) as store:
        stored = sorted(record.text for record in in_chroma(store, Scope()))
        assert texts(store, Scope()) == stored
        assert texts(store, BOB) == [text for text in stored if text == "bob"]
        assert "of another" not in stored


def put_back_an_old_database(directory: Path) -> None:
    shutil.copytree(directory / CHROMA, directory.with_name("kept"))
    with store_in(directory) as store:
        store.remove(list(store.entries(BOB)))
    shutil.rmtree(directory / CHROMA)
    shutil.copytree(directory.with_name("kept"), directory / CHROMA)


def test_an_older_database_than_the_ledger_fed_is_not_taken_in_silence(directory: Path) -> None:
    put_back_an_old_database(directory)

    with pytest.raises(StoreDamagedError, match=r"older than its ledger .*ledger\.sqlite3"):
        opened(directory, "random")

    (directory / LEDGER).unlink()  # as it says
    with store_in(directory) as store:
        assert texts(store, BOB) == ["bob"]


def empty(file: Path) -> None:
    file.write_bytes(b"")


def fill_with_noise(file: Path) -> None:
    file.write_bytes(np.random.default_rng(0).bytes(100_000))


def cut_in_two(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def remove(file: Path) -> None:
    file.unlink()


@pytest.mark.parametrize("damage", [empty, fill_with_noise, cut_in_two, remove])
def test_a_ledger_that_is_damaged_at_rest_costs_nothing(
    directory: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    damage(directory / LEDGER)

    with caplog.at_level(logging.CRITICAL), store_in(directory) as store:
        with suppress(StoreDamagedError):  # some damage shows only when it is read, and only once
            list(store.entries(Scope()))
        assert len(texts(store, Scope())) == 153
        store.put([entry("later", BOB)])
        assert texts(store, BOB) == ["bob", "later"]


def test_a_text_that_is_changed_in_a_closed_ledger_is_not_believed(directory: Path) -> None:
    file = directory / LEDGER
    file.write_bytes(file.read_bytes().replace(b"alice 7", b"alicf 7"))

    with store_in(directory) as store:
        assert "alice 7" in texts(store, ALICE)
        store.put([entry("later", BOB)])

    with store_in(directory) as store:
        assert len(texts(store, Scope())) == 154


def test_a_ledger_that_is_as_it_was_closed_is_read_whatever_its_time(directory: Path) -> None:
    (directory / LEDGER).touch()
    lose_indexes(directory)

    with store_in(directory) as store:
        assert len(texts(store, Scope())) == 153


def leave_pending(directory: Path) -> None:
    run = [sys.executable, "-c", ENDED_WITHIN, str(directory), str(Path(__file__).parents[1])]
    subprocess.run(run, check=False)
    assert (directory / UNFED).exists()


@pytest.mark.parametrize("damage", [empty, fill_with_noise, remove])
def test_a_ledger_that_has_what_chroma_does_not_is_not_passed_over(
    directory: Path, damage: Callable[[Path], None]
) -> None:
    leave_pending(directory)
    shutil.copytree(directory, directory.with_name("kept"))
    for end in ("-wal", "-shm"):
        (directory / f"{LEDGER}{end}").unlink(missing_ok=True)
    damage(directory / LEDGER)

    with pytest.raises(StoreDamagedError, match=r"ledger\.sqlite3.*remove '.*unfed'"):
        opened(directory, "random")

    shutil.copytree(directory.with_name("kept"), directory, dirs_exist_ok=True)  # as it says
    with store_in(directory) as store:
        assert "written at last" in texts(store, ALICE)


def test_a_ledger_that_cannot_be_had_for_now_is_not_called_damaged(directory: Path) -> None:
    leave_pending(directory)
    log = directory / f"{LEDGER}-wal"
    log.rename(directory / "aside")
    log.mkdir()  # SQLite cannot open it: as on a full disk, and without more files

    with pytest.raises(StoreError, match=r"ledger\.sqlite3.*need not be damaged") as told:
        opened(directory, "random")
    assert not isinstance(told.value, StoreDamagedError)  # or what is pending would be given up

    log.rmdir()
    (directory / "aside").rename(log)
    with store_in(directory) as store:
        assert "written at last" in texts(store, ALICE)


def test_a_ledger_of_a_newer_release_is_refused(directory: Path) -> None:
    with edited(directory / LEDGER) as database:
        database.execute("PRAGMA user_version = 5")

    with pytest.raises(StoreFormatError, match=r"ledger\.sqlite3.*format 5.*pip install"):
        opened(directory, "random")


def test_who_reads_a_ledger_that_is_damaged_meanwhile_is_told_to_ask_again(directory: Path) -> None:
    with store_in(directory) as store:
        reading = store.entries(ALICE)
        fill_with_noise(directory / LEDGER)

        with pytest.raises(StoreDamagedError, match="ask again"):
            list(reading)
        assert len(texts(store, ALICE)) == 151


def test_a_scope_is_copied_when_it_is_read_and_followed_from_then_on(directory: Path) -> None:
    (directory / LEDGER).unlink()
    with store_in(directory) as store:
        assert len(texts(store, ALICE)) == 151
        store.put([entry("later", TALK), entry("later", BOB)])
    lose_indexes(directory)

    with store_in(directory) as store:
        assert texts(store, TALK) == ["in a talk", "later"]
        assert len(texts(store, ALICE)) == 152
        assert not store.ledger.covers(BOB)


def test_what_is_written_while_a_scope_is_read_is_not_missing_from_the_copy(
    directory: Path,
) -> None:
    (directory / LEDGER).unlink()
    with store_in(directory) as store:
        reading = store.entries(ALICE)
        next(reading)
        store.put([entry("meanwhile")])
        list(reading)

        assert "meanwhile" in texts(store, ALICE)


def test_a_scope_that_was_not_read_to_its_end_is_not_covered(directory: Path) -> None:
    (directory / LEDGER).unlink()
    with store_in(directory) as store:
        reading = store.entries(ALICE)
        next(reading)
        del reading

        assert len(texts(store, ALICE)) == 151


def test_a_write_that_is_refused_leaves_nothing(directory: Path) -> None:
    of_another_length = Entry(Record("too short", scope=ALICE), np.ones((1, 3), np.float32))
    with store_in(directory) as store:
        with pytest.raises(StoreError, match=r"length 3 .* length 8"):
            store.put([*(entry(f"first {n}") for n in range(100)), of_another_length])

        assert "first 0" not in texts(store, ALICE)


def test_erasing_a_scope_leaves_the_entries_of_the_others(directory: Path) -> None:
    with store_in(directory) as store:
        store.erase(ALICE)
        assert texts(store, Scope()) == ["bob", "user"]
    assert b"alice" not in (directory / LEDGER).read_bytes()
    lose_indexes(directory)

    with store_in(directory) as store:
        assert texts(store, Scope()) == ["bob", "user"]


@pytest.mark.parametrize("seed", range(5))
def test_nothing_of_an_erased_scope_is_left_in_the_pages_of_the_ledger(
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
    with store_in(tmp_path) as store:
        for start in range(0, len(mixed), 50):
            store.ledger.put(mixed[start : start + 50])
        store.ledger.remove(mixed[::7])
        store.ledger.took(store.ledger.pending(-1), says_so=False)

        store.ledger.erase(ALICE)

        assert len(list(store.entries(Scope()))) == sum(
            one.record.scope != ALICE for one in set(mixed) - set(mixed[::7])
        )
        content = b"".join(file.read_bytes() for file in store.ledger.files())
    assert b"user/alice" not in content
    erased = (one.vectors for one in mixed if one.record.scope == ALICE)
    assert not any(vector.tobytes()[400:432] in content for vector in erased)


def test_nobody_else_can_read_the_ledger(directory: Path) -> None:
    assert (directory / LEDGER).stat().st_mode & 0o077 == 0


SCOPES = [Scope(), Scope(("user",)), ALICE, TALK, BOB]
NUMBERS = st.integers(0, 5)


class Following(RuleBasedStateMachine):
    """Whatever is done to a store, the ledger says what Chroma says."""

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
        for one in self.store.chroma.find(scope, [*stored]):
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
        with self.store.chroma.alone():
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
