"""The store of `open(":memory:")`: a dictionary. Also the oracle of the contract tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from commonplace.ports import Entry, Erased, Vectors
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.values.uses import Uses, used
from commonplace.writing.repetition import statement


class InMemoryStore:
    """A RecordStore that keeps entries in a dictionary until it is closed."""

    def __init__(self) -> None:
        """Start empty."""
        self._entries: dict[tuple[Scope, str], Entry] = {}

    @property
    def dimension(self) -> int | None:
        first = next(iter(self._entries.values()), None)
        return None if first is None else first.vectors.shape[1]

    def put(self, entries: Sequence[Entry]) -> None:
        self._entries.update({_identity(entry): entry for entry in entries})

    def replace(self, pairs: Sequence[tuple[Entry, Entry]], new: Sequence[Entry] = ()) -> None:
        self.put([*new, *(changed for _, changed in pairs)])

    def remove(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self._entries.pop(_identity(entry), None)

    def count_uses(self, uses: Uses) -> list[Record]:
        counted = []
        for identity, use in uses.items():
            entry = self._entries.get(identity)
            if entry is not None and (record := used(entry.record, use)):
                self._entries[identity] = Entry(record, entry.vectors)
                counted.append(record)
        return counted

    def find(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        return [entry for entry in self.entries(scope) if entry.record.id in set(ids)]

    def stating(self, scope: Scope, statements: Sequence[str]) -> list[Entry]:
        said = set(statements)
        return [
            entry
            for entry in self.entries(scope)
            if entry.record.scope == scope and statement(entry.record) in said
        ]

    def versions(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        return [entry for entry in self.entries(scope) if entry.record.version_of in set(ids)]

    def entries(self, scope: Scope) -> Iterator[Entry]:
        for entry in list(self._entries.values()):
            if scope.contains(entry.record.scope):
                yield entry

    def records(self, scope: Scope) -> Iterator[Record]:
        return (entry.record for entry in self.entries(scope))

    def nearest(self, scope: Scope, vector: Vectors, limit: int) -> list[Entry]:
        def similarity(entry: Entry) -> float:
            return float((entry.vectors @ vector).max())

        return sorted(self.entries(scope), key=similarity, reverse=True)[:limit]

    def erase(self, scope: Scope) -> Erased:
        erased = list(self.entries(scope))
        self.remove(erased)
        return Erased(len(erased), sum(len(entry.vectors) for entry in erased), verification=None)

    @property
    def pending(self) -> int:
        return 0

    def await_room(self) -> None:
        """Do nothing: nothing is pending."""

    def flush(self) -> None:
        """Do nothing: nothing is pending."""

    def close(self) -> None:
        self._entries.clear()


def _identity(entry: Entry) -> tuple[Scope, str]:
    return entry.record.scope, entry.record.id
