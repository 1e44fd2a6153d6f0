"""Takes the rows of a scope out of a partition, in Chroma's files, while nobody has them open.

An index cannot be told to forget. So the partition gets a new one, which Chroma's engine makes from
its own queue, as it does after a crash: what stays is put into the queue again, each row under the
number that it had there. One transaction does it all, and no text that stays is written again
(docs/decisions/0053-cut-out-in-place.md).
"""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from commonplace.chroma import rows
from commonplace.chroma.erasure import ErasedRows
from commonplace.chroma.index_files import StoredVectors
from commonplace.chroma.purging import DATABASE
from commonplace.chroma.translation import translated
from commonplace.errors import StoreDamagedError, StoreError
from commonplace.ports import Vectors
from commonplace.values.scope import Scope

PARTITIONS = """
    SELECT collections.id, collections.dimension, texts.id, vectors.id FROM collections
    JOIN segments texts ON texts.collection = collections.id AND texts.scope = 'METADATA'
    JOIN segments vectors ON vectors.collection = collections.id AND vectors.scope = 'VECTOR'
"""
"""Selects what `Partition` holds."""
_TOPIC = "persistent://default/default/{}"
_READ_TO = "SELECT coalesce(max(seq_id), 0) FROM max_seq_id WHERE segment_id = ?"
_LAST = "SELECT coalesce(max(seq_id), 0) FROM embeddings_queue WHERE topic = ?"
_WITHIN = "SELECT id FROM embedding_metadata_array WHERE key = 'within' AND string_value = ?"
_GONE = "CREATE TEMP TABLE gone AS SELECT id, embedding_id FROM embeddings WHERE segment_id = ?"
_SAID = """
    SELECT gone.id, gone.embedding_id, key, coalesce(string_value, int_value)
    FROM gone JOIN embedding_metadata said ON said.id = gone.id ORDER BY gone.id
"""
_REMOVE = (
    "DELETE FROM embedding_fulltext_search WHERE rowid IN (SELECT id FROM gone)",
    "DELETE FROM embedding_metadata WHERE id IN (SELECT id FROM gone)",
    "DELETE FROM embedding_metadata_array WHERE id IN (SELECT id FROM gone)",
    "DELETE FROM embeddings WHERE id IN (SELECT id FROM gone)",
    "DROP TABLE gone",
)
_QUEUED = """
    SELECT id, max(seq_id) FROM embeddings_queue WHERE topic = ? AND vector IS NOT NULL GROUP BY id
"""
_QUEUED_VECTOR = "SELECT vector FROM embeddings_queue WHERE seq_id = ?"
_STAYING = "SELECT seq_id, embedding_id FROM embeddings WHERE segment_id = ? ORDER BY seq_id"
_UPSERT = 2
_QUEUE = f"""
    INSERT OR REPLACE INTO embeddings_queue (seq_id, operation, topic, id, vector, encoding)
    VALUES (?, {_UPSERT}, ?, ?, ?, 'FLOAT32')
"""  # noqa: S608  # of a number that is written above
_UNQUEUE = """
    DELETE FROM embeddings_queue WHERE topic = ? AND seq_id <= ?
    AND seq_id NOT IN (SELECT seq_id FROM embeddings WHERE segment_id = ?)
"""
_HIGHEST = "SELECT coalesce(max(seq_id), 0) FROM embeddings_queue"
_DELETE = 3
_HOLD_NUMBER = f"""
    INSERT OR IGNORE INTO embeddings_queue (seq_id, operation, topic, id)
    VALUES (?, {_DELETE}, ?, ?)
"""  # noqa: S608  # of a number that is written above
_NEW_INDEX = (
    "UPDATE segments SET id = :new WHERE id = :old",
    "UPDATE segment_metadata SET segment_id = :new WHERE segment_id = :old",
    "DELETE FROM max_seq_id WHERE segment_id = :old",
)


class Partition(NamedTuple):
    """A partition's collection, by the ids that the database gives it and its segments."""

    collection: str
    dimension: int | None
    texts: str
    vectors: str

    @property
    def topic(self) -> str:
        """How the queue names what is for the collection."""
        return _TOPIC.format(self.collection)


class OfRows(Protocol):
    """Knows the vectors of rows."""

    def of(self, row: str) -> Vectors | None:
        """Return the vector of the row with this id, None if it is not there."""
        ...


def cut_out(files: Path, name: str, scope: Scope, erased: ErasedRows) -> None:
    """Take out the rows of the collection `name` that lie within `scope`; hand them to `erased`.

    Its index is gone afterwards, and made anew when the collection is next used. Raises
    StoreDamagedError if a vector of what stays is missing, StoreError; then nothing is changed.
    """
    with (
        translated(f"erasing {str(scope)!r} from {str(files)!r}"),
        closing(sqlite3.connect(files / DATABASE, isolation_level=None, timeout=30)) as database,
    ):
        database.executescript("PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;")
        found = database.execute(f"{PARTITIONS} WHERE collections.name = ?", [name]).fetchone()
        if found is not None:
            database.execute("BEGIN IMMEDIATE")
            _cut(files, database, Partition(*found), scope, erased)
            database.execute("COMMIT")


def _cut(
    files: Path, database: sqlite3.Connection, one: Partition, scope: Scope, erased: ErasedRows
) -> None:
    _check_read(database, one)
    with closing(_KnownVectors(files, database, one)) as vectors:
        within = f" AND id IN ({_WITHIN})" if scope.names else ""
        named = [rows.written_scope(scope)] if scope.names else []
        database.execute(f"{_GONE}{within}", [one.texts, *named])
        _tell(database, vectors, erased)
        for statement in _REMOVE:
            database.execute(statement)
        renew_index(database, one, vectors)


def renew_index(database: sqlite3.Connection, one: Partition, vectors: OfRows) -> None:
    """Give a partition a new index, which Chroma makes of the queue. In the caller's transaction.

    What Chroma has not read yet stays in the queue. Raises StoreDamagedError if a vector is
    missing.
    """
    [(highest,)] = database.execute(_HIGHEST)
    [(read,)] = database.execute(_READ_TO, [one.texts])
    database.executemany(_QUEUE, _staying(database, one, vectors))
    database.execute(_UNQUEUE, [one.topic, read, one.texts])
    # Chroma numbers what it is given from the highest that is there, and takes lower ones for read.
    database.execute(_HOLD_NUMBER, [highest, one.topic, str(uuid.uuid4())])
    for statement in _NEW_INDEX:
        database.execute(statement, {"old": one.vectors, "new": str(uuid.uuid4())})


def rows_of(database: sqlite3.Connection, one: Partition) -> list[str]:
    """Return the ids of the rows that a partition has."""
    return [row for _, row in database.execute(_STAYING, [one.texts])]


def is_read(files: Path, name: str) -> bool:
    """Tell whether the database has all texts that the queue holds for the collection `name`."""
    with _reading(files) as database:
        found = database.execute(f"{PARTITIONS} WHERE collections.name = ?", [name]).fetchone()
        if found is None:
            return True
        read, last = _read_of(database, Partition(*found))
        return read >= last


def has_rows(files: Path, scope: Scope) -> bool:
    """Tell whether the database has a row that lies within `scope`, which has a name."""
    with _reading(files) as database:
        found = database.execute(f"{_WITHIN} LIMIT 1", [rows.written_scope(scope)])
        return found.fetchone() is not None


@contextmanager
def _reading(files: Path) -> Iterator[sqlite3.Connection]:
    with (
        translated(f"reading {str(files)!r}"),
        closing(sqlite3.connect(files / DATABASE, timeout=30)) as database,
    ):
        yield database


def _read_of(database: sqlite3.Connection, one: Partition) -> tuple[int, int]:
    """Return up to which number texts were read, and which is the last in the queue."""
    [(read,)] = database.execute(_READ_TO, [one.texts])
    [(last,)] = database.execute(_LAST, [one.topic])
    return read, last


def _check_read(database: sqlite3.Connection, one: Partition) -> None:
    """Raise StoreError if the queue holds texts that the database does not have yet."""
    read, last = _read_of(database, one)
    if read < last:
        raise StoreError(f"Chroma has read its queue up to {read} of {last}. Erase again.")


def _tell(database: sqlite3.Connection, vectors: _KnownVectors, erased: ErasedRows) -> None:
    """Hand to `erased` what was found to be taken out."""
    for (_, row), said in groupby(database.execute(_SAID), itemgetter(0, 1)):
        metadata: dict[str, Any] = {key: value for *_, key, value in said}
        document = metadata.pop("chroma:document", None)
        vector = vectors.of(row)
        erased.add(row, vectors.nothing if vector is None else vector, document, metadata)


def _staying(
    database: sqlite3.Connection, one: Partition, vectors: OfRows
) -> Iterator[tuple[int, str, str, bytes]]:
    """Yield the rows that stay, as the queue has them. Raises StoreDamagedError."""
    for number, row in database.execute(_STAYING, [one.texts]).fetchall():
        vector = vectors.of(row)
        if vector is None:
            raise StoreDamagedError(
                f"The vector of the row {row!r} is missing, so nothing was changed. Close the "
                "store, run `commonplace doctor --repair` on its directory, and try again."
            )
        yield number, one.topic, row, vector.tobytes()


class _KnownVectors:
    """The vectors of a partition's rows: the last that the queue has, else the index's."""

    def __init__(self, files: Path, database: sqlite3.Connection, one: Partition) -> None:
        self._database = database
        self._dimension = one.dimension or 1
        self.nothing = np.zeros(self._dimension, np.float32)
        self._queued = dict(database.execute(_QUEUED, [one.topic]).fetchall())
        self._stored = StoredVectors(files / one.vectors)

    def of(self, row: str) -> Vectors | None:
        """Return the vector of the row with this id, None if it is not there."""
        number = self._queued.get(row)
        if number is None:
            found = self._stored.of(row)
        else:
            [(written,)] = self._database.execute(_QUEUED_VECTOR, [number])
            found = np.frombuffer(written, np.float32)
        return found if found is not None and len(found) == self._dimension else None

    def close(self) -> None:
        self._stored.close()
