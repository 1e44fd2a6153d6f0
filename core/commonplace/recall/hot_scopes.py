"""The hot scopes of a store: which of them are held, within how many bytes.

What is written to a held scope waits beside its arrays until somebody looks at them: many entries
are taken in at once for little more than one, and a writer does not wait for it.
"""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from commonplace.ports import Entry, RecordStore
from commonplace.recall.columns import Columnar, Columns, columns_of, joined
from commonplace.recall.hot import BYTES_PER_SCOPE, HotScope, size, sizes
from commonplace.values.records import Record
from commonplace.values.scope import Scope

_PART = 1_000
"""So many entries are looked at before it is known whether there is room for them."""


@dataclass(slots=True)
class Late:
    """Entries that wait to be taken into arrays, and how many bytes they will take there."""

    entries: list[Entry] = field(default_factory=list)
    bytes: int = 0

    def add(self, entry: Entry) -> None:
        """Let one more wait."""
        self.entries.append(entry)
        self.bytes += size(entry.record, entry.vectors.nbytes)


class HotScopes:
    """The hot scopes of one store: at most `max_bytes`, least recently used out first."""

    def __init__(self, store: RecordStore, max_bytes: int) -> None:
        """Hold nothing yet."""
        self._store = store
        self._columns = store.columns if isinstance(store, Columnar) else _none
        self._max_bytes = max_bytes
        self._held: OrderedDict[Scope, HotScope] = OrderedDict()
        self._late: dict[Scope, Late] = {}
        self._too_large: set[Scope] = set()

    def of(self, scope: Scope) -> HotScope | None:
        """Return the arrays of every record within `scope`, or None if they take too much."""
        if scope not in self._held and scope not in self._too_large:
            self._load(scope)
        if scope in self._held:
            self._held.move_to_end(scope)
        return self._in_step(scope)

    def held(self, scope: Scope) -> HotScope | None:
        """Return the arrays of every record within `scope` if they are loaded already."""
        return self._in_step(scope)

    def has(self, scope: Scope) -> bool:
        """Tell whether the arrays of a scope are loaded."""
        return scope in self._held

    def add(self, entries: Iterable[Entry]) -> None:
        """Follow a write."""
        for entry in entries:
            if not entry.record.is_current:
                self.remove([entry])
                continue
            for scope in self._holding(entry.record):
                self._late.setdefault(scope, Late()).add(entry)
        self._make_room()

    def remove(self, entries: Iterable[Entry]) -> None:
        """Follow a removal."""
        self._too_large.clear()
        for entry in entries:
            for scope in self._holding(entry.record):
                self._take_in(scope)
                self._held[scope].remove(entry.record)
                self._close_gaps(scope)

    def recount(self, records: Iterable[Record]) -> None:
        """Follow a counting of uses."""
        for record in records:
            for scope in self._holding(record):
                self._take_in(scope)
                if not self._held[scope].recount(record):
                    self._drop(scope)  # it was expired until now

    def let_go(self, scope: Scope) -> None:
        """Hold nothing any more of a scope, nor what has a part of it."""
        for held in [one for one in self._held if one.contains(scope) or scope.contains(one)]:
            self._drop(held)
        self._too_large.clear()

    def clear(self) -> None:
        """Hold nothing any more."""
        self._held.clear()
        self._late.clear()
        self._too_large.clear()

    def _holding(self, record: Record) -> list[Scope]:
        names = range(len(record.scope.names) + 1)
        containing = (record.scope.first(count) for count in names)
        return [scope for scope in containing if scope in self._held]

    def _in_step(self, scope: Scope) -> HotScope | None:
        if scope in self._late:
            self._take_in(scope)
            self._make_room()
        return self._held.get(scope)

    def _take_in(self, scope: Scope) -> None:
        """Let the arrays of a held scope have what waits for them, or drop them if that fails."""
        if late := self._late.get(scope):
            try:
                self._held[scope].add(late.entries)
            except BaseException:
                self._drop(scope)
                raise
            del self._late[scope]
            self._close_gaps(scope)

    def _drop(self, scope: Scope) -> None:
        del self._held[scope]
        self._late.pop(scope, None)

    def _close_gaps(self, scope: Scope) -> None:
        if self._held[scope].is_sparse():
            self._held[scope] = self._held[scope].rebuilt()

    def _load(self, scope: Scope) -> None:
        with no_garbage_collection():
            entries = self._read(scope)
            if entries is None:
                self._too_large.add(scope)
            else:
                self._held[scope] = HotScope(entries)
        self._make_room()

    def _read(self, scope: Scope) -> Columns | None:
        """Return the entries of a scope, or None if they take too much."""
        parts: list[Columns] = []
        left = self._max_bytes - BYTES_PER_SCOPE
        for part in self._stored(scope) if left >= 0 else ():
            parts.append(part.current())
            left -= sum(sizes(parts[-1]))
            if left < 0:
                break
        return joined(parts) if left >= 0 else None

    def _stored(self, scope: Scope) -> Iterator[Columns]:
        kept = self._columns(scope)
        if kept is not None:
            return kept
        stored = iter(self._store.entries(scope))
        return map(columns_of, iter(lambda: list(islice(stored, _PART)), []))

    def _make_room(self) -> None:
        held = sum(one.bytes for one in self._held.values())
        held += sum(one.bytes for one in self._late.values())
        while held > self._max_bytes:
            scope = next(iter(self._held))
            taken = self._bytes_of(scope)
            self._drop(scope)
            held -= taken
            if taken > self._max_bytes:
                self._too_large.add(scope)

    def _bytes_of(self, scope: Scope) -> int:
        late = self._late.get(scope)
        return self._held[scope].bytes + (late.bytes if late else 0)


def _none(_: Scope) -> None:
    """Return what a store gives that does not keep the features of its records."""


@contextmanager
def no_garbage_collection() -> Iterator[None]:
    """Let the collector rest: a load makes objects that stay, and it would look at each of them.

    It would take a third of the time. Whoever finds it resting already leaves it so.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
