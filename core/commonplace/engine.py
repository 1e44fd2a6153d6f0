"""One open store: what every memory on it shares. Takes checked values; holds the lock."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain, islice

import numpy as np

from commonplace.embedding.adapters import CheckedEmbedder
from commonplace.errors import EmbedderMismatchError, MemoryClosedError, RecordNotFoundError
from commonplace.ports import Entry, RecordStore, Vectors
from commonplace.recall.arrays import Question
from commonplace.recall.dates import periods
from commonplace.recall.filters import Condition
from commonplace.recall.hot import HotScope, HotScopes
from commonplace.recall.ranking import ranked
from commonplace.records import Kind, Match, Record
from commonplace.scope import Scope

# How many records Chroma's index is asked for, for each one wanted, when a scope is too large to
# hold: the filters and the ranking come after it.
_OVERFETCH = 20
_MOST_CANDIDATES = 5_000


class Engine:
    """A store, its embedder and its hot scopes. Safe to use from several threads."""

    def __init__(
        self,
        store: RecordStore,
        embedder: CheckedEmbedder,
        *,
        clock: Callable[[], datetime],
        cache_bytes: int,
        directory: str | None = None,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        """Own `store` until closed. `clock` tells the time in UTC."""
        self.clock = clock
        self.directory = directory
        self.embedder = embedder
        self._store = store
        self._hot = HotScopes(store, cache_bytes)
        self._on_close = on_close
        # Writes and loads of hot scopes exclude one another: a load must not miss a write that
        # lands between its read and its registration. Embedding happens outside.
        self._lock = threading.RLock()
        self._closed = False

    def add(self, records: Sequence[Record]) -> None:
        """Store records whose ids are new."""
        entries = self._embedded(records)
        with self._opened():
            self._put(entries)

    def upsert(self, records: Sequence[Record]) -> None:
        """Store records, each in the place of the one with its scope and id if there is one."""
        entries = self._embedded({_identity(record): record for record in records}.values())
        with self._opened():
            stored = self._stored(records)
            self._put([new for new in entries if _identity(new.record) not in stored])
            for new in entries:
                if old := stored.get(_identity(new.record)):
                    self._replace(old, new)

    def change(self, scope: Scope, id: str, changed: Callable[[Record], Record]) -> Record:
        """Store what `changed` makes of the record and return it.

        Raises RecordNotFoundError. `changed` is called again when another thread was faster.
        """
        while True:
            old = self.find([scope], [id])[0]
            record = changed(old.record)
            same_text = _told(record, record.text) == _told(old.record, old.record.text)
            new = Entry(record, old.vectors) if same_text else self._embedded([record])[0]
            with self._opened():
                if self.find([scope], [id])[0].record == old.record:
                    self._replace(old, new)
                    return record

    def remove(self, scope: Scope, ids: Sequence[str]) -> int:
        """Remove the records with these ids, or none of them: raises RecordNotFoundError."""
        with self._opened():
            entries = self.find([scope], ids)
            self._remove(entries)
            return len(entries)

    def find(self, scopes: Sequence[Scope], ids: Sequence[str]) -> list[Entry]:
        """Return the live records with these ids. Raises RecordNotFoundError if one is unknown."""
        with self._opened():
            at = self.clock()
            found = [
                entry
                for scope in scopes
                for entry in self._find(scope, ids)
                if not entry.record.is_expired(at)
            ]
        if unknown := sorted(set(ids) - {entry.record.id for entry in found}):
            raise RecordNotFoundError(
                f"No record with id {unknown[0]!r} in the scope {str(scopes[0])!r}."
            )
        return found

    def exact(self, scope: Scope, id: str) -> Record | None:
        """Return the live record with this id in exactly this scope, or None."""
        with self._opened():
            at = self.clock()
            for entry in self._find(scope, [id]):
                if entry.record.scope == scope and not entry.record.is_expired(at):
                    return entry.record
            return None

    def discard(self, records: Sequence[Record]) -> int:
        """Remove records by scope and id and return how many were there."""
        with self._opened():
            entries = list(self._stored(records).values())
            self._remove(entries)
            return len(entries)

    def select(self, scopes: Sequence[Scope], admitted: Condition) -> list[Record]:
        """Return the live records that are admitted, newest first."""
        with self._opened():
            at = self.clock()
            found = [
                record
                for scope in scopes
                for record in self._records(scope)
                if not record.is_expired(at) and admitted(record)
            ]
        return sorted(found, key=lambda record: (record.created_at, record.id), reverse=True)

    def rank(
        self, scopes: Sequence[Scope], query: str, admitted: Condition, limit: int
    ) -> list[Match]:
        """Return the live, admitted records that answer the query, best first."""
        self._check_open()
        vector = self._fitting(self.embedder.embed_query(query))
        question = Question(query, vector, periods(query, self.clock()))
        with self._opened():
            matches = [
                match
                for scope in scopes
                for match in ranked(self._arrays(scope, vector, limit), question, admitted, limit)
            ]
        return sorted(matches, key=lambda match: -match.confidence)[:limit]

    def of_kinds(self, scopes: Sequence[Scope], kinds: Sequence[Kind]) -> list[Record]:
        """Return the live records of these kinds, the most important first, then the newest."""
        with self._opened():
            at = self.clock()
            found = [
                record
                for scope in scopes
                for record in self._of_kinds(scope, kinds)
                if not record.is_expired(at)
            ]
        return sorted(found, key=lambda one: (one.importance, one.created_at), reverse=True)

    def nearest(
        self, scopes: Sequence[Scope], vector: Vectors, admitted: Condition, limit: int
    ) -> list[tuple[Entry, float]]:
        """Return the live, admitted entries most like a unit vector, best first, with cosines."""
        self._check_open()
        self._fitting(vector)
        with self._opened():
            found = [
                (entry, min(max(float(cosine), 0.0), 1.0))
                for scope in scopes
                for hot in [self._arrays(scope, vector, limit)]
                if hot.entries  # arrays of none have no dimension
                for entry, cosine in zip(hot.entries, hot.arrays.cosines(vector), strict=True)
                if entry and admitted(entry.record)
            ]
        return sorted(found, key=lambda pair: -pair[1])[:limit]

    def close(self) -> None:
        """Release the store. May be called again."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._hot.clear()
                self._store.close()
                self._on_close()

    @contextmanager
    def _opened(self) -> Iterator[None]:
        with self._lock:
            self._check_open()
            yield

    def _check_open(self) -> None:
        if self._closed:
            raise MemoryClosedError("This memory is closed. Open it again with commonplace.open.")

    def _embedded(self, records: Collection[Record]) -> list[Entry]:
        self._check_open()
        windows = [
            [_told(record, window) for window in self.embedder.windows(record.text)]
            for record in records
        ]
        texts = list(chain.from_iterable(windows))
        vectors = iter(self._fitting(self.embedder.embed_documents(texts)))
        return [
            Entry(record, np.stack(list(islice(vectors, len(own)))))
            for record, own in zip(records, windows, strict=True)
        ]

    def _fitting(self, vectors: Vectors) -> Vectors:
        """Return vectors that the store can hold beside its own."""
        given, kept = vectors.shape[-1], self._store.dimension
        if kept is not None and given != kept:
            raise EmbedderMismatchError(
                f"The store holds vectors of dimension {kept}, and the embedder "
                f"{self.embedder.name!r} gave dimension {given}. Open the store with the embedder "
                "it was built with."
            )
        return vectors

    def _put(self, entries: Sequence[Entry]) -> None:
        self._store.put(entries)
        self._hot.add(entries)

    def _replace(self, old: Entry, new: Entry) -> None:
        self._store.replace(old, new)
        self._hot.add([new])

    def _remove(self, entries: Sequence[Entry]) -> None:
        self._store.remove(entries)
        self._hot.remove(entries)

    def _stored(self, records: Sequence[Record]) -> dict[tuple[Scope, str], Entry]:
        by_scope: dict[Scope, list[str]] = {}
        for record in records:
            by_scope.setdefault(record.scope, []).append(record.id)
        # Of the store, since hot scopes have dropped what is expired.
        found = chain.from_iterable(self._store.find(*one) for one in by_scope.items())
        wanted = {_identity(record) for record in records}
        return {key: entry for entry in found if (key := _identity(entry.record)) in wanted}

    def _find(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        hot = self._hot.held(scope)
        return self._store.find(scope, ids) if hot is None else hot.find(scope, ids)

    def _records(self, scope: Scope) -> Iterator[Record]:
        hot = self._hot.held(scope)
        return self._store.records(scope) if hot is None else hot.records()

    def _of_kinds(self, scope: Scope, kinds: Sequence[Kind]) -> Iterator[Record]:
        hot = self._hot.of(scope)
        if hot is not None:
            return hot.of_kinds(kinds)
        return (record for record in self._store.records(scope) if record.kind in kinds)

    def _arrays(self, scope: Scope, vector: Vectors, limit: int) -> HotScope:
        hot = self._hot.of(scope)
        if hot is None:
            candidates = min(limit * _OVERFETCH, _MOST_CANDIDATES)
            hot = HotScope(self._store.nearest(scope, vector, candidates))
        hot.expire(self.clock())
        return hot


def _identity(record: Record) -> tuple[Scope, str]:
    return record.scope, record.id


def _told(record: Record, window: str) -> str:
    """Return a window of a record's text as it is embedded: a message with who says it."""
    return f"{record.speaker}: {window}" if record.speaker else window
