"""One owner per directory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import commonplace
from commonplace import StoreInUseError
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


@pytest.mark.parametrize("end", ["exit", "kill"])
def test_a_directory_is_free_once_its_holder_is_gone(tmp_path: Path, end: str) -> None:
    with hold(tmp_path) as holder:
        if end == "kill":
            holder.kill()
        holder.communicate("\n" if end == "exit" else None)

    with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
        assert [one.text for one in memory.records()] == ["written by the holder"]


def test_the_same_process_is_told_that_it_holds_the_directory_itself(tmp_path: Path) -> None:
    with (
        commonplace.open(tmp_path, embedder=HashingEmbedder()),
        pytest.raises(StoreInUseError, match="already in this process"),
    ):
        commonplace.open(tmp_path, embedder=HashingEmbedder())


def test_a_refused_opener_leaves_the_directory_free(tmp_path: Path) -> None:
    with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
        memory.remember("x")
    with pytest.raises(commonplace.EmbedderMismatchError):
        commonplace.open(tmp_path, embedder=HashingEmbedder(8))

    commonplace.open(tmp_path, embedder=HashingEmbedder()).close()


def test_two_ways_to_write_a_path_name_one_directory(tmp_path: Path) -> None:
    with (
        commonplace.open(tmp_path / "a" / ".." / "store", embedder=HashingEmbedder()),
        pytest.raises(StoreInUseError),
    ):
        commonplace.open(str(tmp_path / "store"), embedder=HashingEmbedder())
