"""The engine of a memory whose store another process owns."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.client.connection import Connection
from commonplace.client.wire import (
    ENGINE,
    PREFIX,
    entry_from_json,
    match_from_json,
    selection_to_json,
    vectors_from_json,
    vectors_to_json,
)
from commonplace.embedding.adapters import CheckedEmbedder
from commonplace.embedding.entries import embedded, reads_the_same
from commonplace.errors import EmbedderMismatchError, MemoryClosedError
from commonplace.keeping import receipt
from commonplace.keeping.audit_chain import AuditEntry, from_line
from commonplace.keeping.erasing import Erasure, name_of, taken
from commonplace.keeping.receipt import ErasureReceipt
from commonplace.ports import Entry, Page, Vectors
from commonplace.recall import explanation
from commonplace.recall.explanation import Explanation
from commonplace.recall.filters import Selection
from commonplace.stores import scope_counts
from commonplace.stores.scope_counts import ScopeStats
from commonplace.values.record_json import from_json, to_json
from commonplace.values.records import Kind, Match, Record
from commonplace.values.scope import Scope
from commonplace.writing.policy import Screening


class RemoteEngine:
    """The operations of an engine, each one request. Safe to use from several threads.

    With an embedder of its own it sends vectors; without one the server embeds.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        embedder: CheckedEmbedder | None,
        clock: Callable[[], datetime],
        directory: str | None = None,
    ) -> None:
        """Greet the server. Raises EmbedderMismatchError, AccessDeniedError, or StoreError."""
        self.clock = clock
        self.directory = directory
        self._connection = connection
        self._embedder = embedder
        self._closed = False
        with ExitStack() as undo:
            undo.callback(self.close)
            about = connection.call(f"{PREFIX}/about", {})
            _check_embedder(embedder, about)
            undo.pop_all()
        self.embedder_name: str = about["embedder"]
        self.scope = Scope.parse(about["scope"])
        self.screening = Screening(**about["screening"])

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self._embedder is not None:
            return self._embedder.embed_documents(texts)
        return vectors_from_json(self._asked("embed", texts=list(texts)))

    def write(
        self,
        records: Sequence[Record],
        new: Collection[str] = (),
        vectors: Sequence[Vectors] | None = None,
    ) -> list[Record]:
        if not records:
            return []
        sent = self._vectors(records) if vectors is None else list(map(vectors_to_json, vectors))
        written = self._asked("write", records=_json(records), new=list(new), vectors=sent)
        return _records(written)

    def swap(self, old: Record, new: Record) -> bool:
        vectors = None if reads_the_same(old, new) else self._vectors([new])
        swapped: bool = self._asked("swap", old=to_json(old), new=to_json(new), vectors=vectors)
        return swapped

    def used(self, records: Sequence[Record]) -> None:
        if records:
            self._asked("used", records=_json(records))

    def remove(self, scope: Scope, ids: Sequence[str]) -> int:
        removed: int = self._asked("remove", scope=str(scope), ids=list(ids))
        return removed

    def discard(self, records: Sequence[Record]) -> int:
        removed: int = self._asked("discard", records=_json(records)) if records else 0
        return removed

    def sweep(self, scope: Scope) -> int:
        removed: int = self._asked("sweep", scope=str(scope))
        return removed

    def versions(self, scopes: Sequence[Scope], id: str) -> list[Record]:
        return _records(self._asked("versions", scopes=_paths(scopes), id=id))

    def find(self, scopes: Sequence[Scope], ids: Sequence[str]) -> list[Record]:
        return _records(self._asked("find", scopes=_paths(scopes), ids=list(ids)))

    def entries(self, scopes: Sequence[Scope], ids: Sequence[str]) -> list[Entry]:
        found = self._asked("entries", scopes=_paths(scopes), ids=list(ids))
        return [entry_from_json(one) for one in found]

    def held(self, scopes: Sequence[Scope], ids: Sequence[str]) -> list[Record]:
        return _records(self._asked("held", scopes=_paths(scopes), ids=list(ids)))

    def identities(self, scope: Scope) -> list[tuple[Scope, str]]:
        found = self._asked("identities", scope=str(scope))
        return [(Scope.parse(path), id) for path, id in found]

    def exact(self, scope: Scope, id: str) -> Record | None:
        found = self._asked("exact", scope=str(scope), id=id)
        return None if found is None else from_json(found)

    def select(
        self, scopes: Sequence[Scope], selection: Selection, offset: int, limit: int | None
    ) -> list[Record]:
        chosen = selection_to_json(selection)
        return _records(
            self._asked(
                "select", scopes=_paths(scopes), selection=chosen, offset=offset, limit=limit
            )
        )

    def latest(
        self, scopes: Sequence[Scope], selection: Selection, limit: int | None
    ) -> list[Record]:
        chosen = selection_to_json(selection)
        return _records(self._asked("latest", scopes=_paths(scopes), selection=chosen, limit=limit))

    def session(self, scope: Scope, name: str, kind: Kind, limit: int | None) -> Page:
        found = self._asked("session", scope=str(scope), name=name, kind=kind, limit=limit)
        return _records(found["records"]), found["total"]

    def tally(self, scopes: Sequence[Scope], selection: Selection) -> dict[str, int]:
        counts: dict[str, int] = self._asked(
            "tally", scopes=_paths(scopes), selection=selection_to_json(selection)
        )
        return counts

    def of_kinds(self, scopes: Sequence[Scope], kinds: Sequence[Kind]) -> list[Record]:
        return _records(self._asked("of_kinds", scopes=_paths(scopes), kinds=list(kinds)))

    def rank(
        self, scopes: Sequence[Scope], query: str, selection: Selection, limit: int
    ) -> list[Match]:
        found = self._ranked("rank", scopes, query, selection, limit)
        return [match_from_json(one) for one in found]

    def explain(
        self, scopes: Sequence[Scope], query: str, selection: Selection, limit: int
    ) -> Explanation:
        told = self._ranked("explain", scopes, query, selection, limit)
        return explanation.from_json(told)

    def scopes(self, scopes: Sequence[Scope], offset: int, limit: int) -> list[ScopeStats]:
        found = self._asked("scopes", scopes=_paths(scopes), offset=offset, limit=limit)
        return [scope_counts.from_json(one) for one in found]

    def nearest(
        self, scopes: Sequence[Scope], vector: Vectors, selection: Selection, limit: int
    ) -> list[tuple[Entry, float]]:
        found = self._asked(
            "nearest",
            scopes=_paths(scopes),
            vector=vectors_to_json(vector),
            selection=selection_to_json(selection),
            limit=limit,
        )
        return [(entry_from_json(one), one["cosine"]) for one in found]

    def erase(self, erasure: Erasure) -> ErasureReceipt:
        # The caller's own deletions are its own to make; the server records that they are asked
        # for, before this process may end among them, and how they went.
        names = [name_of(call) for call in erasure.also]
        if names:
            asked = {"scope": str(erasure.scope), "source": asdict(erasure.source)}
            self._asked("erase_steps", **asked, names=names)
        done = [taken(name_of(call), call, erasure.scope, erasure.waits) for call in erasure.also]
        answer = self._asked(
            "erase",
            scope=str(erasure.scope),
            reason=erasure.reason,
            source=asdict(erasure.source),
            done=[asdict(step) for step in (*erasure.done, *done)],
            backups=[str(file) for file in erasure.backups],
        )
        return receipt.from_json(answer)

    def audit(self, scope: Scope) -> list[AuditEntry]:
        return [from_line(line.encode()) for line in self._asked("audit", scope=str(scope))]

    def verify_audit(self) -> list[str]:
        found: list[str] = self._asked("verify_audit")
        return found

    def backup(self, file: Path) -> None:
        self._asked("backup", file=str(file))

    def pending(self) -> int:
        changes: int = self._asked("pending")
        return changes

    def flush(self) -> None:
        self._asked("flush")

    def close(self) -> None:
        self._closed = True
        self._connection.close()

    def _asked(self, operation: str, **body: Any) -> Any:
        if self._closed:
            raise MemoryClosedError("This memory is closed. Open it again with commonplace.open.")
        return self._connection.call(f"{ENGINE}/{operation}", body)

    def _ranked(
        self,
        operation: str,
        scopes: Sequence[Scope],
        query: str,
        selection: Selection,
        limit: int,
    ) -> Any:
        vector = self._embedder and vectors_to_json(self._embedder.embed_query(query))
        return self._asked(
            operation,
            scopes=_paths(scopes),
            query=query,
            selection=selection_to_json(selection),
            limit=limit,
            vector=vector,
        )

    def _vectors(self, records: Sequence[Record]) -> list[dict[str, Any]] | None:
        if self._embedder is None:
            return None
        return [vectors_to_json(entry.vectors) for entry in embedded(records, self._embedder)]


def _check_embedder(embedder: CheckedEmbedder | None, about: dict[str, Any]) -> None:
    theirs = about["embedder"]
    if embedder is not None and embedder.name != theirs:
        raise EmbedderMismatchError(
            f"The server's store is of the embedder {theirs!r}, not {embedder.name!r}. Open it "
            "with embedder= set to that one.",
            theirs,
        )
    if embedder is None and not about["embeds"]:
        raise EmbedderMismatchError(
            f"The server keeps vectors of the embedder {theirs!r} and has no such model itself. "
            "Open it with embedder= set to that one.",
            theirs,
        )


def _paths(scopes: Sequence[Scope]) -> list[str]:
    return [str(scope) for scope in scopes]


def _json(records: Sequence[Record]) -> list[dict[str, Any]]:
    return [to_json(record) for record in records]


def _records(written: list[dict[str, Any]]) -> list[Record]:
    return [from_json(one) for one in written]
