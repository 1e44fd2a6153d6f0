"""What a memory asks of the store that it is a view of, wherever that is."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from commonplace.keeping.audit_chain import AuditEntry
from commonplace.keeping.erasing import Erasure
from commonplace.keeping.receipt import ErasureReceipt
from commonplace.ports import Entry, Page, Vectors
from commonplace.recall.explanation import Explanation
from commonplace.recall.filters import Selection
from commonplace.stores.scope_counts import ScopeStats
from commonplace.values.records import Kind, Match, Record
from commonplace.values.scope import Scope
from commonplace.writing.policy import Screening


class Engine(Protocol):
    """One open store, as every memory on it sees it: in this process or behind a server.

    Takes checked values. Each call takes the scopes it may touch. Only live records are returned.
    Every call can raise StoreError, MemoryClosedError, and, where it embeds, EmbeddingError.
    """

    @property
    def directory(self) -> str | None:
        """The directory of the store, or None if it has none."""
        ...

    @property
    def embedder_name(self) -> str:
        """Identity of the model that the store's vectors are of."""
        ...

    @property
    def screening(self) -> Screening:
        """What is taken out, refused or held back before it is kept."""
        ...

    def clock(self) -> datetime:
        """Return the present moment, in UTC."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Embed texts to be found: float32, shape (len(texts), dimension)."""
        ...

    def write(
        self,
        records: Sequence[Record],
        new: Collection[str] = (),
        vectors: Sequence[Vectors] | None = None,
    ) -> list[Record]:
        """Store records, each in the place of the one with its scope and id if there is one.

        That one is kept as a past version if it said something else. Of the records whose ids are
        in `new`, one that states what its scope holds already is not stored: it reinforces that.
        Return what is stored for each. Durable on return. `vectors`, if given, are those of each
        record, and nothing is embedded.
        """
        ...

    def swap(self, old: Record, new: Record) -> bool:
        """Store `new` in the place of `old`; tell whether `old` was what is stored.

        They have the same scope and id. Raises RecordNotFoundError.
        """
        ...

    def used(self, records: Sequence[Record]) -> None:
        """Count that these records, as they were read, were shown to a model.

        Uses are gathered and written together later: the end of the process may cost the last of
        them. Those of records that are gone come to nothing.
        """
        ...

    def remove(self, scope: Scope, ids: Sequence[str]) -> int:
        """Remove the records with these ids and their past versions.

        Raises RecordNotFoundError if one is unknown; then none is removed.
        """
        ...

    def discard(self, records: Sequence[Record]) -> int:
        """Remove records by scope and id, with past versions; return how many were there."""
        ...

    def sweep(self, scope: Scope) -> int:
        """Remove what is expired within `scope` and return how many records that was."""
        ...

    def versions(self, scopes: Sequence[Scope], id: str) -> list[Record]:
        """Return the past versions of a record, the oldest first."""
        ...

    def find(self, scopes: Sequence[Scope], ids: Sequence[str]) -> list[Record]:
        """Return the records with these ids. Raises RecordNotFoundError if one is unknown."""
        ...

    def entries(self, scopes: Sequence[Scope], ids: Sequence[str]) -> list[Entry]:
        """Return them with their vectors."""
        ...

    def held(self, scopes: Sequence[Scope], ids: Sequence[str]) -> list[Record]:
        """Return the records within these scopes with these ids: those of any state."""
        ...

    def identities(self, scope: Scope) -> list[tuple[Scope, str]]:
        """Return scope and id of every record: past versions and what is held back as well."""
        ...

    def exact(self, scope: Scope, id: str) -> Record | None:
        """Return the record with this id in exactly this scope, or None."""
        ...

    def select(
        self, scopes: Sequence[Scope], selection: Selection, offset: int, limit: int | None
    ) -> list[Record]:
        """Return a page of the selected records, newest first."""
        ...

    def latest(
        self, scopes: Sequence[Scope], selection: Selection, limit: int | None
    ) -> list[Record]:
        """Return those of the selected records that can be recalled, last changed first."""
        ...

    def session(self, scope: Scope, name: str, kind: Kind, limit: int | None) -> Page:
        """Return a session's newest current records of a kind, newest first, and how many it has.

        They are of exactly this scope.
        """
        ...

    def tally(self, scopes: Sequence[Scope], selection: Selection) -> dict[str, int]:
        """Count the selected records by kind."""
        ...

    def of_kinds(self, scopes: Sequence[Scope], kinds: Sequence[Kind]) -> list[Record]:
        """Return the records of these kinds, the most important first, then the newest."""
        ...

    def rank(
        self, scopes: Sequence[Scope], query: str, selection: Selection, limit: int
    ) -> list[Match]:
        """Return the selected records that answer the query, best first."""
        ...

    def explain(
        self, scopes: Sequence[Scope], query: str, selection: Selection, limit: int
    ) -> Explanation:
        """Return what `rank` returns, with why it is found and other records are not.

        Reads every record of the scopes, whatever its state.
        """
        ...

    def scopes(self, scopes: Sequence[Scope], offset: int, limit: int) -> list[ScopeStats]:
        """Return a page of the scopes within these that hold records, in the order of names."""
        ...

    def nearest(
        self, scopes: Sequence[Scope], vector: Vectors, selection: Selection, limit: int
    ) -> list[tuple[Entry, float]]:
        """Return the selected entries most like a unit vector, best first, with cosines."""
        ...

    def erase(self, erasure: Erasure) -> ErasureReceipt:
        """Erase a scope down to the bytes, and record it in the audit log."""
        ...

    def audit(self, scope: Scope) -> list[AuditEntry]:
        """Return the entries of the audit log about exactly this scope; of the root, all."""
        ...

    def verify_audit(self) -> list[str]:
        """Tell what was changed in the audit log; nothing if it is as it was written."""
        ...

    def backup(self, file: Path) -> None:
        """Write the store to a file that is not there yet. Raises InvalidInputError."""
        ...

    def pending(self) -> int:
        """Return how many changes of the store Chroma does not have yet."""
        ...

    def flush(self) -> None:
        """Wait until Chroma has everything. Raises StoreError if it does not take it."""
        ...

    def close(self) -> None:
        """Release the store, or the connection to it. May be called again."""
        ...
