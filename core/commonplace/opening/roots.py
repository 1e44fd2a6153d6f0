"""The directories that this process owns: each is open once, however often it is opened."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from commonplace.embedding import as_embedder
from commonplace.engine.lease import Lease, Place
from commonplace.engine.local_engine import LocalEngine
from commonplace.errors import EmbedderMismatchError, StoreInUseError
from commonplace.opening.local import owned
from commonplace.values.records import now
from commonplace.writing.policy import Screening

CACHE_BYTES = 512 * 1024**2


@dataclass(frozen=True, slots=True)
class Options:
    """How an opener wants a store; what is left at its default has no say in a store that is open.

    It is the same with a server that runs already.
    """

    embedder: object = None
    screening: Screening | None = None
    cache_bytes: int = CACHE_BYTES
    clock: Callable[[], datetime] = now


class Root:
    """A directory in this process. Those who opened it share one engine, and one lock."""

    def __init__(self, directory: Path) -> None:
        """Open nothing yet."""
        self._directory = directory
        self._lock = threading.Lock()
        self._process = os.getpid()
        # Weak: a memory that is dropped without being closed gives the directory free.
        self._leases: weakref.WeakSet[Lease] = weakref.WeakSet()
        self._engine: weakref.ref[LocalEngine] | None = None
        self._options = Options()

    def lease(self, options: Options) -> Lease:
        """Return the open store again, or open it with `options`.

        Raises EmbedderMismatchError or StoreInUseError if it is open with others, and what
        `owned` raises.
        """
        with self._lock:
            engine = self._engine() if self._engine else None
            if engine is None:
                engine = self._opened(options)
            else:
                self._check(engine, options)
            lease = Lease(engine, Place(str(self._directory)), release=self._released)
            self._leases.add(lease)
            return lease

    def _opened(self, options: Options) -> LocalEngine:
        engine, _ = owned(
            self._directory,
            options.embedder,
            clock=options.clock,
            cache_bytes=options.cache_bytes,
            screening=options.screening,
        )
        self._engine, self._options = weakref.ref(engine), options
        return engine

    def _check(self, engine: LocalEngine, wanted: Options) -> None:
        """Refuse an opener that asks for what the open store is not."""
        name = None if wanted.embedder is None else as_embedder(wanted.embedder).name
        if name not in (None, engine.embedder_name):
            raise EmbedderMismatchError(
                f"The memory in {str(self._directory)!r} is open in this process with the embedder "
                f"{engine.embedder_name!r}, not {name!r}. Open it with the same embedder, or with "
                "none, which takes the one it has."
            )
        given = {
            "screening": (wanted.screening, None, engine.screening),
            "cache_bytes": (wanted.cache_bytes, CACHE_BYTES, self._options.cache_bytes),
            "clock": (wanted.clock, now, self._options.clock),
        }
        for option, (value, default, used) in given.items():
            if value not in (default, used):
                raise StoreInUseError(
                    f"The memory in {str(self._directory)!r} is open in this process with "
                    f"{option}={used!r}, not {value!r}. Close it first, or leave {option} out."
                )

    def _released(self, lease: Lease) -> None:
        if self._process != os.getpid():
            return  # the store is the parent's, and another thread of it may have held the lock
        with self._lock:
            engine = self._engine() if self._engine else None
            if engine is not None and all(one is lease for one in self._leases):
                self._engine = None  # also if it cannot be closed: nobody is given it again
                engine.close()
            self._leases.discard(lease)


# By process too: a forked one owns nothing, and its parent's locks may have been taken.
_roots: dict[tuple[int, str], Root] = {}


def root_of(directory: Path) -> Root:
    """Return what stands for a directory, by its resolved path, in this process."""
    return _roots.setdefault((os.getpid(), str(directory)), Root(directory))
