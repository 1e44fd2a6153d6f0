"""How an entry is written in the ledger, and found there. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from commonplace.chroma import rows
from commonplace.ports import Entry
from commonplace.recall import features
from commonplace.recall.columns import Columns, features_of, from_packed
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.writing.repetition import statement

FORMAT = 4
"""The third has no features."""
_INDEXES = """
    CREATE INDEX IF NOT EXISTS by_id ON entries (id);
    CREATE INDEX by_version ON entries (version) WHERE version IS NOT NULL;
"""
_LEDGER = f"""
    CREATE TABLE pending (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        scope TEXT, id TEXT, windows INTEGER, counts INTEGER, bytes INTEGER
    );
    CREATE TABLE ledger (name TEXT, mark TEXT, fed INTEGER, follows TEXT, beside TEXT);
    PRAGMA user_version = {FORMAT};
"""
TABLES = f"""
    BEGIN;
    CREATE TABLE entries (
        scope TEXT, id TEXT, text TEXT, record TEXT, used TEXT, statement TEXT, vectors BLOB,
        version TEXT, features BLOB, PRIMARY KEY (scope, id)
    ) WITHOUT ROWID;
    CREATE INDEX by_statement ON entries (statement) WHERE statement IS NOT NULL;
    {_INDEXES}
    CREATE TABLE covered (scope TEXT PRIMARY KEY) WITHOUT ROWID;
    {_LEDGER}
"""
"""What makes a ledger, in a transaction that is left open."""
FROM_COPY = f"""
    BEGIN;
    ALTER TABLE entries ADD COLUMN version TEXT;
    ALTER TABLE entries ADD COLUMN features BLOB;
    UPDATE entries SET version = version_in(record) WHERE record LIKE '%"version_of"%';
    {_INDEXES}
    DROP TABLE closed_beside;
    {_LEDGER}
"""  # noqa: S608  # of what is written above
"""What makes one of the copy that former releases kept, in a transaction that is left open.

It asks for the function `version_in`.
"""
BEGIN = "INSERT INTO ledger (name, mark, fed, follows, beside) VALUES (?, ?, 0, ?, ?)"
SAID = "SELECT name, mark, fed, follows, beside FROM ledger"
LAST = "SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'pending'"
WAITING = "SELECT count(*), coalesce(sum(bytes), 0) FROM pending"
PEND = "INSERT INTO pending (scope, id, windows, counts, bytes) VALUES (?, ?, ?, ?, ?)"
PENDING = (
    "SELECT sequence, scope, id, windows, counts, bytes FROM pending ORDER BY sequence LIMIT ?"
)
PENDING_WITHIN = "SELECT DISTINCT scope, id FROM pending WHERE scope >= ? AND scope < ?"
TAKEN = "DELETE FROM pending WHERE sequence <= ?"
FED = "UPDATE ledger SET fed = ?"
BESIDE = "UPDATE ledger SET beside = ?"
MARK = "UPDATE ledger SET mark = ?"
MARK_OF_COPY = "SELECT mark FROM closed_beside"
UNCOVER = "DELETE FROM covered"
PUT = """
    INSERT OR REPLACE INTO entries
    (scope, id, text, record, used, statement, vectors, version, features)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
REMOVE = "DELETE FROM entries WHERE scope = ? AND id = ?"
REMOVE_WITHIN = "DELETE FROM entries WHERE scope >= ? AND scope < ?"
WITH_FEATURES = f"""
    BEGIN;
    ALTER TABLE entries ADD COLUMN features BLOB;
    PRAGMA user_version = {FORMAT};
    COMMIT;
"""
"""What makes a ledger of one of format 3."""
COVER = "INSERT OR REPLACE INTO covered VALUES (?)"
WITHIN = "SELECT id, text, record, used, vectors FROM entries WHERE scope >= ? AND scope < ?"
COLUMNS = """
    SELECT scope, id, text, record, used, vectors, features FROM entries
    WHERE scope >= ? AND scope < ?
"""
KEEP = """
    UPDATE entries SET features = ?
    WHERE scope = ? AND id = ? AND text = ? AND record = ? AND used IS ?
"""
"""Keeps features of a record that is as it was read."""
STATING = "SELECT id, text, record, used, vectors FROM entries WHERE statement = ?"
NAMED = """
    SELECT id, text, record, used, vectors FROM entries INDEXED BY by_id
    WHERE id = ? AND scope >= ? AND scope < ?
"""
EXACT = "SELECT id, text, record, used, vectors FROM entries WHERE scope = ? AND id = ?"
VERSIONS = """
    SELECT id, text, record, used, vectors FROM entries INDEXED BY by_version
    WHERE version = ? AND scope >= ? AND scope < ?
"""
PAGE = """
    SELECT scope, id, text, record, used FROM entries
    WHERE (scope, id) > (?, ?) AND scope < ? ORDER BY scope, id LIMIT ?
"""


class Pending(NamedTuple):
    """A change that Chroma does not have yet.

    `windows` is the most rows that the record may have had; `counts` tells that only its uses
    changed; `bytes` is about what the rows hold.
    """

    sequence: int
    scope: Scope
    id: str
    windows: int
    counts: bool
    bytes: int


class Waiting(NamedTuple):
    """How many changes are pending, and about how many bytes they hold."""

    changes: int
    bytes: int


def identity(record: Record) -> tuple[str, str]:
    """Return the scope and the id of a record as they are written."""
    return str(record.scope), record.id


def row(entry: Entry) -> tuple[Any, ...]:
    """Write an entry."""
    record, vectors = entry.record, entry.vectors
    written, used = rows.written_record(entry)
    said = statement(record)
    mark = rows.statement_mark(record.scope, said) if said else None
    content = record.text, written, used, mark, vectors.tobytes(), record.version_of
    return (*identity(record), *content, features_of(entry))


def change(entry: Entry, windows: int, size: int, *, counts: bool = False) -> tuple[Any, ...]:
    """Write that an entry changes; what the numbers are, `Pending` says."""
    return (*identity(entry.record), windows, counts, size)


def pending(row: tuple[int, str, str, int, int, int]) -> Pending:
    """Read what `PENDING` gives."""
    sequence, scope, id, windows, counts, size = row
    return Pending(sequence, Scope.parse(scope), id, windows, bool(counts), size)


def version_in(record: str) -> str | None:
    """Return of which record a written one is a past version."""
    version: str | None = json.loads(record).get("version_of")
    return version


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


class Written(NamedTuple):
    """A record as it is written, read when somebody asks for it."""

    path: str
    id: str
    text: str
    record: str
    used: str | None

    @property
    def scope(self) -> Scope:
        return _scope(self.path)

    @property
    def size(self) -> int:
        metadata = self.record if '"metadata":' in self.record else ""
        return len(self.text) + len(metadata)

    def read(self) -> Record:
        return self._parsed()[0]

    def features(self) -> bytes:
        """Compute them: a former release wrote the record."""
        return features.packed(*self._parsed())

    def _parsed(self) -> tuple[Record, int]:
        [parsed] = _records([(self.id, self.text, self.record, self.used)])
        return parsed


def columns(
    page: Sequence[tuple[str, str, str, str, str | None, bytes, bytes | None]],
) -> tuple[Columns, list[tuple[Any, ...]]]:
    """Read what `COLUMNS` gives, and the records themselves only if their features are not known.

    Also returns values for `KEEP`, of those whose features were not.
    """
    records = [Written._make(row[:5]) for row in page]
    known = [row[6] if row[6] and features.is_known(row[6]) else None for row in page]
    each = list(zip(records, known, strict=True))
    packed = [kept or record.features() for record, kept in each]
    computed: list[tuple[Any, ...]] = [
        (now, *record) for (record, kept), now in zip(each, packed, strict=True) if kept is None
    ]
    vectors = np.frombuffer(b"".join([row[5] for row in page]), np.float32)
    windows = int(features.numbers(packed)["windows"].sum())
    return from_packed(records, packed, vectors.reshape(windows, -1)), computed


def records(page: Sequence[tuple[str, str, str, str, str | None]]) -> list[Record]:
    """Read what `PAGE` gives."""
    return [record for record, _ in _records([row[1:] for row in page])]


def _records(page: Sequence[tuple[str, str, str, str | None]]) -> list[tuple[Record, int]]:
    """Return each record with the number of its windows."""
    texts = [text for _, text, _, _ in page]
    metadatas = [{"id": id, "record": one, "used": used} for id, _, one, used in page]
    return rows.to_records(texts, metadatas)


_scope = lru_cache(maxsize=1_024)(Scope.parse)  # the records of a read are of few
