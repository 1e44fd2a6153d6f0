"""The ledger: what is written goes here first, and is read from here.

An SQLite file in which the entries of a scope lie together, and a list of what Chroma does not have
yet. A write is acknowledged when its transaction is on the disk. Chroma is brought up to date later
(feeder.py), from the entries as they are then: so feeding something twice does no harm.

Which scopes it covers stands in it. What it says of others is what was written lately, and no more.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from commonplace.chroma import ledger_file, ledger_rows, rows
from commonplace.chroma.catalogue import Mark
from commonplace.chroma.forks import keep_in_forks
from commonplace.chroma.ledger_connections import Connections
from commonplace.chroma.ledger_rows import Pending, Waiting
from commonplace.errors import StoreDamagedError, StoreError
from commonplace.ports import Entry
from commonplace.recall.columns import Columns
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.writing.repetition import statement

_ENTRIES_PER_READ = 1_000
_log = logging.getLogger(__name__)


class Ledger:
    """The ledger in one file, which is there. Safe to use from several threads.

    Two threads that write must not change the same record.
    """

    def __init__(self, file: Path) -> None:
        """Open it. Raises StoreDamagedError, StoreFormatError for a newer one, StoreError."""
        self.file = file
        self._connections = Connections(file)
        # Taken in this order: to close the file, to use the feeder's connection, and to write.
        self._in_use = threading.RLock()
        self._taking_notes = threading.RLock()
        self._writing = threading.RLock()
        self._covered: set[tuple[str, ...]] = set()
        self.changes = 0
        """How often something was written since this was opened."""
        self.taken = 0
        """How many changes Chroma took since this was opened."""
        try:
            self.said = self._connections.open()
            with ledger_file.reading(file):
                database = self._connections.of_writers
                ledger_file.truncate_log(database)
                covered = database.execute("SELECT scope FROM covered").fetchall()
                self.waiting = Waiting(*database.execute(ledger_rows.WAITING).fetchone())
        except BaseException:
            self.close()
            raise
        self._covered = {Scope.parse(scope).names for (scope,) in covered}
        keep_in_forks(self)  # a connection must not be closed there, nor its locks be waited for

    # What is read.

    def covers(self, scope: Scope) -> bool:
        """Tell whether every entry within `scope` is here."""
        names = scope.names
        return any(names[:count] in self._covered for count in range(len(names) + 1))

    def entries(self, scope: Scope) -> Iterator[Entry]:
        """Yield every entry within `scope`. Raises StoreDamagedError if they cannot be read."""
        return self._read((ledger_rows.WITHIN, limits) for limits in ledger_rows.ranges(scope))

    def columns(self, scope: Scope) -> Iterator[Columns]:
        """Yield them as columns, in parts. Raises StoreDamagedError if they cannot be read.

        Features that another release computed are computed anew, and kept.
        """
        for limits in ledger_rows.ranges(scope):
            for page in self._pages(ledger_rows.COLUMNS, limits):
                columns, computed = ledger_rows.columns(page)
                self._keep(computed)
                yield columns

    def find(self, scope: Scope, ids: Iterable[str]) -> list[Entry]:
        """Return the entries within `scope` that have one of these ids.

        Raises StoreDamagedError if they cannot be read.
        """
        limits = ledger_rows.ranges(scope)
        return list(self._read((ledger_rows.NAMED, [id, *one]) for id in ids for one in limits))

    def exact(self, identities: Iterable[tuple[Scope, str]]) -> list[Entry]:
        """Return the entries of exactly these scopes and ids that are there."""
        return list(self._read((ledger_rows.EXACT, [str(scope), id]) for scope, id in identities))

    def versions(self, scope: Scope, ids: Iterable[str]) -> list[Entry]:
        """Return the past versions, within `scope`, of the records with these ids."""
        limits = ledger_rows.ranges(scope)
        return list(self._read((ledger_rows.VERSIONS, [id, *one]) for id in ids for one in limits))

    def records(self, scope: Scope) -> Iterator[Record]:
        """Yield every record within `scope`, without its vectors.

        The ledger may be changed meanwhile. Raises StoreError if it is closed then, and
        StoreDamagedError if it cannot be read.
        """
        for first, end in ledger_rows.ranges(scope):
            last: Sequence[str] = first, ""
            while page := self.ask(ledger_rows.PAGE, [*last, end, _ENTRIES_PER_READ]):
                yield from ledger_rows.records(page)
                last = page[-1][:2]

    def ask(self, query: str, values: Sequence[Any]) -> list[Any]:
        """Return rows, read while nobody closes the ledger. Raises StoreDamagedError."""
        with self._in_use, self._readable():
            return self._connections.of_writers.execute(query, values).fetchall()

    def stating(self, scope: Scope, statements: Sequence[str]) -> list[Entry]:
        """Return the entries of exactly this scope that state one of these.

        Raises StoreDamagedError if they cannot be read.
        """
        marks = {mark for one in statements for mark in rows.statement_marks(scope, one)}
        found = self._read((ledger_rows.STATING, [mark]) for mark in sorted(marks))
        said = set(statements)
        return [one for one in found if statement(one.record) in said]

    # What is written.

    def put(self, entries: Sequence[Entry]) -> None:
        """Write entries. Durable on return; raises StoreError, and then nothing is written."""
        self.replace((), entries)

    def replace(self, pairs: Sequence[tuple[Entry, Entry]], new: Sequence[Entry] = ()) -> None:
        """Write the second of each pair in the place of the first, and `new` ones, as `put` does.

        All of it is one transaction.
        """
        written = [*((one, one) for one in new), *pairs]
        changes = [
            ledger_rows.change(one, max(len(old.vectors), len(one.vectors)), rows.payload(one))
            for old, one in written
        ]
        self._write(changes, ledger_rows.PUT, [ledger_rows.row(one) for _, one in written])

    def remove(self, entries: Sequence[Entry]) -> None:
        """Remove entries, as `put` writes them."""
        changes = [ledger_rows.change(one, len(one.vectors), 0) for one in entries]
        gone = [ledger_rows.identity(one.record) for one in entries]
        self._write(changes, ledger_rows.REMOVE, gone)

    def recount(self, entries: Sequence[Entry]) -> None:
        """Write entries of which only the uses changed, as `put` does."""
        changes = [ledger_rows.change(one, len(one.vectors), 0, counts=True) for one in entries]
        self._write(changes, ledger_rows.PUT, map(ledger_rows.row, entries))

    def check_there(self) -> None:
        """Raise StoreError if the file was removed or moved: what is written would be nowhere."""
        self._connections.check_there()

    def begin(self, mark: Mark) -> None:
        """Let the ledger say what the store says of itself."""
        with self._transaction(self._connections.of_writers) as database:
            database.execute(ledger_rows.MARK, [json.dumps(mark)])
        self.said = self.said._replace(mark=mark)

    # What the feeder does. None of it needs to be durable: it can be done again.

    def pending(self, most: int) -> list[Pending]:
        """Return the first changes that Chroma does not have."""
        with self._readable():
            found = self._connections.of_feeder.execute(ledger_rows.PENDING, [most]).fetchall()
        return list(map(ledger_rows.pending, found))

    def as_they_are(self, identities: Iterable[tuple[Scope, str]]) -> list[Entry]:
        """Return the entries of these scopes and ids that are there, as last written."""
        with self._readable():
            database = self._connections.of_feeder
            found = [
                row
                for scope, id in identities
                for row in database.execute(ledger_rows.EXACT, [str(scope), id])
            ]
            return list(ledger_rows.entries(found)) if found else []

    def pending_within(self, scope: Scope) -> set[tuple[Scope, str]]:
        """Return what names the changes within `scope` that Chroma does not have."""
        with self._readable():
            database = self._connections.of_writers
            return {
                (Scope.parse(path), id)
                for limits in ledger_rows.ranges(scope)
                for path, id in database.execute(ledger_rows.PENDING_WITHIN, limits)
            }

    def took(self, taken: Sequence[Pending], *, says_so: bool = True) -> None:
        """Take note that Chroma has these first changes, and whether it says so itself."""
        sequence = taken[-1].sequence
        fed = max(self.said.fed, sequence) if says_so else self.said.fed
        with self._taking_notes, self._writing:
            with self._transaction(self._connections.of_feeder) as database:
                database.execute(ledger_rows.TAKEN, [sequence])
                database.execute(ledger_rows.FED, [fed])
            self.said = self.said._replace(fed=fed)
            self.taken += len(taken)
            self._await(-len(taken), -sum(one.bytes for one in taken))

    def skip(self, sequence: int) -> None:
        """Take note that Chroma has more than this ledger knew: the changes up to this one."""
        if taken := [one for one in self.pending(-1) if one.sequence <= sequence]:
            self.took(taken)
        self.said = self.said._replace(fed=max(self.said.fed, sequence))

    def stands_beside(self, state: str | None) -> None:
        """Take note of the state of Chroma's database, None before it may change."""
        with self._taking_notes, self._writing:
            if state != self.said.beside:
                with self._transaction(self._connections.of_feeder) as database:
                    database.execute(ledger_rows.BESIDE, [state])
                self.said = self.said._replace(beside=state)

    def tidy(self) -> None:
        """Bring the log of SQLite into its file, for which no writer has to wait then."""
        with self._taking_notes, suppress(sqlite3.Error):
            self._connections.of_feeder.execute("PRAGMA wal_checkpoint(PASSIVE)")

    # The file as a whole.

    def erase(self, scope: Scope) -> None:
        """Remove what is here of a scope, and every trace of it: the rest is written anew.

        What SQLite deletes stays in its pages here and there, even with `secure_delete`.
        """
        with self._in_use, self._taking_notes, self._writing:
            limits = ledger_rows.ranges(scope)
            with self._transaction(self._connections.of_writers) as database:
                database.executemany(ledger_rows.REMOVE_WITHIN, limits)
            with ledger_file.writing(self.file):
                draft = ledger_file.anew(self._connections.of_writers, self.file)
                self.close()
                ledger_file.put_in_place(draft, self.file)
            self.changes += 1
            self._connections.open()

    def renew(self, state: str | None) -> None:
        """Begin an empty ledger that covers nothing in the place of this. Nothing is pending.

        Raises StoreError.
        """
        with self._in_use, self._taking_notes, self._writing:
            assert not self.waiting.changes, "what is pending is nowhere else"
            self.close()
            ledger_file.make(self.file, self.said.mark, self.said.stands, state)
            self._covered = set()
            self.changes += 1
            self.said = self._connections.open()

    def uncover(self) -> None:
        """Cover nothing any more: Chroma may hold something else."""
        with self._transaction(self._connections.of_writers) as database:
            database.execute(ledger_rows.UNCOVER)
        self._covered = set()

    def files(self) -> list[Path]:
        """Return the files that the ledger consists of."""
        return ledger_file.written(self.file)

    def size(self) -> int:
        """Return how many bytes they have."""
        return sum(file.stat().st_size for file in self.files())

    def close(self) -> None:
        """Close the file. May be called again."""
        with self._in_use, self._taking_notes, self._writing:
            self._connections.close()

    def _read(self, queries: Iterable[tuple[str, Sequence[Any]]]) -> Iterator[Entry]:
        for query, values in queries:
            for page in self._pages(query, values):
                yield from ledger_rows.entries(page)

    def _pages(self, query: str, values: Sequence[Any]) -> Iterator[list[Any]]:
        with self._readable():
            cursor = self._connections.of_writers.execute(query, values)
            while page := cursor.fetchmany(_ENTRIES_PER_READ):
                yield page

    def cover(self, scope: Scope, entries: Iterable[Entry]) -> None:
        """Take these for every entry within `scope`. Raises StoreError."""
        with self._transaction(self._connections.of_writers) as database:
            database.executemany(ledger_rows.REMOVE_WITHIN, ledger_rows.ranges(scope))
            database.executemany(ledger_rows.PUT, map(ledger_rows.row, entries))
            database.execute(ledger_rows.COVER, [str(scope)])
        self._covered.add(scope.names)

    def _keep(self, computed: Sequence[Sequence[Any]]) -> None:
        """Keep features, if that can be done: else the next read computes them again."""
        if not computed:
            return
        try:
            with self._taking_notes, self._transaction(self._connections.of_feeder) as database:
                database.executemany(ledger_rows.KEEP, computed)
        except StoreError as error:
            _log.info("What was computed of %d records is not kept: %s", len(computed), error)

    def _write(
        self, changes: Sequence[Sequence[Any]], change: str, values: Iterable[Sequence[Any]]
    ) -> None:
        if not changes:
            return
        with self._writing:
            with self._transaction(self._connections.of_writers) as database:
                database.executemany(change, values)
                database.executemany(ledger_rows.PEND, changes)
            self.changes += 1
            self._await(len(changes), sum(one[-1] for one in changes))

    @contextmanager
    def _transaction(self, database: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
        with self._writing, ledger_file.writing(self.file):
            database.execute("BEGIN IMMEDIATE")
            try:
                yield database
                database.execute("COMMIT")
            except BaseException:
                if database.in_transaction:
                    database.execute("ROLLBACK")
                with suppress(sqlite3.Error):
                    ledger_file.truncate_log(database)
                raise

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Raise StoreDamagedError where the ledger cannot be read.

        It is begun anew if nothing is pending: Chroma has everything then.
        """
        try:
            with ledger_file.reading(self.file):
                yield
        except StoreDamagedError as error:
            with self._in_use, self._taking_notes, self._writing:
                if self.waiting.changes:
                    raise ledger_file.lost(error, self.waiting.changes) from error
                self.renew(self.said.beside)
            raise StoreDamagedError(
                f"{error} Chroma had everything that was in it, so it was begun anew: ask again."
            ) from error

    def _await(self, changes: int, size: int) -> None:
        self.waiting = Waiting(self.waiting.changes + changes, self.waiting.bytes + size)
