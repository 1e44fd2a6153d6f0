"""Makes indexes anew that a process left half written when it was killed.

Chroma writes the files of an index one after the other, and would end the process, or refuse the
collection, where one of them is cut short. Texts and metadata are in SQLite, and vectors in the
ledger: with both the index is made again as after an erasure (cutting.py).
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from commonplace.chroma import rows
from commonplace.chroma.cutting import PARTITIONS, Partition, renew_index, rows_of
from commonplace.chroma.ledger_file import LEDGER
from commonplace.chroma.purging import DATABASE
from commonplace.chroma.sealing import CHROMA, Flaw, flaws, refuse, was_left_open
from commonplace.errors import StoreDamagedError
from commonplace.ports import Vectors
from commonplace.values.scope import Scope

_KEPT = "SELECT scope, id, length(vectors) FROM entries"
_PENDING = "SELECT scope, id, windows FROM pending"
_VECTORS = "SELECT vectors FROM entries WHERE scope = ? AND id = ?"
_log = logging.getLogger(__name__)


def check(directory: Path) -> None:
    """Raise StoreDamagedError unless Chroma can be let near the files of a store.

    Of one that was left open, indexes that are damaged are made anew, if the ledger has all their
    vectors. In files that were closed, damage is none of a process that ended: it is told.
    """
    found = flaws(directory)
    damaged = list(dict.fromkeys(one.file.partition("/")[0] for one in found))
    if found and DATABASE not in damaged and was_left_open(directory):
        found = _mended(directory, damaged, found)
    refuse(directory, found)


def _mended(directory: Path, damaged: Sequence[str], found: list[Flaw]) -> list[Flaw]:
    """Return what is wrong after making indexes anew: what was found, if that cannot be done."""
    if not (directory / LEDGER).exists():
        return found
    try:
        _make_anew(directory, damaged)
    except (StoreDamagedError, sqlite3.Error) as error:
        _log.warning("An index cannot be made of the ledger of %r: %s", str(directory), error)
        return found
    _log.warning(
        "A process ended while Chroma wrote to %r (%s). Its indexes are made anew from the ledger.",
        str(directory),
        ", ".join(map(str, found)),
    )
    return flaws(directory)


def _make_anew(directory: Path, damaged: Sequence[str]) -> None:
    files = directory / CHROMA
    with (
        closing(sqlite3.connect(files / DATABASE, isolation_level=None, timeout=30)) as database,
        closing(sqlite3.connect(directory / LEDGER)) as ledger,
    ):
        database.execute("BEGIN IMMEDIATE")
        for segment in damaged:
            found = database.execute(f"{PARTITIONS} WHERE vectors.id = ?", [segment]).fetchone()
            one = Partition(*found)
            renew_index(database, one, _OfLedger(ledger, rows_of(database, one), one.dimension))
        database.execute("COMMIT")
    for segment in damaged:
        shutil.rmtree(files / segment, ignore_errors=True)


class _OfLedger:
    """The vectors that the ledger has of a partition's rows."""

    def __init__(
        self, ledger: sqlite3.Connection, wanted: Sequence[str], dimension: int | None
    ) -> None:
        self._ledger, self._dimension = ledger, dimension or 1
        needed = set(wanted)
        window = 4 * self._dimension
        kept = ((path, id, size // window) for path, id, size in ledger.execute(_KEPT))
        self._places = {row: place for row, place in _rows(kept) if row in needed}
        # What the feeder is about to remove or replace, and no search shows until then.
        self._passing = {row for row, _ in _rows(ledger.execute(_PENDING)) if row in needed}

    def of(self, row: str) -> Vectors | None:
        if row in self._places:
            path, id, window = self._places[row]
            [(written,)] = self._ledger.execute(_VECTORS, [path, id])
            vectors = np.frombuffer(written, np.float32).reshape(-1, self._dimension)
            return np.asarray(vectors[window])
        return np.eye(1, self._dimension, dtype=np.float32)[0] if row in self._passing else None


def _rows(found: Iterable[tuple[str, str, int]]) -> Iterator[tuple[str, tuple[str, str, int]]]:
    """Yield the id of each row of records with so many windows, and where it is of."""
    for path, id, windows in found:
        scope = Scope.parse(path)
        for window in range(windows):
            yield rows.row_id_of(scope, id, window), (path, id, window)
