"""What an import of many messages takes of memory, and a second one of time.

    python benchmarks/importing.py --messages 100000
    python benchmarks/importing.py --messages 100000 --before DIR/core

A file of so many messages in conversations of twenty is imported into one directory: first its
tenth, then all of it, then all of it again. Peaks are of the whole process, in MB above what it has
with an empty store. Beside them is the reading alone, which is a dry run, and what Chroma needs for
the vectors that it holds, four bytes a number. The embedder is a hash of words: what a model takes
is not asked here. With `--before`, this build and the one whose core lies there import the file at
the same time, each in a process and a store of its own: a busy machine is busy for both.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder

TURNS = 20
WORDS = 25


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--before", type=Path, help="the folder core of another build")
    chosen = parser.parse_args()
    count = chosen.messages
    if chosen.before:
        Console().print(_side_by_side(count, {"this build": None, "before": chosen.before}))
        return
    with tempfile.TemporaryDirectory() as folder:
        whole, part = Path(folder) / "all.jsonl", Path(folder) / "part.jsonl"
        whole.write_text("".join(_lines(count)), encoding="utf-8")
        part.write_text("".join(_lines(count // 10)), encoding="utf-8")
        table = Table("step", "messages", "peak, MB", "seconds of the processor")
        reading = [("read alone", part, True), ("read alone", whole, True)]
        writing = [("import", part, False), ("import the rest", whole, False),
                   ("import again", whole, False)]  # fmt: skip
        for number, steps in enumerate((reading, writing)):
            for row in _apart(Path(folder) / f"store{number}", steps):
                table.add_row(*row)
    Console().print(table)
    print(f"Vectors: {count * len(HashingEmbedder().embed_query('tea')) * 4 / 1e6:.0f} MB")


def _lines(count: int) -> Iterator[str]:
    for number in range(count):
        words = " ".join(f"word{(number * 7 + one) % 5_000}" for one in range(WORDS))
        text = {"type": "text", "text": {"value": f"Message {number}: {words}", "annotations": []}}
        message: dict[str, Any] = {
            "object": "thread.message",
            "id": f"msg_{number}",
            "thread_id": f"thread_{number // TURNS}",
            "role": "assistant" if number % 2 else "user",
            "created_at": 1_700_000_000 + number,
            "content": [text],
        }
        yield json.dumps(message) + "\n"


Step = tuple[str, Path, bool]


def _apart(store: Path, steps: list[Step]) -> list[tuple[str, ...]]:
    """Do the steps in a process of their own, and return a row for each."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_measured, store, steps).result()


def _measured(store: Path, steps: list[Step]) -> list[tuple[str, ...]]:
    with commonplace.open(store, embedder=HashingEmbedder()) as memory:
        memory.remember("begun")
        before = _peak()
        return [_row(memory, step, before) for step in steps]


def _row(memory: Memory, step: Step, before: float) -> tuple[str, ...]:
    name, path, is_dry = step
    began = time.process_time()
    report = memory.import_(path, dry_run=is_dry)
    seconds = time.process_time() - began
    return name, f"{report.read:,}", f"{_peak() - before:.0f}", f"{seconds:.1f}"


# It uses only what builds before have as well.
_WHOLE = """
import json, resource, sys, time
import commonplace
from commonplace.testing import HashingEmbedder
began = time.monotonic()
memory = commonplace.open(sys.argv[2], embedder=HashingEmbedder())
memory.remember("begun")
empty = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
memory.import_(sys.argv[1], format="openai-threads")
memory.close()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps([time.monotonic() - began, time.process_time(), peak / 1e3, (peak - empty) / 1e3]))
"""


def _side_by_side(count: int, builds: dict[str, Path | None]) -> Table:
    """Import a file with each build at the same time, and return a row for each."""
    table = Table("build", "seconds", "of the processor", "peak, MB", "above an empty store, MB")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "all.jsonl"
        file.write_text("".join(_lines(count)), encoding="utf-8")
        running = {
            name: subprocess.Popen(  # noqa: S603  # this very Python
                [sys.executable, "-c", _WHOLE, str(file), str(Path(folder) / name)],
                env={**os.environ, **({"PYTHONPATH": str(core)} if core else {})},
                stdout=subprocess.PIPE,
                text=True,
            )
            for name, core in builds.items()
        }
        for name, process in running.items():
            figures = json.loads(process.communicate()[0].splitlines()[-1])
            table.add_row(name, *(f"{one:.0f}" for one in figures))
    return table


def _peak() -> float:
    """Return the most memory that this process had so far, in MB."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / 1e6 if sys.platform == "darwin" else most / 1e3


if __name__ == "__main__":
    main()
