"""Servers of one Chroma database: processes as `commonplace serve` starts them, or threads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

from chroma_server import HERE
from commonplace.service.http_server import Port
from commonplace.service.store_serving import store_service
from commonplace.testing import HashingEmbedder

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

COMMONPLACE = [sys.executable, "-m", "commonplace"]
_OURS = {name: value for name, value in os.environ.items() if not name.startswith("COMMONPLACE_")}


class ServerProcess:
    """One server that listens at `address`."""

    def __init__(self, port: int, database: str) -> None:
        """Start it; `wait` tells when it listens."""
        chroma = ["--chroma", f"http://{HERE}:{port}", "--database", database]
        own = ["--port", "0", "--embedder", HashingEmbedder().name]
        self._process = subprocess.Popen(
            [*COMMONPLACE, "serve", *chroma, *own],
            stdout=subprocess.PIPE,
            text=True,
            env=_OURS | {"PYTHONUNBUFFERED": "1"},
        )
        self.address = ""

    def wait(self) -> None:
        """Read the address from what it says."""
        assert self._process.stdout is not None
        said = self._process.stdout.readline().split()
        assert said[:1] == ["serving"], said
        self.address = said[-1]

    def send(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def ended(self) -> int:
        """Return the code with which it ended; what it says is not kept."""
        self._process.communicate(timeout=60)
        return self._process.returncode


@contextmanager
def in_threads(count: int, client: ClientAPI, **options: Any) -> Iterator[list[str]]:
    """Run so many servers within, which share nothing but the client; give their addresses.

    `options` are what `engine_on` takes beside.
    """
    with ExitStack() as closing:
        addresses = []
        for _ in range(count):
            service = store_service(client, Port(HERE, 0), HashingEmbedder().name, **options)
            service.notice_seconds = 0
            thread = Thread(target=service.run)
            thread.start()
            closing.callback(thread.join)
            closing.callback(service.stop)
            addresses += service.addresses
        yield addresses


@contextmanager
def as_processes(count: int, port: int, database: str) -> Iterator[list[ServerProcess]]:
    """Run so many servers within."""
    running = [ServerProcess(port, database) for _ in range(count)]
    try:
        for one in running:
            one.wait()
        yield running
    finally:
        for one in running:
            one.send(signal.SIGKILL)
            one.ended()
