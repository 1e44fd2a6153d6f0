"""An erasure whose process is killed stays unfinished, and leaves no further copy of the texts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import monotonic

import pytest

import commonplace
from commonplace.chroma.backup import backup_directory
from commonplace.testing import HashingEmbedder
from commonplace.values.scope import Scope

SECRET = b"The blue walrus sings at midnight"
PROGRAM = """
import os, signal, sys, commonplace
from commonplace.testing import HashingEmbedder

def delete_threads(scope):
    if sys.argv[3] == "in also":
        os.kill(os.getpid(), signal.SIGKILL)

memory = commonplace.open(
    sys.argv[1], embedder=HashingEmbedder(), shared=sys.argv[4] == "through its server"
)
memory.scope("user", "alice").erase(reason="1", also=[delete_threads], backups=[sys.argv[2]])
"""


def delete_threads(scope: Scope) -> None:
    """Stand for a deletion elsewhere."""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    with commonplace.open(tmp_path / "store", embedder=HashingEmbedder()) as memory:
        memory.scope("user", "alice").remember_many([SECRET.decode(), *map(str, range(150))])
        memory.scope("user", "bob").remember("Likes coffee")
    backup_directory(tmp_path / "store", tmp_path / "all.backup")
    return tmp_path / "store"


def erasing(store: Path, end: str, way: str = "here") -> subprocess.Popen[bytes]:
    backup = store.with_name("all.backup")
    return subprocess.Popen([sys.executable, "-c", PROGRAM, store, backup, end, way])


def wait_until(is_so: Callable[[], bool]) -> None:
    end = monotonic() + 60
    while not is_so():
        assert monotonic() < end, "waited for a minute"


def holding_the_secret(folder: Path) -> list[str]:
    files = [one for one in folder.rglob("*") if one.is_file()]
    return sorted(one.name for one in files if SECRET in one.read_bytes())


@pytest.mark.parametrize("way", ["here", "through its server"])
def test_what_was_asked_for_stays_unfinished_until_it_is_done(store: Path, way: str) -> None:
    with erasing(store, "in also", way) as process:
        assert process.wait() < 0

    backup = store.with_name("all.backup")
    with commonplace.open(store, embedder=HashingEmbedder(), shared=way != "here") as memory:
        alice = memory.scope("user", "alice")
        receipt = alice.erase(reason="2")

        left = (
            ["also delete_threads"]
            if way != "here"
            else ["also delete_threads", f"backup {backup}"]
        )
        assert (receipt.is_complete, list(receipt.left)) == (False, left)
        assert [entry.note for entry in alice.unfinished()] == left

        receipt = alice.erase(reason="3", also=[delete_threads], backups=[backup])
        assert receipt.is_complete
        assert memory.unfinished() == []
        assert memory.verify_audit() == []
    assert holding_the_secret(store.parent) == []


def test_a_killed_rewriting_of_a_backup_leaves_no_copy_of_it(store: Path) -> None:
    backup, work = store.with_name("all.backup"), store.with_name("all.backup.erasing")
    with erasing(store, "in the backup") as process:
        wait_until(lambda: bool(list(work.rglob("chroma.sqlite3"))) or process.poll() is not None)
        process.kill()

    assert process.returncode < 0, "it was to be killed while it had a copy"
    wait_until(lambda: not work.exists())
    assert holding_the_secret(store.parent) == ["all.backup"]
    with commonplace.open(store, embedder=HashingEmbedder()) as memory:
        alice = memory.scope("user", "alice")
        assert f"backup {backup}" in [entry.note for entry in alice.unfinished()]
        assert alice.erase(reason="2", backups=[backup]).is_complete
    assert holding_the_secret(store.parent) == []
