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


@pytest.mark.skipif(
    sys.platform != "linux" or shutil.which("mount") is None,
    reason="mounts a file system as Linux does",
)
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
