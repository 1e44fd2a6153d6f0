"""One owner per directory, held by an operating-system lock.

Two processes that write one embedded Chroma directory destroy it without an error
(docs/decisions/0003-one-owner-per-directory.md).
"""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import chromadb
from chromadb.config import Settings
from filelock import FileLock, Timeout

from commonplace.chroma.store import ChromaStore
from commonplace.chroma.translation import translated
from commonplace.errors import StoreError, StoreInUseError
from commonplace.records import now

LOCK = "commonplace.lock"
OWNER = "owner.json"
CHROMA = "chroma"


def opened(directory: Path, embedder: str) -> tuple[ChromaStore, Callable[[], None]]:
    """Open the store in `directory`; return it and what gives the directory free.

    Raises StoreInUseError, StoreFormatError, EmbedderMismatchError, StoreDamagedError, StoreError.
    """
    with ExitStack() as undo:
        undo.callback(DirectoryLock(directory).release)
        with translated(f"opening {str(directory)!r}"):
            client: Any = chromadb.PersistentClient(
                directory / CHROMA, settings=Settings(anonymized_telemetry=False)
            )
        undo.callback(client.close)
        return ChromaStore(client, embedder), undo.pop_all().close


class DirectoryLock:
    """Holds `directory` until released or until the process ends, however it ends."""

    def __init__(self, directory: Path) -> None:
        """Create the directory if needed and take its lock.

        Raises StoreInUseError naming the holder, StoreError if the path cannot be used.
        """
        self._owner = directory / OWNER
        self._lock = FileLock(directory / LOCK, timeout=0, thread_local=False)
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._lock.acquire()
            self._owner.write_text(json.dumps(_this_process()), encoding="utf-8")
        except Timeout as error:
            raise StoreInUseError(_in_use(directory, self._owner)) from error
        except OSError as error:
            self._lock.release()
            raise StoreError(
                f"The directory {str(directory)!r} cannot hold a memory ({error}). "
                "Give a directory that this process may write."
            ) from error

    def release(self) -> None:
        """Give the directory free. May be called again."""
        self._lock.release()


def _this_process() -> dict[str, object]:
    return {
        "pid": os.getpid(),
        "host": socket.gethostname(),
        "program": " ".join(sys.argv[:1]) or "python",
        "since": now().isoformat(timespec="seconds"),
    }


def _in_use(directory: Path, owner: Path) -> str:
    try:
        holder = json.loads(owner.read_text(encoding="utf-8"))
        pid, program, since = holder["pid"], holder["program"], holder["since"]
    except (OSError, ValueError, KeyError):
        return f"The memory in {str(directory)!r} is open elsewhere; its holder left no name."
    if pid == os.getpid():
        return (
            f"The memory in {str(directory)!r} is open already in this process, since {since}: "
            "use that memory, or close it first."
        )
    return (
        f"The memory in {str(directory)!r} is held by process {pid} ({program}) since {since}. "
        "Close it there, or use another directory."
    )
