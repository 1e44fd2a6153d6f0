"""How an entry is written in the copy beside Chroma, and found there. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from commonplace.chroma import rows
from commonplace.ports import Entry
from commonplace.records import Record
from commonplace.scope import Scope
from commonplace.writing.repetition import statement

FORMAT = 2
TABLES = """
    CREATE TABLE entries (
        scope TEXT, id TEXT, text TEXT, record TEXT, used TEXT, statement TEXT, vectors BLOB,
        PRIMARY KEY (scope, id)
    ) WITHOUT ROWID;
    CREATE INDEX by_statement ON entries (statement) WHERE statement IS NOT NULL;
    CREATE INDEX by_id ON entries (id);
    CREATE TABLE covered (scope TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE closed_beside (state TEXT, mark TEXT);
    INSERT INTO closed_beside VALUES (NULL, NULL);
"""
FROM_1 = """
    PRAGMA synchronous = FULL;
    UPDATE closed_beside SET state = NULL;
    PRAGMA synchronous = OFF;
    ALTER TABLE closed_beside ADD COLUMN mark TEXT;
    CREATE INDEX by_id ON entries (id);
"""
"""What brings a copy of format 1 over."""
PUT = "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)"
REMOVE = "DELETE FROM entries WHERE scope = ? AND id = ?"
REMOVE_WITHIN = "DELETE FROM entries WHERE scope >= ? AND scope < ?"
RECOUNT = "UPDATE entries SET used = ? WHERE scope = ? AND id = ?"
COVER = "INSERT OR REPLACE INTO covered VALUES (?)"
WITHIN = "SELECT id, text, record, used, vectors FROM entries WHERE scope >= ? AND scope < ?"
STATING = "SELECT id, text, record, used, vectors FROM entries WHERE statement = ?"
NAMED = """
    SELECT id, text, record, used, vectors FROM entries INDEXED BY by_id
    WHERE id = ? AND scope >= ? AND scope < ?
"""
PAGE = """
    SELECT scope, id, text, record, used FROM entries
    WHERE (scope, id) > (?, ?) AND scope < ? ORDER BY scope, id LIMIT ?
"""


def identity(record: Record) -> tuple[str, str]:
    """Return the scope and the id of a record as they are written."""
    return str(record.scope), record.id


def row(entry: Entry) -> tuple[str, str, str, str, str | None, str | None, bytes]:
    """Write an entry."""
    record, vectors = entry.record, entry.vectors
    written, used = rows.written_record(entry)
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
    records = _records([row[:-1] for row in page])
    flat = np.frombuffer(b"".join(vectors for *_, vectors in page), np.float32)
    left = flat.reshape(sum(windows for _, windows in records), -1)
    for record, windows in records:
        yield Entry(record, left[:windows])
        left = left[windows:]


def records(page: Sequence[tuple[str, str, str, str, str | None]]) -> list[Record]:
    """Read what `PAGE` gives."""
    return [record for record, _ in _records([row[1:] for row in page])]


def _records(page: Sequence[tuple[str, str, str, str | None]]) -> list[tuple[Record, int]]:
    """Return each record with the number of its windows."""
    texts = [text for _, text, _, _ in page]
    metadatas = [{"id": id, "record": one, "used": used} for id, _, one, used in page]
    return rows.to_records(texts, metadatas)
