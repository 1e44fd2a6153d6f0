"""Who does the work that one process at a time does, for as long as it says that it goes on.

Who holds a lease adds a number now and then, and who adds the next holds it. Chroma leaves a row
alone whose id is there already, so of two who add one number only the first has it. No two clocks
are compared: who waits looks how long the number stays the same, by a clock of its own that nobody
sets; who holds it counts from before the number was added. So the holder stops first.
"""

from __future__ import annotations

from collections.abc import Callable
from secrets import token_hex
from threading import Lock
from time import monotonic
from typing import NamedTuple

from commonplace.chroma.notes import Notes

LASTS_SECONDS = 30.0
"""So long a lease lasts after it was last renewed. Renew it some times in that."""
_NOBODY = ""


class _Seen(NamedTuple):
    number: int
    holder: str
    at: float


class Lease:
    """The right to do some work, kept in the store beside those of others. Thread-safe.

    A process that is paused may go on with a step that it began while it held the lease: what is
    done under one must be harmless when two do it. The lease saves work, and orders nothing.
    """

    def __init__(self, notes: Notes, work: str, ticks: Callable[[], float] = monotonic) -> None:
        """Hold nothing yet. `ticks` gives seconds, which need not agree with anybody's."""
        self._notes, self._work, self._ticks = notes, work, ticks
        self._me = token_hex(8)
        self._seen = _Seen(-1, _NOBODY, -LASTS_SECONDS)
        self._until = float("-inf")
        self._lock = Lock()

    @property
    def is_held(self) -> bool:
        """Tell whether it is held here, so that the next step of the work may begin."""
        return self._ticks() < self._until

    def hold(self) -> bool:
        """Renew it if it is held here, or take it if nobody holds it; tell whether it is now.

        Costs one request while another holds it, else four. Raises StoreError.
        """
        with self._lock:
            at = self._ticks()
            number, holder = self._last(at)
            may_add = holder in (self._me, _NOBODY) or at - self._seen.at >= LASTS_SECONDS
            if may_add and self._has_added(number + 1, self._me):
                self._until = at + LASTS_SECONDS
            elif holder != self._me:
                self._until = float("-inf")
            return self.is_held

    def let_go(self) -> None:
        """Let another take it at once, if it is held here."""
        with self._lock:
            if not self.is_held:
                return
            self._until = float("-inf")
            number, holder = self._last(self._ticks())
            if holder == self._me:
                self._has_added(number + 1, _NOBODY)

    def _last(self, at: float) -> tuple[int, str]:
        """Return the last number and who added it; note since when they are the same."""
        numbers = self._numbers()
        number = max(numbers, default=-1)
        holder = numbers.get(number, _NOBODY)
        if (number, holder) != self._seen[:2]:
            self._seen = _Seen(number, holder, at)
        return number, holder

    def _has_added(self, number: int, holder: str) -> bool:
        """Add a number; tell whether it is the last, and this process's own."""
        written = f"{holder} {token_hex(4)}"  # two of one holder's are told apart
        first = self._notes.first(f"{self._work} {number}", written, lease=self._work)
        numbers = self._numbers()
        # One that slept through many numbers may have added one that was removed long ago.
        is_last = first == written and number == max(numbers, default=number)
        self._notes.remove([f"{self._work} {one}" for one in numbers if one < max(numbers)])
        return is_last

    def _numbers(self) -> dict[int, str]:
        notes = self._notes.marked(lease=self._work)
        return {int(id.rpartition(" ")[2]): text.partition(" ")[0] for id, text in notes.items()}
