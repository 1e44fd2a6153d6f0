"""What each verb asks of a Chroma server, against scopes and stores of growing size.

    python benchmarks/scale.py --json benchmarks/data/scale.json

Requests, rows and bytes are counted where Chroma's client sends them (wire.py); `chroma run` has a
directory of its own for each case. A case has so many users with so many records each, short texts
with vectors of 384 numbers that are known. Each verb is called `TIMES` times for one of the users.
*First recall* is that of a program that has just opened the store; *after another* is one after
another program wrote to the scope. Processor time is the server's and this process's. A text is not
embedded here, which takes a program about 10 ms more.

    python benchmarks/scale.py --plan benchmarks/data/scale.json

What 10 and 100 million records of 100,000 users need, computed from such figures (scale_plan.py).
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import resource
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from rich.progress import track
from rich.table import Table

import commonplace
from commonplace import Memory, Record
from embedders import KnownVectors
from measuring import QUESTIONS, texts, user_name
from scale_plan import LOAD, planned
from shared_chroma import client_of
from sharing import chroma_process
from tables import arguments, publish
from wire import Asked, Wire

SCOPES = [(1, 10), (1, 100), (1, 1_000), (1, 5_000), (1, 20_000)]
STORES = [(10, 100), (100, 100), (1_000, 100)]
"""Users, and records of each."""

TIMES = 10
HOLDS = 5
BATCH = 1_000
OTHER = "user/somebody-else"
TICKS = os.sysconf("SC_CLK_TCK")


class Case:
    """A store in a database of a server, and programs that have it open."""

    def __init__(self, port: int, users: int, each: int) -> None:
        """Fill a new database."""
        self._client = client_of(port, f"db-{uuid4().hex[:12]}")
        self._memory, self._another = self._opened(), self._opened()
        self._number = 0
        self._fill(users, each)
        self._name = f"user/{user_name(users // 2)}"
        self._alice, self._elsewhere = (
            one.scope(self._name) for one in (self._memory, self._another)
        )

    def rows(self) -> int:
        """Count the rows that lie in Chroma."""
        return sum(one.count() for one in self._client.list_collections())

    def verbs(self) -> dict[str, Callable[[], Callable[[], object]]]:
        """Return for each verb what prepares a call of it and gives the call."""
        alice = self._alice
        return {
            "first recall": lambda: self._first().recall_once,
            "recall": lambda: lambda: alice.recall(self._question()),
            "recall after another": self._after_another,
            "context": lambda: lambda: alice.context(self._question(), min_confidence=0.0),
            "get": lambda: lambda: alice.get("colour"),
            "count": lambda: alice.count,
            "remember": lambda: lambda: alice.remember(self._text()),
            "set": lambda: lambda: alice.set("colour", self._text()),
            "observe, two messages": lambda: lambda: alice.observe(self._turn()),
            "update": self._update,
            "forget": self._forget,
        }

    def own_bytes(self) -> int:
        """Return how many bytes a program allocates to hold the user's scope: the median of some.

        What the first recall of a process makes once, and what is only waiting to be collected, is
        of no scope.
        """
        self._first().recall_once()
        return int(np.median([_held_after(self._first()) for _ in range(HOLDS)]))

    def write_uses(self) -> None:
        """Write the uses that calls of `context` gathered."""
        self._memory.flush()

    def _opened(self) -> Memory:
        return commonplace.open(chroma=self._client, embedder=KnownVectors())

    def _fill(self, users: int, each: int) -> None:
        words = texts(users * each, seed=1)
        for user in track(range(users), f"{users:,} users"):
            scope = self._memory.scope("user", user_name(user)).path
            mine = words[user * each : (user + 1) * each]
            for start in range(0, each, BATCH):
                part = mine[start : start + BATCH]
                self._memory.remember_many([Record(text, scope=scope) for text in part])

    def _first(self) -> First:
        return First(self._opened(), self._name, self._question())

    def _after_another(self) -> Callable[[], object]:
        self._elsewhere.remember(self._text())
        return lambda: self._alice.recall(self._question())

    def _update(self) -> Callable[[], object]:
        record = self._alice.remember(self._text())
        return lambda: self._alice.update(record.id, importance=0.9)

    def _forget(self) -> Callable[[], object]:
        record = self._alice.remember(self._text())
        return lambda: self._alice.forget(record.id)

    def _turn(self) -> list[dict[str, str]]:
        said, reply = self._text(), self._text()
        return [{"role": "user", "content": said}, {"role": "assistant", "content": reply}]

    def _text(self) -> str:
        self._number += 1
        return f"thing {self._number} of {uuid4()}"

    def _question(self) -> str:
        self._number += 1
        return QUESTIONS[self._number % len(QUESTIONS)]


class First:
    """A program that has opened the store, and not asked for this scope yet."""

    def __init__(self, memory: Memory, scope: str, question: str) -> None:
        """Open what every scope needs."""
        memory.scope(OTHER).count()
        self._memory, self._scope, self._question = memory, scope, question

    def recall_once(self) -> None:
        """Recall in the scope for the first time."""
        self._memory.scope(self._scope).recall(self._question)


def _held_after(first: First) -> int:
    gc.collect()
    tracemalloc.start()
    first.recall_once()
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held


def measured(wire: Wire, users: int, each: int) -> dict[str, Any]:
    """Return the figures of one case."""
    with tempfile.TemporaryDirectory() as place, chroma_process(Path(place)) as (port, process):
        wire.most_rows_sent = 0
        case = Case(port, users, each)
        case.write_uses()
        stored = {"rows": case.rows(), "disk bytes": disk(Path(place))}
        found = {name: _verb(wire, case, process, verb) for name, verb in case.verbs().items()}
        return {
            "users": users,
            "each": each,
            **stored,
            "server MB": resident(process),
            "own bytes a record": case.own_bytes() / each,
            "most rows a write": wire.most_rows_sent,
            "verbs": found,
        }


def _verb(
    wire: Wire, case: Case, process: int, prepare: Callable[[], Callable[[], object]]
) -> dict[str, float]:
    """Return the mean of what a call costs."""
    asked, spent, served, own = Asked(), [], 0.0, 0.0
    for _ in range(TIMES):
        call = prepare()
        wire.taken()
        busy, mine, began = processor_seconds(process), time.process_time(), time.perf_counter()
        call()
        spent.append(1_000 * (time.perf_counter() - began))
        own += time.process_time() - mine
        served += processor_seconds(process) - busy
        asked.add(wire.taken())
    case.write_uses()
    return {
        **{name: count / TIMES for name, count in asdict(asked).items()},
        "server ms": 1_000 * served / TIMES,
        "own ms": 1_000 * own / TIMES,
        "p50 ms": float(np.median(spent)),
    }


def processor_seconds(process: int) -> float:
    """Return how long a process has been busy."""
    said = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(said[11]) + int(said[12])) / TICKS


def resident(process: int) -> float:
    """Return how many MB a process has in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def disk(directory: Path) -> int:
    """Return how many bytes the files in a directory take."""
    return sum(one.stat().st_size for one in directory.rglob("*") if one.is_file())


def table(case: Mapping[str, Any]) -> Table:
    """Return the figures of one case."""
    columns = [*(one.name for one in fields(Asked)), "server ms", "own ms", "p50 ms"]
    made = Table("verb", *columns, title=f"{case['users']:,} users with {case['each']:,} records")
    for verb, figures in case["verbs"].items():
        made.add_row(verb, *(f"{figures[name]:,.1f}" for name in columns))
    return made


def main() -> None:
    """Measure, or plan."""
    parser = arguments(__doc__)
    parser.add_argument("--plan", type=Path, help="compute from these figures instead")
    parser.add_argument("--quick", action="store_true", help="only the small cases")
    for name, value in LOAD.items():
        parser.add_argument(f"--{name.replace(' ', '-')}", type=float, default=value)
    options: argparse.Namespace = parser.parse_args()
    if options.plan:
        load = {name: getattr(options, name.replace(" ", "_")) for name in LOAD}
        print(planned(json.loads(options.plan.read_text(encoding="utf-8")), load))
        return
    wire = Wire()
    cases = (
        [*SCOPES[:3], *STORES[:2]]
        if options.quick
        else [*SCOPES[:4], *STORES[:2], SCOPES[4], STORES[2]]
    )
    found: list[dict[str, Any]] = []
    for users, each in cases:
        found.append(measured(wire, users, each))
        publish(options, [table(found[-1])], {"cases": found}, [])  # the next may take long


if __name__ == "__main__":
    main()
