"""What remembering and recalling cost, as a store grows: p50 and p95 in milliseconds.

    python benchmarks/latency.py --records 1000 10000 --users 10 100 --json speed.json

Each memory holds the same short records of random words, spread evenly over users. It is filled in
one process and measured in another. *Store alone*: the vectors are known beforehand (random ones,
which cost a search what real ones do). The rest includes the default embedder, whose share is
measured beside it in turn. The users asked are in use; `first recall` is of one who is not.
With `--json`, figures of earlier runs that the file holds are kept, so that a long run can be made
in parts, and the plot shows them too.

    python benchmarks/latency.py --cold 1000
    python benchmarks/latency.py --cache 100000

The first recall in scopes of so many records, beyond opening and without the embedding; and
whether a process keeps to `cache_bytes` when every scope of a store is used.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from rich.table import Table

from cold import cache_growth, cold_start, in_new_process
from measuring import Figures, fill, measure
from peers import MEMORIES
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
    "fill, records/s",
    "bulk add, records/s",
    "bulk, embedding alone, texts/s",
    "memory, MB",
)
USUAL_USERS = 1_000


def measured(name: str, records: int, users: int) -> Row:
    """Fill and measure one memory."""
    with tempfile.TemporaryDirectory() as directory:
        rate = in_new_process(fill, Path(directory), name, records, users)
        found: Figures = in_new_process(measure, Path(directory), name, users)
    figures = {"fill, records/s": [rate], **found}
    return {"memory": name, "records": records, "users": users, "figures": figures}


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


def size_of(row: Row) -> tuple[int, int]:
    """Return a row's records and users."""
    return row["records"], row["users"]


def written(value: float) -> str:
    """Write a value with as many digits as mean something."""
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


def charts(rows: Sequence[Row]) -> list[Lines]:
    """Return recall by records, with at most 1,000 users, and by users, of the largest store."""
    found = [row for row in rows if row["memory"] in MEMORIES]
    usual: dict[tuple[str, int], Row] = {}
    for row in sorted(found, key=size_of):
        if row["users"] <= USUAL_USERS:
            usual[row["memory"], row["records"]] = row
    several = {records for records, _ in sizes(found) if users_at(found, records) > 1}
    largest = [row for row in found if row["records"] == max(several, default=0)]
    made = [line("records", "recall by size, store alone", list(usual.values()))]
    if largest:
        title = f"by users of {largest[0]['records']:,} records, store alone"
        made.append(line("users", title, largest))
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
    wanted = [
        (name, records, users)
        for records in options.records
        for users in options.users
        for name in options.memories
        if users <= records <= MEMORIES[name].most_records
    ]
    for name, records, users in wanted:
        row = measured(name, records, users)
        rows = [one for one in rows if (one["memory"], *size_of(one)) != (name, records, users)]
        rows.append(row)
        if options.json:  # what took long is kept if the next does not end
            options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    publish(options, [table(rows, *size) for size in sizes(rows)], rows, charts(rows))


def main() -> None:
    """Measure what is asked for."""
    parser = arguments(__doc__)
    parser.add_argument("--records", type=int, nargs="*", default=[10_000])
    parser.add_argument("--users", type=int, nargs="+", default=[100])
    parser.add_argument("--memories", nargs="+", choices=list(MEMORIES), default=list(MEMORIES))
    parser.add_argument("--cold", type=int, help="measure only first recalls in so many records")
    parser.add_argument("--cache", type=int, help="measure only the cache, over so many records")
    options = parser.parse_args()
    if options.cold:
        found, spent = cold_start(options.cold)
        publish(options, [found], spent, [])
    elif options.cache:
        found, grown = cache_growth(options.cache)
        publish(options, [found], grown, [])
    else:
        run(options)


if __name__ == "__main__":
    main()
