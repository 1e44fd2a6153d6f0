"""What the tests share: both stores, a memory on each, a clock that stands still."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

import commonplace
from chroma_server import CHROMA_RUN, client_of_new_database, running
from clock import Clock
from commonplace import Memory
from commonplace.opening.roots import CACHE_BYTES
from commonplace.ports import RecordStore
from commonplace.stores.in_memory import InMemoryStore
from commonplace.testing import HashingEmbedder
from serving import serving

with suppress(ModuleNotFoundError):  # on Windows
    import uvloop  # noqa: F401  # it keeps the class of sockets that it finds, and tests block that

# How long a test takes is the machine's affair.
settings.register_profile("commonplace", deadline=None)
settings.load_profile("commonplace")


ROOM_FOR_TESTS = 4 * 2**30


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--operations",
        type=int,
        help="random operations on each store in tests/core/test_memory_properties.py",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep the files of tests in memory where there is room: half of their time is the disk's.

    Processes are killed here, and no power is cut: what one has written, the system keeps anyway.
    `--basetemp` keeps them elsewhere.
    """
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free >= ROOM_FOR_TESTS
    if has_room and config.option.basetemp is None and os.access(memory, os.W_OK):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture(params=["in memory", "chroma", "server"])
def open_memory(
    request: pytest.FixtureRequest, tmp_path: Path, embedder: HashingEmbedder, clock: Clock
) -> Iterator[Callable[..., Memory]]:
    """Open memories on one store; each test that asks runs on every kind of store.

    Behind a server it is the server that has the embedder.
    """
    path = ":memory:" if request.param == "in memory" else str(tmp_path / "store")
    with ExitStack() as closing:
        is_served = False

        def opener(*, embedder: object = embedder, **options: Any) -> Memory:
            nonlocal is_served
            if request.param == "server" and not is_served:
                closing.enter_context(serving(tmp_path / "store", embedder, clock, **options))
                is_served = True
            model = None if is_served else embedder
            memory = commonplace.open(path, embedder=model, clock=clock, **options)
            closing.callback(memory.close)
            return memory

        yield opener


@pytest.fixture
def memory(open_memory: Callable[..., Memory]) -> Memory:
    return open_memory()


@pytest.fixture(scope="session")
def chroma_port(
    tmp_path_factory: pytest.TempPathFactory, unused_tcp_port_factory: Callable[[], int]
) -> Iterator[int]:
    """Give the port of Chroma's own server."""
    with running(tmp_path_factory.mktemp("chroma run"), unused_tcp_port_factory()) as port:
        yield port


@pytest.fixture(params=["in memory", "chroma", "a client that was passed", CHROMA_RUN])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, embedder: HashingEmbedder
) -> Iterator[RecordStore]:
    """Give every implementation of the port in turn."""
    if request.param == "in memory":
        yield InMemoryStore()
    elif request.param == "a client that was passed":
        import chromadb

        from commonplace.chroma.shared_store import SharedStore

        settings = chromadb.config.Settings(anonymized_telemetry=False)
        client: Any = chromadb.PersistentClient(tmp_path / "store", settings)
        yield SharedStore(client, embedder.name, 0)  # nothing fits into memory
        client.close()
    elif request.param == "chroma run":
        from commonplace.chroma.shared_store import SharedStore

        client = client_of_new_database(request.getfixturevalue("chroma_port"))
        yield SharedStore(client, embedder.name, CACHE_BYTES)
    else:
        from commonplace.chroma.directory import opened

        store, release = opened(tmp_path / "store", embedder.name)
        yield store
        release()
