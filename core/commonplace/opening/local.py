"""The engine on a directory that this process owns."""

from __future__ import annotations

import atexit
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from pathlib import Path

from commonplace.embedding import MiniLM, as_embedder
from commonplace.embedding.choosing import opened_with
from commonplace.embedding.gathering import Gathering
from commonplace.engine.local_engine import LocalEngine
from commonplace.files.ownership import DirectoryLock
from commonplace.keeping.audit import DirectoryAuditLog
from commonplace.writing.policy import Screening


def owned(
    directory: Path,
    embedder: object,
    *,
    clock: Callable[[], datetime],
    cache_bytes: int,
    screening: Screening | None = None,
    serves: bool = False,
) -> tuple[LocalEngine, DirectoryLock]:
    """Take the lock of `directory`, open its store and return the engine on it, and the lock.

    `embedder` is what `commonplace.open` takes. `serves` tells others that this process is, or is
    about to be, the directory's server. Closing the engine gives the directory free. Raises
    StoreInUseError, StoreFormatError, EmbedderMismatchError, StoreDamagedError, StoreError.
    """
    if embedder is not None:
        embedder = as_embedder(embedder)  # what is none is refused before there is a directory
    with ExitStack() as undo:
        lock = DirectoryLock(directory, serves=serves)
        undo.callback(lock.release)
        # Who is refused need not wait for these.
        from commonplace.chroma.backup import backup
        from commonplace.chroma.directory import opened

        (store, close), adapted = opened_with(embedder, partial(opened, directory, holding=lock))
        undo.callback(close)
        if serves and adapted.name == MiniLM.name and embedder is None:
            adapted = as_embedder(Gathering(MiniLM()))
        engine = LocalEngine(
            store,
            adapted,
            clock=clock,
            cache_bytes=cache_bytes,
            screening=screening,
            directory=str(directory),
            audit=DirectoryAuditLog(directory),
            write_backup=partial(backup, store),
            on_close=undo.pop_all().close,
        )
        _close_at_exit(engine)
        return engine, lock


def _close_at_exit(engine: LocalEngine) -> None:
    """Close an engine that nobody closes before the process ends; keep it for nothing else."""
    reference = weakref.ref(engine)

    def close() -> None:
        if (left := reference()) is not None:
            left.close()

    atexit.register(close)
    weakref.finalize(engine, atexit.unregister, close).atexit = False
