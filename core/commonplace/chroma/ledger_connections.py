"""The two connections to a ledger's file: one that writers wait for, and one of the feeder.

What the feeder writes can be done again, so nobody waits until it is durable.
"""

from __future__ import annotations

import sqlite3
import weakref
from pathlib import Path

from commonplace.chroma import ledger_file, ledger_list
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
        """The connection of the feeder. Raises StoreError if the file is closed."""
        return self._there(self._feeders)

    def open(self) -> None:
        """Open the file, and bring it up to the present format. Raises StoreError."""
        with ledger_file.writing(self._file):
            self._writers = ledger_file.connected(self._file, "FULL")
            ledger_file.bring_up(self._writers)
            ledger_list.begin(self._writers)
            self._feeders = ledger_file.connected(self._file, "NORMAL")
            self._inode = self._file.stat().st_ino
        for database in (self._writers, self._feeders):
            weakref.finalize(self, database.close).atexit = False  # nobody has to close a store

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

    def _there(self, database: sqlite3.Connection | None) -> sqlite3.Connection:
        if database is None:  # the file may be another's by now
            raise StoreError(f"The ledger {str(self._file)!r} was closed meanwhile: ask again.")
        return database
