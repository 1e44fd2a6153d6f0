"""Removes from the files what Chroma leaves in them of deleted collections and rows.

Measured on Chroma 1.5.9: `delete_collection` leaves the collection's index files, whole, and its
rows of `embedding_metadata_array`; deleted rows stay in SQLite's free pages and full-text index.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from commonplace.chroma.translation import translated
from commonplace.files.private_file import make_private_file, put_in_place

DATABASE = "chroma.sqlite3"

_LEFT_OVER = (
    "DELETE FROM embeddings WHERE segment_id NOT IN (SELECT id FROM segments)",
    "DELETE FROM embedding_metadata WHERE id NOT IN (SELECT id FROM embeddings)",
    "DELETE FROM embedding_metadata_array WHERE id NOT IN (SELECT id FROM embeddings)",
    "DELETE FROM embedding_fulltext_search WHERE rowid NOT IN (SELECT id FROM embeddings)",
    (  # a topic ends with the id of its collection
        "DELETE FROM embeddings_queue WHERE NOT EXISTS "
        "(SELECT 1 FROM collections WHERE topic LIKE '%/' || id)"
    ),
    "DELETE FROM max_seq_id WHERE segment_id NOT IN (SELECT id FROM segments)",
    "DELETE FROM segment_metadata WHERE segment_id NOT IN (SELECT id FROM segments)",
    "DELETE FROM collection_metadata WHERE collection_id NOT IN (SELECT id FROM collections)",
)
_TABLE = "SELECT 1 FROM sqlite_master WHERE name = 'embeddings_queue'"
_INDEXES = """
    SELECT collections.name, segments.id, coalesce(queued.rows, 0) FROM segments
    JOIN collections ON segments.collection = collections.id
    LEFT JOIN (
        SELECT substr(topic, -36) AS collection, count(*) AS rows FROM embeddings_queue
        GROUP BY topic
    ) queued ON queued.collection = collections.id
    WHERE segments.scope = 'VECTOR'
"""


def purge(files: Path) -> None:
    """Remove every trace of what is deleted from Chroma's files, which no client may have open.

    Raises StoreError. A process that ends within leaves files that can be purged again.
    """
    with translated(f"purging {str(files)!r}"), closing(_database(files)) as database:
        database.execute("PRAGMA secure_delete = ON")
        database.execute("BEGIN IMMEDIATE")
        for statement in _LEFT_OVER:
            database.execute(statement)
        database.execute(
            "INSERT INTO embedding_fulltext_search(embedding_fulltext_search) VALUES ('optimize')"
        )
        database.execute("COMMIT")
        draft = _written_anew(database, files)
    with translated(f"purging {str(files)!r}"):
        put_in_place(draft, files / DATABASE)
        for folder in orphans(files):
            shutil.rmtree(folder)


def _written_anew(database: sqlite3.Connection, files: Path) -> Path:
    """Write the database to another file, of which no page has a trace of anything else.

    Beside VACUUM, which writes each page three times, that takes a third of the time.
    """
    draft = files / f"{DATABASE}.new"
    draft.unlink(missing_ok=True)
    make_private_file(draft)
    database.execute("VACUUM INTO ?", [str(draft)])
    with draft.open("r+b") as written:
        os.fsync(written.fileno())
    return draft


def orphans(files: Path) -> list[Path]:
    """Return the folders of indexes that no collection has. Raises StoreError."""
    with translated(f"listing {str(files)!r}"), closing(_database(files)) as database:
        segments = {segment for (segment,) in database.execute("SELECT id FROM segments")}
        return sorted(one for one in files.iterdir() if one.is_dir() and one.name not in segments)


def without_index(files: Path, least: int) -> list[str]:
    """Return the names of the collections whose index is not written yet, if so many rows wait.

    Raises StoreError.
    """
    if not (files / DATABASE).exists():
        return []
    with translated(f"listing {str(files)!r}"), closing(_database(files)) as database:
        if not database.execute(_TABLE).fetchall():
            return []
        indexes = database.execute(_INDEXES).fetchall()
    return [
        name
        for name, segment, queued in indexes
        if queued >= least and not (files / segment).is_dir()
    ]


def check_free(files: Path) -> None:
    """Raise StoreError if another program has locked the database."""
    with (
        translated(f"looking whether {str(files)!r} is free"),
        closing(sqlite3.connect(files / DATABASE, timeout=1)) as database,
    ):
        database.execute("BEGIN IMMEDIATE")
        database.execute("ROLLBACK")


def _database(files: Path) -> sqlite3.Connection:
    return sqlite3.connect(files / DATABASE, isolation_level=None, timeout=30)
