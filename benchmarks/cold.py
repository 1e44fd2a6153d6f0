"""The first recall in a scope, and what the cache takes: each in processes of their own."""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import chromadb
import numpy as np
from chromadb.config import Settings
from rich.progress import track
from rich.table import Table

import commonplace
from embedders import KnownVectors
from measuring import milliseconds, resident_megabytes, texts

COLD_USERS = 6
CACHE_MEGABYTES = (0, 32, 64, 128, 256)

T = TypeVar("T")


def in_new_process(call: Callable[..., T], *given: Any) -> T:
    """Return what a call returns in a process that has done nothing else."""
    with multiprocessing.get_context("spawn").Pool(1) as process:
        return process.apply(call, given)


def first_recalls(directory: Path) -> list[float]:
    """Return what the first recall in each scope takes in this process."""
    with commonplace.open(directory, embedder=KnownVectors()) as memory:
        users = [memory.scope("user", str(user)) for user in range(COLD_USERS)]
        return [milliseconds(one.recall, "word7 and word70?") for one in users]


def reading_one_row(directory: Path) -> float:
    """Return what the first read takes in this process, of one row with all that it holds."""
    client = chromadb.PersistentClient(
        directory / "chroma", settings=Settings(anonymized_telemetry=False)
    )

    def read() -> None:
        largest = max(collection.name for collection in client.list_collections())
        columns = ["documents", "metadatas", "embeddings"]
        client.get_collection(largest).get(limit=1, include=columns)  # type: ignore[arg-type]  # these are columns

    return milliseconds(read)


def fill(directory: Path, users: int, per_user: int) -> None:
    """Make a store of so many users and records of each."""
    with commonplace.open(directory, embedder=KnownVectors()) as memory:
        for user in track(range(users), f"{users:,} users of {per_user:,} records"):
            memory.scope("user", str(user)).remember_many(texts(per_user, user))


def cold_start(records: int, processes: int = 7) -> tuple[Table, dict[str, list[float]]]:
    """Measure first recalls in processes that have just opened the store, or a copy of it."""
    spent: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as parent:
        directory, other = Path(parent) / "store", Path(parent) / "other"
        fill(directory, COLD_USERS, records)
        for _ in track(range(processes), "processes"):
            first, *others = in_new_process(first_recalls, directory)
            spent.setdefault("in a new process", []).append(first)
            spent.setdefault("in a further scope", []).extend(others)
            shutil.copytree(directory, other)
            floor = in_new_process(reading_one_row, other)
            first, *others = in_new_process(first_recalls, other)
            spent.setdefault("in a new process, read from Chroma", []).append(first)
            spent.setdefault("in a further scope, read from Chroma", []).extend(others)
            spent.setdefault("floor: reading one row of Chroma", []).append(floor)
            shutil.rmtree(other)
    table = Table("ms", "least", "p50", "p95", title=f"first recall in {records:,} records")
    for name, values in spent.items():
        found = (min(values), np.median(values), np.percentile(values, 95))
        table.add_row(name, *(f"{one:.1f}" for one in found))
    return table, spent


def growth(directory: Path, users: int, cache_bytes: int) -> float:
    """Return by how many MB this process grows when every user's scope is used twice."""
    memory = commonplace.open(directory, embedder=KnownVectors(), cache_bytes=cache_bytes)
    with memory:
        memory.scope("user", "0").recall("word7")
        before = resident_megabytes()
        for user in [*range(users)] * 2:
            memory.scope("user", str(user)).recall("word7 and word70?")
        return resident_megabytes() - before


def cache_growth(records: int, per_user: int = 1_000) -> tuple[Table, dict[int, float]]:
    """Measure what a process takes under each `cache_bytes`, using all scopes of a store."""
    users = records // per_user
    with tempfile.TemporaryDirectory() as directory:
        fill(Path(directory), users, per_user)
        grown = {
            megabytes: in_new_process(growth, Path(directory), users, megabytes * 1024**2)
            for megabytes in track(CACHE_MEGABYTES, "processes")
        }
    table = Table("cache_bytes, MB", "process grows by, MB")
    table.title = f"every scope of {records:,} records used twice, {per_user:,} in each"
    for megabytes, found in grown.items():
        table.add_row(str(megabytes), f"{found:.0f}")
    return table, grown
