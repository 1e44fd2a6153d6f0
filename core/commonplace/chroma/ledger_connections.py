"""The two connections to a ledger's file: one that writers wait for, and one of the feeder.

What the feeder writes can be done again, so nobody waits until it is durable. Its connection is
opened when it is first asked for: who only reads needs none.
"""

from __future__ import annotations

import sqlite3
import weakref
from pathlib import Path

from commonplace.chroma import ledger_file, ledger_list
from commonplace.chroma.ledger_file import Said
from commonplace.chroma.room import gone
from commonplace.errors import StoreError


class Connections:
    """The connections of one ledger. Its locks guard them."""

    def __init__(self, file: Path) -> None:
        """Open nothing yet."""
        self._file = file
        self._writers: sqlite3.Connection | None = None
        self._feeders: sqlite3.Connection | None = None

    @property
    def of_writers(self) -> sqlite3.Connection:
        """The connection whose writes are durable. Raises StoreError if the file is closed."""
        return self._there(self._writers)

    @property
    def of_feeder(self) -> sqlite3.Connection:
        """The connection of the feeder. Raises StoreError, also if the file is closed."""
        if self._feeders is None and self._writers is not None:
            with ledger_file.writing(self._file):
                self._feeders = self._connected("NORMAL")
        return self._there(self._feeders)

    def open(self) -> Said:
        """Open the file, and bring it up to the present format; return what it says of itself.

        Raises StoreDamagedError, StoreFormatError, StoreError.
        """
        with ledger_file.reading(self._file):
            self._writers = self._connected("FULL")
            said = ledger_file.said_in(self._writers, self._file)
        with ledger_file.writing(self._file):
            ledger_file.bring_up(self._writers)
            ledger_list.begin(self._writers)
            self._inode = self._file.stat().st_ino
        return said

    def close(self) -> None:
        """Close the file. May be called again."""
        for database in (self._feeders, self._writers):
            if database is not None:
                database.close()
        self._writers = self._feeders = None

    def check_there(self) -> None:
        """Raise StoreError if the file was removed or moved: what is written would be nowhere."""
        try:
            is_there = self._file.stat().st_ino == self._inode
        except OSError:
            is_there = False
        if not is_there:
            raise gone(self._file.parent)

    def _connected(self, synchronous: str) -> sqlite3.Connection:
        database = ledger_file.connected(self._file, synchronous)
        weakref.finalize(self, database.close).atexit = False  # nobody has to close a store
        return database

    def _there(self, database: sqlite3.Connection | None) -> sqlite3.Connection:
        if database is None:  # the file may be another's by now
            raise StoreError(f"The ledger {str(self._file)!r} was closed meanwhile: ask again.")
        return database
