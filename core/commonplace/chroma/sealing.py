"""Tells whether a store's files are as they were closed, before Chroma is let near them.

Chroma makes an empty database where there is none, and ends the process where an index is damaged.
So the sums of all files are noted when a store is closed. Where SQLite has counted a change of the
database since, somebody else has written with Chroma, or a process ended: then the files are judged
by their structure (docs/decisions/0034-files-that-are-known.md).
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from commonplace.chroma.index_flaws import file_flaws
from commonplace.chroma.known_file import KnownFile
from commonplace.chroma.purging import DATABASE
from commonplace.chroma.translation import in_reach
from commonplace.errors import StoreDamagedError
from commonplace.files.private_file import write_privately

SEAL = "sealed.json"
CHANGED = "was changed since the store was closed, and not by Chroma"
CHROMA = "chroma"
# While this file is there, partitions are being rewritten, and old rows may be left in the files.
REWRITING = "rewriting"
_HEAD = b"SQLite format 3\x00"
# SQLite's header: the size of a page, the count of changes, the number of pages, and the count of
# changes at which that number was true.
_PAGE_SIZE, _CHANGES, _PAGES, _TRUE_AT = slice(16, 18), slice(24, 28), slice(28, 32), slice(92, 96)
_HEADER_BYTES = 100
_INDEX = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MADE = "SELECT 1 FROM sqlite_master WHERE name IN ('collections', 'segments', 'max_seq_id')"
_IDENTITY = "SELECT id FROM collections WHERE name = 'commonplace'"
_INDEXES = """
    SELECT segments.id, collections.dimension, max_seq_id.seq_id
    FROM segments JOIN collections ON segments.collection = collections.id
    LEFT JOIN max_seq_id ON max_seq_id.segment_id = segments.id WHERE segments.scope = 'VECTOR'
"""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with a file below the folder of Chroma's files."""

    file: str
    what: str

    def __str__(self) -> str:
        """Return both as a phrase."""
        return f"{self.file} {self.what}"


@dataclass(frozen=True, slots=True)
class _Noted:
    store: str | None = None
    changes: str | None = None
    files: Mapping[str, KnownFile] = field(default_factory=dict)


def check_database(directory: Path) -> None:
    """Raise StoreDamagedError if the database of a store is gone, or is not the one it had."""
    refuse(directory, _of_database(directory / CHROMA, _read(directory)))


def refuse(directory: Path, found: Sequence[Flaw]) -> None:
    """Raise StoreDamagedError if anything is wrong with the files of a store."""
    if found:
        said = ", ".join(map(str, found[:3])) + (" and others" if len(found) > 3 else "")
        raise StoreDamagedError(
            f"Of the store in {str(directory)!r}, {said}. Nothing was changed: run `commonplace "
            f"doctor --repair {directory}`, or put a backup back with `commonplace restore`."
        )


def flaws(directory: Path) -> list[Flaw]:
    """Return what is wrong with the files of a store that nobody has open; [] if there is none."""
    files, seal = directory / CHROMA, _read(directory)
    database = files / DATABASE
    if found := _of_database(files, seal):
        return found
    if not _has_content(database):
        return []
    return list(_changed(files, seal) if _is_closed(seal, database) else _of_structure(files, seal))


def was_left_open(directory: Path) -> bool:
    """Tell whether a store was not closed since Chroma last had it: a process ended."""
    return not _is_closed(_read(directory), directory / CHROMA / DATABASE)


class Seal:
    """Notes the files of a store that this process opens and closes."""

    def __init__(self, directory: Path) -> None:
        """Look after a store whose files are sound."""
        self._directory = directory
        self._files = directory / CHROMA
        self._known: Mapping[str, KnownFile] = {}
        self.is_open = False

    def open(self) -> None:
        """Note that the files are about to change: until they are closed no sum is right."""
        if not self.is_open:
            self._known = _read(self._directory).files
            _write(self._directory, _Noted(_identity(self._files / DATABASE)))
            self.is_open = True

    def close(self) -> None:
        """Note the files as they are now that Chroma has closed them. Durable on return."""
        database = self._files / DATABASE
        if self.is_open and database.exists():
            paths = [path for path in sorted(self._files.rglob("*")) if path.is_file()]
            self._known = dict(map(self._noted, paths))
            _write(self._directory, _Noted(_identity(database), _changes(database), self._known))
        self.is_open = False

    def _noted(self, path: Path) -> tuple[str, KnownFile]:
        name = path.relative_to(self._files).as_posix()
        before = self._known.get(name)
        return name, before if before and before.is_untouched(path) else KnownFile.of(path)


def renew(directory: Path) -> None:
    """Note the files of a sound store anew, which Chroma has written since, in another process."""
    seal = Seal(directory)
    seal.open()
    seal.close()


def forget(directory: Path) -> None:
    """Let the files be judged by their structure alone, and indexes be missing."""
    (directory / SEAL).unlink(missing_ok=True)


def _of_database(files: Path, seal: _Noted) -> list[Flaw]:
    """Return what is wrong with the database at first sight."""
    database = files / DATABASE
    if not _has_content(database):
        indexes = _index_folders(files)
        said = "is empty" if database.exists() else "is missing"
        had_one = seal.store is not None or indexes
        return [Flaw(DATABASE, f"{said} although there was one")] if had_one else []
    if said := _header_flaw(database):
        return [Flaw(DATABASE, said)]
    known = seal.files.get(DATABASE) if _is_closed(seal, database) else None
    return [Flaw(DATABASE, CHANGED)] if known and not known.is_same(database) else []


def _index_folders(files: Path) -> set[str]:
    if not files.exists():
        return set()
    return {one.name for one in files.iterdir() if _INDEX.fullmatch(one.name) and one.is_dir()}


def _has_content(database: Path) -> bool:
    return database.exists() and database.stat().st_size > 0


def _is_closed(seal: _Noted, database: Path) -> bool:
    """Tell whether SQLite has counted no change since the seal was made."""
    return seal.changes is not None and seal.changes == _changes(database)


def _header_flaw(database: Path) -> str:
    header = _header(database)
    size, counted = database.stat().st_size, int.from_bytes(header[_PAGES], "big")
    page = int.from_bytes(header[_PAGE_SIZE], "big")
    page = 65_536 if page == 1 else page
    if not header.startswith(_HEAD) or len(header) < _HEADER_BYTES or page < 512:
        return "is not a database of SQLite"
    has_journal = database.with_name(f"{DATABASE}-journal").exists()
    is_counted = header[_TRUE_AT] == header[_CHANGES]
    if not has_journal and is_counted and size != page * counted:
        return f"has {size:,} bytes where its header says {page * counted:,}"
    return ""


def _changed(files: Path, seal: _Noted) -> Iterator[Flaw]:
    for name, known in seal.files.items():
        path = files / name
        if not path.exists():
            yield Flaw(name, "is missing")
        elif not known.is_same(path):
            yield Flaw(name, CHANGED)


def _of_structure(files: Path, seal: _Noted) -> Iterator[Flaw]:
    try:
        with in_reach(files / DATABASE), closing(sqlite3.connect(files / DATABASE)) as database:
            [(said,)] = database.execute("PRAGMA quick_check(1)").fetchall()
            if seal.store is None and len(database.execute(_MADE).fetchall()) < 3:
                return  # a process ended while Chroma made it: Chroma goes on where that was
            identity = database.execute(_IDENTITY).fetchall()
            indexes = database.execute(_INDEXES).fetchall()
    except sqlite3.Error as error:
        yield Flaw(DATABASE, f"cannot be read ({error})")
        return
    folders = _index_folders(files)
    if said != "ok":
        yield Flaw(DATABASE, f"is damaged ({said})")
    elif seal.store is not None and identity != [(seal.store,)]:
        yield Flaw(DATABASE, "is another store's")
    elif not (files.parent / REWRITING).exists() and _are_foreign(folders, indexes):
        yield Flaw(DATABASE, "knows none of the indexes beside it")
    else:
        was_open = seal.store is not None
        for segment, dimension, written in indexes:
            if segment in folders or (was_open and written is not None):
                found = file_flaws(files / segment, dimension)
                yield from (Flaw(segment, what) for what in found)


def _are_foreign(folders: set[str], indexes: Sequence[tuple[Any, ...]]) -> bool:
    """Tell whether none of the indexes is known: a rewriting that ended can leave such as well."""
    return bool(folders) and not folders & {segment for segment, *_ in indexes}


def _identity(database: Path) -> str | None:
    with closing(sqlite3.connect(database)) as opened:
        found = opened.execute(_IDENTITY).fetchone()
    return None if found is None else str(found[0])


def _header(database: Path) -> bytes:
    with database.open("rb") as file:
        return file.read(_HEADER_BYTES)


def _changes(database: Path) -> str:
    return _header(database)[_CHANGES].hex()


def _read(directory: Path) -> _Noted:
    """Return the seal; one that cannot be read says nothing."""
    try:
        written: dict[str, Any] = json.loads((directory / SEAL).read_text(encoding="utf-8"))
        files = {name: KnownFile(*values) for name, values in written["files"].items()}
        return _Noted(written["store"], written["changes"], files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return _Noted()


def _write(directory: Path, seal: _Noted) -> None:
    files = {name: [one.size, one.changed_at, one.sum] for name, one in seal.files.items()}
    written = {"store": seal.store, "changes": seal.changes, "files": files}
    write_privately(directory / SEAL, json.dumps(written))
