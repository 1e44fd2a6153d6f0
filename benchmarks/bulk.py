"""What a bulk add takes: until it is acknowledged, and until Chroma has everything.

    python benchmarks/bulk.py --records 10000 --users 10 --rounds 5

Each memory gets the same short records with vectors that are known, as many at once as a user has,
at most 1,000, in a process of its own and a new directory for each round. The memories take turns.
*At rest* includes leaving the store: Commonplace waits there until Chroma has what was
acknowledged. p50 and p95 in milliseconds a record.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from rich.progress import track
from rich.table import Table

from cold import in_new_process
from measuring import Filling, milliseconds
from peers import MEMORIES
from tables import arguments, publish

COMPARED = ("Commonplace", "raw Chroma", "LangGraph SqliteStore")


def filling(name: str, records: int, users: int) -> tuple[float, float]:
    """Fill a new directory; return milliseconds a record until acknowledged, and at rest."""
    with tempfile.TemporaryDirectory() as directory:
        warm, place = Path(directory) / "warm", Path(directory) / "measured"
        for one in (warm, place):
            one.mkdir()
        first = Filling(warm, name)  # imports are not to be measured
        first.add(range(1), 1)
        first.close()
        memory = Filling(place, name)
        acknowledged = memory.add(range(users), records // users)
        at_rest = acknowledged + milliseconds(memory.close)
    return acknowledged / records, at_rest / records


def rounds(options: argparse.Namespace) -> dict[str, list[tuple[float, float]]]:
    """Return what each round took, by memory."""
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in options.memories}
    for _ in track(range(options.rounds), f"{options.records:,} records of {options.users} users"):
        for name, found in spent.items():
            found.append(in_new_process(filling, name, options.records, options.users))
    return spent


def table(spent: dict[str, list[tuple[float, float]]], options: argparse.Namespace) -> Table:
    """Return p50 and p95 of each memory, and Commonplace's p50 as a multiple of each other's."""
    title = f"{options.records:,} records of {options.users} users, ms a record"
    found = Table("", "acknowledged", "ratio", "at rest", "ratio", title=title)
    ours = np.percentile(spent[COMPARED[0]], 50, axis=0)
    for name, values in spent.items():
        half, most = np.percentile(values, (50, 95), axis=0)
        cells = [f"{half[step]:.3f} / {most[step]:.3f}" for step in (0, 1)]
        ratios = [f"{ours[step] / half[step]:.2f}" for step in (0, 1)]
        found.add_row(name, cells[0], ratios[0], cells[1], ratios[1])
    return found


def main() -> None:
    """Measure what is asked for."""
    parser = arguments(__doc__)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--users", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--memories", nargs="+", choices=list(MEMORIES), default=list(COMPARED))
    options = parser.parse_args()
    spent = rounds(options)
    publish(options, [table(spent, options)], spent, [])


if __name__ == "__main__":
    main()
