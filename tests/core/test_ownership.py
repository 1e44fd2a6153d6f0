"""One owner per directory."""

from __future__ import annotations

import gc
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import commonplace
from clock import Clock
from commonplace import (
    EmbedderMismatchError,
    MemoryClosedError,
    Screening,
    StoreError,
    StoreInUseError,
)
from commonplace.files.ownership import LOCK
from commonplace.testing import HashingEmbedder

HOLDER = """
import sys, commonplace
from commonplace.testing import HashingEmbedder
memory = commonplace.open(sys.argv[1], embedder=HashingEmbedder())
memory.remember("written by the holder")
print("holding", flush=True)
sys.stdin.readline()
"""


def hold(directory: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(directory)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout
    assert holder.stdout.readline() == "holding\n"
    return holder


def test_a_second_process_is_told_who_holds_the_directory(tmp_path: Path) -> None:
    with hold(tmp_path) as holder:
        with pytest.raises(StoreInUseError, match=f"held by process {holder.pid} ") as caught:
            commonplace.open(tmp_path, embedder=HashingEmbedder())
        holder.communicate("\n")

    assert str(tmp_path) in str(caught.value)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows removes no file that is open")
def test_a_lock_that_is_taken_for_a_leftover_and_removed_still_holds(tmp_path: Path) -> None:
    with hold(tmp_path) as holder:
        (tmp_path / LOCK).unlink()

        with pytest.raises(StoreInUseError, match=f"held by process {holder.pid} "):
            commonplace.open(tmp_path, embedder=HashingEmbedder())
        holder.communicate("\n")

    with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
        assert memory.count() == 1


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_a_directory_is_free_once_its_holder_is_gone(tmp_path: Path, end: str) -> None:
    with hold(tmp_path) as holder:
        if end == "kill":
            holder.kill()
        holder.communicate("\n" if end == "exit" else None)

    with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
        assert [one.text for one in memory.records()] == ["written by the holder"]


class TestOpenedAgainInTheSameProcess:
    def test_the_open_store_is_shared_until_all_have_closed_it(self, tmp_path: Path) -> None:
        embedder = HashingEmbedder()
        first = commonplace.open(tmp_path, embedder=embedder)
        second = commonplace.open(tmp_path / "." / ".." / tmp_path.name)  # the embedder it has
        first.scope("a").remember("said by the first")
        first.close()
        first.close()

        assert [one.text for one in second.records()] == ["said by the first"]
        second.close()
        with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
            assert memory.count() == 1

    def test_who_has_closed_it_uses_it_no_more(self, tmp_path: Path) -> None:
        first = commonplace.open(tmp_path, embedder=HashingEmbedder())
        with commonplace.open(tmp_path) as second:
            below = first.scope("a")
            first.close()
            for closed in (first, below):
                with pytest.raises(MemoryClosedError):
                    closed.remember("too late")
            with pytest.raises(MemoryClosedError):
                second.including(first)
            assert closed.directory == str(tmp_path)
            assert second.count() == 0

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows moves no folder of open files")
    @pytest.mark.parametrize("is_fed", [True, False])
    def test_what_was_moved_while_it_was_open_is_opened_again_where_it_was(
        self, tmp_path: Path, *, is_fed: bool
    ) -> None:
        place, aside = tmp_path / "store", tmp_path / "aside"
        memory = commonplace.open(place, embedder=HashingEmbedder())
        memory.remember("said before")
        if is_fed:
            memory.flush()
        place.rename(aside)
        with pytest.raises(StoreError, match="Close the memory, put the directory back"):
            memory.remember("said to nobody")

        memory.close()
        aside.rename(place)

        with commonplace.open(place, embedder=HashingEmbedder()) as again:
            assert [one.text for one in again.records()] == ["said before"]

    def test_each_may_read_what_the_other_opened(self, tmp_path: Path) -> None:
        with (
            commonplace.open(tmp_path, embedder=HashingEmbedder()) as first,
            commonplace.open(tmp_path) as second,
        ):
            handbook = first.scope("handbook")
            handbook.remember("Refunds take five days")
            assert second.scope("desk").including(handbook).count() == 1

    def test_other_options_are_refused_and_change_nothing(self, tmp_path: Path) -> None:
        with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
            others: dict[str, object] = {
                "screening": Screening(secrets="block"),
                "cache_bytes": 1_000,
                "clock": Clock(),
            }
            for option, value in others.items():
                given: dict[str, Any] = {option: value}
                with pytest.raises(StoreInUseError, match=f"in this process with {option}="):
                    commonplace.open(tmp_path, **given)
            with pytest.raises(EmbedderMismatchError, match="in this process with the embedder"):
                commonplace.open(tmp_path, embedder=HashingEmbedder(8))
            memory.remember("still open")

    def test_the_same_options_are_taken(self, tmp_path: Path) -> None:
        options: dict[str, Any] = {
            "screening": Screening(secrets="block"),
            "cache_bytes": 1_000,
            "clock": Clock(),
        }
        with (
            commonplace.open(tmp_path, embedder=HashingEmbedder(), **options) as first,
            commonplace.open(tmp_path, **options) as second,
            commonplace.open(tmp_path) as third,
        ):
            assert first.count() == second.count() == third.count() == 0

    def test_a_memory_that_is_dropped_gives_the_directory_free(self, tmp_path: Path) -> None:
        commonplace.open(tmp_path, embedder=HashingEmbedder())
        gc.collect()

        with hold(tmp_path) as holder:
            holder.communicate("\n")

    def test_many_threads_open_and_close_one_store(self, tmp_path: Path) -> None:
        def visit(number: int) -> None:
            with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
                memory.remember(f"visitor {number} was here")

        with ThreadPoolExecutor(3) as threads:
            list(threads.map(visit, range(6)))

        with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
            assert memory.count() == 6

    def test_it_cannot_be_shared_with_other_processes_afterwards(self, tmp_path: Path) -> None:
        with (
            commonplace.open(tmp_path, embedder=HashingEmbedder()),
            pytest.raises(StoreInUseError, match="already in this process"),
        ):
            commonplace.open(tmp_path, shared=True)


def test_a_refused_opener_leaves_the_directory_free(tmp_path: Path) -> None:
    with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
        memory.remember("x")
    with pytest.raises(commonplace.EmbedderMismatchError):
        commonplace.open(tmp_path, embedder=HashingEmbedder(8))

    commonplace.open(tmp_path, embedder=HashingEmbedder()).close()
