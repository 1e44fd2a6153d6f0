"""Which rows of a hot scope hold the messages and summaries of a session, in order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from datetime import datetime

from commonplace.values.records import Record
from commonplace.values.scope import Scope

KINDS = ("message", "summary")

_Key = tuple[Scope, str, str]
_Place = tuple[datetime, str, int]


class SessionRows:
    """Rows by scope, session and kind: counted, and listed from the newest, without a search."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._places: dict[_Key, list[_Place]] = {}

    def add(self, record: Record, row: int) -> None:
        """Follow a record that came into a row."""
        if key := _key(record):
            insort(self._places.setdefault(key, []), _place(record, row))

    def remove(self, record: Record, row: int) -> None:
        """Follow a record that left its row."""
        if key := _key(record):
            places = self._places[key]
            del places[bisect_left(places, _place(record, row))]
            if not places:
                del self._places[key]

    def count(self, scope: Scope, session: str, kind: str) -> int:
        """Return how many records of a kind the session has in exactly this scope."""
        return len(self._places.get((scope, session, kind), ()))

    def newest_first(self, scope: Scope, session: str, kind: str) -> Iterator[int]:
        """Yield the rows of these records."""
        return (row for _, _, row in reversed(self._places.get((scope, session, kind), ())))


def _key(record: Record) -> _Key | None:
    session = record.source.session
    if session is None or record.kind not in KINDS:
        return None
    return record.scope, session, record.kind


def _place(record: Record, row: int) -> _Place:
    return record.created_at, record.id, row
