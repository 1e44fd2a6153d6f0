"""Lets the writes of several threads go to the store as one."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Generic, TypeVar

# About what writing one of them by itself would take.
_GATHERING_SECONDS = 0.001
_REMEMBERED_SIZES = 8
_LOOKS_EVERY = 32

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

    Whose turn it is writes for all that wait, so that a store in which a write costs much and a
    row little takes many writers at nearly the price of one.
    """

    def __init__(
        self,
        locked: Callable[[], AbstractContextManager[object]],
        write: Callable[[list[T]], list[R]],
    ) -> None:
        """Call `write` inside `locked`, with the items of one or more threads in their order."""
        self._locked = locked
        self._turn = threading.Lock()
        self._write = write
        self._queue: deque[_Waiting[T, R]] = deque()
        self._arrived = threading.Condition()
        self._sizes = deque([1], maxlen=_REMEMBERED_SIZES)
        self._until_look = _LOOKS_EVERY

    def commit(self, item: T) -> R:
        """Return what `write` gave for `item`; raise what it raised."""
        waiting: _Waiting[T, R] = _Waiting(item)
        with self._arrived:
            self._queue.append(waiting)
            self._arrived.notify()
        with self._turn:
            if not waiting.is_done:
                self._lead(waiting)
        if waiting.error is not None:
            raise waiting.error
        return waiting.outcome  # type: ignore[return-value]  # set together with is_done

    def _lead(self, own: _Waiting[T, R]) -> None:
        self._await_others()
        try:
            with self._locked():
                size = self._write_for_all()
        except BaseException:  # this thread ends; the others go on
            with self._arrived:
                if own in self._queue:
                    self._queue.remove(own)
            raise
        self._sizes.append(size + len(self._queue))

    def _await_others(self) -> None:
        """Wait a moment for as many as came together lately: they have just got their answers.

        Else they would come right after each write, and go one by one and by turns. Now and then
        wait for whoever may come: a first pair must meet before more are waited for.
        """
        self._until_look -= 1
        most = max(self._sizes)
        if self._until_look == 0:
            self._until_look, most = _LOOKS_EVERY, sys.maxsize
        with self._arrived:
            self._arrived.wait_for(lambda: len(self._queue) >= most, _GATHERING_SECONDS)

    def _write_for_all(self) -> int:
        batch = [self._queue.popleft() for _ in range(len(self._queue))]
        try:
            outcomes = self._write([waiting.item for waiting in batch])
        except Exception as error:  # noqa: BLE001  # who it belongs to is found out
            self._settle_one_by_one(batch, error)
        except BaseException:
            self._queue.extendleft(reversed(batch))
            raise
        else:
            _settle(batch, outcomes)
        return len(batch)

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
