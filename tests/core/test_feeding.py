"""What is acknowledged and pending: Chroma comes to have it, whatever happens on the way."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import commonplace
from commonplace import StoreError
from commonplace.chroma import feeder
from commonplace.chroma.directory import DirectoryStore, opened
from commonplace.chroma.ledger_file import LEDGER
from commonplace.chroma.purging import DATABASE
from commonplace.chroma.reconciling import UNFED
from commonplace.chroma.repair import examine, repair
from commonplace.chroma.sealing import CHROMA
from commonplace.testing import HashingEmbedder
from commonplace.values.uses import Use
from stored_entries import ALICE, BOB, TALK, entry, in_chroma, texts

KILLED = Path(__file__).with_name("killing_feeds.py")


HOLDER = """
import sqlite3, sys
holder = sqlite3.connect(sys.argv[1], isolation_level=None)
holder.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """Let Chroma wait for its database, which another program has locked."""
    run = [sys.executable, "-c", HOLDER, str(directory / CHROMA / DATABASE)]
    with subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.communicate()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DirectoryStore]:
    store, close = opened(tmp_path / "store", "random")
    store.put([entry("before"), entry("gone"), entry("bob", BOB)])
    store.flush()
    yield store
    close()


def test_what_is_pending_is_part_of_what_the_index_answers(store: DirectoryStore) -> None:
    old = next(one for one in store.entries(ALICE) if one.record.text == "before")
    new = entry("after", id=old.record.id)
    store.remove([one for one in store.entries(ALICE) if one.record.text == "gone"])
    store.replace([(old, new)])
    store.put([entry("talked of", TALK, windows=2), entry("of another", BOB)])
    assert store.pending == 4

    found = store.nearest(ALICE, entry("gone").vectors[0], 10)

    assert sorted(one.record.text for one in found) == ["after", "talked of"]
    assert [one.text for one in in_chroma(store, TALK)] == ["talked of"]
    assert store.pending == 0
    again = store.nearest(ALICE, entry("gone").vectors[0], 10)
    assert {one.record.id for one in again} == {one.record.id for one in found}


def test_while_another_program_has_the_database_locked_nobody_hangs(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeder, "MOST_CHANGES", 4)
    with held(tmp_path / "store"):
        store.put([entry(f"pending {number}") for number in range(4)])
        assert "pending 3" in texts(store, ALICE)
        with pytest.raises(StoreError, match=r"last 4 changes.*locked.*Nothing was written"):
            store.await_room()
        with pytest.raises(StoreError, match=r"last 4 changes.*safe in the ledger"):
            store.flush()
        one = next(store.records(ALICE))
        with pytest.raises(StoreError, match=r"last 4 changes.*more may not wait"):
            store.count_uses({(ALICE, one.id): Use(1, one.created_at)})
    monkeypatch.undo()

    store.flush()
    assert "pending 3" in [one.text for one in in_chroma(store, ALICE)]


def test_beside_writers_that_wait_for_chroma_others_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with commonplace.open(tmp_path / "store", embedder=HashingEmbedder(64)) as memory:
        alice, bob = memory.scope("alice"), memory.scope("bob")
        tea, rum = alice.remember("Likes tea"), bob.remember("Likes rum")
        monkeypatch.setattr(feeder, "MOST_CHANGES", 2)
        store = memory._engine._store.store  # type: ignore[attr-defined]  # a local one
        changed = store._feeder._changed
        with ThreadPoolExecutor(3) as pool:
            with store.chroma.alone():  # Chroma takes nothing
                writes: list[Future[Any]] = [
                    pool.submit(alice.remember, "Likes rice"),
                    pool.submit(alice.update, tea.id, text="Likes green tea"),
                    pool.submit(bob.forget, rum.id),
                ]
                with changed:
                    assert changed.wait_for(lambda: store._feeder._hurried == 3, 20)

                assert [one.record.text for one in alice.recall("tea?")] == ["Likes tea"]
                assert bob.count() == 1
                alice.used(tea.id)
                assert not any(one.done() for one in writes)
            assert [one.exception() for one in writes] == [None] * 3
        assert {one.text for one in memory.records()} == {"Likes rice", "Likes green tea"}


def test_a_burst_is_fed_when_it_is_over_or_is_half_of_what_may_be_pending(
    store: DirectoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeder, "MOST_CHANGES", 8)
    monkeypatch.setattr(feeder, "_QUIET_SECONDS", 1_000)
    for number in range(3):
        store.put([entry(f"pending {number}")])
    assert store.pending == 3

    store.put([entry("the half")])

    with store._feeder._changed:
        assert store._feeder._changed.wait_for(lambda: not store.pending, 20)


def test_without_room_for_chroma_what_is_acknowledged_is_safe_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "store"
    with commonplace.open(directory, embedder=HashingEmbedder(64)) as memory:
        memory.remember("Likes tea")
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    monkeypatch.setattr(signal, "SIGXFSZ", signal.signal(signal.SIGXFSZ, signal.SIG_IGN))
    memory = commonplace.open(directory, embedder=HashingEmbedder(64))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, unlimited[1]))
    try:
        memory.remember("Likes rice")
        with pytest.raises(StoreError, match="no room on the disk"):
            memory.flush()
        assert memory.stats().pending == 1
        memory.remember("Likes rum")
        memory.close()
        assert "Chroma does not have the last" in caplog.text
        report = examine(directory)
        assert [one.is_repairable for one in report.findings] == [False]
        assert "ledger" in report.findings[0].what
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)

    assert examine(directory).is_sound
    with commonplace.open(directory, embedder=HashingEmbedder(64)) as memory:
        assert memory.count() == 3
        assert memory.stats().pending == 0


def test_a_store_that_was_killed_before_chroma_was_made_is_examined_and_backed_up(
    tmp_path: Path,
) -> None:
    directory, child = tmp_path / "store", os.fork()
    if child == 0:
        memory = commonplace.open(directory, embedder=HashingEmbedder(64))
        memory.remember("Likes tea")
        os._exit(0)
    os.waitpid(child, 0)
    assert not (directory / CHROMA / DATABASE).exists()

    assert examine(directory).records == 1
    assert not (directory / UNFED).exists()
    (directory / LEDGER).unlink()
    with commonplace.open(directory, embedder=HashingEmbedder(64)) as memory:
        assert [one.text for one in memory.records()] == ["Likes tea"]


def test_a_database_whose_making_was_cut_off_is_made_to_its_end(tmp_path: Path) -> None:
    directory = tmp_path / "store"
    memory = commonplace.open(directory, embedder=HashingEmbedder(64))
    with closing(sqlite3.connect(directory / CHROMA / DATABASE)) as database:
        database.executescript("CREATE TABLE migrations (dir TEXT); DROP TABLE migrations; VACUUM")
    memory.remember("Likes tea")
    memory.flush()
    memory.close()

    assert examine(directory).records == 1


def test_a_store_that_is_damaged_is_repaired_from_the_ledger_and_fed(tmp_path: Path) -> None:
    directory = tmp_path / "store"
    with commonplace.open(directory, embedder=HashingEmbedder(64)) as memory:
        memory.remember_many([f"Likes tea number {number}" for number in range(150)])
    for path in (directory / CHROMA).glob("*/header.bin"):
        path.write_bytes(b"damaged")
    with commonplace.open(directory, embedder=HashingEmbedder(64)) as memory:
        memory.remember("Likes rum")
        with pytest.raises(StoreError, match=r"safe in the ledger"):
            memory.flush()
        assert memory.recall("rum", limit=1)[0].record.text == "Likes rum"

    assert not examine(directory).is_sound
    assert repair(directory).is_sound
    (directory / LEDGER).unlink()
    with commonplace.open(directory, embedder=HashingEmbedder(64)) as memory:
        assert memory.count() == 151


def test_a_feed_that_is_killed_anywhere_loses_and_doubles_nothing(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, str(KILLED), str(tmp_path)], capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr
    assert "harmed: 0" in run.stdout, run.stdout


BESIDE_OPENAI = """
import sys
from types import ModuleType
import commonplace
from commonplace.testing import HashingEmbedder

# From 3 on it imports no httpx. Tests have the 2 that CrewAI needs.
openai = ModuleType("openai")
if sys.argv[2] == "before":
    sys.modules["openai"] = openai
with commonplace.open(sys.argv[1], embedder=HashingEmbedder()) as memory:
    if sys.argv[2] == "after":
        assert "httpx" not in sys.modules
        sys.modules["openai"] = openai
        memory.remember("Likes tea")
    assert hasattr(sys.modules["httpx"], "Timeout")
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_openai_meets_no_half_imported_httpx(tmp_path: Path, when: str) -> None:
    """Which the thread that feeds Chroma would import: openai's request, looking for it, fails."""
    command = [sys.executable, "-c", BESIDE_OPENAI, str(tmp_path), when]

    run = subprocess.run(command, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
