"""Indexes that a killed process left half written are made anew from the ledger."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import commonplace
from commonplace.chroma.ledger_file import LEDGER
from commonplace.chroma.reconciling import UNFED
from commonplace.chroma.repair import examine
from commonplace.errors import StoreDamagedError
from commonplace.testing import HashingEmbedder

TEXTS = [f"Statement {n} is about the {n * 7 % 101}th thing on shelf {n * 9}" for n in range(150)]
# Two users, of whom each has an index on disk; the last texts are in Chroma's queue alone. The
# process ends in the second session: of the first, nothing tells yet which indexes there were.
MAKE = """
import os, sys, commonplace
from commonplace.testing import HashingEmbedder
for user in ("alice", "bob"):
    memory = commonplace.open(sys.argv[1], embedder=HashingEmbedder())
    memory.scope("user", user).remember_many(sys.argv[2].splitlines())
    memory.flush()
    if user == "alice":
        memory.close()
memory.close() if sys.argv[3] == "closed" else os._exit(9)
"""
PICKLE = "index_metadata.pickle"


def made(directory: Path, end: str) -> Path:
    texts = "\n".join(TEXTS)
    subprocess.run([sys.executable, "-c", MAKE, directory, texts, end], check=False)
    return directory


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("killed") / "store", "killed")


@pytest.fixture
def directory(killed: Path, tmp_path: Path) -> Path:
    shutil.copytree(killed, tmp_path / "store")
    return tmp_path / "store"


def indexes_of(directory: Path) -> list[Path]:
    return sorted(path for path in (directory / "chroma").iterdir() if path.is_dir())


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def assert_all_findable(directory: Path) -> None:
    with commonplace.open(directory, embedder=HashingEmbedder(), cache_bytes=0) as memory:
        for user in ("alice", "bob"):
            own = memory.scope("user", user)
            assert own.count() == len(TEXTS)
            for text in TEXTS[::29]:
                assert own.recall(text, limit=1)[0].record.text == text


@pytest.mark.parametrize("damage", [cut, Path.unlink, lambda path: shutil.rmtree(path.parent)])
@pytest.mark.parametrize("file", [PICKLE, "header.bin"])
def test_an_index_that_was_left_half_written_is_made_anew(
    directory: Path, damage: Callable[[Path], None], file: str, caplog: pytest.LogCaptureFixture
) -> None:
    for index in indexes_of(directory):
        damage(index / file)

    with caplog.at_level(logging.WARNING):
        assert_all_findable(directory)

    assert "made anew from the ledger" in caplog.text
    assert examine(directory).is_sound
    assert_all_findable(directory)


def test_what_was_pending_is_fed_to_an_index_made_anew(directory: Path) -> None:
    for index in indexes_of(directory):
        cut(index / PICKLE)

    with commonplace.open(directory, embedder=HashingEmbedder(), cache_bytes=0) as memory:
        alice = memory.scope("user", "alice")
        alice.forget(*[one.id for one in alice.records(limit=5)])
        alice.remember_many([f"Later thing {n}" for n in range(120)])

    assert examine(directory).is_sound
    with commonplace.open(directory, embedder=HashingEmbedder(), cache_bytes=0) as memory:
        alice = memory.scope("user", "alice")
        assert alice.count() == len(TEXTS) - 5 + 120
        assert alice.recall("Later thing 77", limit=1)[0].record.text == "Later thing 77"


def test_without_the_ledger_the_damage_is_told(directory: Path) -> None:
    (directory / LEDGER).unlink()
    (directory / UNFED).unlink(missing_ok=True)
    for index in indexes_of(directory):
        (index / "header.bin").unlink()
    before = sorted(path.name for path in (directory / "chroma").rglob("*"))

    with (
        pytest.raises(StoreDamagedError, match="commonplace doctor --repair"),
        commonplace.open(directory, embedder=HashingEmbedder()) as memory,
    ):
        memory.scope("user", "alice").recall("thing")
    assert sorted(path.name for path in (directory / "chroma").rglob("*")) == before


def test_damage_of_a_store_that_was_closed_is_told(tmp_path: Path) -> None:
    directory = made(tmp_path / "store", "closed")
    cut(indexes_of(directory)[0] / PICKLE)

    with (
        pytest.raises(StoreDamagedError, match="was changed since the store was closed"),
        commonplace.open(directory, embedder=HashingEmbedder(), cache_bytes=0) as memory,
    ):
        memory.scope("user", "alice").recall("thing")
