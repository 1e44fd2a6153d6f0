"""The file of a ledger: how it is made, opened, written anew, and what it says of itself."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from commonplace.chroma import ledger_rows
from commonplace.chroma.catalogue import Mark
from commonplace.chroma.translation import in_reach
from commonplace.errors import StoreDamagedError, StoreError, StoreFormatError
from commonplace.files import private_file

LEDGER = "ledger.sqlite3"
# SQLite keeps apart what takes more than a quarter of a page, and a record with a vector of 384
# numbers takes 2 kB.
_NEW = "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
_LOGS = ("-wal", "-shm", "-journal")
# The feeder brings the log into the file when it is this long; else a writer does, at four times.
_PAGES_OF_LOG = 256
_log = logging.getLogger(__name__)


class Fed(NamedTuple):
    """What a Chroma database says of the ledger it was fed from, and of how far."""

    name: str
    sequence: int

    def __str__(self) -> str:
        return f"{self.name} {self.sequence}"


class Said(NamedTuple):
    """What a ledger says of itself.

    `name` is its own alone. Chroma has the changes up to `fed`, of those up to `last`. It `follows`
    the one that Chroma had been fed from when this was begun, and stands `beside` a database in a
    state, None while that may change.
    """

    name: str
    mark: Mark | None
    fed: int
    follows: str
    beside: str | None
    last: int

    @property
    def stands(self) -> str:
        """What Chroma says of the ledger, as far as this knows."""
        return str(Fed(self.name, self.fed)) if self.fed else self.follows

    def belongs_to(self, fed: Fed | None) -> bool:
        """Tell whether a database that says this is the one that the ledger feeds."""
        if fed is not None and fed.name == self.name:
            return self.fed <= fed.sequence <= self.last
        return not self.fed and self.follows == _written(fed)

    def is_ahead_of(self, fed: Fed | None) -> bool:
        """Tell whether a database that says this lacks what this ledger has fed."""
        if fed is None or fed.name != self.name:
            return fed is None and self.fed > 0
        return fed.sequence < self.fed


def is_there(file: Path) -> bool:
    """Tell whether there is a ledger. An empty file is none."""
    return file.exists() and file.stat().st_size > 0


def said_in(database: sqlite3.Connection, file: Path) -> Said:
    """Return what a ledger says of itself.

    Raises StoreFormatError for a newer one, sqlite3.Error and ValueError for what cannot be read.
    """
    [(version,)] = database.execute("PRAGMA user_version")
    if version > ledger_rows.FORMAT:
        raise StoreFormatError(
            f"The ledger {str(file)!r} has format {version}; this release reads up to "
            f"{ledger_rows.FORMAT}. Upgrade with: pip install --upgrade commonplace-memory"
        )
    [(name, mark, fed, follows, beside)] = database.execute(ledger_rows.SAID).fetchall()
    [(last,)] = database.execute(ledger_rows.LAST)
    known = None if mark is None else json.loads(mark)
    return Said(name, known, fed, follows, beside, max(last, fed))


def make(file: Path, mark: Mark | None, follows: str, beside: str | None) -> None:
    """Make a ledger in which nothing is, in the place of one that is closed. Raises StoreError."""
    draft = _draft(file)
    with writing(file):
        with closing(sqlite3.connect(draft, isolation_level=None)) as database:
            database.executescript(_NEW)
            database.executescript(ledger_rows.TABLES)
            _begin(database, mark, follows, beside)
        put_in_place(draft, file)


def bring_over(copy: Path, file: Path, state: str) -> None:
    """Make a ledger of the copy that former releases kept, if it was closed beside this `state`.

    Else none is made. It can be done again if the process ends within. Raises StoreError.
    """
    if copy.exists():
        if _is_made_of(copy, state):
            private_file.put_in_place(copy, file)
        remove(copy)


def _is_made_of(copy: Path, state: str) -> bool:
    try:
        with closing(sqlite3.connect(copy, isolation_level=None)) as database:
            [(version,)] = database.execute("PRAGMA user_version")
            if version != ledger_rows.FORMAT and not _bring_over(database, version, state):
                return False
            database.executescript(_NEW)
            said_in(database, copy)
    except (sqlite3.Error, ValueError):
        _log.exception("The copy %r cannot be brought over: Chroma is read", str(copy))
        return False
    return True


def _bring_over(database: sqlite3.Connection, version: int, state: str) -> bool:
    """Make a ledger of a copy in one transaction; tell whether it could be believed."""
    [(closed_beside,)] = database.execute("SELECT state FROM closed_beside")
    _, _, known = (closed_beside or "").partition(" ")  # what changes in the header comes first
    if not known or known != state:
        return False
    [(mark,)] = database.execute(ledger_rows.MARK_OF_COPY) if version > 1 else [(None,)]
    database.create_function("version_in", 1, ledger_rows.version_in)
    database.executescript(ledger_rows.FROM_COPY)
    _begin(database, None if mark is None else json.loads(mark), "", state)
    return True


def bring_up(database: sqlite3.Connection) -> None:
    """Give a ledger of a former release the present format. Raises sqlite3.Error."""
    [(version,)] = database.execute("PRAGMA user_version")
    if version < ledger_rows.FORMAT:
        database.executescript(ledger_rows.WITH_FEATURES)


def anew(database: sqlite3.Connection, file: Path) -> Path:
    """Write what a ledger holds to another file, so that no page has a trace of anything else."""
    draft = _draft(file)
    database.execute("PRAGMA secure_delete = ON")  # else room may hold what memory held before
    database.execute("VACUUM INTO ?", [str(draft)])
    [(busy, _, _)] = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    if busy:
        raise sqlite3.OperationalError("its log is in use")
    return draft


def put_in_place(draft: Path, file: Path) -> None:
    """Let a ledger that was written anew take the place of the old one, which is closed."""
    with draft.open("r+b") as written_anew:
        os.fsync(written_anew.fileno())
    for end in _LOGS:  # of which nothing may be taken for the new one's
        file.with_name(f"{file.name}{end}").unlink(missing_ok=True)
    private_file.put_in_place(draft, file)


def connected(file: Path, synchronous: str) -> sqlite3.Connection:
    """Open a ledger. Raises sqlite3.Error."""
    database = sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        database.executescript(
            f"PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};"
            f"PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = {4 * _PAGES_OF_LOG};"
        )
    except BaseException:
        database.close()
        raise
    return database


def truncate_log(database: sqlite3.Connection) -> None:
    """Leave nothing in the log of what was begun and did not come to be. Raises sqlite3.Error."""
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def written(file: Path) -> list[Path]:
    """Return the files that a ledger consists of."""
    named = [file, *(file.with_name(f"{file.name}{end}") for end in _LOGS)]
    return [one for one in named if one.exists()]


def remove(file: Path) -> None:
    """Remove a ledger. Raises StoreError."""
    with writing(file):
        for one in reversed(written(file)):  # a log without its file is nothing
            one.unlink()


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """Raise StoreDamagedError for what SQLite raises within, StoreError where it may be whole."""
    try:
        with in_reach(file):
            yield
    except (sqlite3.Error, ValueError) as error:
        said = str(error).partition(" with text ")[0]  # which would be a record's
        raise StoreDamagedError(f"The ledger {str(file)!r} cannot be read ({said}).") from error


@contextmanager
def writing(file: Path) -> Iterator[None]:
    """Raise StoreError for what SQLite and the file system raise within."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        said = str(error)
        if "malformed" in said or "not a database" in said:
            raise StoreDamagedError(f"The ledger {str(file)!r} cannot be read ({said}).") from error
        raise _unwritable(file, error) from error
    except (sqlite3.Error, OSError) as error:
        raise _unwritable(file, error) from error


def _unwritable(file: Path, error: Exception) -> StoreError:
    return StoreError(
        f"There is no room on the disk to write to the ledger {str(file)!r}, or it cannot be "
        f"written ({error}). Nothing was changed: make room there, or see to the disk, and try "
        "again."
    )


def _draft(file: Path) -> Path:
    draft = file.with_name(f"{file.name}.new")
    remove(draft)
    with writing(file):
        private_file.make_private_file(draft)
    return draft


def _begin(
    database: sqlite3.Connection, mark: Mark | None, follows: str, beside: str | None
) -> None:
    """Let a ledger say of itself that it begins, and end the transaction."""
    told = None if mark is None else json.dumps(mark)
    database.execute(ledger_rows.BEGIN, [uuid.uuid4().hex, told, follows, beside])
    database.execute("COMMIT")


def _written(fed: Fed | None) -> str:
    return "" if fed is None else str(fed)


def lost(error: StoreDamagedError, changes: int) -> StoreDamagedError:
    """Return what to say of a ledger that cannot be read and has changes that Chroma has not."""
    return StoreDamagedError(
        f"{error} Up to {changes} changes are nowhere else: put a backup back. Or, to go on with "
        "what Chroma has, close the store and remove that file, and `unfed` beside it."
    )
