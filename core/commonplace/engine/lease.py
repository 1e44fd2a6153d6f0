"""An open store as one opener holds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from commonplace.engine.port import Engine
from commonplace.errors import MemoryClosedError


@dataclass(frozen=True, slots=True)
class Place:
    """What `commonplace.open` was given to find a store, in any process.

    `asks_key` tells that it was shown an `api_key`, which is not kept here.
    """

    path: str
    shared: bool = False
    asks_key: bool = False


class Lease:
    """Holds an open store until closed, for one call of `commonplace.open` and its scopes.

    Closing ends it for this opener. What becomes of the store then, `release` decides: another
    opener in this process may hold it too.
    """

    def __init__(
        self,
        engine: Engine,
        place: Place | None = None,
        *,
        release: Callable[[Lease], None] | None = None,
    ) -> None:
        """Hold `engine`; without a `release` it is this opener's alone, and is closed with it."""
        self._engine = engine
        self._release = release
        self._closed = False
        self.place = place
        self.directory = engine.directory

    @property
    def engine(self) -> Engine:
        """The open store. Raises MemoryClosedError once this opener has closed it."""
        if self._closed:
            raise MemoryClosedError("This memory is closed. Open it again with commonplace.open.")
        return self._engine

    def close(self) -> None:
        """Let the store go. May be called again."""
        if self._release is None:
            self._engine.close()  # it says itself that it is closed
        elif not self._closed:
            self._release(self)
            self._closed = True
