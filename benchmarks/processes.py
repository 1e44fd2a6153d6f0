"""What whole processes take that open a store, do one thing and end, beside another build's."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import TypeAlias

import numpy as np
from rich.progress import track
from rich.table import Table

HERE = Path(__file__).parents[1] / "core"
BYTECODE = Path(tempfile.gettempdir()) / "commonplace-bytecode"
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
KILLED = """
import commonplace, os, signal, sys
from commonplace.testing import HashingEmbedder
memory = commonplace.open(sys.argv[1], embedder=HashingEmbedder())
memory.scope("user", "bob").remember("Likes rum")
getattr(memory, "flush", lambda: None)()
os.kill(os.getpid(), signal.SIGKILL)
"""
AFTER_A_KILL = "open, recall once, end, after a kill"
PROCESSES = {
    "open, count, end": OPEN.format("alice.count()"),
    "open, recall once, end": OPEN.format("alice.recall('word7 and word70?')"),
    AFTER_A_KILL: OPEN.format("alice.recall('word7 and word70?')"),
    "open, remember once, end": OPEN.format("alice.remember('Likes tea')"),
    "commonplace --help": "from commonplace.cli import main; main()",
    "commonplace --version": "from commonplace.cli import main; main()",
}
Spent: TypeAlias = dict[str, dict[str, list[float]]]
"""Seconds of processor time, by build and process."""


def seconds(core: Path, program: str, *given: str) -> float:
    """Return the processor time of a process with the build in `core`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run(core, program, *given).check_returncode()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def run(core: Path, program: str, *given: str) -> subprocess.CompletedProcess[bytes]:
    """Run a program with the build in `core`, whose bytecode is kept, as where it is installed."""
    kept = {**os.environ, "PYTHONPATH": str(core), "PYTHONPYCACHEPREFIX": str(BYTECODE)}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", program, *given]
    return subprocess.run(command, env=kept, capture_output=True, check=False)  # noqa: S603  # those above


def whole_processes(before: Path | None, turns: int) -> tuple[Table, Spent]:
    """Run each process so many times, this build and the one before by turns."""
    builds = {"this build": HERE} | ({} if before is None else {"before": before})
    spent: Spent = {build: {} for build in builds}
    with tempfile.TemporaryDirectory() as parent:
        stores = {build: Path(parent) / build for build in builds}
        for build, core in builds.items():
            seconds(core, FILL, str(stores[build]))
        for turn in track(range(turns + 1), "processes"):
            for (name, program), (build, core) in product(PROCESSES.items(), builds.items()):
                if name == AFTER_A_KILL:
                    run(core, KILLED, str(stores[build]))
                given = (
                    name.split()[1:] if name.startswith("commonplace ") else [str(stores[build])]
                )
                if turn == 0:  # what a build does not have is left out; bytecode is written
                    spent[build] |= {} if run(core, program, *given).returncode else {name: []}
                elif name in spent[build]:
                    spent[build][name].append(seconds(core, program, *given))
    return table(spent), spent


def table(spent: Spent) -> Table:
    """Return p50 and p95 of each process, a column for each build."""
    made = Table("seconds of the processor, p50 / p95", *spent, title="whole processes")
    for name in PROCESSES:
        cells = (np.percentile(of[name], (50, 95)) if name in of else () for of in spent.values())
        made.add_row(name, *(" / ".join(f"{one:.2f}" for one in cell) or "-" for cell in cells))
    return made
