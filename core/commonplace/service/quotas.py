"""How much a key may still write."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from commonplace.errors import QuotaExceededError
from commonplace.values.records import Record


class Amount(NamedTuple):
    """So many records, with so many bytes of text and metadata."""

    records: float = 0
    bytes: float = 0

    def fits(self, room: Amount) -> bool:
        """Tell whether there is room for it."""
        return self.records <= room.records and self.bytes <= room.bytes

    def less(self, other: Amount) -> Amount:
        """Return what is left when `other` is taken."""
        return Amount(self.records - other.records, self.bytes - other.bytes)


class Quotas:
    """The room that is left to each key. Safe to use from several threads."""

    def __init__(self) -> None:
        """Know of no key yet."""
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._room: dict[str, Amount] = {}

    @contextmanager
    def writing(
        self,
        name: str,
        most: Amount,
        sent: Amount,
        held: Callable[[], Amount],
        added: Callable[[], Amount],
    ) -> Iterator[None]:
        """Hold the room for what is sent within; other writes with this key wait.

        Counting costs a walk over the scope, so that `held` counts what is stored only when the
        room known of is used up; and then `added` tells what of it is not stored already. Raises
        QuotaExceededError if the key may keep `most` and there would be more.
        """
        with self._locks[name]:
            if not sent.fits(self._room.get(name, Amount())):
                stored = held()
                self._room[name] = room = most.less(stored)
                if not sent.fits(room):
                    sent = added()
                    if sent != Amount() and not sent.fits(room):
                        raise exceeded(name, most, stored, sent)
            self._room[name] = self._room[name].less(sent)
            yield


def amount(records: Iterable[Record]) -> Amount:
    """Return how much records are."""
    sizes = [size(one) for one in records]
    return Amount(len(sizes), sum(sizes))


def size(record: Record) -> int:
    """Return how many bytes a record's text and metadata have, as JSON in UTF-8."""
    return len(json.dumps([record.text, record.metadata], ensure_ascii=False).encode())


def exceeded(name: str, most: Amount, stored: Amount, sent: Amount) -> QuotaExceededError:
    """Return the error for what is sent with a key that may keep `most`."""
    of = "records" if sent.records + stored.records > most.records else "bytes"
    limit, kept, more = (getattr(one, of) for one in (most, stored, sent))
    return QuotaExceededError(
        f"The key {name!r} may keep {limit:,} {of}; {kept:,} are stored, past versions included, "
        f"and {more:,} more were sent. Forget some, or ask for a larger quota."
    )
