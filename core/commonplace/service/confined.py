"""An engine that does nothing outside one scope: what a key opens."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from math import inf
from pathlib import Path

from commonplace.engine.local_engine import LocalEngine
from commonplace.errors import AccessDeniedError, InvalidInputError
from commonplace.keeping.audit_chain import AuditEntry
from commonplace.keeping.erasing import Erasure
from commonplace.keeping.receipt import ErasureReceipt
from commonplace.ports import Entry, Page, Vectors
from commonplace.recall.explanation import Explanation
from commonplace.recall.filters import Selection
from commonplace.service.quotas import Amount, Quotas, amount, size
from commonplace.stores.scope_counts import ScopeStats
from commonplace.values.records import Kind, Match, Origin, Record
from commonplace.values.scope import Scope
from commonplace.writing.policy import Screening
from commonplace.writing.screening import held_back
from commonplace.writing.trust import trusted

LOCAL = "local"
CLAIMED: frozenset[Origin] = frozenset({"user", "agent", "tool", "document"})
"""Whose statements a key may write by default: not the operator's, which are never held back."""


_SAID = ("text", "kind", "metadata", "source", "key", "trust")


@dataclass(frozen=True, slots=True)
class Grant:
    """What a key allows: everything within `scope`, and there at most so much.

    What is written with it may have one of these `origins`, or none.
    """

    scope: Scope = field(default_factory=Scope)
    name: str = LOCAL
    max_records: int | None = None
    requests_per_minute: int | None = None
    origins: frozenset[Origin] = CLAIMED
    max_bytes: int | None = None

    @property
    def is_local(self) -> bool:
        """Tell whether it is that of this user's processes on this machine."""
        return self.name == LOCAL


class ConfinedEngine:
    """The operations of `engine` within a grant.

    Every operation names the scopes it touches, and each is checked here, whatever route the
    request took. Raises AccessDeniedError, also for an origin that the key may not claim, and
    QuotaExceededError for a record too many.
    """

    def __init__(
        self,
        engine: LocalEngine,
        grant: Grant,
        quotas: Quotas,
        dimension: Callable[[], int | None],
    ) -> None:
        """Let through what `grant` allows. `dimension` is that of the server's model, if any."""
        self._engine = engine
        self.grant = grant
        self._quotas = quotas
        self._dimension = dimension

    @property
    def directory(self) -> str | None:
        return self._engine.directory

    @property
    def embedder_name(self) -> str:
        return self._engine.embedder_name

    @property
    def screening(self) -> Screening:
        return self._engine.screening

    def clock(self) -> datetime:
        return self._engine.clock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        return self._engine.embed(texts)

    def write(
        self,
        records: Sequence[Record],
        new: Collection[str] = (),
        vectors: Sequence[Vectors] | None = None,
    ) -> list[Record]:
        with self._writing(records, new, vectors):
            return self._engine.write(self._held_back(records), new, vectors)

    def swap(self, old: Record, new: Record, vectors: Sequence[Vectors] | None = None) -> bool:
        self._check([old.scope])
        with self._writing([new], (), vectors):
            [kept] = self._held_back([new])
            return self._engine.swap(old, kept, vectors)

    def used(self, records: Sequence[Record]) -> None:
        self._check(record.scope for record in records)
        self._engine.used(records)

    def remove(self, scope: Scope, ids: Sequence[str]) -> int:
        self._check([scope])
        return self._engine.remove(scope, ids)

    def discard(self, records: Sequence[Record]) -> int:
        self._check(record.scope for record in records)
        return self._engine.discard(records)

    def sweep(self, scope: Scope) -> int:
        self._check([scope])
        return self._engine.sweep(scope)

    def versions(self, scopes: Sequence[Scope], id: str) -> list[Record]:
        self._check(scopes)
        return self._engine.versions(scopes, id)

    def find(self, scopes: Sequence[Scope], ids: Sequence[str]) -> list[Record]:
        self._check(scopes)
        return self._engine.find(scopes, ids)

    def entries(self, scopes: Sequence[Scope], ids: Sequence[str]) -> list[Entry]:
        self._check(scopes)
        return self._engine.entries(scopes, ids)

    def held(self, scopes: Sequence[Scope], ids: Sequence[str]) -> list[Record]:
        self._check(scopes)
        return self._engine.held(scopes, ids)

    def identities(self, scope: Scope) -> list[tuple[Scope, str]]:
        self._check([scope])
        return self._engine.identities(scope)

    def exact(self, scope: Scope, id: str) -> Record | None:
        self._check([scope])
        return self._engine.exact(scope, id)

    def select(
        self, scopes: Sequence[Scope], selection: Selection, offset: int, limit: int | None
    ) -> list[Record]:
        self._check(scopes)
        return self._engine.select(scopes, selection, offset, limit)

    def latest(
        self, scopes: Sequence[Scope], selection: Selection, limit: int | None
    ) -> list[Record]:
        self._check(scopes)
        return self._engine.latest(scopes, selection, limit)

    def session(self, scope: Scope, name: str, kind: Kind, limit: int | None) -> Page:
        self._check([scope])
        return self._engine.session(scope, name, kind, limit)

    def tally(self, scopes: Sequence[Scope], selection: Selection) -> dict[str, int]:
        self._check(scopes)
        return self._engine.tally(scopes, selection)

    def of_kinds(self, scopes: Sequence[Scope], kinds: Sequence[Kind]) -> list[Record]:
        self._check(scopes)
        return self._engine.of_kinds(scopes, kinds)

    def rank(
        self,
        scopes: Sequence[Scope],
        query: str,
        selection: Selection,
        limit: int,
        vector: Vectors | None = None,
    ) -> list[Match]:
        self._check(scopes)
        return self._engine.rank(scopes, query, selection, limit, vector)

    def explain(
        self,
        scopes: Sequence[Scope],
        query: str,
        selection: Selection,
        limit: int,
        vector: Vectors | None = None,
    ) -> Explanation:
        self._check(scopes)
        return self._engine.explain(scopes, query, selection, limit, vector)

    def scopes(self, scopes: Sequence[Scope], offset: int, limit: int) -> list[ScopeStats]:
        self._check(scopes)
        return self._engine.scopes(scopes, offset, limit)

    def nearest(
        self, scopes: Sequence[Scope], vector: Vectors, selection: Selection, limit: int
    ) -> list[tuple[Entry, float]]:
        self._check(scopes)
        return self._engine.nearest(scopes, vector, selection, limit)

    def erase(self, erasure: Erasure) -> ErasureReceipt:
        self._check([erasure.scope])
        if erasure.backups:
            self._check_local("Backups are erased")
        return self._engine.erase(erasure)

    def ask(self, erasure: Erasure, names: Sequence[str]) -> None:
        self._check([erasure.scope])
        self._engine.ask(erasure, names)

    def audit(self, scope: Scope) -> list[AuditEntry]:
        self._check([scope])
        return self._engine.audit(scope)

    def verify_audit(self) -> list[str]:
        self._check([Scope()])
        return self._engine.verify_audit()

    def backup(self, file: Path) -> None:
        self._check_local("Backups are made")
        self._engine.backup(file)

    def pending(self) -> int:
        return 0 if self.grant.scope.names else self._engine.pending()

    def flush(self) -> None:
        self._engine.flush()

    def close(self) -> None:
        """Do nothing: the store is the server's."""

    def _check_local(self, what: str) -> None:
        if not self.grant.is_local:
            raise AccessDeniedError(f"{what} on the server's own machine, with its command line.")

    def _check(self, scopes: Iterable[Scope]) -> None:
        for scope in scopes:
            if not self.grant.scope.contains(scope):
                raise AccessDeniedError(
                    f"The key {self.grant.name!r} is for the scope {str(self.grant.scope)!r}, "
                    f"which does not contain {str(scope)!r}."
                )

    @contextmanager
    def _writing(
        self,
        records: Sequence[Record],
        new: Collection[str],
        vectors: Sequence[Vectors] | None,
    ) -> Iterator[None]:
        self._check(record.scope for record in records)
        self._check_dimension(vectors)
        self._check_origins(records)
        limits = (self.grant.max_records, self.grant.max_bytes)
        if limits == (None, None):
            yield
            return
        most = Amount(*(inf if limit is None else limit for limit in limits))
        # One that takes another's place needs room too: the other stays as its past version.
        with self._quotas.writing(
            self.grant.name,
            most,
            amount(records),
            self._held,
            lambda: self._added(records, new),
        ):
            yield

    def _held(self) -> Amount:
        scopes, everything = [self.grant.scope], Selection(state="all")
        if self.grant.max_bytes is None:
            return Amount(sum(self._engine.tally(scopes, everything).values()))
        return amount(self._engine.select(scopes, everything, 0, None))

    def _added(self, records: Sequence[Record], new: Collection[str]) -> Amount:
        """Return how much the store would grow: what it holds already adds nothing."""
        pairs = self._engine.growth(records, new)
        grown = sum(max(size(one) - (size(old) if old else 0), 0) for old, one in pairs)
        return Amount(sum(old is None for old, _ in pairs), grown)

    def _held_back(self, records: Sequence[Record]) -> list[Record]:
        """Return the records, those that give orders held back, whatever the client left out.

        What is stored already may have been released. None has more trust than its origin.
        """
        if self.grant.is_local:
            return list(records)
        return [self._screened_again(record) for record in records]

    def _screened_again(self, record: Record) -> Record:
        given = record if record.trust is None else replace(record, trust=trusted(record))
        kept = held_back(given, self.screening)
        return given if kept is not given and self._is_kept(given) else kept

    def _check_origins(self, records: Sequence[Record]) -> None:
        claimed = [record for record in records if not self._may_claim(record.source.origin)]
        for record in claimed:
            # What others have stored may be said again and counted, as it is.
            if not self._is_kept(record):
                raise AccessDeniedError(
                    f"The key {self.grant.name!r} may not write as {record.source.origin!r}, but "
                    f"as {', '.join(sorted(self.grant.origins)) or 'nobody'}. Give another "
                    "origin, or make a key with `commonplace keys add … --origin`."
                )

    def _may_claim(self, origin: Origin | None) -> bool:
        return self.grant.is_local or origin is None or origin in self.grant.origins

    def _is_kept(self, record: Record) -> bool:
        """Tell whether what a record says is stored, under its id or as what it is a version of."""
        kept = self._engine.held([record.scope], [record.version_of or record.id])
        return any(map(partial(_says_the_same, record), kept))

    def _check_dimension(self, vectors: Sequence[Vectors] | None) -> None:
        # In an empty store the first vectors decide what all others must be like.
        expected = self._dimension() if vectors else None
        for rows in vectors or ():
            if expected is not None and rows.shape[1] != expected:
                raise InvalidInputError(
                    f"The vectors have the dimension {rows.shape[1]}, and those of "
                    f"{self.embedder_name!r} have {expected}. Send none, and the server embeds."
                )


def _says_the_same(one: Record, other: Record) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _SAID)
