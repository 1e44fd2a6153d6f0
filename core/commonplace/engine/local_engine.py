"""One open store in this process: what every memory on it shares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import datetime
from functools import cached_property, partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonplace.embedding.adapters import CheckedEmbedder
from commonplace.embedding.entries import reads_the_same
from commonplace.embedding.fitting import FittingEmbedder
from commonplace.engine.backups import erase_in_backup
from commonplace.engine.gate import Gate
from commonplace.engine.gathered_uses import PATIENCE_OF_USES, GatheredUses
from commonplace.errors import InvalidInputError
from commonplace.keeping.audit import AuditLog
from commonplace.keeping.audit_chain import AuditEntry
from commonplace.keeping.erasing import Erasure, ask, erase
from commonplace.keeping.receipt import ErasureReceipt
from commonplace.ports import Entry, Erased, Page, RecordStore, Vectors
from commonplace.recall.explanation import Explanation
from commonplace.recall.filters import Selection
from commonplace.stores.scope_counts import ScopeStats
from commonplace.stores.warm_store import Assume, Growth, Result, WarmStore, not_found
from commonplace.values.records import Kind, Match, Record, last_changed
from commonplace.values.scope import Scope, innermost_around
from commonplace.values.uses import is_change
from commonplace.waiting.commits import GroupCommit
from commonplace.writing.batch import Identity, Write, identity
from commonplace.writing.policy import Screening

if TYPE_CHECKING:
    from commonplace.engine.finding import Finding
    from commonplace.recall.explaining import Asked


class LocalEngine:
    """A store, its embedder and its hot scopes. Safe to use from several threads."""

    def __init__(
        self,
        store: RecordStore,
        embedder: CheckedEmbedder,
        *,
        clock: Callable[[], datetime],
        cache_bytes: int,
        screening: Screening | None = None,
        directory: str | None = None,
        audit: AuditLog | None = None,
        write_backup: Callable[[Path], None] | None = None,
        on_close: Callable[[], None] = lambda: None,
        warm: Callable[[Any, int], WarmStore] = WarmStore,
    ) -> None:
        """Own `store` until closed. `clock` tells the time in UTC."""
        self.clock = clock
        self.screening = screening or Screening()
        self.directory = directory
        self._store = warm(store, cache_bytes)
        self._embedder = FittingEmbedder(embedder, lambda: store.dimension)
        self._audit = audit or AuditLog()
        self._write_backup = write_backup
        self._on_close = on_close
        self._uses = GatheredUses(self._store.count_uses, clock)
        self._gate = Gate(self._store, self._uses, directory)
        self._opened = self._gate.opened
        self._commits = GroupCommit(self._opened, self._write_all)

    @cached_property
    def _finding(self) -> Finding:
        from commonplace.engine.finding import Finding  # what only counts and writes needs none

        return Finding(self._store, self._embedder, self.clock)

    @property
    def embedder_name(self) -> str:
        return self._embedder.name

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._embedder.texts(texts)

    def write(
        self,
        records: Sequence[Record],
        new: Collection[str] = (),
        vectors: Sequence[Vectors] | None = None,
    ) -> list[Record]:
        self._gate.check()
        ids = frozenset(new)
        known = {} if vectors is not None else self._known(records, ids)
        changed = [one for one in records if is_change(one, known.get(identity(one)))]
        if changed:
            from commonplace.engine.judging import judged, tell_of_all

            entries = judged(self._embedder, changed, vectors, known, self.screening)
            self._gate.await_room()
            written = self._commits.commit(Write(entries, ids))
            tell_of_all(changed, written)
            known |= zip(map(identity, changed), written, strict=True)
        return [known[identity(record)] for record in records]

    def growth(self, records: Sequence[Record], new: Collection[str]) -> Growth:
        """Return what writing these would store, each with the record whose place it would take."""
        with self._opened():
            return self._store.growth(records, new, self.clock())

    def swap(self, old: Record, new: Record, vectors: Sequence[Vectors] | None = None) -> bool:
        self._gate.check()
        ready = None if reads_the_same(old, new) else self._embedder.entries([new], vectors)[0]
        with self._gate.writing():
            stored = self._store.swap(old, new, ready, self.clock())
        if stored is None:
            raise not_found(old.id, old.scope)
        # The new one is there already when a request is repeated.
        return stored in (old, new)

    def used(self, records: Sequence[Record]) -> None:
        with self._opened():
            self._uses.note(records)
            self._uses.write_if_due(PATIENCE_OF_USES)

    def remove(self, scope: Scope, ids: Sequence[str]) -> int:
        with self._gate.writing():
            return self._remove("forget", scope, lambda: self.entries([scope], ids))

    def discard(self, records: Sequence[Record]) -> int:
        with self._gate.writing():
            around = innermost_around(one.scope for one in records)
            return self._remove("forget", around, lambda: self._store.stored(records).values())

    def sweep(self, scope: Scope) -> int:
        self._gate.check()
        at = self.clock()
        # Read without the lock, which a large store would hold for long.
        expired = [one for one in self._store.store.records(scope) if one.is_expired(at)]
        with self._gate.writing():
            self._store.tidy(scope)
            return self._remove("sweep", scope, lambda: self._store.expired(expired, at))

    def erase(self, erasure: Erasure) -> ErasureReceipt:
        self._gate.check()
        return erase(erasure, self._erase, erase_in_backup, self._audit, self.clock)

    def ask(self, erasure: Erasure, names: Sequence[str]) -> None:
        """Record deletions that a client is about to make elsewhere."""
        self._gate.check()
        ask(erasure, names, self._audit, self.clock())

    def audit(self, scope: Scope) -> list[AuditEntry]:
        self._gate.check()
        return self._audit.entries(scope if scope.names else None)

    def verify_audit(self) -> list[str]:
        self._gate.check()
        return self._audit.verify()

    def backup(self, file: Path) -> None:
        if self._write_backup is None:
            raise InvalidInputError("Only a store in a directory can be backed up.")
        with self._opened():
            self._write_backup(file)
            self._audit.append("backup", Scope(), at=self.clock())

    def pending(self) -> int:
        return self._store.store.pending

    def flush(self) -> None:
        with self._opened():
            self._uses.write()
        self._store.store.flush()  # which can take long, and needs nothing of this

    def find(self, scopes: Sequence[Scope], ids: Sequence[str]) -> list[Record]:
        return [entry.record for entry in self.entries(scopes, ids)]

    def entries(self, scopes: Sequence[Scope], ids: Sequence[str]) -> list[Entry]:
        with self._opened():
            at, every = self.clock(), (self._store.find(one, ids) for one in scopes)
            found = [one for each in every for one in each if not one.record.is_expired(at)]
        if unknown := sorted(set(ids) - {entry.record.id for entry in found}):
            raise not_found(unknown[0], scopes[0])
        return found

    def held(self, scopes: Sequence[Scope], ids: Sequence[str]) -> list[Record]:
        with self._opened():
            return [one for scope in scopes for one in self._store.held(scope, ids)]

    def identities(self, scope: Scope) -> list[tuple[Scope, str]]:
        with self._opened():
            return self._store.identities(scope, self.clock())

    def exact(self, scope: Scope, id: str) -> Record | None:
        with self._opened():
            at, found = self.clock(), self._store.exact(scope, id)
        return None if found is None or found.is_expired(at) else found

    def versions(self, scopes: Sequence[Scope], id: str) -> list[Record]:
        with self._opened():
            held = (one for scope in scopes for one in self._store.store.versions(scope, [id]))
            found = self._living(one.record for one in held)
        return sorted(found, key=lambda record: (record.valid_from, record.id))

    def select(
        self, scopes: Sequence[Scope], selection: Selection, offset: int, limit: int | None
    ) -> list[Record]:
        if limit is not None or not selection.is_current:
            with self._opened():
                listed = self._store.newest(scopes, selection, self.clock(), offset, limit)
            if listed is not None:
                return listed
        chosen = self._selected(scopes, selection)
        found = sorted(chosen, key=lambda one: (one.created_at, one.id), reverse=True)
        return found[offset : None if limit is None else offset + limit]

    def latest(
        self, scopes: Sequence[Scope], selection: Selection, limit: int | None
    ) -> list[Record]:
        with self._opened():
            at = self.clock()
            held = (self._store.latest(scope, selection, limit, at) for scope in scopes)
            return last_changed(chain.from_iterable(held), limit)

    def session(self, scope: Scope, name: str, kind: Kind, limit: int | None) -> Page:
        with self._opened():
            return self._store.session(scope, name, kind, limit, self.clock())

    def tally(self, scopes: Sequence[Scope], selection: Selection) -> dict[str, int]:
        if selection != Selection():
            return dict(Counter(record.kind for record in self._selected(scopes, selection)))
        with self._opened():
            return self._store.tally(scopes, self.clock())

    def rank(
        self,
        scopes: Sequence[Scope],
        query: str,
        selection: Selection,
        limit: int,
        vector: Vectors | None = None,
    ) -> list[Match]:
        self._gate.check()
        asked = self._finding.asked(scopes, query, selection, limit, vector)

        def within(assume: Assume, step: Callable[[Asked], Result]) -> Result:
            with self._gate.recalling(scopes, selection):
                assume()
                return step(asked)

        ranked = partial(within, step=self._finding.rank)
        return self._store.beside(scopes, ranked, partial(within, step=self._finding.begin))

    def explain(
        self,
        scopes: Sequence[Scope],
        query: str,
        selection: Selection,
        limit: int,
        vector: Vectors | None = None,
    ) -> Explanation:
        self._gate.check()
        asked = self._finding.asked(scopes, query, selection, limit, vector)
        with self._opened():
            return self._finding.explain(asked)

    def scopes(self, scopes: Sequence[Scope], offset: int, limit: int) -> list[ScopeStats]:
        with self._opened():
            return self._store.counts.within(scopes, self.clock())[offset : offset + limit]

    def of_kinds(self, scopes: Sequence[Scope], kinds: Sequence[Kind]) -> list[Record]:
        with self._opened():
            found = self._living(one for at in scopes for one in self._store.of_kinds(at, kinds))
        return sorted(found, key=lambda one: (one.importance, one.created_at), reverse=True)

    def nearest(
        self, scopes: Sequence[Scope], vector: Vectors, selection: Selection, limit: int
    ) -> list[tuple[Entry, float]]:
        self._gate.check()
        self._embedder.checked(vector)
        with self._gate.recalling(scopes, selection):
            return self._finding.nearest(scopes, vector, selection, limit)

    def close(self) -> None:
        with self._gate.closing() as is_to_be_closed:
            if is_to_be_closed:
                try:
                    self._uses.write()
                finally:
                    self._store.close()
                    self._on_close()

    def _write_all(self, writes: list[Write]) -> list[list[Record]]:
        written = self._store.write_all(writes, self.clock())
        self._uses.write_if_due()
        return written

    def _erase(self, scope: Scope) -> Erased:
        with self._gate.rewriting(lambda: self._let_go(scope)):
            return self._store.store.erase(scope)

    def _let_go(self, scope: Scope) -> None:
        self._uses.drop_within(scope)
        self._store.let_go(scope)

    def _known(self, records: Sequence[Record], new: Collection[str]) -> dict[Identity, Record]:
        """Return what is stored for those that are no new statements."""
        with self._opened():
            return self._store.known([one for one in records if one.id not in new])

    def _remove(self, action: str, scope: Scope, meant: Callable[[], Iterable[Entry]]) -> int:
        entries = self._store.remove_those(meant)
        self._uses.drop(entry.record for entry in entries)
        if entries:
            self._audit.append(action, scope, at=self.clock(), counts={"records": len(entries)})
        return len(entries)

    def _living(self, records: Iterable[Record]) -> list[Record]:
        at = self.clock()
        return [record for record in records if not record.is_expired(at)]

    def _selected(self, scopes: Sequence[Scope], selection: Selection) -> list[Record]:
        with self._opened():
            among = (one for scope in scopes for one in self._among(scope, selection))
            return list(filter(selection.condition(), self._living(among)))

    def _among(self, scope: Scope, selection: Selection) -> Iterable[Record]:
        if selection.is_current and selection.conversation is not None and selection.kinds:
            # Asked at every turn of a conversation: the arrays are worth their loading.
            return self._store.of_kinds(scope, selection.kinds)
        if selection.is_current:
            return self._store.current(scope)
        return filter(selection.is_of_state, self._store.store.records(scope))
