"""What others wait for while a scope is erased: recalls in one scope beside erasures of others.

    python benchmarks/erasing_beside.py --records 20000
    python benchmarks/erasing_beside.py --records 200000 --store kept

One store of so many records in scopes of 200 each, with random vectors. A thread recalls in one
scope, which is in use, without a pause; meanwhile an empty scope is erased, and then one of 200
records. Beside them the same recalls while nothing is erased, and the copying of the store's files,
which is measured before and after the erasure. Then two scopes are erased while nobody recalls,
beside copies, of which one is synced, as an erasure is. A large store takes long to make: it is
kept in the folder that `--store` names, and copied from there.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import commonplace
from commonplace import Memory, Record
from keeping import RandomVectors, texts

SCOPE = 200
QUESTION = "word7 and word70?"


def recalls_during(memory: Memory, step: Callable[[], object]) -> tuple[list[float], float]:
    """Return what recalls took during a step, in ms, and what the step took, in seconds."""
    spent, is_over = list[float](), threading.Event()

    def recall() -> None:
        while not is_over.is_set():
            began = time.perf_counter()
            memory.recall(QUESTION)
            spent.append(1_000 * (time.perf_counter() - began))

    beside = threading.Thread(target=recall)
    beside.start()
    began = time.perf_counter()
    step()
    took = time.perf_counter() - began
    is_over.set()
    beside.join()
    return spent, took


def filled(folder: Path, count: int) -> Memory:
    """Return the memory of a store of so many records."""
    memory = commonplace.open(folder, embedder=RandomVectors())
    for number in range(count // SCOPE):
        records = [Record(text) for text in texts(SCOPE, number)]
        memory.scope("user", f"u{number}").remember_many(records)
    return memory


def megabytes() -> float:
    """Return the most memory that this process has had so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def synced_copy(store: Path, to: Path) -> None:
    """Copy a folder so that it outlasts a failure of power."""
    shutil.copytree(store, to)
    for path in to.rglob("*"):
        descriptor = os.open(path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)


def beside_recalls(memory: Memory, store: Path) -> dict[str, Callable[[], object]]:
    """Return what is done while a thread recalls."""
    return {
        "nothing, for a second": lambda: time.sleep(1),
        "copying the store's files": lambda: shutil.copytree(store, store.with_name("copy")),
        "erasing an empty scope": lambda: memory.scope("user", "eve").erase(reason="1"),
        "erasing a scope of 200": lambda: memory.scope("user", "u1").erase(reason="1"),
        "copying them again": lambda: shutil.copytree(store, store.with_name("again")),
    }


def alone(memory: Memory, store: Path) -> dict[str, Callable[[], object]]:
    """Return what is done while nobody recalls."""
    return {
        "copying": lambda: shutil.copytree(store, store.with_name("third")),
        "erasing 200": lambda: memory.scope("user", "u2").erase(reason="1"),
        "copying and syncing": lambda: synced_copy(store, store.with_name("fourth")),
        "erasing 200 more": lambda: memory.scope("user", "u3").erase(reason="1"),
        "copying again": lambda: shutil.copytree(store, store.with_name("fifth")),
    }


def measured(step: Callable[[], object]) -> list[str]:
    """Return what a step took, in seconds, and of the processor."""
    used, began = time.process_time(), time.perf_counter()
    step()
    return [f"{time.perf_counter() - began:.2f}", f"{time.process_time() - used:.2f}"]


def measured_beside(own: Memory, step: Callable[[], object]) -> list[str]:
    """Return what a step took, what recalls took beside it, and how much memory it needed."""
    before, used = megabytes(), time.process_time()
    spent, took = recalls_during(own, step)
    used = time.process_time() - used
    shares = [float(np.percentile(spent, share)) for share in (50, 99, 100)]
    row = [f"{took:.2f}", f"{used:.2f}", f"{len(spent):,}", *(f"{one:.1f}" for one in shares)]
    return [*row, f"{megabytes() - before:.0f}"]


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--store", type=Path, help="where the store is kept for another run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kept, store = options.store or Path(folder) / "kept", Path(folder) / "store"
        if not kept.exists():
            filled(kept, options.records).close()
        shutil.copytree(kept, store)
        with commonplace.open(store, embedder=RandomVectors()) as memory:
            own = memory.scope("user", "u0")
            own.recall(QUESTION)
            shown = Table("meanwhile", "took, s", "processor, s", "recalls", "p50, ms", "p99, ms",
                          "most, ms", "memory more, MB")  # fmt: skip
            shown.title = f"{options.records:,} records, load {os.getloadavg()[0]:.0f}"
            for name, step in beside_recalls(memory, store).items():
                shown.add_row(name, *measured_beside(own, step))
            for name, step in alone(memory, store).items():
                shown.add_row(f"{name}, no recalls", *measured(step))
            Console(width=120).print(shown)


if __name__ == "__main__":
    main()
