"""What moving, erasing and sweeping records takes: p50 and p95 in milliseconds.

    python benchmarks/keeping.py --records 3000 --repetitions 5

Each repetition is done in new directories, and each step has its floor beside it, in the same run:

- an import, with the default embedder, beside the embedding of the same texts alone; the same
  import again, which changes nothing, beside the parsing of the file;
- an export, beside the copying of what it wrote;
- the erasure of so many records beside as many others, down to the bytes and checked, beside the
  copying of the store's files;
- a sweep in which so many records are expired and as many are not, beside their removal from one
  raw Chroma collection of as many rows.

Erasing and sweeping embed nothing: their records have random vectors, which cost what others do.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
from chromadb.config import Settings
from rich.console import Console
from rich.progress import track
from rich.table import Table

import commonplace
from commonplace import Record
from commonplace.embedding import MiniLM
from commonplace.ports import Vectors

WORDS = [f"word{number}" for number in range(5_000)]
DIMENSION = 384
BATCH = 100
FLOORS = {
    "import": "embedding the texts alone",
    "import again": "parsing the file",
    "export": "copying the file",
    "erase": "copying the store's files",
    "sweep": "raw Chroma: delete",
}


class RandomVectors:
    """Gives everything random vectors."""

    name = "random"

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        vectors = self._random.normal(size=(len(texts), DIMENSION))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    def embed_query(self, text: str) -> Vectors:
        return np.asarray(self.embed_documents([text])[0])


class Times:
    """What steps took, in milliseconds, by name."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = {}

    def __call__(self, name: str, step: Callable[[], Any]) -> Any:
        """Take a step and return its result."""
        began = time.perf_counter()
        result = step()
        self.spent.setdefault(name, []).append(1_000 * (time.perf_counter() - began))
        return result

    def shares(self, name: str) -> tuple[float, float]:
        """Return the median and the 95th percentile of what a step took."""
        return float(np.median(self.spent[name])), float(np.percentile(self.spent[name], 95))


def texts(count: int, seed: int) -> list[str]:
    """Return short texts of random words."""
    drawn = np.random.default_rng(seed).choice(WORDS, size=(count, 15))
    return [" ".join(words) for words in drawn]


def moving(times: Times, folder: Path, count: int, model: MiniLM) -> None:
    """Import an exported file twice, and export it again."""
    given, file = texts(count, 0), folder / "alice.jsonl"
    with commonplace.open(":memory:", embedder=RandomVectors()) as memory:
        memory.remember_many([Record(text) for text in given])
        memory.export(file)
    times(FLOORS["import"], lambda: embedded(model, given))
    times(
        FLOORS["import again"],
        lambda: [json.loads(line) for line in file.read_bytes().split(b"\n")[:-1]],
    )
    with commonplace.open(folder / "store", embedder=model) as memory:
        alice = memory.scope("user", "alice")
        assert times("import", lambda: alice.import_(file)).written == count
        assert times("import again", lambda: alice.import_(file)).unchanged == count
        assert times("export", lambda: alice.export(folder / "again.jsonl")) == count
    times(FLOORS["export"], lambda: shutil.copyfile(folder / "again.jsonl", folder / "copy.jsonl"))


def embedded(model: MiniLM, given: Sequence[str]) -> None:
    """Embed texts in the batches that an import has."""
    for start in range(0, len(given), BATCH):
        model.embed_documents(given[start : start + BATCH])


def erasing(times: Times, folder: Path, count: int) -> None:
    """Erase one scope beside another."""
    with commonplace.open(folder / "store", embedder=RandomVectors()) as memory:
        alice, bob = memory.scope("user", "alice"), memory.scope("user", "bob")
        for seed, one in enumerate((alice, bob)):
            one.remember_many([Record(text) for text in texts(count, seed)])
            one.recall("word7 and word70?")
        times(
            FLOORS["erase"], lambda: shutil.copytree(folder / "store" / "chroma", folder / "copy")
        )
        receipt = times("erase", lambda: alice.erase(reason="benchmark"))
        assert receipt.verification.occurrences == 0
        assert (receipt.records, bob.count()) == (count, count)


def sweeping(times: Times, folder: Path, count: int) -> None:
    """Sweep a scope of which one half is expired."""
    now = datetime.now(timezone.utc)
    with commonplace.open(folder / "store", embedder=RandomVectors(), clock=lambda: now) as memory:
        ends = now + timedelta(hours=1)
        memory.remember_many([Record(text, expires_at=ends) for text in texts(count, 0)])
        memory.remember_many([Record(text) for text in texts(count, 1)])
    later = now + timedelta(hours=2)
    with commonplace.open(
        folder / "store", embedder=RandomVectors(), clock=lambda: later
    ) as memory:
        assert times("sweep", memory.sweep) == count
        assert memory.count() == count
    collection, ids = raw(folder / "raw", count)
    times(FLOORS["sweep"], lambda: collection.delete(ids=ids[:count]))


def raw(folder: Path, count: int) -> tuple[Any, list[str]]:
    """Return a raw Chroma collection of twice as many rows, and their ids."""
    client = chromadb.PersistentClient(folder, settings=Settings(anonymized_telemetry=False))
    collection = client.create_collection("raw", embedding_function=None)
    given = [*texts(count, 0), *texts(count, 1)]
    ids = [f"id-{number}" for number in range(len(given))]
    for start in range(0, len(given), BATCH):
        part = slice(start, start + BATCH)
        vectors: Any = RandomVectors().embed_documents(given[part])
        collection.add(ids=ids[part], embeddings=vectors, documents=given[part])
    return collection, ids


def table(times: Times, count: int) -> Table:
    """Return each step beside its floor."""
    shown = Table("p50 / p95, ms", "step", "floor", "times", title=f"{count:,} records")
    for step, floor in FLOORS.items():
        (p50, p95), (least, most) = times.shares(step), times.shares(floor)
        beside = f"{least:,.1f} / {most:,.1f} ({floor})"
        shown.add_row(step, f"{p50:,.1f} / {p95:,.1f}", beside, f"{p50 / least:.1f}")
    return shown


def main() -> None:
    """Print a table, and write what each repetition took if a file is named for it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--records", type=int, default=3_000)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--json", type=Path, help="a file for what each repetition took, in ms")
    options = parser.parse_args()
    times, model = Times(), MiniLM()
    model.embed_documents(["warm"])
    count = options.records
    steps: list[Callable[[Path], None]] = [
        lambda folder: moving(times, folder, count, model),
        lambda folder: erasing(times, folder, count),
        lambda folder: sweeping(times, folder, count),
    ]
    for _ in track(range(options.repetitions), "repetitions"):
        for step in steps:
            with tempfile.TemporaryDirectory() as folder:
                step(Path(folder))
    Console().print(table(times, count))
    if options.json:
        options.json.write_text(json.dumps({"records": count, "ms": times.spent}))


if __name__ == "__main__":
    main()
