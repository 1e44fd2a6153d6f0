"""Erases a scope from partitions, and shows that nothing of it is left in the files."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from commonplace.chroma import rows
from commonplace.chroma.byte_search import Bytes
from commonplace.chroma.index_files import labelled_vectors
from commonplace.chroma.ledger_file import LEDGER
from commonplace.chroma.purging import DATABASE
from commonplace.chroma.traces import (
    found_in_files,
    in_unit_length,
    looking_for_texts,
    looking_for_vectors,
    text_pieces,
    vector_pieces,
)
from commonplace.chroma.translation import translated
from commonplace.chroma.vector_traces import VectorTraces
from commonplace.errors import StoreError
from commonplace.ports import Vectors, Verification

# All that the database keeps as text for the rows of collections that are there, and for itself, as
# the columns of a row lie in the file: the end of one and the head of the next are no piece either.
_LIVE = {
    "ROWS_THERE": "(SELECT id FROM embeddings WHERE segment_id IN (SELECT id FROM segments))",
    "QUEUE_OF_THEM": """
        embeddings_queue WHERE id IN
        (SELECT embedding_id FROM embeddings WHERE segment_id IN (SELECT id FROM segments))
    """,
}
_REMAINING = (
    "SELECT key || string_value FROM embedding_metadata WHERE id IN ROWS_THERE",
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
    "SELECT dir || version || filename || sql || hash FROM migrations",
    "SELECT coalesce(config_json_str, '') || coalesce(schema_str, '') FROM collections",
    "SELECT id || type || scope || collection FROM segments",
    "SELECT collection_id || key || coalesce(str_value, '') FROM collection_metadata",
    "SELECT segment_id || embedding_id FROM embeddings WHERE id IN ROWS_THERE",
    "SELECT topic || id FROM QUEUE_OF_THEM",
    "SELECT encoding || metadata FROM QUEUE_OF_THEM",
    "SELECT key || string_value FROM embedding_metadata_array WHERE id IN ROWS_THERE",
)
_REMAINING_IN_LEDGER = (
    """
    SELECT scope || id || text || record || coalesce(used, '') || coalesce(statement, '')
    || scope || id FROM entries
    """,
    "SELECT id || scope FROM entries",
    "SELECT version || scope || id FROM entries WHERE version IS NOT NULL",
    "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
    "SELECT name || coalesce(mark, '') || follows || coalesce(beside, '') FROM ledger",
    "SELECT scope FROM covered",
    "SELECT scope || id FROM pending",
)
_QUEUED_VECTORS = "SELECT vector FROM QUEUE_OF_THEM AND vector IS NOT NULL"
_LEDGER_VECTORS = "SELECT vectors FROM entries"
_VALUES_PER_SEARCH, _VECTORS_PER_SEARCH = 10_000, 500
# A topic ends with the id of its collection.
_QUEUED = """
    SELECT queued.id, metadata, vector FROM embeddings_queue queued
    JOIN collections ON topic LIKE '%/' || collections.id WHERE collections.name = ?
"""
_INDEXES = """
    SELECT segments.id FROM segments
    JOIN collections ON collection = collections.id WHERE collections.name = ?
"""
_SEGMENTS = "SELECT id FROM segments WHERE scope = 'VECTOR'"


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

    def texts(self) -> set[bytes]:
        """Return pieces of the texts, ids, keys and metadata of the sample."""
        strings = chain.from_iterable(texts for texts, _ in self._sample)
        return set(chain.from_iterable(map(text_pieces, strings)))

    def vectors(self) -> set[bytes]:
        """Return pieces of the vectors of the sample."""
        return set(vector_pieces(self._stacked())) if self._sample else set()

    def confirmed(self, paths: Iterable[Path], pieces: set[bytes]) -> set[bytes]:
        """Return those pieces of the sample's vectors that are a trace in one of the files."""
        if not pieces:
            return set()
        traces = VectorTraces(self._stacked())
        return set().union(*(traces.confirmed(path, pieces) for path in paths))

    @property
    def dimension(self) -> int:
        """How many components each vector of the sample has."""
        return len(self._sample[0][1])

    def _stacked(self) -> Vectors:
        return np.stack([one for _, one in self._sample])


class Found(NamedTuple):
    """Pieces of what was erased that no remaining record accounts for, and what was searched."""

    texts: set[bytes]
    vectors: set[bytes]
    files: int
    size: int

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return bool(self.texts or self.vectors)

    def and_in(self, others: Found) -> Found:
        """Return what was found here and in other files."""
        return Found(
            self.texts | others.texts,
            self.vectors | others.vectors,
            self.files + others.files,
            self.size + others.size,
        )


def found_in_chroma(files: Path, erased: ErasedRows) -> Found:
    """Look for what was erased in every file of the database.

    Raises StoreError if one cannot be read.
    """
    database = files / DATABASE
    paths = [path for path in sorted(files.rglob("*")) if path.is_file()]
    with translated(f"searching {str(files)!r}"):
        texts, vectors = found_in_files(paths, erased.texts(), erased.vectors())
        texts -= _in_remaining_texts(database, _REMAINING, texts)
        vectors -= _in_vectors(vectors, _written(database, _QUEUED_VECTORS, erased))
        vectors -= _in_vectors(vectors, _indexed(files))
        return _confirmed(paths, erased, texts, vectors)


def found_in_ledger(paths: list[Path], erased: ErasedRows) -> Found:
    """Look for what was erased in the files of a ledger. Raises StoreError if one is unreadable."""
    ledger = next(path for path in paths if path.name == LEDGER)
    with translated(f"searching {str(ledger)!r}"):
        texts, vectors = found_in_files(paths, erased.texts(), erased.vectors())
        texts -= _in_remaining_texts(ledger, _REMAINING_IN_LEDGER, texts)
        vectors -= _in_vectors(vectors, _written(ledger, _LEDGER_VECTORS, erased))
        return _confirmed(paths, erased, texts, vectors)


def _confirmed(
    paths: list[Path], erased: ErasedRows, texts: set[bytes], vectors: set[bytes]
) -> Found:
    size = sum(path.stat().st_size for path in paths)
    return Found(texts, erased.confirmed(paths, vectors), len(paths), size)


def is_in(files: Path, collection: str, found: Found) -> bool:
    """Tell whether the queue or the index of the collection of this name has any of the pieces."""
    texts, vectors = looking_for_texts(found.texts), looking_for_vectors(found.vectors)
    with translated(f"searching {str(files)!r}"), closing(_opened(files / DATABASE)) as database:
        for id, metadata, vector in database.execute(_QUEUED, [collection]):
            texts.look(_flat(b"%s\n%s" % (id, metadata or b"")))
            vectors.look(_flat(vector or b""))
        folders = [files / str(one, "ascii") for (one,) in database.execute(_INDEXES, [collection])]
        paths = [path for folder in folders for path in folder.glob("*")]
        in_index = found_in_files(paths, found.texts, found.vectors)
    return bool(texts.found or vectors.found or any(in_index))


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


def _in_remaining_texts(
    database: Path, statements: Iterable[str], pieces: set[bytes]
) -> set[bytes]:
    """Return the pieces that occur in what remains: they are not only of the erased."""
    looking = looking_for_texts(pieces)
    for statement in statements:
        for strings in () if looking.is_over else _values(database, statement, _VALUES_PER_SEARCH):
            looking.look(_flat(b"\n".join(strings)))
            if looking.is_over:
                break
    return looking.found


def _in_vectors(pieces: set[bytes], vectors: Iterable[Vectors]) -> set[bytes]:
    """Return the pieces of vectors that remain, as they are or in unit length."""
    looking = looking_for_vectors(pieces)
    if pieces:
        for some in vectors:
            for one in (some, in_unit_length(some)):
                looking.look(np.ascontiguousarray(one).reshape(-1).view(np.uint8))
    return looking.found


def _written(database: Path, statement: str, erased: ErasedRows) -> Iterator[Vectors]:
    """Yield the vectors that a column holds: they are as they were given."""
    for column in _values(database, statement, _VECTORS_PER_SEARCH):
        yield np.frombuffer(b"".join(column), np.float32).reshape(-1, erased.dimension)


def _indexed(files: Path) -> Iterator[Vectors]:
    """Yield the vectors of rows that indexes hold, as they are in the file."""
    for segments in _values(files / DATABASE, _SEGMENTS, _VALUES_PER_SEARCH):
        for segment in segments:
            yield from labelled_vectors(files / str(segment, "ascii"))


def _values(database: Path, statement: str, most: int) -> Iterator[list[bytes]]:
    """Yield the values of a column, many at a time."""
    for name, meant in _LIVE.items():
        statement = statement.replace(name, meant)
    with closing(_opened(database)) as opened:
        cursor = opened.execute(statement)
        while page := cursor.fetchmany(most):
            yield [value for (value,) in page if value is not None]


def _flat(content: bytes) -> Bytes:
    return np.frombuffer(content, np.uint8)


def _opened(database: Path) -> sqlite3.Connection:
    opened = sqlite3.connect(database)
    opened.text_factory = bytes
    return opened
