"""Chroma's own server, as `chroma run` starts it, with a database for each test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from tenacity import retry, stop_after_delay, wait_fixed

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

HERE = "127.0.0.1"
START_SECONDS = 60
# A kind of store for fixtures: its tests may connect to this machine.
CHROMA_RUN = pytest.param("chroma run", marks=pytest.mark.allow_hosts([HERE]))
TWO_SERVERS = pytest.param("two servers", marks=pytest.mark.allow_hosts([HERE]))


@contextmanager
def running(directory: Path, port: int) -> Iterator[int]:
    """Run the server within; give its port."""
    program = Path(sys.executable).with_name("chroma")
    command = [str(program), "run", "--path", str(directory), "--host", HERE, "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            yield port
        finally:
            server.terminate()


def close_connections() -> None:
    """Close those of every client of this process: Chroma's own `close` leaves them open."""
    from chromadb.api.shared_system_client import SharedSystemClient

    for system in list(SharedSystemClient._identifier_to_system.values()):
        for component in system.components():
            if (session := getattr(component, "_session", None)) is not None:
                session.close()


def in_this_process() -> ClientAPI:
    """Return a client of a database of this process that nobody else has."""
    import chromadb
    from chromadb.config import Settings

    name = f"test-{uuid4()}"
    chromadb.AdminClient(Settings(anonymized_telemetry=False)).create_database(name)
    return chromadb.EphemeralClient(Settings(anonymized_telemetry=False), database=name)


@retry(stop=stop_after_delay(START_SECONDS), wait=wait_fixed(0.1), reraise=True)
def client_of_new_database(port: int) -> ClientAPI:
    """Return a client of a database that nobody else has, once the server answers."""
    import chromadb
    from chromadb.config import Settings

    settings = Settings(
        anonymized_telemetry=False,
        chroma_api_impl="chromadb.api.fastapi.FastAPI",
        chroma_server_host=HERE,
        chroma_server_http_port=port,
    )
    name = f"test-{uuid4()}"
    chromadb.AdminClient(settings).create_database(name)
    return client_of(port, name)


def client_of(port: int, database: str) -> ClientAPI:
    """Return a client of a database that is there, with connections of its own."""
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False)
    return chromadb.HttpClient(HERE, port, settings=settings, database=database)
