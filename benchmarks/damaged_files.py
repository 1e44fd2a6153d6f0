"""What becomes of a store when any one of its files is damaged, after it was closed or killed.

    python benchmarks/damaged_files.py --trials 40 --seed 1

Each trial makes a store of 300 acknowledged records in a process that closes it or is killed. One
file of the directory, chosen at random, is flipped in 20 bytes, cut, emptied, filled with zeros or
removed. Another process then opens the store, reads, writes, recalls and erases. It must find all
records or raise an error of ours that says what is wrong; it must not crash, hang, or find fewer.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

RECORDS = 300
SECONDS = 300  # the machine may be busy
MAKE = """
import os, sys, commonplace
from commonplace.testing import HashingEmbedder
memory = commonplace.open(sys.argv[1], embedder=HashingEmbedder())
for user in range(3):
    scope = memory.scope("user", f"u{user}")
    scope.remember_many([f"Thing {n} of {user}" for n in range(int(sys.argv[2]) // 3)])
    if user == 1:
        memory.flush()
        memory.scope("user", "gone").remember("x")
        memory.scope("user", "gone").erase(reason="1")
memory.close() if sys.argv[3] == "closed" else os._exit(9)
"""
USE = """
import sys, commonplace
from commonplace.errors import CommonplaceError
from commonplace.testing import HashingEmbedder
try:
    with commonplace.open(sys.argv[1], embedder=HashingEmbedder()) as memory:
        texts = {one.text for one in memory.records(limit=10_000)}
        found = sum(f"Thing {n} of {user}" in texts for user in range(3) for n in range(100))
        memory.recall("thing 7")
        memory.remember("One more thing")
        memory.flush()
        memory.scope("user", "u0").erase(reason="2")
        left = {one.text for one in memory.records(limit=10_000)}
        flaws = memory.verify_audit()
    kept = sum(f"Thing {n} of {user}" in left for user in (1, 2) for n in range(100))
    print("all" if found == 300 and kept == 200 else f"LOST {300 - found} and {200 - kept}",
          "and told of the audit log" if flaws else "")
except CommonplaceError as error:
    print(f"told: {type(error).__name__}: {error}")
"""


def damage(path: Path, how: str, chance: random.Random) -> None:
    """Damage one file."""
    content = bytearray(path.read_bytes())
    if how == "removed":
        path.unlink()
        return
    if how == "flipped" and content:
        for _ in range(20):
            content[chance.randrange(len(content))] ^= chance.randrange(1, 256)
    kept = {"cut": chance.randrange(len(content) + 1), "emptied": 0}.get(how, len(content))
    path.write_bytes(bytes(kept) if how == "zeros" else content[:kept])


def trial(sound: Path, place: Path, chance: random.Random) -> tuple[str, str, str]:
    """Damage a file of a copy of a store, use it, and return the file, the damage and the end."""
    shutil.copytree(sound, place)
    file = chance.choice(sorted(one for one in place.rglob("*") if one.is_file()))
    how = chance.choice(["flipped", "flipped", "cut", "emptied", "zeros", "removed"])
    damage(file, how, chance)
    try:
        ran = subprocess.run(  # noqa: S603  # a program of ours
            [sys.executable, "-c", USE, str(place)],
            capture_output=True, text=True, check=False, timeout=SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return file.name, how, "HUNG"
    said = ran.stdout.strip() or ran.stderr.strip().rpartition("\n")[2]
    return file.name, how, said if ran.returncode == 0 else f"CRASHED {ran.returncode}: {said}"


def main() -> None:
    """Print how each trial ended, and how many ended how."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chance, ends = random.Random(options.seed), Counter[tuple[str, str]]()
    with tempfile.TemporaryDirectory() as folder:
        for end in ("closed", "killed"):
            place = str(Path(folder, end))
            made = [sys.executable, "-c", MAKE, place, str(RECORDS), end]
            subprocess.run(made, check=False)  # noqa: S603  # a program of ours
        for number in range(options.trials):
            end = ("closed", "killed")[number % 2]
            file, how, said = trial(Path(folder, end), Path(folder, str(number)), chance)
            ends[end, said.partition(" ")[0].rstrip(":")] += 1
            Console(width=220).print(f"{end:7} {how:8} {file:22} {said}", highlight=False)
            shutil.rmtree(Path(folder, str(number)))
    table = Table("ended before", "then", "trials")
    for (end, then), count in sorted(ends.items()):
        table.add_row(end, then, str(count))
    Console().print(table)


if __name__ == "__main__":
    main()
