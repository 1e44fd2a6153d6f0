"""Who may use a store now: one at a time, and beside a rewriting those who need only the memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Turns:
    """Two locks, always taken in this order: the store's files, then what is held in memory.

    A rewriting of the files holds the first alone. Whoever holds the second finds memory in step
    with the files as they were, and as they will be for all but what is erased.
    """

    def __init__(self) -> None:
        """Let everybody in."""
        self._files = threading.RLock()
        self._memory = threading.RLock()

    @contextmanager
    def whole(self) -> Iterator[None]:
        """Let the body use all, while nobody else does."""
        with self._files, self._memory:
            yield

    @contextmanager
    def rewriting(self, prepare: Callable[[], None]) -> Iterator[None]:
        """Let the body change the files, after `prepare` has taken out of memory what goes."""
        with self._files:
            with self._memory:
                prepare()
            yield

    @contextmanager
    def enough(self, is_in_memory: Callable[[], bool]) -> Iterator[None]:
        """Let the body use what is in memory if that is enough, and otherwise all."""
        with self._memory:
            if is_in_memory():
                yield
                return
        with self.whole():
            yield
