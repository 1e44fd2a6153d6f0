"""What the tests share: both stores, a memory on each, a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import commonplace
from clock import Clock
from commonplace import Memory
from commonplace.in_memory import InMemoryStore
from commonplace.ports import RecordStore
from commonplace.testing import HashingEmbedder


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture(params=["in memory", "chroma"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where to open a memory: each test that asks runs on every kind of store."""
    return ":memory:" if request.param == "in memory" else str(tmp_path / "store")


@pytest.fixture
def open_memory(
    path: str, embedder: HashingEmbedder, clock: Clock
) -> Iterator[Callable[..., Memory]]:
    """Open memories at `path`; they are closed after the test."""
    opened: list[Memory] = []

    def opener(**options: object) -> Memory:
        memory = commonplace.open(path, **{"embedder": embedder, "clock": clock, **options})  # type: ignore[arg-type]  # options are keywords of open
        opened.append(memory)
        return memory

    yield opener
    for memory in opened:
        memory.close()


@pytest.fixture
def memory(open_memory: Callable[..., Memory]) -> Memory:
    return open_memory()


@pytest.fixture(params=["in memory", "chroma"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, embedder: HashingEmbedder
) -> Iterator[RecordStore]:
    """Give every implementation of the port in turn."""
    if request.param == "in memory":
        yield InMemoryStore()
    else:
        from commonplace.chroma.directory import opened

        store, release = opened(tmp_path / "store", embedder.name)
        yield store
        release()
