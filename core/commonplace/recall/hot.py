"""A scope in use, kept as arrays: loaded by one read, updated in place by writes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from commonplace.ports import Entry, Vectors
from commonplace.recall.columns import Columns, Kept, columns_of
from commonplace.recall.filters import Condition, everything
from commonplace.recall.growing import Doubles, Growing, Rows
from commonplace.recall.sessions import Place, SessionKey, SessionRows
from commonplace.values.records import Kind, Record, last_changed
from commonplace.values.scope import Scope

if TYPE_CHECKING:
    from commonplace.recall.arrays import Arrays

# What a scope and a record take, by tracemalloc over scopes of 5 to 1,000 records of 12 to 3,000
# words, most of them new, on Python 3.10, whose dicts are the largest, and 3.12: never more than
# this, and seldom less than a third. Arrays with room to grow may be twice as long as what they
# hold.
BYTES_PER_SCOPE = 16_000
_BYTES_PER_RECORD = 4_000
_BYTES_PER_CHARACTER = 12
_VECTOR_COPIES = 2
_CONDITIONS = 8
"""So many conditions are known by the rows that they admit: agents ask by the same few."""
_NO_ROWS: Rows = np.zeros(0, np.int64)


class HotScope:
    """The entries of one scope by row. Not thread-safe: the engine holds a lock."""

    def __init__(self, entries: Iterable[Entry] | Columns = ()) -> None:
        """Hold these entries."""
        added = entries if isinstance(entries, Columns) else columns_of(entries)
        self.arrays = _arrays(added.vectors.shape[1])
        self.bytes = BYTES_PER_SCOPE
        self._records: list[Kept | None] = []
        self._sizes: list[int] = []
        self._rows: dict[str, list[int]] = {}
        self._rows_by_kind: dict[Kind, dict[int, None]] = {}
        self._sessions = SessionRows()
        self._count = 0
        self._changes: Growing[np.float64] = Growing(np.float64)
        self._admitted: OrderedDict[Condition, tuple[int, Rows]] = OrderedDict()
        if len(added):
            ordered = added.in_order()
            self.arrays.extend(ordered)
            self._register(ordered)

    def __len__(self) -> int:
        return self._count

    def add(self, entries: Sequence[Entry]) -> None:
        """Add entries, each in the place of the one with the same scope and id if there is one."""
        last = {(entry.record.scope, entry.record.id): entry for entry in entries}
        for entry in last.values():
            self.remove(entry.record)
        added = columns_of(last.values()).in_order()
        if not self._records:
            self.arrays = _arrays(added.vectors.shape[1])
        self.arrays.add(added)
        self._register(added)

    def remove(self, record: Record) -> None:
        """Drop the entry with this scope and id, if there is one."""
        row = self._row(record)
        if row is not None:
            self._drop(row)

    def recount(self, record: Record) -> bool:
        """Take over how often a record was used and when it ends; tell whether it is held."""
        row = self._row(record)
        if row is not None:
            self._records[row] = record
            self.arrays.recount(row, record)
        return row is not None

    def is_sparse(self) -> bool:
        """Tell whether more than half of the rows are of dropped entries."""
        return 2 * len(self) < len(self._records)

    def rebuilt(self) -> HotScope:
        """Return new arrays of the same entries, in order and without gaps."""
        return HotScope(self._entry(row) for row in self._living())

    def record(self, row: int) -> Record:
        """Return the record of a row that is not dropped."""
        record = self._records[row]
        assert record is not None, "a living row holds a record"
        if not isinstance(record, Record):
            record = self._records[row] = record.read()
        return record

    def text(self, row: int) -> str:
        """Return the text of a row that is not dropped, whose record need not be read for it."""
        return self._kept(row).text

    def records(self) -> Iterator[Record]:
        """Yield the records held."""
        return map(self.record, self._living())

    def count_by_kind(self) -> dict[Kind, int]:
        """Return how many records are held of each kind that there are any of."""
        return {kind: len(rows) for kind, rows in self._rows_by_kind.items() if rows}

    def of_kinds(self, kinds: Iterable[Kind]) -> Iterator[Record]:
        """Yield the records held that are of these kinds."""
        rows = (row for kind in kinds for row in self._rows_by_kind.get(kind, ()))
        return (self.record(row) for row in rows)

    def of_session(self, key: SessionKey) -> Iterator[Record]:
        """Yield what a session has of a kind in exactly one scope, newest first."""
        return map(self.record, self._sessions.newest_first(key))

    def count_of_session(self, key: SessionKey) -> int:
        """Return how many records that is."""
        return self._sessions.count(key)

    def find(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        """Return the entries within `scope` that have one of these ids."""
        rows = (row for id in set(ids) for row in self._rows.get(id, ()))
        return [self._entry(row) for row in rows if scope.contains(self.record(row).scope)]

    def exact(self, scope: Scope, id: str) -> Record | None:
        """Return the record of exactly this scope with this id."""
        records = map(self.record, self._rows.get(id, ()))
        return next((record for record in records if record.scope == scope), None)

    def nearest(
        self, vector: Vectors, condition: Condition, limit: int
    ) -> list[tuple[Entry, float]]:
        """Return the admitted entries most like a unit vector, best first, with cosines in 0..1."""
        rows = self.admitted(condition)
        if not len(rows):
            return []
        cosines = self.arrays.cosines(vector)[rows].clip(0, 1)
        best = np.argsort(-cosines, kind="stable")[:limit]
        return [(self._entry(rows[place]), float(cosines[place])) for place in best]

    def expire(self, at: datetime) -> None:
        """Drop the entries whose time was over at this moment: they must not count in any way."""
        for row in self.arrays.expired(at.timestamp()).tolist():
            self._drop(row)

    def admitted(self, condition: Condition) -> Rows:
        """Return the rows of the entries that the condition admits."""
        if condition is everything:
            return np.flatnonzero(self.arrays.alive)
        # Rows are never reused, and what is changed gets a new one: only new rows are looked at.
        seen, before = self._admitted.pop(condition, (0, _NO_ROWS))
        living = np.flatnonzero(self.arrays.alive[seen:]) + seen
        new = [row for row in living.tolist() if condition(self.record(row))]
        rows = np.concatenate([before, np.array(new, np.int64)])
        rows = np.asarray(rows[self.arrays.alive[rows]], np.int64)
        self._admitted[condition] = len(self._records), rows
        if len(self._admitted) > _CONDITIONS:
            self._admitted.popitem(last=False)
        return rows

    def latest(self, condition: Condition, limit: int | None) -> list[Record]:
        """Return the admitted records, last changed first, at most `limit`."""
        rows = self.admitted(condition)
        if limit and limit < len(rows):
            changes = self._times_of_change()[rows]
            least = np.partition(changes, -limit)[-limit]
            rows = rows[changes >= least]  # with all that were changed in the same moment
        return last_changed(map(self.record, rows.tolist()), limit)

    def _times_of_change(self) -> Doubles:
        """Return when each row's record was last changed; 0 for those that were dropped by then."""
        new = range(len(self._changes), len(self._records))
        alive = self.arrays.alive
        changes = [self.record(row).valid_from.timestamp() if alive[row] else 0.0 for row in new]
        self._changes.extend(changes)
        return self._changes.view

    def _row(self, record: Record) -> int | None:
        rows = self._rows.get(record.id, ())
        return next((row for row in rows if self._kept(row).scope == record.scope), None)

    def _kept(self, row: int) -> Kept:
        """Return what is held of a row that is not dropped, read or not."""
        kept = self._records[row]
        assert kept is not None, "a living row holds a record"
        return kept

    def _living(self) -> list[int]:
        return np.flatnonzero(self.arrays.alive).tolist()

    def _entry(self, row: int) -> Entry:
        return Entry(self.record(row), self.arrays.vectors(row))

    def _register(self, added: Columns) -> None:
        kinds, created = added.kinds, added.numbers["created"].tolist()
        start = len(self._records)
        for row, (record, kind) in enumerate(zip(added.records, kinds, strict=True), start):
            self._rows.setdefault(record.id, []).append(row)
            self._rows_by_kind.setdefault(kind, {})[row] = None
        for place, session in enumerate(added.sessions):
            if session:
                record = added.records[place]
                key = SessionKey(record.scope, session, kinds[place])
                self._sessions.add(key, Place(created[place], record.id, start + place))
        taken = sizes(added)
        self._records += added.records
        self._sizes += taken
        self._count += len(added)
        self.bytes += sum(taken)

    def _drop(self, row: int) -> None:
        record = self.record(row)
        self._rows[record.id].remove(row)
        if not self._rows[record.id]:
            del self._rows[record.id]
        del self._rows_by_kind[record.kind][row]
        if session := record.source.session:
            place = Place(float(self.arrays.times[row]), record.id, row)
            self._sessions.remove(SessionKey(record.scope, session, record.kind), place)
        self._records[row] = None
        self._count -= 1
        self.bytes -= self._sizes[row]
        self.arrays.remove(row)


def _arrays(dimension: int) -> Arrays:
    from commonplace.recall.arrays import Arrays  # who only counts and writes needs none of it

    return Arrays(dimension)


def size(record: Kept, vector_bytes: int) -> int:
    """Return at most how many bytes a hot scope spends on an entry."""
    spent = _BYTES_PER_CHARACTER * _characters(record) + _BYTES_PER_RECORD
    return spent + _VECTOR_COPIES * vector_bytes


def sizes(columns: Columns) -> list[int]:
    """Return that of each entry."""
    characters = np.array(list(map(_characters, columns.records)), np.int64)
    spent = _BYTES_PER_CHARACTER * characters + _BYTES_PER_RECORD
    bytes_of_window = columns.vectors.itemsize * columns.vectors.shape[1]
    found: list[int] = (spent + _VECTOR_COPIES * bytes_of_window * columns.windows).tolist()
    return found


def _characters(record: Kept) -> int:
    if not isinstance(record, Record):
        return record.size
    return len(record.text) + (len(str(record.metadata)) if record.metadata else 0)
