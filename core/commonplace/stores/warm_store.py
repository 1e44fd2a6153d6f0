"""A store whose scopes in use are kept as arrays, in step with every write."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from itertools import chain, islice
from typing import TypeAlias, TypeVar

from commonplace.errors import RecordNotFoundError
from commonplace.ports import NO_VECTORS, Entry, Page, RecordStore, Vectors
from commonplace.recall.columns import Columnar, with_features
from commonplace.recall.filters import Condition, Selection
from commonplace.recall.hot import HotScope
from commonplace.recall.hot_scopes import HotScopes
from commonplace.recall.searching import candidates
from commonplace.recall.sessions import SessionKey
from commonplace.stores.listing import Listing, Lists, newest
from commonplace.stores.scope_counts import MOST_KEPT, Counted, ScopeCounts, counted
from commonplace.values.records import Kind, Record, last_changed
from commonplace.values.scope import Scope
from commonplace.values.uses import Uses
from commonplace.writing.batch import Batch, Identity, Write, identity
from commonplace.writing.repetition import statement
from commonplace.writing.versions import held_at

Assume: TypeAlias = Callable[[], None]
"""Takes what is held as current, within an operation: whether it is turns out meanwhile."""
Result = TypeVar("Result")
Work: TypeAlias = Callable[[Assume], Result]
Growth: TypeAlias = list[tuple[Record | None, Record]]
"""Records that a write would store, each with the one whose place it would take."""


class WarmStore:
    """Reads from arrays what they hold, and from the store the rest.

    Not thread-safe: a load must not miss a write that lands between its read and its registration,
    so the engine holds a lock around each call.
    """

    def __init__(self, store: RecordStore, max_bytes: int) -> None:
        """Keep at most `max_bytes` bytes of arrays."""
        self.store = store
        self._hot = HotScopes(store, max_bytes)
        self._lists = store if isinstance(store, Lists) else None
        # Where the store keeps features, they are computed once, before it is written to.
        self._ready = with_features if isinstance(store, Columnar) else list[Entry]
        # Without room for arrays others may write too, and nothing is kept.
        self.counts = ScopeCounts(store.records, MOST_KEPT if max_bytes else 0, self._numbers)

    def operation(self) -> AbstractContextManager[None]:
        """Let what is read within be as of one moment, where others write to the store as well."""
        return nullcontext()

    def beside(self, scopes: Sequence[Scope], work: Work[Result], begin: Work[None]) -> Result:  # noqa: ARG002  # of others' stores
        """Return what some work on scopes gives, as of one moment within this call.

        `begin` does a part of it ahead. Each calls what it is given when its operation starts.
        """
        return work(lambda: None)

    def tidy(self, scope: Scope) -> None:
        """Remove what writers that died have left within `scope`, if that can be."""

    def write_all(self, writes: Sequence[Write], at: datetime) -> list[list[Record]]:
        """Store what a number of writes come to; return what is stored for each entry of each."""
        batch = self._batch(writes, at)
        outcomes = [batch.take(write) for write in writes]
        self.write(batch)
        return outcomes

    def growth(self, records: Sequence[Record], new: Collection[str], at: datetime) -> Growth:
        """Return what a write of these would come to."""
        write = Write([Entry(one, NO_VECTORS) for one in records], frozenset(new))
        batch = self._batch([write], at)
        batch.take(write)
        replaced = [(old.record, one.record) for old, one in batch.replaced]
        return [*((None, one.record) for one in batch.new), *replaced]

    def _batch(self, writes: Sequence[Write], at: datetime) -> Batch:
        new = [
            one.record for write in writes for one in write.entries if one.record.id in write.new
        ]
        old = [
            one.record
            for write in writes
            for one in write.entries
            if one.record.id not in write.new
        ]
        said = [one for one in self.stating(new) if not one.record.is_expired(at)]
        return Batch([*said, *self.stored(old).values()], at)

    def write(self, batch: Batch) -> None:
        """Store what the batch comes to."""
        new, changed = self._ready(batch.new), self._ready([one for _, one in batch.replaced])
        replaced = [(old, entry) for (old, _), entry in zip(batch.replaced, changed, strict=True)]
        with self._in_step():
            self.store.replace(replaced, new)
            self.counts.follow(entry.record for entry in (*new, *changed))
            self._hot.add([*new, *changed])

    def known(self, records: Sequence[Record]) -> dict[Identity, Record]:
        """Return what is stored with the scopes and ids of records that may be written."""
        return {key: entry.record for key, entry in self.stored(records).items()}

    def swap(self, old: Record, new: Record, ready: Entry | None, at: datetime) -> Record | None:
        """Store `new` in the place of `old` if that is what is stored; return what was.

        `ready` is its entry, None for one with the vectors of the old.
        """
        stored = self.stored([old]).get(identity(old))
        if stored is None:
            return None
        if stored.record == old:
            batch = Batch([stored], at)
            batch.upsert(ready or Entry(new, stored.vectors))
            self.write(batch)
        return stored.record

    def remove_those(self, meant: Callable[[], Iterable[Entry]]) -> list[Entry]:
        """Remove the entries that `meant` reads, with their past versions; return them."""
        entries = list(meant())
        self.remove(entries)
        return entries

    def remove(self, entries: Sequence[Entry]) -> None:
        """Remove entries and their past versions."""
        past = self._past_versions(entries)
        with self._in_step():
            # A past version may be among the entries itself, such as one that is expired too.
            gone = {identity(entry.record): entry for entry in (*entries, *past)}
            self.store.remove(list(gone.values()))
            self.counts.follow(entry.record for entry in entries)
            self._hot.remove(entries)

    def _past_versions(self, entries: Sequence[Entry]) -> list[Entry]:
        by_scope: dict[Scope, list[str]] = {}
        for entry in entries:
            by_scope.setdefault(entry.record.scope, []).append(entry.record.id)
        return [
            version
            for scope, ids in by_scope.items()
            for version in self.store.versions(scope, ids)
            if version.record.scope == scope
        ]

    def count_uses(self, uses: Uses) -> None:
        """Count uses of the records that are there."""
        with self._in_step():
            counted = self.store.count_uses(uses)
            self.counts.follow(counted)
            self._hot.recount(counted)

    def stored(self, records: Iterable[Record]) -> dict[tuple[Scope, str], Entry]:
        """Return what is stored with the scopes and ids of `records`, live or not."""
        by_scope: dict[Scope, list[str]] = {}
        for record in records:
            by_scope.setdefault(record.scope, []).append(record.id)
        # Of the store, since hot scopes have dropped what is expired.
        found = chain.from_iterable(self.store.find(*one) for one in by_scope.items())
        wanted = {(scope, id) for scope, ids in by_scope.items() for id in ids}
        return {key: entry for entry in found if (key := identity(entry.record)) in wanted}

    def stating(self, records: Iterable[Record]) -> list[Entry]:
        """Return what is stored in the same scopes and states what one of `records` states."""
        by_scope: dict[Scope, set[str]] = {}
        for record in records:
            if said := statement(record):
                by_scope.setdefault(record.scope, set()).add(said)
        return [
            entry
            for scope, said in by_scope.items()
            for entry in self.store.stating(scope, sorted(said))
        ]

    def find(self, scope: Scope, ids: Collection[str]) -> list[Entry]:
        """Return the entries within `scope` with these ids."""
        # Of the store: beside one in the arrays another scope within may have one that is in none,
        # because it is held back or a past version.
        return self.store.find(scope, sorted(set(ids)))

    def exact(self, scope: Scope, id: str) -> Record | None:
        """Return the record of exactly this scope with this id."""
        hot = self._hot.held(scope)
        found = None if hot is None else hot.exact(scope, id)
        if found is not None:
            return found
        stored = (entry.record for entry in self.store.find(scope, [id]))
        return next((record for record in stored if record.scope == scope), None)

    def held(self, scope: Scope, ids: Sequence[str]) -> list[Record]:
        """Return the records within `scope` with these ids: those of any state, expired or not."""
        return [entry.record for entry in self.store.find(scope, ids)]

    def identities(self, scope: Scope, at: datetime) -> list[tuple[Scope, str]]:
        """Return what names each record within `scope` that is not expired, of any state."""
        records = self.store.records(scope)
        return [identity(record) for record in records if not record.is_expired(at)]

    def current(self, scope: Scope) -> Iterator[Record]:
        """Yield the records within `scope` that can be recalled."""
        hot = self._hot.held(scope)
        if hot is not None:
            return hot.records()
        return (record for record in self.store.records(scope) if record.is_current)

    def tally(self, scopes: Iterable[Scope], at: datetime) -> dict[str, int]:
        """Count the records within scopes that can be recalled, by kind."""
        counts = Counter[str]()
        for scope in scopes:
            counts.update(self._tally(scope, at))
        return dict(counts)

    def _tally(self, scope: Scope, at: datetime) -> dict[Kind, int]:
        hot, listing = self._hot.held(scope), self._listing(scope)
        if hot is None and listing is not None:
            return listing.kinds(scope, at)
        if hot is None:
            return Counter(one.kind for one in self.current(scope) if not one.is_expired(at))
        hot.expire(at)
        return hot.count_by_kind()

    def newest(
        self,
        scopes: Sequence[Scope],
        selection: Selection,
        at: datetime,
        offset: int,
        limit: int | None,
    ) -> list[Record] | None:
        """Return what is selected, newest first, if the store lists it: not all of it is read."""
        parts = [(scope, self._listing(scope)) for scope in scopes]
        return newest(parts, selection, at, offset, limit)

    def _listing(self, scope: Scope) -> Listing | None:
        return None if self._lists is None else self._lists.listing(scope)

    def _numbers(self, scope: Scope, at: datetime) -> Counted:
        listing = self._listing(scope)
        if listing is None:
            return counted(self.store.records(scope), at)
        return listing.numbers(scope, at)

    def of_kinds(self, scope: Scope, kinds: Collection[Kind]) -> Iterator[Record]:
        """Yield those of them that are of these kinds."""
        hot = self._hot.of(scope)
        if hot is not None:
            return hot.of_kinds(kinds)
        return (record for record in self.current(scope) if record.kind in kinds)

    def latest(
        self, scope: Scope, selection: Selection, limit: int | None, at: datetime
    ) -> list[Record]:
        """Return those of them that are selected, last changed first, at most `limit`."""
        hot, selected = self._hot.of(scope), selection.condition()
        if hot is not None:
            hot.expire(at)
            return hot.latest(selected, limit)
        living = (one for one in self.current(scope) if not one.is_expired(at))
        return last_changed(filter(selected, living), limit)

    def session(self, scope: Scope, name: str, kind: Kind, limit: int | None, at: datetime) -> Page:
        """Return the newest `limit` of a session's records of a kind, and how many it has.

        They are of exactly this scope, and can be recalled.
        """
        hot = self._hot.of(scope)
        if hot is not None:
            hot.expire(at)
            key = SessionKey(scope, name, kind)
            return list(islice(hot.of_session(key), limit)), hot.count_of_session(key)
        found = [
            one
            for one in self.store.records(scope)
            if (one.scope, one.source.session, one.kind) == (scope, name, kind)
            and one.is_current
            and not one.is_expired(at)
        ]
        found.sort(key=lambda one: (one.created_at, one.id), reverse=True)
        return found[:limit], len(found)

    def arrays(
        self, scope: Scope, vector: Vectors, limit: int, at: datetime, admitted: Condition
    ) -> HotScope:
        """Return arrays in which the `limit` admitted records found for `vector` are held."""
        hot = self._hot.of(scope)
        if hot is None:

            def wanted(record: Record) -> bool:
                return record.is_current and not record.is_expired(at) and admitted(record)

            near = candidates(self.store, scope, vector, limit, wanted)
            hot = HotScope(entry for entry in near if entry.record.is_current)
        hot.expire(at)
        return hot

    def arrays_for(
        self, scope: Scope, vector: Vectors, limit: int, at: datetime, selection: Selection
    ) -> HotScope:
        """Return arrays of what is selected, as of the moment that it names."""
        if selection.as_of is not None:
            return self.arrays_as_of(scope, selection.as_of, at)
        return self.arrays(scope, vector, limit, at, selection.condition())

    def arrays_as_of(self, scope: Scope, moment: datetime, at: datetime) -> HotScope:
        """Return arrays of what held at a moment, and is not expired now."""
        return HotScope(
            entry
            for entry in self.store.entries(scope)
            if held_at(entry.record, moment) and not entry.record.is_expired(at)
        )

    def holds(self, scopes: Iterable[Scope]) -> bool:
        """Tell whether the arrays of all these scopes are held."""
        return all(self._hot.held(scope) is not None for scope in scopes)

    def let_go(self, scope: Scope) -> None:
        """Hold no array any more with a record of a scope that is about to be erased."""
        self._hot.let_go(scope)
        self.counts.clear()

    def expired(self, records: Iterable[Record], at: datetime) -> list[Entry]:
        """Return those of the records that are there as they are now, and expired."""
        there = self.stored(records).values()
        return [entry for entry in there if entry.record.is_expired(at)]

    def close(self) -> None:
        """Forget the arrays and release the store."""
        self._forget()
        self.store.close()

    @contextmanager
    def _in_step(self) -> Iterator[None]:
        """Drop what is derived from the store if the body fails: part of its work may be done."""
        try:
            yield
        except BaseException:
            self._forget()
            raise

    def _forget(self) -> None:
        """Keep nothing that is derived from the store."""
        self._hot.clear()
        self.counts.clear()


def not_found(id: str, scope: Scope) -> RecordNotFoundError:
    """Return the error that says so."""
    return RecordNotFoundError(f"No record with id {id!r} in the scope {str(scope)!r}.")
