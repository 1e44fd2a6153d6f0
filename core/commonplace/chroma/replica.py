"""What a process holds of one branch: its entries as of a commit. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from commonplace.chroma.shared_rows import Stored
from commonplace.ports import Entry
from commonplace.recall.hot import size
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.writing.batch import Identity, identity
from commonplace.writing.repetition import statement


class Change(NamedTuple):
    """An entry that another takes the place of; None where there was, or is, none."""

    old: Entry | None
    new: Entry | None


class Replica:
    """Entries by what they are asked for by: identity, id, statement, the record they are of."""

    def __init__(self, stored: Iterable[Stored] = ()) -> None:
        """Hold these."""
        self.bytes = 0
        self._stored: dict[Identity, Stored] = {}
        self._by_row: dict[str, Identity] = {}
        self._by_id: defaultdict[str, dict[Identity, None]] = defaultdict(dict)
        self._stating: defaultdict[tuple[Scope, str], dict[Identity, None]] = defaultdict(dict)
        self._versions: defaultdict[str, dict[Identity, None]] = defaultdict(dict)
        for one in stored:
            self._put(one)

    def follow(self, gone: Iterable[str], stored: Iterable[Stored]) -> list[Change]:
        """Take over a commit: rows that count no longer, and what it stored."""
        dropped = [self._drop(self._by_row[id]) for id in gone if id in self._by_row]
        before = {identity(entry.record): entry for entry in dropped}
        changes = []
        for one in stored:
            key = identity(one.entry.record)
            old = self._drop(key) if key in self._stored else before.pop(key, None)
            self._put(one)
            changes.append(Change(old, one.entry))
        return [*(Change(old, None) for old in before.values()), *changes]

    def row_ids(self, key: Identity) -> tuple[str, ...]:
        """Return the ids of the rows of an entry; none if it is not held."""
        held = self._stored.get(key)
        return () if held is None else held.row_ids

    def entries(self, scope: Scope) -> Iterator[Entry]:
        """Yield what lies within a scope."""
        for (place, _), one in list(self._stored.items()):
            if scope.contains(place):
                yield one.entry

    def exact(self, key: Identity) -> Entry | None:
        """Return the entry of exactly this scope and id."""
        held = self._stored.get(key)
        return None if held is None else held.entry

    def find(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        """Return the entries within a scope that have one of these ids."""
        return self._within(scope, (key for id in set(ids) for key in self._by_id.get(id, ())))

    def stating(self, scope: Scope, statements: Sequence[str]) -> list[Entry]:
        """Return the entries of exactly this scope that make one of these statements."""
        said = (key for one in set(statements) for key in self._stating.get((scope, one), ()))
        return self._within(scope, said)

    def versions(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        """Return the past versions, within a scope, of the records with these ids."""
        return self._within(scope, (key for id in set(ids) for key in self._versions.get(id, ())))

    def _within(self, scope: Scope, keys: Iterable[Identity]) -> list[Entry]:
        return [self._stored[key].entry for key in keys if scope.contains(key[0])]

    def _put(self, one: Stored) -> None:
        record, key = one.entry.record, identity(one.entry.record)
        self._stored[key] = one
        self._by_row[one.row_ids[0]] = key
        for index, name in self._indexed(record):
            index[name][key] = None
        self.bytes += size(one.entry.record, one.entry.vectors.nbytes)

    def _drop(self, key: Identity) -> Entry:
        one = self._stored.pop(key)
        del self._by_row[one.row_ids[0]]
        for index, name in self._indexed(one.entry.record):
            del index[name][key]
            if not index[name]:
                del index[name]
        self.bytes -= size(one.entry.record, one.entry.vectors.nbytes)
        return one.entry

    def _indexed(self, record: Record) -> Iterator[tuple[defaultdict, object]]:  # type: ignore[type-arg]  # their keys differ
        yield self._by_id, record.id
        if said := statement(record):
            yield self._stating, (record.scope, said)
        if record.version_of is not None:
            yield self._versions, record.version_of
