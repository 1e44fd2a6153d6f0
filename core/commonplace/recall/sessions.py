"""Which rows of a hot scope hold the messages and summaries of a session, in order."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import NamedTuple

from commonplace.values.scope import Scope

KINDS = ("message", "summary")


class SessionKey(NamedTuple):
    """Names what a session has of a kind in exactly one scope."""

    scope: Scope
    session: str
    kind: str


class Place(NamedTuple):
    """When a record was created, in seconds since 1970, its id, and its row."""

    created: float
    id: str
    row: int


class SessionRows:
    """Rows by scope, session and kind: counted, and listed from the newest, without a search."""

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._places: dict[SessionKey, list[Place]] = {}

    def add(self, key: SessionKey, place: Place) -> None:
        """Follow a record that came into a row."""
        if key.kind in KINDS:
            insort(self._places.setdefault(key, []), place)

    def remove(self, key: SessionKey, place: Place) -> None:
        """Follow a record that left its row."""
        if key.kind in KINDS:
            places = self._places[key]
            del places[bisect_left(places, place)]
            if not places:
                del self._places[key]

    def count(self, key: SessionKey) -> int:
        """Return how many records that is."""
        return len(self._places.get(key, ()))

    def newest_first(self, key: SessionKey) -> Iterator[int]:
        """Yield the rows of these records."""
        return (place.row for place in reversed(self._places.get(key, ())))
