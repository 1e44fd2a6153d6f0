"""Lets the writes of several threads go to the store as one."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, TypeVar

# Less than writing one of them by itself would take.
_GATHERING_SECONDS = 0.004

T = TypeVar("T")
R = TypeVar("R")


@dataclass(slots=True, eq=False)
class _Waiting(Generic[T, R]):
    item: T
    outcome: R | None = None
    error: Exception | None = None
    is_done: bool = False


class GroupCommit(Generic[T, R]):
    """Gathers what threads hand in while a write is under way, and writes it in one go.

    Whoever gets the lock first writes for all that wait, so that a store in which a write costs
    much and a row little takes many writers at nearly the price of one.
    """

    def __init__(
        self,
        locked: Callable[[], AbstractContextManager[object]],
        write: Callable[[list[T]], list[R]],
    ) -> None:
        """Call `write` inside `locked`, with the items of one or more threads in their order."""
        self._locked = locked
        self._write = write
        self._queue: deque[_Waiting[T, R]] = deque()
        self._arrived = threading.Condition()
        self._usual = 1

    def commit(self, item: T) -> R:
        """Return what `write` gave for `item`; raise what it raised."""
        waiting: _Waiting[T, R] = _Waiting(item)
        with self._arrived:
            self._queue.append(waiting)
            self._arrived.notify()
        with self._locked():
            if not waiting.is_done:
                self._await_usual()
                self._write_for_all()
        if waiting.error is not None:
            raise waiting.error
        return waiting.outcome  # type: ignore[return-value]  # set together with is_done

    def _await_usual(self) -> None:
        """Wait a moment for as many as came together last time: they have just got their answers.

        Else they would be found to come right after each write, and go one by one and by turns.
        """
        with self._arrived:
            self._arrived.wait_for(lambda: len(self._queue) >= self._usual, _GATHERING_SECONDS)

    def _write_for_all(self) -> None:
        batch = [self._queue.popleft() for _ in range(len(self._queue))]
        self._usual = len(batch)
        try:
            outcomes = self._write([waiting.item for waiting in batch])
        except Exception as error:  # noqa: BLE001  # who it belongs to is found out
            self._settle_one_by_one(batch, error)
        except BaseException:
            self._queue.extendleft(reversed(batch))  # this thread ends; the others go on
            raise
        else:
            _settle(batch, outcomes)

    def _settle_one_by_one(self, batch: Sequence[_Waiting[T, R]], error: Exception) -> None:
        """After a failure of several writes: the error of one is not to be that of the others."""
        if len(batch) == 1:
            batch[0].error, batch[0].is_done = error, True
            return
        for waiting in batch:
            try:
                waiting.outcome = self._write([waiting.item])[0]
            except Exception as own:  # noqa: BLE001  # raised in the thread that waits for it
                waiting.error = own
            waiting.is_done = True


def _settle(batch: Sequence[_Waiting[T, R]], outcomes: Sequence[R]) -> None:
    for waiting, outcome in zip(batch, outcomes, strict=True):
        waiting.outcome, waiting.is_done = outcome, True
