"""The vectors that a store's files hold, read past Chroma: with them an index is built anew.

A vector says what a text means to one model. So it needs no model as long as it is kept anywhere:
in the ledger, in Chroma's queue, or in the index itself, of which another file may be
the damaged one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import numpy as np

from commonplace.chroma import rows
from commonplace.chroma.index_files import read_vectors
from commonplace.chroma.purging import DATABASE
from commonplace.ports import Entry, Vectors

_QUEUED = """
    SELECT id, vector FROM embeddings_queue
    WHERE vector IS NOT NULL AND topic LIKE '%/' || ? ORDER BY seq_id
"""
# The ledger, and the copy that former releases kept in its place.
_BESIDE = ("ledger.sqlite3", "mirror.sqlite3")
_COPIED = "SELECT vectors FROM entries WHERE scope = ? AND id = ? AND text = ?"


class KeptVectors:
    """Looks for the vectors of the records of one partition."""

    def __init__(self, directory: Path, index: Path, collection: str, dimension: int) -> None:
        """Read what an index and the queue hold. The rest is read when it is asked for a record."""
        self._beside = [directory / name for name in _BESIDE]
        self._dimension = dimension
        self._by_row: dict[str, Vectors] = {}
        database = index.parent / DATABASE
        for id, vector in (*read_vectors(index).items(), *_queued(database, collection)):
            if len(vector) == dimension:
                self._by_row[id] = vector

    def entry(self, document: str, metadata: Mapping[str, Any]) -> Entry | None:
        """Return the entry of a first row, or None if a vector of it is nowhere."""
        ids = rows.expected_ids(document, metadata)
        record = rows.to_record(document, metadata)
        place = (str(record.scope), record.id, record.text)
        shape = len(ids), self._dimension
        copied = (_copied(file, place, shape) for file in self._beside)
        vectors = next((one for one in copied if one is not None), None)
        if vectors is None and all(map(self._by_row.__contains__, ids)):
            vectors = np.stack([self._by_row[id] for id in ids])
        return None if vectors is None else Entry(record, vectors)


def _queued(database: Path, collection: str) -> Iterator[tuple[str, Vectors]]:
    with closing(sqlite3.connect(database)) as opened:
        for id, vector in opened.execute(_QUEUED, [collection]):
            if len(vector) % 4 == 0:
                yield id, np.frombuffer(vector, np.float32)


def _copied(file: Path, place: tuple[str, str, str], shape: tuple[int, int]) -> Vectors | None:
    """Return what a file beside Chroma holds of the same text in the same place."""
    if not file.exists():
        return None
    with suppress(sqlite3.Error), closing(sqlite3.connect(file)) as opened:
        found = opened.execute(_COPIED, place).fetchone()
        if found is not None and len(found[0]) == 4 * shape[0] * shape[1]:
            return np.frombuffer(found[0], np.float32).reshape(shape)
    return None
