"""How often a key may still ask."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from secrets import token_hex
from threading import Lock
from typing import Protocol

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from commonplace.chroma.notes import Notes

MOST_PARTS = 20
"""Into how many parts the requests of a minute are divided at most."""
_MINUTE = 60


class Rates(Protocol):
    """Counts the requests of keys."""

    def takes(self, name: str, per_minute: int) -> bool:
        """Tell whether a key may ask once more, and count that."""
        ...


class OwnRates:
    """The requests of the last sixty seconds to this process."""

    def __init__(self) -> None:
        """Have counted none yet."""
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def takes(self, name: str, per_minute: int) -> bool:
        return self._limiter.hit(RateLimitItemPerMinute(per_minute), name)


@dataclass(slots=True)
class _Minute:
    """What this server may still take of a key's minute."""

    number: int = -1
    left: int = 0
    is_used_up: bool = False
    lock: Lock = field(default_factory=Lock)


class SharedRates:
    """The requests of each minute of the Chroma server's clock, to all servers of a store.

    A minute is divided into parts. A server that has used up its own takes the next that no other
    has: so all together take no more than the minute has, and few requests cost one to Chroma.
    """

    def __init__(self, notes: Notes, now: Callable[[], float]) -> None:
        """Keep who has which part in `notes`; `now` gives seconds, the same on all servers."""
        self._notes = notes
        self._now = now
        self._me = token_hex(8)
        self._minutes: defaultdict[str, _Minute] = defaultdict(_Minute)

    def takes(self, name: str, per_minute: int) -> bool:
        minute = self._minutes[name]
        with minute.lock:
            number = int(self._now() // _MINUTE)
            if minute.number != number:
                minute.number, minute.left, minute.is_used_up = number, 0, False
            if not minute.left and not minute.is_used_up:
                minute.left = self._next_part(name, number, per_minute)
                minute.is_used_up = not minute.left
            if not minute.left:
                return False
            minute.left -= 1
            return True

    def tidy(self) -> None:
        """Take out the parts of minutes that are over, whoever had them."""
        now = int(self._now() // _MINUTE)
        ids = self._notes.marked(what="rate")
        self._notes.remove([id for id in ids if int(id.split()[1]) < now - 1])

    def _next_part(self, name: str, number: int, per_minute: int) -> int:
        """Take a part that is free, and return how many requests it is; 0 if none is."""
        sizes = _sizes(per_minute)
        ids = [f"{name} {number} {part}" for part in range(len(sizes))]
        taken = self._notes.of(ids)
        for id, size in zip(ids, sizes, strict=True):
            if id not in taken and self._notes.first(id, self._me, what="rate") == self._me:
                return size
        return 0


def _sizes(per_minute: int) -> list[int]:
    """Return parts of about the same size that are so many requests together."""
    parts = min(per_minute, MOST_PARTS)
    bounds = [math.floor(per_minute * part / parts) for part in range(parts + 1)]
    return [after - before for before, after in pairwise(bounds)]
