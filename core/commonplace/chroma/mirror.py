"""A copy of a store's entries beside Chroma, from which a cold scope is read several times faster.

Chroma holds what is true. The copy is an SQLite file in which the entries of a scope lie together;
it is written after Chroma was, and without waiting for the disk. So it is believed only while it
can be shown to be in step: in the process that wrote it, and after that process closed it, as long
as Chroma's database is as it was then. Otherwise it is removed, and each scope is copied anew when
it is next read. Where the copy itself fails, it is removed as well, and Chroma is read.

It also keeps what the store says of itself, so that a store is opened and read whose database is
not.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commonplace.chroma import mirror_rows, rows
from commonplace.chroma.catalogue import Mark
from commonplace.chroma.translation import translated
from commonplace.errors import StoreDamagedError, StoreError
from commonplace.ports import Entry
from commonplace.records import Record
from commonplace.scope import Scope
from commonplace.writing.repetition import statement

NO_DATABASE = ""
_ENTRIES_PER_READ = 1_000
_FORMAT_BEFORE = 1
_MOST_COPIED = 100_000
# SQLite keeps apart what takes more than a quarter of a page, and a record with a vector of 384
# numbers takes 2 kB. Nothing is journalled on the disk or synced, since nobody believes what a
# process left that ended within.
_SETTINGS = """
    PRAGMA page_size = 16384;
    PRAGMA journal_mode = MEMORY;
    PRAGMA synchronous = OFF;
    PRAGMA temp_store = MEMORY;
"""
_log = logging.getLogger(__name__)


def state_of(database: Path) -> str:
    """Return what changes whenever an SQLite database does, told while nobody has it open."""
    if not database.exists():
        return NO_DATABASE
    with database.open("rb") as file:
        changes = file.read(28)[24:].hex()  # SQLite counts a file's changes in its header
    files = (database, database.with_name(f"{database.name}-wal"))
    known = [one.stat() for one in files if one.exists()]
    return " ".join([changes, *(f"{one.st_size} {one.st_mtime_ns}" for one in known)])


class Mirror:
    """The copy in one file. The caller lets no two calls run at once, `records` aside."""

    def __init__(self, file: Path, state: str) -> None:
        """Open the copy, and remove it unless it was closed beside a database in this `state`.

        Raises StoreError if it cannot be removed.
        """
        self.file = file
        self._draft = file.with_name(f"{file.name}.new")
        self._state = state
        self.mark: Mark | None = None
        self._database: sqlite3.Connection | None = None
        self._in_use = threading.RLock()
        self._covered: set[tuple[str, ...]] = set()
        self._says_in_step = False
        self._changes = 0
        with self._harmless():
            self._open()
        if not self._covered:
            self.drop()
        if state == NO_DATABASE:
            self._cover(Scope(), [])

    def covers(self, scope: Scope) -> bool:
        """Tell whether every entry within `scope` is here."""
        names = scope.names
        return any(names[:count] in self._covered for count in range(len(names) + 1))

    def entries(self, scope: Scope) -> Iterator[Entry]:
        """Yield every entry within `scope`, which is covered.

        Raises StoreDamagedError if they cannot be read; the copy is removed then.
        """
        return self._read((mirror_rows.WITHIN, limits) for limits in mirror_rows.ranges(scope))

    def find(self, scope: Scope, ids: Iterable[str]) -> list[Entry]:
        """Return the entries within `scope`, which is covered, that have one of these ids.

        Raises StoreDamagedError if they cannot be read; the copy is removed then.
        """
        limits = mirror_rows.ranges(scope)
        return list(self._read((mirror_rows.NAMED, [id, *one]) for id in ids for one in limits))

    def records(self, scope: Scope) -> Iterator[Record]:
        """Yield every record within `scope`, which is covered, without its vectors.

        The copy may be changed meanwhile. Raises StoreError if it is closed or removed then, and
        StoreDamagedError if it cannot be read; it is removed.
        """
        for first, end in mirror_rows.ranges(scope):
            last: Sequence[str] = first, ""
            while page := self._page([*last, end, _ENTRIES_PER_READ]):
                yield from mirror_rows.records(page)
                last = page[-1][:2]

    def stating(self, scope: Scope, statements: Sequence[str]) -> list[Entry]:
        """Return the entries of exactly this scope, which is covered, that state one of these.

        Raises StoreDamagedError if they cannot be read; the copy is removed then.
        """
        marks = {mark for one in statements for mark in rows.statement_marks(scope, one)}
        found = self._read((mirror_rows.STATING, [mark]) for mark in sorted(marks))
        said = set(statements)
        return [one for one in found if statement(one.record) in said]

    def copied(self, scope: Scope, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Yield the entries of `scope`, which is not covered; it is once all were taken.

        Not if anything was written meanwhile, which may be missing among them, or if there are
        more than fit into memory with ease.
        """
        before, taken = self._changes, list[Entry]()
        for count, entry in enumerate(entries):
            if count < _MOST_COPIED:
                taken.append(entry)
            yield entry
        if self._changes == before and len(taken) < _MOST_COPIED:
            self._cover(scope, taken)

    def put(self, entries: Iterable[Entry]) -> None:
        """Follow a write."""
        self._follow(
            mirror_rows.PUT,
            [mirror_rows.row(one) for one in entries if self.covers(one.record.scope)],
        )

    def remove(self, records: Iterable[Record]) -> None:
        """Follow a removal."""
        self._follow(
            mirror_rows.REMOVE,
            [mirror_rows.identity(one) for one in records if self.covers(one.scope)],
        )

    def recount(self, records: Iterable[Record]) -> None:
        """Follow a counting of uses."""
        counted = (one for one in records if self.covers(one.scope))
        values = [(rows.written_use(one), *mirror_rows.identity(one)) for one in counted]
        self._follow(mirror_rows.RECOUNT, values)

    def erase(self, scope: Scope) -> None:
        """Remove what is here of a scope, and every trace of it: the rest is written anew.

        What SQLite deletes stays in its pages here and there, even with `secure_delete`.
        """
        self._follow(mirror_rows.REMOVE_WITHIN, mirror_rows.ranges(scope))
        with self._harmless():
            if self._database is not None:
                self._rewrite(self._database)

    def drop(self) -> None:
        """Remove the copy. Raises StoreError if it cannot be."""
        self._changes += 1
        self._covered = set()
        self._disconnect()
        with translated(f"removing {str(self.file)!r}"):
            self.file.unlink(missing_ok=True)
            self._draft.unlink(missing_ok=True)

    def close(self, state: str, mark: Mark | None) -> None:
        """Close the copy beside a database in this `state`, which says `mark` of itself.

        May be called again.
        """
        with self._harmless():
            if self._database is not None:
                self._say_in_step(self._database, state, mark)
        self._covered = set()
        self._disconnect()

    def _open(self) -> None:
        if not self.file.exists():
            return
        database = self._connect()
        [(version,)] = database.execute("PRAGMA user_version")
        if version not in (_FORMAT_BEFORE, mirror_rows.FORMAT):
            return
        [(state,)] = database.execute("SELECT state FROM closed_beside")
        if state != self._state:
            return
        self._says_in_step = True
        if version == _FORMAT_BEFORE:
            self._bring_over(database)
        [(mark,)] = database.execute("SELECT mark FROM closed_beside")
        self.mark = None if mark is None else json.loads(mark)
        covered = database.execute("SELECT scope FROM covered").fetchall()
        self._covered = {Scope.parse(scope).names for (scope,) in covered}

    def _bring_over(self, database: sqlite3.Connection) -> None:
        """Bring a copy over from the format before. It is not believed if the process ends."""
        database.executescript(mirror_rows.FROM_1)
        database.execute(f"PRAGMA user_version = {mirror_rows.FORMAT}")
        self._says_in_step = False

    def _rewrite(self, database: sqlite3.Connection) -> None:
        self._draft.touch(mode=0o600)
        with self._in_use:
            database.execute("VACUUM INTO ?", [str(self._draft)])
            self._disconnect()
            self._draft.replace(self.file)
            self._connect()

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self.file, isolation_level=None, check_same_thread=False)
        self._database = database
        weakref.finalize(self, database.close).atexit = False  # nobody has to close a store
        database.executescript(_SETTINGS)
        return database

    def _disconnect(self) -> None:
        with self._in_use:
            if self._database is not None:
                self._database.close()
                self._database = None

    def _opened(self) -> sqlite3.Connection:
        if self._database is None:
            raise ValueError("removed meanwhile")
        return self._database

    def _read(self, queries: Iterable[tuple[str, Sequence[Any]]]) -> Iterator[Entry]:
        try:
            for query, values in queries:
                cursor = self._opened().execute(query, values)
                while page := cursor.fetchmany(_ENTRIES_PER_READ):
                    yield from mirror_rows.entries(page)
        except (sqlite3.Error, ValueError) as error:
            raise self._unreadable(error) from error

    def _page(self, values: Sequence[Any]) -> list[Any]:
        """Return a page of records, read while nobody closes the copy."""
        with self._in_use:
            if self._database is None:  # the file may be another's by now
                raise StoreError(f"The copy {str(self.file)!r} was closed meanwhile: ask again.")
            try:
                return self._database.execute(mirror_rows.PAGE, values).fetchall()
            except sqlite3.Error as error:
                raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> StoreDamagedError:
        self.drop()
        return StoreDamagedError(
            f"The copy {str(self.file)!r} could not be read ({error}) and was removed. Nothing "
            "else is damaged: ask again."
        )

    def _cover(self, scope: Scope, entries: Iterable[Entry]) -> None:
        with self._harmless():
            if self._database is None:
                self.file.touch(mode=0o600)
                database = self._connect()
                database.executescript(mirror_rows.TABLES)
                database.execute(f"PRAGMA user_version = {mirror_rows.FORMAT}")
            database = self._opened()
            self._write(database, mirror_rows.REMOVE_WITHIN, mirror_rows.ranges(scope))
            self._write(database, mirror_rows.PUT, map(mirror_rows.row, entries))
            self._write(database, mirror_rows.COVER, [(str(scope),)])
            self._covered.add(scope.names)

    def _follow(self, change: str, values: Sequence[tuple[Any, ...]]) -> None:
        self._changes += 1
        with self._harmless():
            if self._database is not None and values:
                self._write(self._database, change, values)

    def _write(
        self, database: sqlite3.Connection, change: str, values: Iterable[tuple[Any, ...]]
    ) -> None:
        if self._says_in_step:
            self._say_nothing(database)
        database.execute("BEGIN")
        database.executemany(change, values)
        database.execute("COMMIT")

    def _say_nothing(self, database: sqlite3.Connection) -> None:
        """Take back that this is in step, before it is changed."""
        self._say(database, None, None)
        self._says_in_step = False

    def _say_in_step(self, database: sqlite3.Connection, state: str, mark: Mark | None) -> None:
        if not self._says_in_step:
            with self.file.open("r+b") as file:
                os.fsync(file.fileno())  # what it says must not last longer than what it is about
        if state != self._state or not self._says_in_step:
            self._say(database, state, mark)

    def _say(self, database: sqlite3.Connection, state: str | None, mark: Mark | None) -> None:
        written = None if mark is None else json.dumps(mark)
        database.execute("PRAGMA synchronous = FULL")
        database.execute("UPDATE closed_beside SET state = ?, mark = ?", [state, written])
        database.execute("PRAGMA synchronous = OFF")

    @contextmanager
    def _harmless(self) -> Iterator[None]:
        """Remove the copy, and tell of it, where the body cannot go on."""
        try:
            yield
        except (sqlite3.Error, OSError, ValueError):
            _log.exception("The copy %r failed and is removed: Chroma is read", str(self.file))
            self.drop()
