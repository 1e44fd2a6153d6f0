"""Another program fills the disk while a store is written: what is refused, for how long, and lost.

    python benchmarks/filled_disk.py --rounds 30 --json filled.json

Needs Linux and an administrator's rights: each round has a file system of its own, in memory. A
process writes one record after another, or fifty at a time, into a directory that it owns or that a
server has. Meanwhile a filler takes what room there is, gives a part of it back and takes it again,
at moments that a seed decides. Then the filler ends, and the writer has to go on. Afterwards what
was acknowledged is compared with what is there. Anything but zeros under lost, others, hung,
deaf and damaged is a bug.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from itertools import product
from pathlib import Path

from rich.console import Console
from rich.table import Table

import commonplace
from commonplace.chroma.repair import examine
from commonplace.files.ownership import is_served, owner_of
from commonplace.testing import HashingEmbedder

SIZE = "64m"
# In so many rounds, about, the disk is filled when the store is open, and not before.
OPENED_SHARE = 0.75
MOST_SECONDS = 180.0
# Says each number once it is acknowledged, until a line comes; then there is room, and it goes on.
WRITER = """
import select, sys, time, commonplace
from commonplace.testing import HashingEmbedder
place, owner, many = sys.argv[1], sys.argv[2], int(sys.argv[3])
number = 0
def opened():
    return commonplace.open(place, shared=owner == "server", embedder=HashingEmbedder(64))
def has_room():
    return bool(select.select([sys.stdin], [], [], 0)[0])
while True:
    may_fail = not has_room()
    began = time.monotonic()
    try:
        memory = opened()
        print("opened", flush=True)
        break
    except commonplace.StoreError as error:
        if not may_fail:
            raise
        print("no room to open" if " room" in str(error) else f"other: {error}", flush=True)
        print("took", time.monotonic() - began, flush=True)
        time.sleep(0.1)
def write():
    global number
    numbers = range(number, number + many)
    number += many
    texts = [f"Fact {one} " + "of many words " * (one % 20) for one in numbers]
    began = time.monotonic()
    try:
        memory.remember(texts[0]) if many == 1 else memory.remember_many(texts)
    except commonplace.StoreError as error:
        return "no room" if "no room" in str(error).lower() else f"other: {error}"
    finally:
        print("took", time.monotonic() - began, flush=True)
    print("wrote", *numbers, flush=True)
    return None
while not has_room():
    if said := write():
        print(said, flush=True)
    if number >= 4_000:
        select.select([sys.stdin], [], [])
for _ in range(10):
    if said := write():
        print("deaf", said, flush=True)
memory.flush()
print("fed", flush=True)
memory.close()
"""
# Takes what room there is, and gives a part of it back, again and again.
FILLER = """
import os, random, sys, time
chance = random.Random(int(sys.argv[2]))
most, pause = chance.choice([40, 400, 4_000]), chance.choice([0, 0, 0.001, 0.02])
with open(sys.argv[1], "wb", buffering=0) as file:
    while True:
        try:
            file.write(bytes(4096 * chance.randrange(1, most)))
        except OSError:
            time.sleep(pause)
            os.ftruncate(file.fileno(), max(file.tell() - 4096 * chance.randrange(1, 5 * most), 0))
            file.seek(0, 2)
"""


@dataclass
class Outcome:
    """What was wrong, after the first four: `longest` is that of a call, in seconds."""

    rounds: int = 0
    acknowledged: int = 0
    refused: int = 0
    longest: float = 0.0
    others: int = 0
    hung: int = 0
    deaf: int = 0
    lost: int = 0
    damaged: int = 0


@contextmanager
def small_disk() -> Iterator[Path]:
    """Give a file system of its own."""
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder]
        subprocess.run(mount, check=True)  # noqa: S603  # no shell, and a folder of ours
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "--lazy", folder], check=True)  # noqa: S603, S607


def raced(disk: Path, notes: Path, owner: str, many: int, seed: int) -> list[str]:
    """Let a writer and a filler race; return what the writer said."""
    chance = random.Random(seed)
    run = [sys.executable, "-c", WRITER, str(disk / "store"), owner, str(many)]
    said, errors = notes / "said", notes / "errors"
    with (
        said.open("w") as out,
        errors.open("w") as err,
        subprocess.Popen(run, stdin=subprocess.PIPE, stdout=out, stderr=err) as writer,  # noqa: S603
    ):
        is_opened_first = chance.random() < OPENED_SHARE
        while is_opened_first and "opened" not in said.read_text() and writer.poll() is None:
            time.sleep(0.05)
        time.sleep(chance.uniform(0, 2))
        fill(disk / "filler", seed, chance.uniform(1, 5))
        try:
            writer.communicate(b"room\n", MOST_SECONDS)
        except subprocess.TimeoutExpired:
            writer.kill()
            return [*said.read_text().splitlines(), "hung"]
    died = [] if writer.returncode == 0 else ["died", *errors.read_text().splitlines()[-3:]]
    return [*said.read_text().splitlines(), *died]


def fill(file: Path, seed: int, seconds: float) -> None:
    """Fill the disk for a while, and make room again."""
    run = [sys.executable, "-c", FILLER, str(file), str(seed)]
    with subprocess.Popen(run) as filler:  # noqa: S603  # a program of ours
        time.sleep(seconds)
        filler.kill()
    os.truncate(file, 0)


def judged(disk: Path, said: list[str], outcome: Outcome) -> list[str]:
    """Add what a round showed; return what is to be looked at."""
    kinds = Counter(line.partition(" ")[0] for line in said)
    wrote = {int(n) for line in said if line.startswith("wrote") for n in line.split()[1:]}
    took = [float(line.split()[1]) for line in said if line.startswith("took")]
    outcome.rounds += 1
    outcome.acknowledged += len(wrote)
    outcome.refused += kinds["no"]
    outcome.longest = round(max([outcome.longest, *took]), 2)
    outcome.others += kinds["other:"] + kinds["died"]
    outcome.hung += kinds["hung"]
    outcome.deaf += kinds["deaf"]
    with commonplace.open(disk / "store", embedder=HashingEmbedder(64)) as memory:
        found = Counter(int(one.text.split()[1]) for one in memory.records(limit=100_000))
    outcome.lost += len(wrote - set(found)) + sum(count > 1 for count in found.values())
    if is_served(disk / "store") and (owner := owner_of(disk / "store")):
        os.kill(owner.pid, signal.SIGTERM)  # it would wait for a client
    while is_served(disk / "store"):
        time.sleep(0.05)
    outcome.damaged += not examine(disk / "store").is_sound
    return [
        line for line in said if line.split(" ")[0] not in ("took", "wrote", "no", "fed", "opened")
    ]


def main() -> None:
    """Run the rounds and print what they showed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=30, help="of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    outcomes: dict[str, Outcome] = {}
    for owner, many in product(("process", "server"), (1, 50)):
        outcome = outcomes.setdefault(f"{owner}, {many} at a time", Outcome())
        for number in range(options.rounds):
            seed = options.seed * 1_000 + number
            with small_disk() as disk, tempfile.TemporaryDirectory() as notes:
                said = raced(disk, Path(notes), owner, many, seed)
                for line in judged(disk, said, outcome):
                    print(owner, many, seed, line, file=sys.stderr, flush=True)
        print(owner, many, json.dumps(asdict(outcome)), flush=True)
    table = Table("kind", *(one.name for one in fields(Outcome)))
    for kind, outcome in outcomes.items():
        table.add_row(kind, *(str(value) for value in asdict(outcome).values()))
    Console().print(table)
    if options.json:
        options.json.write_text(json.dumps({kind: asdict(one) for kind, one in outcomes.items()}))


if __name__ == "__main__":
    main()
