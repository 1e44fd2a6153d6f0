"""Erases a scope from partitions, and shows that nothing of it is left in the files."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from commonplace.chroma import rows
from commonplace.chroma.purging import DATABASE
from commonplace.chroma.reading import everything
from commonplace.chroma.store import ROWS_PER_WRITE
from commonplace.chroma.traces import (
    TEXT_PIECE,
    VECTOR_PIECE,
    Search,
    found_in_file,
    in_unit_length,
    text_pieces,
    upper_halves,
    vector_pieces,
)
from commonplace.chroma.translation import translated
from commonplace.chroma.vector_traces import VectorTraces
from commonplace.errors import StoreError
from commonplace.ports import Vectors, Verification
from commonplace.values.scope import Scope

# All that the database keeps as text for the rows of collections that are there, and for itself.
_REMAINING = (
    (
        "SELECT string_value FROM embedding_metadata WHERE string_value IS NOT NULL AND id IN "
        "(SELECT id FROM embeddings WHERE segment_id IN (SELECT id FROM segments))"
    ),
    (
        "SELECT metadata FROM embeddings_queue WHERE metadata IS NOT NULL AND id IN "
        "(SELECT embedding_id FROM embeddings WHERE segment_id IN (SELECT id FROM segments))"
    ),
    "SELECT embedding_id FROM embeddings WHERE segment_id IN (SELECT id FROM segments)",
    "SELECT schema_str FROM collections WHERE schema_str IS NOT NULL",
    "SELECT type FROM segments",
    "SELECT key || ' ' || coalesce(str_value, '') FROM collection_metadata",
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
    "SELECT sql FROM migrations",
)
_REMAINING_IN_QUEUE = (
    "SELECT vector FROM embeddings_queue WHERE vector IS NOT NULL AND id IN "
    "(SELECT embedding_id FROM embeddings WHERE segment_id IN (SELECT id FROM segments))"
)
_VALUES_PER_SEARCH = 10_000
# A topic ends with the id of its collection.
_QUEUED = "SELECT id, metadata, vector FROM embeddings_queue WHERE topic LIKE '%/' || ?"
_INDEXES = "SELECT id FROM segments WHERE collection = ?"


class ErasedRows:
    """What was taken out: how much, and a sample of it, which is all of it while that is little."""

    MOST = 500

    def __init__(self) -> None:
        """Start with nothing."""
        self.records = self.rows = 0
        self._every = 1
        self._sample: list[tuple[list[str], Vectors]] = []

    def add(self, id: str, vector: Vectors, document: str | None, metadata: dict[str, Any]) -> None:
        """Take note of a row."""
        self.records += rows.is_first(metadata)
        if self.rows % self._every == 0:
            self._sample.append((list(_strings(id, document, metadata)), vector))
        self.rows += 1
        if len(self._sample) > self.MOST:
            self._sample, self._every = self._sample[::2], self._every * 2

    def texts(self) -> Search:
        """Return a search for the texts, ids, keys and metadata of the sample."""
        strings = chain.from_iterable(texts for texts, _ in self._sample)
        return Search(chain.from_iterable(map(text_pieces, strings)), TEXT_PIECE)

    def vectors(self) -> Search:
        """Return a search for the vectors of the sample."""
        if not self._sample:
            return Search([], VECTOR_PIECE)
        return Search(vector_pieces(self._stacked()), VECTOR_PIECE)

    def confirmed(self, paths: Iterable[Path], pieces: set[bytes]) -> set[bytes]:
        """Return those pieces of the sample's vectors that are a trace in one of the files."""
        if not pieces:
            return set()
        traces = VectorTraces(self._stacked())
        return set().union(*(traces.confirmed(path, pieces) for path in paths))

    def _stacked(self) -> Vectors:
        return np.stack([one for _, one in self._sample])


def remaining(collection: Any, scope: Scope, erased: ErasedRows) -> Iterator[rows.Rows]:
    """Yield the rows of a collection that lie outside `scope`; hand those within to `erased`."""
    for page in everything(collection).pages(["documents", "metadatas", "embeddings"]):
        kept = rows.Rows()
        columns = page["ids"], page["embeddings"], page["documents"], page["metadatas"]
        for row in zip(*columns, strict=True):
            if rows.lies_within(row[3], scope):
                erased.add(row[0], row[1], row[2], row[3])
            else:
                kept.append(*row)
        yield from kept.slices(ROWS_PER_WRITE)


class Found(NamedTuple):
    """Pieces of what was erased that no remaining record accounts for, and what was searched."""

    texts: set[bytes]
    vectors: set[bytes]
    files: int
    size: int

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self.texts or self.vectors)


def searched(
    files: Path,
    beside: Iterable[Path],
    erased: ErasedRows,
    remaining_vectors: Callable[[], Iterable[Vectors]],
) -> Found:
    """Look for what was erased in every file of the database, and in those `beside` it.

    Raises StoreError if one cannot be read.
    """
    texts, vectors = erased.texts(), erased.vectors()
    found_texts: set[bytes] = set()
    found_vectors: set[bytes] = set()
    paths = [path for path in (*sorted(files.rglob("*")), *beside) if path.is_file()]
    with translated(f"searching {str(files)!r}"):
        for path in paths:
            in_texts, in_vectors = found_in_file(path, texts, vectors)
            found_texts |= in_texts
            found_vectors |= in_vectors
        found_texts -= _in_remaining_texts(files, found_texts)
        found_vectors -= _in_vectors(found_vectors, chain(_queued(files), remaining_vectors()))
        found_vectors = erased.confirmed(paths, found_vectors)
        size = sum(path.stat().st_size for path in paths)
    return Found(found_texts, found_vectors, len(paths), size)


def is_in(files: Path, collection: str, found: Found) -> bool:
    """Tell whether the queue or the index of the collection with this id has any of the pieces."""
    texts, vectors = Search(found.texts, TEXT_PIECE), Search(found.vectors, VECTOR_PIECE)
    with translated(f"searching {str(files)!r}"), closing(_database(files)) as database:
        queued = database.execute(_QUEUED, [collection]).fetchall()
        folders = [files / one for (one,) in database.execute(_INDEXES, [collection])]
        written = "\n".join(f"{id}\n{metadata}" for id, metadata, _ in queued).encode()
        flat = b"".join(vector for _, _, vector in queued if vector)
        return bool(
            texts.found_in(np.frombuffer(written, np.uint8))
            or vectors.found_in(upper_halves(np.frombuffer(flat, np.uint8)), every=2)
            or any(
                any(found_in_file(path, texts, vectors))
                for folder in folders
                for path in folder.glob("*")
            )
        )


def verified(files: Path, erased: ErasedRows, found: Found) -> Verification:
    """Return what a receipt says of the search. Raises StoreError if anything was found."""
    if found:
        raise StoreError(
            f"The records were removed, but {len(found.texts) + len(found.vectors)} pieces of them "
            f"are still in the files of {str(files)!r}. Erase the scope again; if that fails, "
            "please report it."
        )
    traces = len(erased.texts()) + len(erased.vectors())
    return Verification(found.files, found.size, traces, occurrences=0)


def _strings(id: str, document: str | None, metadata: Mapping[str, Any]) -> Iterator[str]:
    yield id
    if rows.is_first(metadata):
        record = rows.to_record(document or "", metadata)
        yield from (record.text, record.id, record.key or "", metadata["record"])
        yield from _texts_within(record.metadata)


def _texts_within(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield key
            yield from _texts_within(inner)
    elif isinstance(value, (list, tuple)):
        for inner in value:
            yield from _texts_within(inner)


def _in_remaining_texts(files: Path, pieces: set[bytes]) -> set[bytes]:
    """Return the pieces that occur in what remains: they are not only of the erased."""
    found: set[bytes] = set()
    search = Search(pieces, TEXT_PIECE)
    if pieces:
        for statement in _REMAINING:
            for strings in _values(files, statement):
                joined = "\n".join(strings).encode()
                found |= search.found_in(np.frombuffer(joined, np.uint8))
    return found


def _in_vectors(pieces: set[bytes], vectors: Iterable[Vectors]) -> set[bytes]:
    """Return the pieces of vectors that remain, as they are or in unit length."""
    found: set[bytes] = set()
    search = Search(pieces, VECTOR_PIECE)
    if pieces:
        for some in vectors:
            for one in (some, in_unit_length(some)):
                found |= search.found_in(upper_halves(one.reshape(-1).view(np.uint8)), every=2)
    return found


def _queued(files: Path) -> Iterator[Vectors]:
    """Yield the vectors that the queue holds of what remains: they are as they were given."""
    for vectors in _values(files, _REMAINING_IN_QUEUE):
        for vector in vectors:
            yield np.frombuffer(vector, np.float32)[np.newaxis]


def _values(files: Path, statement: str) -> Iterator[list[Any]]:
    """Yield the values of a column, many at a time."""
    with closing(_database(files)) as database:
        cursor = database.execute(statement)
        while page := cursor.fetchmany(_VALUES_PER_SEARCH):
            yield [value for (value,) in page]


def _database(files: Path) -> sqlite3.Connection:
    return sqlite3.connect(files / DATABASE)
