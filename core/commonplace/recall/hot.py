"""Scopes in use, kept as arrays: loaded by one read, updated in place by writes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from commonplace.ports import Entry, RecordStore, Vectors
from commonplace.records import Record
from commonplace.scope import Scope

# A wider scope is loaded as it is; a narrower one is a part of the arrays of its first two names,
# so that a user's sessions share one copy.
_NAMES_IN_KEY = 2
# What Python and the index spend on a record beside its vectors and text, by tracemalloc.
_BYTES_PER_RECORD = 2_500


class HotScope:
    """The entries of one scope as arrays. Not thread-safe: the engine holds a lock."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        """Hold these entries."""
        self.entries: list[Entry | None] = []
        self.vectors: Vectors = np.empty((0, 0), np.float32)
        self._rows = 0
        self._first_rows: list[int] = []
        self._positions: dict[tuple[Scope, str], int] = {}
        self.bytes = 0
        for entry in entries:
            self.add(entry)

    def __len__(self) -> int:
        return len(self._positions)

    def add(self, entry: Entry) -> None:
        """Append an entry, in the place of the one with the same scope and id if there is one."""
        self.remove(entry)
        self._positions[entry.record.scope, entry.record.id] = len(self.entries)
        self._first_rows.append(self._rows)
        self._append(entry.vectors)
        self.entries.append(entry)
        self.bytes += size(entry)

    def remove(self, entry: Entry) -> None:
        """Drop the entry with this scope and id, if there is one."""
        position = self._positions.pop((entry.record.scope, entry.record.id), None)
        if position is None:
            return
        dropped = self.entries[position]
        assert dropped is not None, "a known position holds an entry"
        self.bytes -= size(dropped)
        self.entries[position] = None

    def without_gaps(self) -> HotScope:
        """Return arrays of the same entries: these, or new ones if half of these are gaps."""
        if 2 * len(self) >= len(self.entries):
            return self
        return HotScope(entry for entry in self.entries if entry)

    def find(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        """Return the entries within `scope` that have one of these ids."""
        wanted = set(ids)
        return [
            entry
            for (place, id), position in self._positions.items()
            if id in wanted and scope.contains(place) and (entry := self.entries[position])
        ]

    def records(self) -> Iterator[Record]:
        """Yield the records held, oldest written first."""
        return (entry.record for entry in self.entries if entry)

    def similarities(self, vector: Vectors) -> NDArray[np.float32]:
        """Return each position's cosine with a unit vector: the best over its windows."""
        if not self.entries:
            return np.empty(0, np.float32)
        by_row = self.vectors[: self._rows] @ vector
        return np.maximum.reduceat(by_row, self._first_rows)

    def _append(self, vectors: Vectors) -> None:
        needed = self._rows + len(vectors)
        if needed > len(self.vectors):
            grown = np.empty((max(needed, 2 * len(self.vectors)), vectors.shape[1]), np.float32)
            if self._rows:
                grown[: self._rows] = self.vectors[: self._rows]
            self.vectors = grown
        self.vectors[self._rows : needed] = vectors
        self._rows = needed


def size(entry: Entry) -> int:
    """Return about how many bytes a hot scope spends on an entry."""
    return entry.vectors.nbytes * 2 + 4 * len(entry.record.text) + _BYTES_PER_RECORD


class HotScopes:
    """The hot scopes of one store: at most `max_bytes`, least recently used out first."""

    def __init__(self, store: RecordStore, max_bytes: int) -> None:
        """Hold nothing yet."""
        self._store = store
        self._max_bytes = max_bytes
        self._held: OrderedDict[Scope, HotScope] = OrderedDict()
        self._too_large: set[Scope] = set()

    def of(self, scope: Scope) -> HotScope | None:
        """Return arrays that hold every record within `scope`, or None if they take too much."""
        key = scope.first(_NAMES_IN_KEY)
        if key not in self._held and key not in self._too_large:
            self._load(key)
        if key in self._held:
            self._held.move_to_end(key)
        return self._held.get(key)

    def held(self, scope: Scope) -> HotScope | None:
        """Return arrays that hold every record within `scope` if they are loaded already."""
        return self._held.get(scope.first(_NAMES_IN_KEY))

    def add(self, entries: Iterable[Entry]) -> None:
        """Follow a write."""
        for entry in entries:
            for key in self._keys_of(entry.record):
                self._held[key].add(entry)
                self._held[key] = self._held[key].without_gaps()
        self._make_room()

    def remove(self, entries: Iterable[Entry]) -> None:
        """Follow a removal."""
        self._too_large.clear()
        for entry in entries:
            for key in self._keys_of(entry.record):
                self._held[key].remove(entry)
                self._held[key] = self._held[key].without_gaps()

    def clear(self) -> None:
        """Hold nothing any more."""
        self._held.clear()

    def _keys_of(self, record: Record) -> list[Scope]:
        keys = {record.scope.first(count) for count in range(_NAMES_IN_KEY + 1)}
        return [key for key in keys if key in self._held]

    def _load(self, key: Scope) -> None:
        loaded = HotScope()
        for entry in self._store.entries(key):
            loaded.add(entry)
            if loaded.bytes > self._max_bytes:
                self._too_large.add(key)
                return
        self._held[key] = loaded
        self._make_room()

    def _make_room(self) -> None:
        held = sum(one.bytes for one in self._held.values())
        while held > self._max_bytes:
            key, oldest = self._held.popitem(last=False)
            held -= oldest.bytes
            if oldest.bytes > self._max_bytes:
                self._too_large.add(key)
