"""Scopes too large to hold: which of their entries are worth ranking."""

from __future__ import annotations

from heapq import nlargest

from commonplace.ports import Entry, RecordStore, Vectors
from commonplace.recall.filters import Condition
from commonplace.recall.products import dots
from commonplace.values.scope import Scope

_OVERFETCH = 20
"""How many entries are asked for, for each one wanted: the ranking comes after it."""

_GROWTH = 5
_MOST = 5_000
_IDS_PER_READ = 1_000


def candidates(
    store: RecordStore, scope: Scope, vector: Vectors, limit: int, wanted: Condition
) -> list[Entry]:
    """Return entries among which are the `limit` wanted ones that are nearest to a unit vector.

    The store's index knows no conditions, so it is asked for more until enough of what it finds is
    wanted. When that would be too much, the wanted ones are few or far: then each record is read.
    """
    asked, before = min(limit * _OVERFETCH, _MOST), -1
    while True:
        near = store.nearest(scope, vector, asked)
        found = sum(wanted(entry.record) for entry in near)
        if found >= limit or found == len(near) or len(near) == before:
            return near
        if asked == _MOST:
            return _nearest(store, scope, vector, asked, wanted)
        asked, before = min(asked * _GROWTH, _MOST), len(near)


def _nearest(
    store: RecordStore, scope: Scope, vector: Vectors, count: int, wanted: Condition
) -> list[Entry]:
    """Return the nearest wanted entries, exactly, in memory for no more than `count` of them."""
    ids = list(dict.fromkeys(record.id for record in store.records(scope) if wanted(record)))
    nearest: list[Entry] = []
    for start in range(0, len(ids), _IDS_PER_READ):
        read = store.find(scope, ids[start : start + _IDS_PER_READ])
        nearest += [entry for entry in read if wanted(entry.record)]
        nearest = nlargest(
            count, nearest, key=lambda entry: float(dots(entry.vectors, vector).max())
        )
    return nearest
