"""A file system that another program fills while it is written costs nothing acknowledged."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import commonplace
from commonplace.chroma.repair import examine
from commonplace.errors import StoreDamagedError
from commonplace.testing import HashingEmbedder

# Says each text once it is acknowledged, and goes on when a write is refused.
WRITER = """
import sys, commonplace
from commonplace.testing import HashingEmbedder
memory = commonplace.open(sys.argv[1], embedder=HashingEmbedder(64))
refused = number = 0
while refused < 15:
    number += 1
    try:
        memory.remember(f"Fact {number} " + "of many words " * (number % 50))
    except commonplace.StoreError as error:
        if "no room" not in str(error).lower():
            raise
        refused += 1
    else:
        print(number, flush=True)
    if number % 25 == 0:
        try:
            memory.flush()
        except commonplace.StoreError:
            refused += 1
memory.close()
"""
# Leaves in the ledger what Chroma does not have.
ENDED = """
import os, sys, commonplace
from commonplace.testing import HashingEmbedder
memory = commonplace.open(sys.argv[1], embedder=HashingEmbedder(64))
memory.remember_many([f"Fact {number}" for number in range(50)])
memory.flush()
memory.remember_many([f"Pending {number}" for number in range(50)])
os._exit(9)
"""
# Takes what room there is, and gives a part of it back, again and again.
FILLER = """
import os, random, sys
chance = random.Random(7)
with open(sys.argv[1], "wb", buffering=0) as file:
    while True:
        try:
            file.write(bytes(4096 * chance.randrange(1, 40)))
        except OSError:
            os.ftruncate(file.fileno(), max(file.tell() - 4096 * chance.randrange(1, 200), 0))
            file.seek(0, 2)
"""


on_linux = pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("mount") is None,
    reason="mounts a file system as Linux does",
)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """Give a file system of 8 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("to mount a file system needs an administrator's rights")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@on_linux
def test_a_disk_that_is_filled_while_it_is_written_costs_nothing_acknowledged(small: Path) -> None:
    directory = small / "store"
    run = [sys.executable, "-c", WRITER, str(directory)]
    errors = small.parent / "errors"
    with (
        errors.open("w") as stderr,
        subprocess.Popen(run, stdout=subprocess.PIPE, stderr=stderr, text=True) as writer,
    ):
        assert writer.stdout is not None
        said = writer.stdout.readline()
        with subprocess.Popen([sys.executable, "-c", FILLER, str(small / "filler")]) as filler:
            said += writer.stdout.read()
            filler.kill()
        assert writer.wait() == 0, errors.read_text()[-2_000:]
    os.truncate(small / "filler", 0)
    acknowledged = [int(line) for line in said.split()]

    assert acknowledged
    with commonplace.open(directory, embedder=HashingEmbedder(64)) as memory:
        found = [int(one.text.split()[1]) for one in memory.records(limit=100_000)]
        assert sorted(found) == acknowledged
        memory.flush()
    assert examine(directory).is_sound


def fill(place: Path, leaving: int) -> None:
    """Leave so many bytes of room."""
    there = os.statvfs(place)
    (place / "filler").write_bytes(bytes(there.f_bavail * there.f_frsize - leaving))


@on_linux
@pytest.mark.parametrize("leaving", [0, 4096, 16_384, 32_768, 65_536])
def test_a_full_disk_is_never_told_as_damage(small: Path, leaving: int) -> None:
    directory = small / "store"
    subprocess.run([sys.executable, "-c", ENDED, str(directory)], check=False)
    fill(small, leaving)

    refusal: commonplace.StoreError | None = None
    try:
        with commonplace.open(directory, embedder=HashingEmbedder(64)) as memory:
            assert memory.count() == 100
    except commonplace.StoreError as error:
        refusal = error
    assert not isinstance(refusal, StoreDamagedError)
    assert refusal is None or " room" in str(refusal)

    (small / "filler").unlink()
    with commonplace.open(directory, embedder=HashingEmbedder(64)) as memory:
        assert memory.count() == 100
        memory.flush()
    assert examine(directory).is_sound


@on_linux
@pytest.mark.parametrize("leaving", [0, 4096])
def test_a_server_that_has_no_room_to_start_says_so(small: Path, leaving: int) -> None:
    directory = small / "store"
    with commonplace.open(directory, embedder=HashingEmbedder(64)) as memory:
        memory.remember("Fact")
    fill(small, leaving)

    with pytest.raises(commonplace.StoreError, match=r"No space left.* has room"):
        commonplace.open(directory, shared=True, embedder=HashingEmbedder(64))
