"""What whole processes take that open a store, do one thing and end, beside another build's."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TypeAlias

import numpy as np
from rich.progress import track
from rich.table import Table

HERE = Path(__file__).parents[1] / "core"
FILL = """
import commonplace, sys
from commonplace.testing import HashingEmbedder
with commonplace.open(sys.argv[1], embedder=HashingEmbedder()) as memory:
    texts = [f"word{number % 7} and word{number} of {number % 50}" for number in range(1_000)]
    memory.scope("user", "alice").remember_many(texts)
"""
OPEN = """
import commonplace, sys
from commonplace.testing import HashingEmbedder
with commonplace.open(sys.argv[1], embedder=HashingEmbedder()) as memory:
    alice = memory.scope("user", "alice")
    {}
"""
PROCESSES = {
    "open, count, end": OPEN.format("alice.count()"),
    "open, recall once, end": OPEN.format("alice.recall('word7 and word70?')"),
    "open, remember once, end": OPEN.format("alice.remember('Likes tea')"),
    "commonplace --help": "from commonplace.cli import main; main()",
    "commonplace --version": "from commonplace.cli import main; main()",
}
Spent: TypeAlias = dict[str, dict[str, list[float]]]
"""Seconds of processor time, by build and process."""


def seconds(core: Path, program: str, *given: str) -> float:
    """Return the processor time of a process with the build in `core`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(  # noqa: S603  # the programs are those above
        [sys.executable, "-c", program, *given],
        env={**os.environ, "PYTHONPATH": str(core)},
        stdout=subprocess.DEVNULL,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def whole_processes(before: Path | None, turns: int) -> tuple[Table, Spent]:
    """Run each process so many times, this build and the one before by turns."""
    builds = {"this build": HERE} | ({} if before is None else {"before": before})
    spent: Spent = {build: {name: [] for name in PROCESSES} for build in builds}
    with tempfile.TemporaryDirectory() as parent:
        for build, core in builds.items():
            seconds(core, FILL, str(Path(parent) / build))
        for _ in track(range(turns), "processes"):
            for name, program in PROCESSES.items():
                given = name.split()[1:] if name.startswith("commonplace ") else None
                for build, core in builds.items():
                    values = given or [str(Path(parent) / build)]
                    spent[build][name].append(seconds(core, program, *values))
    return table(spent), spent


def table(spent: Spent) -> Table:
    """Return p50 and p95 of each process, a column for each build."""
    made = Table("seconds of the processor, p50 / p95", *spent, title="whole processes")
    for name in PROCESSES:
        cells = (np.percentile(of[name], (50, 95)) for of in spent.values())
        made.add_row(name, *(f"{p50:.2f} / {p95:.2f}" for p50, p95 in cells))
    return made
