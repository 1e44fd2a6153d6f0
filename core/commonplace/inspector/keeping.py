"""What is kept between two requests: what was read a moment ago, and what erasures gave."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from time import perf_counter
from typing import Any, TypeVar

from commonplace.keeping.receipt import ErasureReceipt

Read = TypeVar("Read")

SHARE = 20
"""A reading that took a second is kept for twenty: looking costs the store 5 % of its time."""

QUICK_SECONDS = 0.1
"""What took less is read anew each time, so that what was just written is seen."""

MOST_SECONDS = 60.0
"""What is forgotten or erased elsewhere is seen here for no longer."""
_MOST_READINGS = 32
_MOST_RECEIPTS = 100


class Kept:
    """Readings by what they are of, and receipts by the hash of the audit log that they name."""

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        """Keep nothing yet. `clock` tells seconds."""
        self._clock = clock
        self._readings: OrderedDict[Hashable, tuple[float, Any]] = OrderedDict()
        self._receipts: OrderedDict[str, ErasureReceipt] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, of: Hashable, reading: Callable[[], Read], at_least: float = 0) -> Read:
        """Return what `reading` gave lately, `at_least` so many seconds ago, or gives now."""
        began = self._clock()
        with self._lock:
            ends, kept = self._readings.get(of, (began, None))
        if ends > began:
            found: Read = kept
            return found
        found = reading()
        now = self._clock()
        with self._lock:
            took = now - began if now - began >= QUICK_SECONDS else 0
            lasting = max(min(SHARE * took, MOST_SECONDS), at_least)
            self._readings[of] = now + lasting, found
            self._readings.move_to_end(of)
            while len(self._readings) > _MOST_READINGS:
                self._readings.popitem(last=False)
        return found

    def receive(self, receipt: ErasureReceipt) -> None:
        """Keep a receipt until the server ends: the store keeps what it refers to, and not it."""
        with self._lock:
            self._receipts[receipt.audit_hash] = receipt
            if len(self._receipts) > _MOST_RECEIPTS:
                self._receipts.popitem(last=False)

    def receipt(self, audit_hash: str) -> ErasureReceipt | None:
        """Return the receipt that names this hash, if it is kept."""
        with self._lock:
            return self._receipts.get(audit_hash)

    def clear(self) -> None:
        """Forget what was read, since something was changed here."""
        with self._lock:
            self._readings.clear()
