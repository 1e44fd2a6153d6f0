"""The server of one host, over stdin and stdout."""

from __future__ import annotations

import io
import logging
import os
import sys
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from commonplace.memory import Memory


_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)


def serve(opening: Callable[[], Memory], agent: str | None = None, *, verbose: int = 0) -> None:
    """Serve the memory that `opening` returns until stdin ends.

    It is opened at the first call that needs it: a host waits only some seconds for a first
    answer. What anything else prints goes to stderr, and so do the logs: warnings, with `verbose` 1
    what is done as well, with 2 also the content.
    """
    protocol = _protocol_alone()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Brief("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("commonplace").setLevel(_LEVELS[min(verbose, 2)])
    from commonplace.mcp.server import server_of

    opened = _Once(opening)
    try:
        sys.stdout = _Diverted(protocol)
        server_of(opened, agent).run("stdio")
    finally:
        sys.stdout = sys.stderr
        opened.close()


class _Brief(logging.Formatter):
    """Of a message its first line: major 1 says in a hundred what it cannot read, and quotes it."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # as logging has it
        return super().formatMessage(record).partition("\n")[0]


class _Once:
    """A memory that is opened when it is first asked for; asked again if that failed."""

    def __init__(self, opening: Callable[[], Memory]) -> None:
        self._opening = opening
        self._lock = Lock()
        self._memory: Memory | None = None

    def __call__(self) -> Memory:
        with self._lock:
            if self._memory is None:
                self._memory = self._opening()
            return self._memory

    def close(self) -> None:
        with self._lock:
            if self._memory is not None:
                self._memory.close()


def _protocol_alone() -> BinaryIO:
    """Return what stdout was, and let descriptor 1 be stderr: for C code and child processes."""
    protocol = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return protocol


class _Diverted(io.TextIOBase):
    """A stdout whose text goes to stderr, and whose buffer, which the protocol asks for, not."""

    def __init__(self, protocol: BinaryIO) -> None:
        self.buffer = protocol

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return sys.stderr.write(text)

    def flush(self) -> None:
        sys.stderr.flush()
