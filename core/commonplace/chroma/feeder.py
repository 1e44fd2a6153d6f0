"""The thread that brings Chroma up to date, and those who wait for it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import accumulate

from commonplace.chroma.feeding import feed
from commonplace.chroma.files import PATIENCE_SECONDS, ChromaFiles
from commonplace.chroma.importing import import_beforehand
from commonplace.chroma.ledger import Ledger
from commonplace.chroma.ledger_rows import Pending
from commonplace.errors import StoreDamagedError, StoreError

MOST_CHANGES = 20_000
"""How many changes are pending when writers begin to wait."""
MOST_BYTES = 256 * 1024**2
"""About how many bytes they hold then."""
_CHANGES_PER_STEP = 1_000
_BYTES_PER_STEP = 16 * 1024**2
# Chroma holds the interpreter for the whole of a write, its syncs to the disk included: it is fed
# when a burst of them is over, and before only when half of what may be pending is, or when a burst
# does not end. See docs/decisions/0057-fed-in-quiet.md.
_QUIET_SECONDS = 2.0
_LONGEST_BURST_SECONDS = 30.0
_SECONDS_UNTIL_AGAIN = 10.0
# So Python says why no module is imported any more: what is left is fed at the next opening.
_ENDING = "interpreter shutdown"

_log = logging.getLogger(__name__)


class Feeder:
    """Feeds a Chroma database from its ledger, in a thread that lives while anything is pending."""

    def __init__(self, chroma: ChromaFiles, ledger: Ledger, holding: object = None) -> None:
        """Feed `chroma` when there is something; `holding` is kept as long as the thread lives."""
        self._chroma = chroma
        self._ledger = ledger
        self._holding = holding
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._failure: StoreError | None = None
        self._steps = self._failures = self._writes = 0
        self._hurried = self._asked = self._tried = 0
        self._again_at = self._quiet_at = 0.0
        self._unasked = 0  # up to here Chroma is fed though writes go on
        self._stopping = False

    def wrote(self) -> None:
        """Take note that something is pending."""
        with self._changed:
            self._writes += 1
            if self._thread is None or self._is_much():
                self._go_on()  # else it looks again by itself

    def check_room(self) -> None:
        """Raise StoreError if no more changes may be pending now."""
        if not self._has_room():
            raise StoreError(f"{self._waiting()}: more may not wait.")

    def await_room(self) -> None:
        """Wait until more changes may be pending. Raises StoreError."""
        if not self._has_room():
            self._await(self._has_room, "Nothing was written: so many may not wait.")

    def _has_room(self) -> bool:
        waiting = self._ledger.waiting
        return waiting.changes < MOST_CHANGES and waiting.bytes < MOST_BYTES

    def flush(self) -> None:
        """Wait until Chroma has everything that is pending now. Raises StoreError if it has not.

        What others write meanwhile is not waited for.
        """
        ledger, last = self._ledger, self._ledger.taken + self._ledger.waiting.changes
        self._await(
            lambda: ledger.taken >= last or not ledger.waiting.changes,
            "They are safe in the ledger.",
        )

    def step(self) -> None:
        """Feed the first changes that are pending. Raises StoreError."""
        with self._chroma.alone():
            if step := _first(self._ledger.pending(_CHANGES_PER_STEP)):
                feed(self._chroma, self._ledger, step)

    def stop(self) -> None:
        """Feed no more, and wait until a step that is under way is done.

        Raises StoreError if it does not come to an end.
        """
        with self._changed:
            self.give_up()
            thread = self._thread
            self._changed.notify_all()
        if thread is not None:
            thread.join(PATIENCE_SECONDS)
            if thread.is_alive():
                raise StoreError(
                    f"{self._stalled()} This process goes on holding the directory until it ends."
                )

    def give_up(self) -> None:
        """Feed no more. Waits for nothing, so that a finalizer can call it in any process."""
        self._stopping = True

    def _await(self, is_done: Callable[[], bool], then: str) -> None:
        """Wait until this is so; raise StoreError when feeding fails, or does not get on."""
        with self._changed:
            failures, steps = self._failures, self._steps
            until = time.monotonic() + PATIENCE_SECONDS
            self._hurried += 1
            self._asked += 1
            try:
                while not is_done():
                    self._go_on()
                    if self._thread is None:
                        raise StoreError(f"{self._waiting()}: this process is ending. {then}")
                    self._changed.wait(until - time.monotonic())
                    if self._failures != failures:
                        is_damaged = isinstance(self._failure, StoreDamagedError)
                        kind = StoreDamagedError if is_damaged else StoreError
                        raise kind(f"{self._refused()} {then}") from self._failure
                    if self._steps != steps:
                        steps, until = self._steps, time.monotonic() + PATIENCE_SECONDS
                    if time.monotonic() >= until:
                        raise StoreError(f"{self._stalled()} {then}")
            finally:
                self._hurried -= 1

    def _go_on(self) -> None:
        self._changed.notify_all()
        if self._thread is None and self._can_feed():
            self._quiet_at = time.monotonic()
            import_beforehand()
            thread = threading.Thread(target=self._run, name="commonplace-feeder", daemon=True)
            with suppress(RuntimeError):  # at the end of a process none can be started
                thread.start()
                self._thread = thread

    def _run(self) -> None:
        while self._has_work():
            self._attempt()

    def _attempt(self) -> None:
        try:
            self.step()
        except Exception as error:  # noqa: BLE001  # told to who waits, and logged
            self._note(error)
        else:
            self._note(None)
            self._ledger.tidy()

    def _has_work(self) -> bool:
        """Wait until there is something to feed, and tell whether there is; if not, end."""
        with self._changed:
            while self._can_feed() and self._ledger.waiting.changes:
                if self._is_due():
                    self._tried = self._asked
                    return True
            self._thread = None
            self._changed.notify_all()
            return False

    def _can_feed(self) -> bool:
        """Tell whether Chroma can be fed: chromadb cannot be imported at the end of a process."""
        is_ending = not threading.main_thread().is_alive()
        return not self._stopping and (self._chroma.is_open or not is_ending)

    def _is_due(self) -> bool:
        """Tell whether it is time for the next step; wait for a moment if it is not."""
        if self._failure is not None:
            if self._asked == self._tried:
                self._changed.wait(max(self._again_at - time.monotonic(), 0))
            return self._asked != self._tried or time.monotonic() >= self._again_at
        if self._hurried or self._is_much() or self._ledger.taken < self._unasked:
            return True
        writes = self._writes
        self._changed.wait(_QUIET_SECONDS)
        if self._writes == writes:
            self._quiet_at = time.monotonic()
            return True
        if time.monotonic() < self._quiet_at + _LONGEST_BURST_SECONDS:
            return False
        self._quiet_at = time.monotonic()
        self._unasked = self._ledger.taken + self._ledger.waiting.changes
        return True

    def _is_much(self) -> bool:
        """Tell whether half of what may be pending is."""
        waiting = self._ledger.waiting
        return 2 * waiting.changes >= MOST_CHANGES or 2 * waiting.bytes >= MOST_BYTES

    def _note(self, error: Exception | None) -> None:
        with self._changed:
            if error is None:
                self._failure = None
                self._steps += 1
            else:
                self._fail(error)
            self._changed.notify_all()

    def _fail(self, error: Exception) -> None:
        said = str(error) if isinstance(error, StoreError) else f"{type(error).__name__}: {error}"
        is_told = self._failure is not None and str(self._failure) == said
        if not is_told and _ENDING not in said:
            _log.error("%s: %s", self._waiting(), said, exc_info=error)
        self._failure = error if isinstance(error, StoreError) else StoreError(said)
        self._failures += 1
        self._again_at = time.monotonic() + _SECONDS_UNTIL_AGAIN

    def _waiting(self) -> str:
        return (
            f"Chroma does not have the last {self._ledger.waiting.changes} changes, which are in "
            f"the ledger {str(self._ledger.file)!r}"
        )

    def _refused(self) -> str:
        return f"{self._waiting()}, because feeding it failed: {self._failure}"

    def _stalled(self) -> str:
        return (
            f"{self._waiting()}, and has not taken any for {PATIENCE_SECONDS:.0f} seconds. "
            "End this process if that does not pass: what is acknowledged is fed at the next "
            "opening."
        )


def _first(pending: list[Pending]) -> list[Pending]:
    """Return the first of these changes, which are held in memory together."""
    sizes = accumulate(one.bytes for one in pending)
    return [
        one
        for number, (one, size) in enumerate(zip(pending, sizes, strict=True))
        if not number or size <= _BYTES_PER_STEP
    ]
