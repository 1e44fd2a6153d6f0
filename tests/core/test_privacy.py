"""What is in a store is its user's alone, in every way of opening and whatever the umask."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

import commonplace
from commonplace.chroma.repair import examine, repair
from commonplace.embedding import as_embedder
from commonplace.testing import HashingEmbedder

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights are of another kind there")

# Says after each step what another user could reach if the folders above were open.
PROGRAM = """
import os, sys
from pathlib import Path
import commonplace
from commonplace.chroma.backup import restore
from commonplace.testing import HashingEmbedder

os.umask(0)
top = Path(sys.argv[1])
store = top / "made" / "store"

def look(after):
    for path in [store, *store.rglob("*"), *top.glob("*.*"), *top.glob("restored/**/*")]:
        if (mode := path.lstat().st_mode & 0o777) not in (0o600, 0o700):
            print(after, path.relative_to(top), oct(mode))

def opened():
    return commonplace.open(store, embedder=HashingEmbedder())

memory = opened(); look("opened")
alice = memory.scope("user", "alice")
alice.remember("one thing"); look("one record")
alice.remember_many([f"Thing {n} of alice" for n in range(120)]); look("an index")
memory.scope("user", "bob").remember_many([f"Thing {n} of bob" for n in range(230)]); look("two")
alice.export(top / "alice.jsonl"); look("exported")
memory.close(); look("closed")
with opened() as memory:
    memory.scope("user", "bob").erase(reason="request 123"); look("erased")
    memory._engine.backup(top / "all.backup"); look("backed up")
restore(top / "all.backup", top / "restored"); look("restored")
print("done")
"""


def test_every_file_and_folder_is_its_users_alone(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()  # the folders around a store are not its own
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, tmp_path], capture_output=True, text=True, check=True
    )

    assert ran.stdout == "done\n"


def test_a_store_made_open_is_closed_but_for_a_directory_that_holds_other_things(
    tmp_path: Path,
) -> None:
    directory = tmp_path / "shelf"
    with commonplace.open(directory, embedder=HashingEmbedder()) as memory:
        memory.scope("user", "alice").remember_many([f"Thing {n}" for n in range(120)])
    for path in [directory, *directory.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)

    [found] = examine(directory).findings

    assert "mode 755" in found.what
    assert f"chmod 700 {directory}" in found.what
    with commonplace.open(directory, embedder=HashingEmbedder()) as memory:
        memory.scope("user", "alice").remember("one more")
        assert [one for one in directory.rglob("*") if one.stat().st_mode & 0o077] == []
    assert directory.stat().st_mode & 0o777 == 0o755
    assert repair(directory, as_embedder(HashingEmbedder())).repaired
    assert directory.stat().st_mode & 0o777 == 0o700
    assert examine(directory).is_sound


@pytest.fixture
def entered_by_all() -> Iterator[Path]:
    """Give a folder that every user can enter, which that of a test is not."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs another user's rights")
def test_another_user_neither_reads_nor_holds_a_store(entered_by_all: Path) -> None:
    directory = entered_by_all / "shelf"
    directory.mkdir(mode=0o755)
    directory.chmod(0o755)
    (directory / "notes.txt").write_text("The user keeps other things here.")
    look = (
        "import os, sys, pathlib; os.setgroups([]); os.setgid(65534); os.setuid(65534);"
        "paths = [one for one in pathlib.Path(sys.argv[1]).iterdir() if one.name != 'notes.txt'];"
        "can = lambda path: os.access(path, os.R_OK) or os.access(path, os.W_OK);"
        "print(len(paths), [str(path) for path in paths if can(path)])"
    )
    with commonplace.open(directory, embedder=HashingEmbedder()) as memory:
        memory.remember("The deploy key is with Maria")
        ran = subprocess.run(
            [sys.executable, "-c", look, directory], capture_output=True, text=True, check=True
        )

    count, reached = ran.stdout.split(" ", 1)
    assert int(count) > 4
    assert reached.strip() == "[]"
