"""What Chroma's database says in its file, without Chroma: its state, and who fed it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from commonplace.chroma.catalogue import FED_OF_MARK, Mark
from commonplace.chroma.ledger_file import Fed
from commonplace.chroma.purging import DATABASE
from commonplace.chroma.translation import translated

_TABLES = "SELECT 1 FROM sqlite_master WHERE name = 'collection_metadata'"


def state_of(files: Path) -> str:
    """Return what changes whenever Chroma's database does. Chroma may have it open.

    Its size and time of change: to open the file here would end the locks that Chroma has on it.
    """
    database = files / DATABASE
    with translated(f"reading {str(files)!r}"):
        logs = [database.with_name(f"{DATABASE}{end}") for end in ("-wal", "-journal")]
        known = [one.stat() for one in (database, *logs) if one.exists()]
    return " ".join(f"{one.st_size} {one.st_mtime_ns}" for one in known)


def fed_in(files: Path) -> Fed | None:
    """Return what Chroma's database says of who fed it, None if it does not.

    Nobody has it open. Raises StoreDamagedError, StoreError.
    """
    if not (files / DATABASE).exists():
        return None
    with (
        translated(f"reading {str(files)!r}"),
        closing(sqlite3.connect(files / DATABASE, timeout=30)) as database,
    ):
        has_tables = database.execute(_TABLES).fetchall()
        told = database.execute(FED_OF_MARK).fetchall() if has_tables else []
    return fed_of(dict(told))


def fed_of(mark: Mark) -> Fed | None:
    """Return what a store says of who fed it."""
    return Fed(mark["ledger"], mark["fed"]) if {"ledger", "fed"} <= set(mark) else None
