"""How an entry is written in the copy beside Chroma, and found there. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from commonplace.chroma import rows
from commonplace.ports import Entry
from commonplace.records import Record
from commonplace.scope import Scope
from commonplace.writing.repetition import statement

FORMAT = 1
TABLES = """
    CREATE TABLE entries (
        scope TEXT, id TEXT, text TEXT, record TEXT, used TEXT, statement TEXT, vectors BLOB,
        PRIMARY KEY (scope, id)
    ) WITHOUT ROWID;
    CREATE INDEX by_statement ON entries (statement) WHERE statement IS NOT NULL;
    CREATE TABLE covered (scope TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE closed_beside (state TEXT);
    INSERT INTO closed_beside VALUES (NULL);
"""
PUT = "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)"
REMOVE = "DELETE FROM entries WHERE scope = ? AND id = ?"
REMOVE_WITHIN = "DELETE FROM entries WHERE scope >= ? AND scope < ?"
RECOUNT = "UPDATE entries SET used = ? WHERE scope = ? AND id = ?"
COVER = "INSERT OR REPLACE INTO covered VALUES (?)"
WITHIN = "SELECT id, text, record, used, vectors FROM entries WHERE scope >= ? AND scope < ?"
STATING = "SELECT id, text, record, used, vectors FROM entries WHERE statement = ?"


def identity(record: Record) -> tuple[str, str]:
    """Return the scope and the id of a record as they are written."""
    return str(record.scope), record.id


def row(entry: Entry) -> tuple[str, str, str, str, str | None, str | None, bytes]:
    """Write an entry."""
    record, vectors = entry.record, entry.vectors
    written = rows.written_record(record, len(vectors))
    used = rows.written_use(record)["used"]
    said = statement(record)
    mark = rows.statement_mark(record.scope, said) if said else None
    return (*identity(record), record.text, written, used, mark, vectors.tobytes())


def ranges(scope: Scope) -> list[tuple[str, str | bytes]]:
    """Return the ranges of written scopes within `scope`: from the first one, to before another."""
    if not scope.names:
        return [("", b"")]  # to SQLite bytes come after every text
    path = str(scope)  # without control characters, and with names divided by "/", before "0"
    return [(path, f"{path}\x01"), (f"{path}/", f"{path}0")]


def entries(page: Sequence[tuple[str, str, str, str | None, bytes]]) -> Iterator[Entry]:
    """Read what `WITHIN` and `STATING` give."""
    texts = [text for _, text, _, _, _ in page]
    metadatas = [{"id": id, "record": one, "used": used} for id, _, one, used, _ in page]
    records = rows.to_records(texts, metadatas)
    flat = np.frombuffer(b"".join(vectors for *_, vectors in page), np.float32)
    left = flat.reshape(sum(windows for _, windows in records), -1)
    for record, windows in records:
        yield Entry(record, left[:windows])
        left = left[windows:]
