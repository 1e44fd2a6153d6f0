"""Records in Chroma: partitioned collections in cosine space. The rows' format is in rows.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from commonplace.chroma import rows
from commonplace.chroma.catalogue import Catalogue
from commonplace.chroma.partition import Partition
from commonplace.chroma.reading import Reading
from commonplace.chroma.translation import is_not_found, translated
from commonplace.errors import StoreError
from commonplace.ports import Entry, Erased, Vectors
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.values.uses import Uses, used
from commonplace.writing.repetition import statement

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

Item = TypeVar("Item")

_NAMES_IN_PARTITION = 2
# Chroma holds the GIL for the whole of a write; small slices keep the process's other threads,
# an event loop among them, alive during a bulk import. 100 is the measured sweet spot.
ROWS_PER_WRITE = 100
_IDS_PER_CALL = 5_000
# Each is a condition of its own, and SQL allows a thousand levels of them.
_MARKS_PER_CALL = 100


class ChromaStore:
    """A RecordStore on a Chroma client.

    Records are spread over a bounded number of collections by the first two names of their scope,
    so that what a read costs follows the scope's size and not the store's.
    """

    def __init__(self, client: ClientAPI, embedder: str) -> None:
        """Open the store that `client` holds, or start one there at the first write.

        Raises StoreFormatError, EmbedderMismatchError, or StoreError.
        """
        self._opened: Catalogue | None = Catalogue(client, embedder)

    @property
    def _catalogue(self) -> Catalogue:
        assert self._opened is not None, "a client that was passed is open"
        return self._opened

    @property
    def dimension(self) -> int | None:
        return self._catalogue.dimension

    def put(self, entries: Sequence[Entry]) -> None:
        for number, share in self._by_partition(entries).items():
            for part in _by_rows(share, ROWS_PER_WRITE):
                self._write(number, rows.to_rows(part))

    def replace(self, pairs: Sequence[tuple[Entry, Entry]], new: Sequence[Entry] = ()) -> None:
        self.put([*new, *(changed for _, changed in pairs)])
        for old, changed in pairs:
            if leftover := rows.row_ids(old)[len(changed.vectors) :]:
                self._delete(self._partition(old.record.scope), old.record.scope, leftover)

    def remove(self, entries: Sequence[Entry]) -> None:
        for share in self._by_partition(entries).values():
            ids = [row for entry in share for row in rows.row_ids(entry)]
            self._delete(self._partition(share[0].record.scope), share[0].record.scope, ids)

    def count_uses(self, uses: Uses) -> list[Record]:
        shares: dict[int, list[tuple[Scope, str]]] = defaultdict(list)
        for scope, id in uses:
            shares[self._number(scope)].append((scope, id))
        return [
            record
            for number, share in shares.items()
            for part in sliced(share, ROWS_PER_WRITE)
            for record in self._count(number, {identity: uses[identity] for identity in part})
        ]

    def _count(self, number: int, uses: Uses) -> list[Record]:
        partition = Partition(self._catalogue, number)
        ids = [rows.row_id_of(scope, id, 0) for scope, id in uses]
        with translated("counting uses"):
            found = partition.get(ids=ids, include=["documents", "metadatas"])
            texts = [document or "" for document in found["documents"]]
            stored = map(rows.to_record, texts, found["metadatas"])
            counted = [new for old in stored if (new := used(old, uses[old.scope, old.id]))]
        _recount(partition, counted)
        return counted

    def recount(self, records: Sequence[Record]) -> None:
        """Write how often these records were used, where they are."""
        shares: dict[int, list[Record]] = defaultdict(list)
        for record in records:
            shares[self._number(record.scope)].append(record)
        for number, share in shares.items():
            for part in sliced(share, ROWS_PER_WRITE):
                _recount(Partition(self._catalogue, number), part)

    def discard(self, row_ids: Sequence[tuple[Scope, str]]) -> None:
        """Remove the rows with these ids, each of a record of a scope. Absent ones are ignored."""
        shares: dict[int, list[str]] = defaultdict(list)
        for scope, id in row_ids:
            shares[self._number(scope)].append(id)
        for number, ids in shares.items():
            self._delete(Partition(self._catalogue, number), Scope(), ids)

    def find(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        return [
            entry
            for partition in self._collections(scope)
            for part in sliced(ids, _IDS_PER_CALL)
            for entry in _reading(partition, scope, {"id": {"$in": part}}).few()
        ]

    def stating(self, scope: Scope, statements: Sequence[str]) -> list[Entry]:
        marks = sorted({mark for one in statements for mark in rows.statement_marks(scope, one)})
        found = self._marked([self._partition(scope)], scope, marks)
        said = set(statements)
        return [one for one in found if statement(one.record) in said]

    def versions(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        marks = [rows.version_mark(id) for id in ids]
        return self._marked(self._collections(scope), scope, marks)

    def entries(self, scope: Scope) -> Iterator[Entry]:
        for partition in self._collections(scope):
            yield from _reading(partition, scope).many()

    def records(self, scope: Scope) -> Iterator[Record]:
        for partition in self._collections(scope):
            for page in _reading(partition, scope).pages(["documents", "metadatas"]):
                for document, metadata in zip(page["documents"], page["metadatas"], strict=True):
                    if rows.is_first(metadata):
                        yield rows.to_record(document, metadata)

    def nearest(self, scope: Scope, vector: Vectors, limit: int) -> list[Entry]:
        ids: list[str] = []
        for partition in self._collections(scope):
            with translated(f"searching {str(scope)!r}"):
                found = partition.query(
                    query_embeddings=vector[np.newaxis],
                    n_results=limit,
                    where=where(scope, None),
                    include=["metadatas"],
                )
            ids += [str(metadata["id"]) for metadata in found["metadatas"][0]]
        return [
            entry
            for partition in self._collections(scope)
            for part in sliced(sorted(set(ids)), _IDS_PER_CALL)
            for entry in _reading(partition, scope, {"id": {"$in": part}}).few_sound()
        ]

    def erase(self, scope: Scope) -> Erased:
        """Remove what lies within `scope`. What the database keeps of it is out of reach here."""
        records = erased = 0
        for partition in self._collections(scope):
            found = [
                (p["ids"], p["metadatas"]) for p in _reading(partition, scope).pages(["metadatas"])
            ]
            for ids, metadatas in found:
                self._delete(partition, scope, ids)
                records += sum(map(rows.is_first, metadatas))
                erased += len(ids)
        return Erased(records, erased, verification=None)

    @property
    def pending(self) -> int:
        return 0

    def await_room(self) -> None:
        """Do nothing: each write waits for Chroma."""

    def flush(self) -> None:
        """Do nothing: each write waits for Chroma."""

    def close(self) -> None:
        """Do nothing: the client belongs to who made it."""

    def _by_partition(self, entries: Sequence[Entry]) -> dict[int, list[Entry]]:
        shares: dict[int, list[Entry]] = defaultdict(list)
        for entry in entries:
            shares[self._number(entry.record.scope)].append(entry)
        return shares

    def _number(self, scope: Scope) -> int:
        top = rows.written_scope(scope.first(_NAMES_IN_PARTITION))
        digest = blake2b(top.encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % self._partition_count

    @property
    def _partition_count(self) -> int:
        return self._catalogue.partitions

    def _partition(self, scope: Scope) -> Partition:
        return Partition(self._catalogue, self._number(scope))

    def _collections(self, scope: Scope) -> list[Partition]:
        """Return the partitions with a collection that may hold records within `scope`."""
        return [
            Partition(self._catalogue, number)
            for number in self._partitions(scope)
            if self._catalogue.partition(number) is not None
        ]

    def _partitions(self, scope: Scope) -> Iterable[int]:
        """Return the numbers of the partitions that may hold records within `scope`."""
        if len(scope.names) < _NAMES_IN_PARTITION:
            return range(self._partition_count)
        return [self._number(scope)]

    def _marked(
        self, partitions: Sequence[Partition], scope: Scope, marks: Sequence[str]
    ) -> list[Entry]:
        """Return the entries that carry one of these marks."""
        ids = [
            str(row["id"])
            for partition in partitions
            for part in sliced(marks, _MARKS_PER_CALL)
            for page in Reading(partition, _any_of(part), str(scope)).pages(["metadatas"])
            for row in page["metadatas"]
        ]
        return [
            one
            for partition in partitions
            for part in sliced(ids, _IDS_PER_CALL)
            for one in _reading(partition, scope, {"id": {"$in": part}}).few()
        ]

    def _write(self, number: int, part: rows.Rows) -> None:
        dimension = len(part.embeddings[0])
        try:
            write(self._catalogue.partition_for_writing(number, dimension), part)
        except StoreError as error:
            if not is_not_found(error.__cause__):
                raise
            # Another writer removed the collection since it was looked up, or the whole store.
            self._catalogue.forget()
            write(self._catalogue.partition_for_writing(number, dimension), part)

    def _delete(self, partition: Partition, scope: Scope, ids: Sequence[str]) -> None:
        for part in sliced(ids, _IDS_PER_CALL):
            with translated(f"removing records from {str(scope)!r}"):
                partition.delete(part)


def write(collection: Collection, part: rows.Rows) -> None:
    """Write at most `ROWS_PER_WRITE` rows, or those of one entry."""
    with translated("writing records"):
        collection.upsert(
            ids=part.ids,
            embeddings=part.embeddings,  # type: ignore[arg-type]  # a list of arrays is taken
            documents=part.documents,  # type: ignore[arg-type]  # None marks a row without text
            metadatas=part.metadatas,  # type: ignore[arg-type]  # dict is invariant
        )


def _recount(partition: Partition, records: Sequence[Record]) -> None:
    if records:
        with translated("counting uses"):
            partition.annotate(
                [rows.row_id(record, 0) for record in records],
                [{"used": rows.written_use(record)} for record in records],
            )


def where(scope: Scope, also: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the condition that rows lie within `scope`, and meet another."""
    if not scope.names:
        return also
    here = {"within": {"$contains": rows.written_scope(scope)}}
    return {"$and": [here, also]} if also else here


def _any_of(marks: Sequence[str]) -> dict[str, Any]:
    conditions: list[dict[str, Any]] = [{"within": {"$contains": mark}} for mark in marks]
    return conditions[0] if len(conditions) == 1 else {"$or": conditions}


def _reading(partition: Partition, scope: Scope, also: dict[str, Any] | None = None) -> Reading:
    return Reading(partition, where(scope, also), str(scope))


def _by_rows(entries: Sequence[Entry], most: int) -> Iterator[list[Entry]]:
    """Cut `entries` into parts of at most `most` rows; one that has more is a part of its own."""
    part: list[Entry] = []
    rows_in_part = 0
    for entry in entries:
        if part and rows_in_part + len(entry.vectors) > most:
            yield part
            part, rows_in_part = [], 0
        part.append(entry)
        rows_in_part += len(entry.vectors)
    if part:
        yield part


def sliced(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    """Cut items into parts of at most `size`."""
    remaining = iter(items)
    while part := list(islice(remaining, size)):
        yield part
