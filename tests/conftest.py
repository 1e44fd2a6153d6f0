"""What the tests share: both stores, a memory on each, a clock that stands still."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import settings

import commonplace
from by_turns import ByTurns, two_servers
from chroma_server import (
    CHROMA_RUN,
    TWO_SERVERS,
    client_of,
    client_of_new_database,
    close_connections,
    running,
)
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
    parser.addoption(
        "--two-servers",
        action="store_true",
        help="ask two servers of one Chroma by turns in every test that asks for a memory",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep the files of tests in memory where there is room: half of their time is the disk's.

    Processes are killed here, and no power is cut: what one has written, the system keeps anyway.
    `--basetemp` keeps them elsewhere.
    """
    config.addinivalue_line("markers", "two_servers: what asks for a memory has one of two, too")
    memory = Path("/dev/shm")
    has_room = memory.is_dir() and shutil.disk_usage(memory).free >= ROOM_FOR_TESTS
    if has_room and config.option.basetemp is None and os.access(memory, os.W_OK):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what asks for a memory on every kind of store.

    On two servers only what is marked, or with `--two-servers`: these take long to begin. A test
    that names its own kinds runs on those.
    """
    marks = metafunc.definition.iter_markers("parametrize")
    if "open_memory" in metafunc.fixturenames and not any(
        "open_memory" in one.args for one in marks
    ):
        is_marked = metafunc.definition.get_closest_marker("two_servers") is not None
        further = [TWO_SERVERS] if is_marked or metafunc.config.option.two_servers else []
        kinds = ["in memory", "chroma", "server", *further]
        metafunc.parametrize("open_memory", kinds, indirect=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def open_memory(
    request: pytest.FixtureRequest, tmp_path: Path, embedder: HashingEmbedder, clock: Clock
) -> Iterator[Callable[..., Memory]]:
    """Open memories on one store; each test that asks runs on every kind of store.

    Behind a server it is the server that has the embedder.
    """
    if request.param == "two servers":
        client = client_of_new_database(request.getfixturevalue("chroma_port"))
        yield from between_servers(client, embedder, clock)
        return
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


def between_servers(
    client: Any, own: HashingEmbedder, clock: Clock
) -> Iterator[Callable[..., Memory]]:
    """Open memories on two servers of one database, which are begun with the first."""
    with ExitStack() as closing:
        begun: list[Callable[[object], Memory]] = []

        def opener(*, embedder: object = own, **options: Any) -> Memory:
            if not begun:
                begun.append(closing.enter_context(two_servers(client, clock=clock, **options)))
            return begun[0](embedder)

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
        close_connections()


SHARED = ["a client that was passed", CHROMA_RUN, TWO_SERVERS]


@pytest.fixture(params=["in memory", "chroma", *SHARED])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, embedder: HashingEmbedder
) -> Iterator[RecordStore]:
    """Give every implementation of the port in turn."""
    if request.param == "in memory":
        yield InMemoryStore()
    elif request.param == "chroma":
        from commonplace.chroma.directory import opened

        store, release = opened(tmp_path / "store", embedder.name)
        yield store
        release()
    else:
        yield from shared_store(request, tmp_path, embedder.name)


def shared_store(request: pytest.FixtureRequest, path: Path, model: str) -> Iterator[RecordStore]:
    """Give a store beside others: in this process, on a server, or by turns one of two on it."""
    from commonplace.chroma.shared_store import SharedStore

    if request.param == "a client that was passed":
        import chromadb

        settings = chromadb.config.Settings(anonymized_telemetry=False)
        client: Any = chromadb.PersistentClient(path / "store", settings)
        yield SharedStore(client, model, 0)  # nothing fits into memory
        client.close()
        return
    port = request.getfixturevalue("chroma_port")
    client = client_of_new_database(port)
    store = SharedStore(client, model, CACHE_BYTES)
    if request.param == "two servers":
        other = SharedStore(client_of(port, client.database), model, CACHE_BYTES)
        yield cast("RecordStore", ByTurns([store, other]))
    else:
        yield store
