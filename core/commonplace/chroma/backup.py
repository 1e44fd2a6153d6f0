"""A directory's store in one file, and back.

The file is a ZIP archive without compression: it cannot grow when it is read, and what it holds
can be searched for as in the store's own files. API keys are left out, since putting back an old
backup would make keys valid again that were revoked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from commonplace.chroma.directory import DirectoryStore
from commonplace.chroma.purging import DATABASE, orphans
from commonplace.chroma.reconciling import UNFED
from commonplace.chroma.sealing import CHROMA, REWRITING
from commonplace.chroma.translation import translated
from commonplace.errors import InvalidInputError, StoreDamagedError, StoreFormatError
from commonplace.files.ownership import DirectoryLock
from commonplace.files.passing import removed_at_the_end
from commonplace.files.private_file import make_private_file, make_private_folder, put_in_place
from commonplace.keeping.audit import HEAD, KEY, LOG
from commonplace.ports import Erased
from commonplace.values.scope import Scope

FORMAT = 1
_MANIFEST = "backup.json"
_BESIDE = (LOG, HEAD, KEY, REWRITING)
_MEMBER = re.compile(
    rf"{re.escape(_MANIFEST)}|{'|'.join(map(re.escape, _BESIDE))}|{CHROMA}/{re.escape(DATABASE)}"
    rf"|{CHROMA}/[0-9a-f-]{{36}}/[A-Za-z0-9_]+\.[a-z]+"
)


def backup(store: DirectoryStore, file: Path) -> None:
    """Write the store and its audit log to `file`, readable by its owner alone. Durable on return.

    The caller holds the lock that keeps others from the store. Raises InvalidInputError if there
    is such a file already, StoreError if it cannot be written.
    """
    if file.exists():
        raise InvalidInputError(f"The file {str(file)!r} exists. Give the name of a new one.")
    with store.stopped() as directory:
        _write(directory, file)


def backup_directory(directory: Path, file: Path) -> None:
    """Write the store of a directory that nobody has open to `file`, as `backup` does.

    Raises StoreInUseError naming who has it open, and what `backup` raises.
    """
    if not any(one.exists() for one in (directory / CHROMA / DATABASE, directory / UNFED)):
        raise InvalidInputError(f"There is no store in {str(directory)!r}.")
    lock = DirectoryLock(directory)
    try:
        store = DirectoryStore(directory, None)
        try:
            backup(store, file)
        finally:
            store.close()
    finally:
        lock.release()


def restore(file: Path, directory: Path) -> None:
    """Put the store of a backup in `directory`, which must be absent or empty.

    Nothing is there until all of it is, checked. Raises InvalidInputError for another directory,
    StoreFormatError for what is no backup, StoreDamagedError for one that was changed.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise InvalidInputError(
            f"{str(directory)!r} is not empty. Give a directory that is new or empty."
        )
    with translated(f"restoring {str(file)!r}"), _archive(file) as archive:
        directory.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f"{directory.name}.", dir=directory.parent))
        try:
            _extract(archive, draft)
            _check(draft)
            if directory.exists():
                directory.rmdir()
            put_in_place(draft, directory)
        finally:
            shutil.rmtree(draft, ignore_errors=True)  # it is gone when all went well


def erase_in_backup(file: Path, scope: Scope) -> Erased:
    """Erase a scope from a backup: put back beside it, erased there, and written again.

    What is put back is removed also if this process is killed meanwhile. Raises what `restore` and
    `DirectoryStore.erase` raise; the file is then as it was.
    """
    work = file.with_name(f"{file.name}.erasing")
    with translated(f"erasing from {str(file)!r}"), removed_at_the_end(work):
        restored = work / "store"
        restore(file, restored)
        store = DirectoryStore(restored, None)
        try:
            erased = store.erase(scope)
        finally:
            store.close()
        _write(restored, file)
    return erased


def _write(directory: Path, file: Path) -> None:
    draft = file.with_name(f"{file.name}.new")
    with translated(f"writing {str(file)!r}"):
        draft.unlink(missing_ok=True)
        make_private_file(draft)
        try:
            with draft.open("wb") as raw:
                with zipfile.ZipFile(raw, "w", zipfile.ZIP_STORED) as archive:
                    archive.writestr(_MANIFEST, json.dumps({"format": FORMAT}))
                    for path in _members(directory):
                        archive.write(path, path.relative_to(directory).as_posix())
                raw.flush()
                os.fsync(raw.fileno())
            put_in_place(draft, file)
        finally:
            draft.unlink(missing_ok=True)


def _members(directory: Path) -> Iterator[Path]:
    files = directory / CHROMA
    yield files / DATABASE
    left_out = orphans(files)
    for folder in sorted(files.iterdir()):
        if folder.is_dir() and folder not in left_out:
            yield from sorted(folder.iterdir())
    yield from (path for name in _BESIDE if (path := directory / name).exists())


@contextmanager
def _archive(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            _check_members(archive, file)
            yield archive
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise StoreDamagedError(
            f"The backup {str(file)!r} cannot be read ({error}). Use another one."
        ) from error


def _check_members(archive: zipfile.ZipFile, file: Path) -> None:
    members = archive.infolist()
    names = {member.filename for member in members}
    is_ours = (
        len(names) == len(members)
        and all(_MEMBER.fullmatch(name) for name in names)
        and all(member.compress_type == zipfile.ZIP_STORED for member in members)
        and all(member.file_size == member.compress_size for member in members)
        and sum(member.file_size for member in members) <= file.stat().st_size
        and not any(member.flag_bits & 1 for member in members)  # encrypted
        and {_MANIFEST, f"{CHROMA}/{DATABASE}"} <= names
    )
    if not is_ours:
        raise StoreFormatError(f"{str(file)!r} is not a backup made by Commonplace.")
    if json.loads(archive.read(_MANIFEST))["format"] > FORMAT:
        raise StoreFormatError(
            f"The backup {str(file)!r} was written by a newer release. "
            "Upgrade with: pip install --upgrade commonplace-memory"
        )


def _extract(archive: zipfile.ZipFile, directory: Path) -> None:
    for member in archive.infolist():
        if member.filename != _MANIFEST:
            path = directory / member.filename
            make_private_folder(path.parent)
            make_private_file(path)
            with archive.open(member) as content, path.open("wb") as target:
                shutil.copyfileobj(content, target)
                target.flush()
                os.fsync(target.fileno())


def _check(directory: Path) -> None:
    with closing(sqlite3.connect(directory / CHROMA / DATABASE)) as database:
        [(said,)] = database.execute("PRAGMA quick_check(1)").fetchall()
    if said != "ok":
        raise StoreDamagedError(f"The backup's database is damaged ({said}). Use another one.")
    DirectoryStore(directory, None).close()
