"""A store that lost a file, or a part of one, is told of: it is never empty and never a crash."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import commonplace
from commonplace.chroma.repair import examine, repair
from commonplace.errors import StoreDamagedError
from commonplace.testing import HashingEmbedder

# Damages every file of a store in every way, each in a copy, and uses what is left of it.
PROGRAM = """
import random, shutil, sys
from pathlib import Path
import commonplace
from commonplace.chroma.client import client_of
from commonplace.errors import StoreDamagedError
from commonplace.testing import HashingEmbedder

def flip(path, seed):
    content, some = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(20):
        content[some.randrange(len(content))] ^= some.randrange(1, 256)
    path.write_bytes(content)

DAMAGE = {
    "removed": lambda path: path.unlink(),
    "emptied": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "cut at the end": lambda path: path.write_bytes(path.read_bytes()[:-3]),
    "zeros": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "another's": lambda path: path.write_bytes(b"Something else, longer than a header is." * 300),
    "flipped": lambda path: flip(path, 1),
    "flipped again": lambda path: flip(path, 2),
}

def use(directory):
    with commonplace.open(directory, embedder=HashingEmbedder()) as memory:
        alice = memory.scope("user", "alice")
        found = sorted(record.text for record in alice.records(limit=1_000))
        alice.remember("One more thing")
        alice.recall("thing 7")
        alice.remember_many([f"Later thing {n}" for n in range(150)])
        alice.forget(*[record.id for record in alice.records(limit=3)])
    return found

sound = Path(sys.argv[1])
expected = sorted(f"Thing {n} of alice" for n in range(int(sys.argv[2])))
for path in sorted(one for one in (sound / "chroma").rglob("*") if one.is_file()):
    for name, damage in DAMAGE.items():
        copy = sound.with_name("copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(sound, copy)
        if sys.argv[3] == "without its ledger":
            (copy / "ledger.sqlite3").unlink()
            (copy / "unfed").unlink(missing_ok=True)
        print(path.name, name, end=": ", flush=True)
        damage(copy / path.relative_to(sound))
        try:
            print("as it was" if use(copy) == expected else "something else", flush=True)
        except StoreDamagedError as error:
            print("told" if "commonplace doctor --repair" in str(error) else error, flush=True)
"""
MAKE = """
import os, sys, commonplace
from commonplace.testing import HashingEmbedder
memory = commonplace.open(sys.argv[1], embedder=HashingEmbedder())
alice = memory.scope("user", "alice")
alice.remember_many([f"Thing {n} of alice" for n in range(int(sys.argv[2]))])
memory.flush()
memory.close() if sys.argv[3] == "closed" else os._exit(9)
"""
COUNT = "120"


def made(directory: Path, end: str) -> Path:
    subprocess.run([sys.executable, "-c", MAKE, directory, COUNT, end], check=False)
    return directory


@pytest.mark.parametrize(
    ("end", "rest"),
    [
        ("closed", "without its ledger"),
        ("killed", "without its ledger"),
        ("killed", "with its ledger"),
    ],
)
def test_no_damage_of_a_file_is_a_crash_or_an_empty_memory(
    tmp_path: Path, end: str, rest: str
) -> None:
    directory = made(tmp_path / "store", end)

    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, directory, COUNT, rest],
        capture_output=True,
        text=True,
        check=False,
    )

    said = ran.stdout.splitlines()
    assert ran.returncode == 0, (said[-1], ran.stderr[-2_000:])
    assert len(said) == 6 * 8
    # What was not closed has no sums: then what is changed and holds together is not noticed.
    accepted = (": told",) if end == "closed" else (": told", ": as it was")
    assert [line for line in said if not line.endswith(accepted)] == []
    # The ledger answers for all that is not the database's, and a repair rebuilds that from it.
    assert sum(line.endswith(": told") for line in said) >= (40 if rest[:7] == "without" else 5)


@pytest.mark.parametrize("rest", ["indexes", "nothing of Chroma's"])
def test_a_store_without_its_database_is_damaged_and_not_empty(tmp_path: Path, rest: str) -> None:
    directory = made(tmp_path / "store", "closed")
    for path in (directory / "chroma").rglob("*"):
        if path.is_file() and (path.name == "chroma.sqlite3" or rest != "indexes"):
            path.unlink()

    for _ in range(2):
        with pytest.raises(StoreDamagedError, match=r"chroma\.sqlite3 is missing.*backup"):
            commonplace.open(directory, embedder=HashingEmbedder())
    assert not repair(directory).is_sound


def test_another_stores_database_is_told(tmp_path: Path) -> None:
    directory = made(tmp_path / "store", "killed")
    with commonplace.open(directory, embedder=HashingEmbedder()) as memory:
        memory.remember("Opens Chroma")
    other = made(tmp_path / "other", "closed")
    (other / "chroma" / "chroma.sqlite3").replace(directory / "chroma" / "chroma.sqlite3")

    with pytest.raises(
        StoreDamagedError, match=r"chroma\.sqlite3 (is another store's|was changed)"
    ):
        commonplace.open(directory, embedder=HashingEmbedder())
    assert not examine(directory).is_sound


def test_a_directory_that_was_never_written_to_may_lose_what_it_has(tmp_path: Path) -> None:
    with commonplace.open(tmp_path / "store", embedder=HashingEmbedder()) as memory:
        assert memory.count() == 0
    (tmp_path / "store" / "chroma").rmdir()

    with commonplace.open(tmp_path / "store", embedder=HashingEmbedder()) as memory:
        memory.remember("The first thing")
        assert memory.count() == 1
