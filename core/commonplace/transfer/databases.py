"""SQLite files of others: read within limits, and never written."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

from commonplace.errors import InvalidInputError
from commonplace.files.passing import passing_folder
from commonplace.transfer.reading import MAX_ITEM_BYTES

SECONDS_FOR_A_ROW = 60.0

_HEAD = b"SQLite format 3\x00"
_JOURNALS = ("-wal", "-journal")
_STEPS_BETWEEN_LOOKS = 100_000


def is_database(path: Path) -> bool:
    """Tell whether a path is an SQLite file."""
    try:
        with path.open("rb") as file:
            return file.read(len(_HEAD)) == _HEAD
    except OSError:
        return False  # whoever reads it will say why it cannot be read


class Reading:
    """Reads tables of a database that somebody else has written.

    What a file defines is not run: a view can be endless, and a table cannot.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        """Read from `database`."""
        self.database = database
        self._until = 0.0
        database.set_authorizer(_of_tables)
        database.set_progress_handler(lambda: monotonic() > self._until, _STEPS_BETWEEN_LOOKS)
        if sys.version_info >= (3, 11):
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_ITEM_BYTES)

    def rows(self, query: str, values: Sequence[str] = ()) -> Iterator[Any]:
        """Yield the rows of a query, each within a time. Raises sqlite3.Error."""
        self._until = monotonic() + SECONDS_FOR_A_ROW
        for row in self.database.execute(query, values):
            yield row
            self._until = monotonic() + SECONDS_FOR_A_ROW


@contextmanager
def reading(file: Path) -> Iterator[Reading]:
    """Give the database for reading. Raises InvalidInputError, sqlite3.Error.

    One that was left with a journal is copied first, since reading that writes.
    """
    if any(file.with_name(file.name + end).is_file() for end in _JOURNALS):
        with copied(file) as copy, closing(sqlite3.connect(copy)) as database:
            yield Reading(database)
    else:
        place = f"{file.resolve().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(place, uri=True)) as database:
            yield Reading(database)


def tables_of(file: Path) -> frozenset[str]:
    """Return the names of a database's tables, and of each column as ``table.column``.

    None of what cannot be read: whoever reads it will say why.
    """
    query = (
        "SELECT one.name, of.name FROM sqlite_master one, pragma_table_info(one.name) of"
        " WHERE one.type = 'table'"
    )
    try:
        with reading(file) as theirs:
            rows = [(str(table), str(column)) for table, column in theirs.rows(query)]
    except (sqlite3.Error, InvalidInputError):
        return frozenset()
    return frozenset(name for table, column in rows for name in (table, f"{table}.{column}"))


def tables_with(names: frozenset[str], *columns: str) -> list[str]:
    """Return the tables that have all these columns, of what `tables_of` gave."""
    first = f".{columns[0]}"
    tables = (one.removesuffix(first) for one in names if one.endswith(first))
    return sorted(one for one in tables if all(f"{one}.{column}" in names for column in columns))


def quoted(name: str) -> str:
    """Return a name of a table as it stands in a query."""
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def copied(file: Path) -> Iterator[Path]:
    """Give a copy of the database, in a folder that goes afterwards, even if this is killed.

    Raises InvalidInputError if it cannot be copied, as where it would take more than half the room
    that is left.
    """
    parts = [file, *(file.with_name(file.name + end) for end in _JOURNALS)]
    with passing_folder() as folder:
        try:
            there = [part for part in parts if part.is_file() or part == file]
            _check_room(file, sum(part.stat().st_size for part in there), folder)
            for part in there:
                shutil.copyfile(part, folder / part.name)
        except OSError as error:
            raise InvalidInputError(f"{str(file)!r} cannot be copied ({error}).") from error
        yield folder / file.name


def _check_room(file: Path, size: int, folder: Path) -> None:
    if 2 * size > (free := shutil.disk_usage(folder).free):
        raise InvalidInputError(
            f"{str(file)!r} has to be copied to be read. It takes {size / 1e6:,.0f} MB, and "
            f"{free / 1e6:,.0f} MB are free in {str(folder.parent)!r}: make room there, or set "
            "TMPDIR to a folder that has it."
        )


def _of_tables(
    _action: int, _first: str | None, _second: str | None, _name: str | None, view: str | None
) -> int:
    """Admit what a query names itself, and nothing that a view or a trigger adds."""
    return sqlite3.SQLITE_OK if view is None else sqlite3.SQLITE_DENY
