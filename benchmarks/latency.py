"""What remembering and recalling cost, as a store grows: p50 and p95 in milliseconds.

    python benchmarks/latency.py --records 1000 10000 --users 10 100 --json speed.json

Each memory holds the same short records of random words, spread evenly over users, in a process of
its own: one that fills it, then one that has just opened it. They are filled and asked in turn, a
little at a time, so that a busy machine is busy for all of them. *Store alone*: the vectors are
known beforehand (random ones, which cost a search what real ones do). The rest includes the default
embedder, whose share is measured beside it. The users asked are in use; `first recall` is of one
who is not.
With `--json`, figures of earlier runs that the file holds are kept, so that a long run can be made
in parts, and the plot shows them too.

    python benchmarks/latency.py --records 1000000 --users 1000 --place DIRECTORY

The stores are kept there: a run that was ended goes on with the users that are missing, and another
asks them again.

    python benchmarks/latency.py --cold 1000
    python benchmarks/latency.py --cache 100000

The first recall in scopes of so many records, beyond opening and without the embedding; and
whether a process keeps to `cache_bytes` when every scope of a store is used.

    python benchmarks/latency.py --processes 9 --before ../main/core

What so many processes take that open a store, do one thing and end: of this build, and by turns of
the one whose `core` folder is given.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from itertools import product
from multiprocessing.managers import BaseManager
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn, track
from rich.table import Table

from cold import cache_growth, cold_start
from measuring import TURNS, Filling, Measuring, Spent
from peers import MEMORIES
from processes import whole_processes
from tables import Lines, arguments, publish

Row: TypeAlias = dict[str, Any]
"""The figures of one memory at one size: memory, records, users, figures."""

COLUMNS = (
    "recall, store alone",
    "recall",
    "recall, embedding alone",
    "first recall of a user",
    "open and first recall",
    "add, store alone",
    "add",
    "add, embedding alone",
    "fill, a record",
    "bulk add, a text",
    "bulk, embedding alone",
    "memory, MB",
)
STEPS = {
    "opening": 1,
    "first_recall": TURNS,
    "store_alone": TURNS,
    "memory": 1,
    "with_model": TURNS,
    "bulk": 3,
}
"""What is measured, and in how many turns."""
SLICE = 2_000
"""So many records are filled into each memory in turn."""
USUAL_USERS = 1_000


class Processes(BaseManager):
    """Starts memories in processes of their own."""


Processes.register("Filling", Filling)
Processes.register("Measuring", Measuring)


def started(closing: ExitStack, what: str, *given: object) -> Any:
    """Start one, to be closed with the rest."""
    processes = Processes(ctx=multiprocessing.get_context("spawn"))
    closing.enter_context(processes)
    one = getattr(processes, what)(*given)
    closing.callback(one.close)
    return one


def progress_bar() -> Progress:
    """Return a bar that counts and tells how long it will take."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress("{task.description}", *columns)


def filled(directories: dict[str, Path], records: int, users: int, note: Path) -> Spent:
    """Fill the memories, some users of each in turn; return milliseconds by memory.

    `note` holds how many users they have.
    """
    per_user, spent = records // users, dict.fromkeys(directories, 0.0)
    step, begin = max(1, min(users, SLICE // per_user)), had(note)
    if begin == users:
        return {}
    with ExitStack() as closing, progress_bar() as progress:
        memories = {n: started(closing, "Filling", d, n) for n, d in directories.items()}
        task = progress.add_task(f"{records:,} records of {users:,} users", total=records)
        for first in range(begin, users, step):
            some = range(first, min(first + step, users))
            for name, memory in memories.items():
                spent[name] += memory.add(some, per_user)
            note.write_text(str(some.stop), encoding="ascii")
            progress.advance(task, len(some) * per_user)
    return {name: [one / (per_user * (users - begin))] for name, one in spent.items()}


def had(note: Path) -> int:
    """Return how many users were filled in before."""
    return int(note.read_text(encoding="ascii")) if note.exists() else 0


def asked(directories: dict[str, Path], users: int) -> dict[str, Spent]:
    """Ask the memories, each a little in turn, so that a busy machine is busy for all of them."""
    spent: dict[str, Spent] = {name: {} for name in directories}
    with ExitStack() as closing:
        memories = {n: started(closing, "Measuring", d, n, users) for n, d in directories.items()}
        for step, turns in STEPS.items():
            for turn in track(range(turns), step):
                for name, memory in memories.items():
                    for figure, values in getattr(memory, step)(turn).items():
                        spent[name].setdefault(figure, []).extend(values)
    return spent


def measured(names: Sequence[str], records: int, users: int, place: Path | None) -> list[Row]:
    """Fill and measure memories at one size, in `place` or a directory that is removed."""
    with tempfile.TemporaryDirectory() as temporary:
        directory = (place or Path(temporary)) / f"{records}-{users}"
        directories = {name: directory / name for name in names}
        for one in directories.values():
            one.mkdir(parents=True, exist_ok=True)
        rates = filled(directories, records, users, directory / "users")
        spent = asked(directories, users)
    figures = {name: summary(spent[name]) for name in names}
    for name, rate in rates.items():
        figures[name]["fill, a record"] = rate
    return [
        {"memory": name, "records": records, "users": users, "figures": figures[name]}
        for name in names
    ]


def summary(spent: Spent) -> Spent:
    """Return p50 and p95 of each step; a value that was taken once stays alone."""
    return {
        step: [float(np.percentile(values, share)) for share in (50, 95)]
        if len(values) > 1
        else values
        for step, values in spent.items()
    }


def sizes(rows: Iterable[Row]) -> list[tuple[int, int]]:
    """Return the sizes measured: records and users."""
    return sorted({(row["records"], row["users"]) for row in rows})


def table(rows: Sequence[Row], records: int, users: int) -> Table:
    """Return the figures of one size: a column for each memory, - for those left out."""
    here = {row["memory"]: row["figures"] for row in rows if size_of(row) == (records, users)}
    names = [name for name in MEMORIES if name in {row["memory"] for row in rows}]
    found = Table("p50 / p95, ms", *names, title=f"{records:,} records of {users:,} users")
    for column in COLUMNS:
        cells = (here.get(name, {}).get(column) for name in names)
        found.add_row(column, *(" / ".join(map(written, cell)) if cell else "-" for cell in cells))
    return found


def identity(row: Row) -> tuple[str, int, int]:
    """Return what tells a row from the others."""
    return row["memory"], *size_of(row)


def size_of(row: Row) -> tuple[int, int]:
    """Return a row's records and users."""
    return row["records"], row["users"]


def written(value: float) -> str:
    """Write a value with as many digits as mean something."""
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def charts(rows: Sequence[Row]) -> list[Lines]:
    """Return recall by records, with at most 1,000 users, and by users, of the largest store."""
    ordered = sorted(rows, key=size_of)
    usual = {(row["memory"], row["records"]): row for row in ordered if row["users"] <= USUAL_USERS}
    made = [line("records", "recall by size, store alone", list(usual.values()))]
    several = [records for records, _ in sizes(rows) if users_at(rows, records) > 1]
    if several:
        title = f"by users of {max(several):,} records, store alone"
        made.append(line("users", title, [row for row in rows if row["records"] == max(several)]))
    return made


def users_at(rows: Iterable[Row], records: int) -> int:
    """Return how many numbers of users were measured at a size."""
    return len({row["users"] for row in rows if row["records"] == records})


def line(by: str, title: str, rows: Sequence[Row]) -> Lines:
    """Return the p50 of recall by records or users, a line for each memory."""
    points: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        p50 = row["figures"]["recall, store alone"][0]
        points.setdefault(row["memory"], []).append((row[by], p50))
    ordered = {name: points[name] for name in MEMORIES if name in points}
    return Lines(title, by, "recall p50, ms", ordered, scale="log")


def known(file: Path | None) -> list[Row]:
    """Return the rows of earlier runs."""
    if file is None or not file.exists():
        return []
    rows: list[Row] = json.loads(file.read_text(encoding="utf-8"))
    return rows


def run(options: argparse.Namespace) -> None:
    """Measure every memory at every size, the ones asked for."""
    rows = known(options.json)
    for records, users in product(options.records, options.users):
        names = [one for one in options.memories if records <= MEMORIES[one].most_records]
        if users > records or not names:
            continue
        fresh = measured(names, records, users, options.place)
        replaced = {identity(row) for row in fresh}
        rows = [row for row in rows if identity(row) not in replaced] + fresh
        if options.json:  # what took long is kept if the next does not end
            options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    publish(options, [table(rows, *size) for size in sizes(rows)], rows, charts(rows))


def main() -> None:
    """Measure what is asked for."""
    parser = arguments(__doc__)
    parser.add_argument("--records", type=int, nargs="*", default=[10_000])
    parser.add_argument("--users", type=int, nargs="+", default=[100])
    parser.add_argument("--memories", nargs="+", choices=list(MEMORIES), default=list(MEMORIES))
    parser.add_argument("--place", type=Path, help="keep the stores here, and go on with these")
    parser.add_argument("--cold", type=int, help="measure only first recalls in so many records")
    parser.add_argument("--cache", type=int, help="measure only the cache, over so many records")
    parser.add_argument("--processes", type=int, help="measure only so many whole processes")
    parser.add_argument("--before", type=Path, help="the core folder of the build before")
    options = parser.parse_args()
    if options.processes:
        found, seconds = whole_processes(options.before, options.processes)
        publish(options, [found], seconds, [])
    elif options.cold:
        found, spent = cold_start(options.cold)
        publish(options, [found], spent, [])
    elif options.cache:
        found, grown = cache_growth(options.cache)
        publish(options, [found], grown, [])
    else:
        run(options)


if __name__ == "__main__":
    main()
