"""Who may use a store now: one at a time, and beside a rewriting those who need only the memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager


class Turns:
    """Two locks, always taken in this order: the store's files, then what is held in memory.

    A rewriting of the files holds the first alone. Whoever holds the second finds memory in step
    with the files as they were, and as they will be for all but what is erased.
    """

    def __init__(self) -> None:
        """Let everybody in."""
        self._files = threading.RLock()
        self._memory = threading.RLock()
        self._whole = _Whole(self._files, self._memory)

    def whole(self) -> AbstractContextManager[None]:
        """Let the body use all, while nobody else does."""
        return self._whole

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


class _Whole(AbstractContextManager[None]):
    """Both locks. Each call of the engine enters it: a generator would take longer than they do."""

    def __init__(
        self, files: AbstractContextManager[bool], memory: AbstractContextManager[bool]
    ) -> None:
        self._files, self._memory = files, memory

    def __enter__(self) -> None:
        self._files.__enter__()
        try:
            self._memory.__enter__()
        except BaseException:
            self._files.__exit__(None, None, None)
            raise

    def __exit__(self, *raised: object) -> None:
        try:
            self._memory.__exit__(None, None, None)
        finally:
            self._files.__exit__(None, None, None)
