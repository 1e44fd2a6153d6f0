"""Finds damage in a directory's store, and rebuilds what can be rebuilt.

Texts and metadata are in SQLite. An index follows from them and from their vectors, which are taken
from wherever they are kept, and from the store's embedder where they are kept nowhere any more.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from commonplace.chroma import rows
from commonplace.chroma.database_file import state_of
from commonplace.chroma.directory import DirectoryStore
from commonplace.chroma.index_flaws import flaws as flaws_of
from commonplace.chroma.kept_vectors import KeptVectors
from commonplace.chroma.privacy import open_to_others
from commonplace.chroma.probing import probed
from commonplace.chroma.purging import DATABASE, orphans
from commonplace.chroma.reading import everything
from commonplace.chroma.reconciling import UNFED, was_read
from commonplace.chroma.sealing import CHANGED, CHROMA, REWRITING, Flaw, flaws, forget, renew
from commonplace.chroma.store import ROWS_PER_WRITE
from commonplace.chroma.switching import settled
from commonplace.chroma.translation import in_reach, translated
from commonplace.embedding.adapters import CheckedEmbedder
from commonplace.embedding.entries import embedded
from commonplace.errors import InvalidInputError
from commonplace.files.ownership import DirectoryLock
from commonplace.files.private_file import make_private
from commonplace.ports import Entry
from commonplace.values.records import Record

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

_PARTITION = re.compile(r"commonplace-(\d+)")
_RECORDS_PER_BATCH = 32
_INDEXES = """
    SELECT collections.name, collections.dimension, segments.id, collections.id
    FROM segments JOIN collections ON segments.collection = collections.id
    WHERE segments.scope = 'VECTOR' ORDER BY collections.name
"""

_EMBEDDER = """
    SELECT str_value FROM collection_metadata JOIN collections ON collection_id = collections.id
    WHERE name = 'commonplace' AND key = 'embedder'
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong, in words; in one `partition`, or with the store if that is None."""

    what: str
    partition: int | None = None
    is_repairable: bool = True


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a store of so many `records`, and what of that was `repaired`."""

    records: int
    findings: tuple[Finding, ...]
    repaired: tuple[Finding, ...] = ()

    @property
    def is_sound(self) -> bool:
        """Tell whether nothing is wrong, or nothing any more."""
        return not self.findings


class _Index(NamedTuple):
    partition: int
    dimension: int
    folder: Path
    collection: str


def examine(directory: Path) -> Report:
    """Look for damage in the store of a directory, and repair none of it.

    A vector that was changed and still has unit length is not seen. Raises StoreInUseError if the
    directory is open anywhere, InvalidInputError if it has no store.
    """
    with _locked(directory):
        return _examined(directory)


def repair(directory: Path, embedder: CheckedEmbedder | None = None) -> Report:
    """Repair what `examine` finds: a partition in which anything is wrong is rebuilt whole.

    `embedder`, the store's, is asked for the vectors that are kept nowhere any more. Raises what
    `examine` raises, EmbedderMismatchError, EmbeddingError, StoreError, and InvalidInputError if an
    embedder is needed and none was given; what was repaired until then stays so.
    """
    with _locked(directory):
        before = _examined(directory)
        if before.is_sound or not all(one.is_repairable for one in before.findings):
            return before
        for one in open_to_others(directory):
            make_private(one)
        numbers = {one.partition for one in before.findings if one.partition is not None}
        _rebuild(directory, sorted(numbers), embedder)
        after = _examined(directory)
    repaired = tuple(one for one in before.findings if one not in after.findings)
    return Report(after.records, after.findings, repaired)


def embedder_name(directory: Path) -> str | None:
    """Return the name of the embedder that a store was built with, or None if it says none."""
    if not (directory / CHROMA / DATABASE).exists() or _integrity(directory) != "ok":
        return None
    with suppress(sqlite3.Error):  # a process may have ended while Chroma made it
        for (name,) in _query(directory, _EMBEDDER):
            return str(name)
    return None


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    if not (directory / CHROMA).is_dir():
        raise InvalidInputError(f"There is no store in {str(directory)!r}.")
    lock = DirectoryLock(directory)
    try:
        settled(directory)
        _feed(directory)
        yield
    finally:
        lock.release()


def _feed(directory: Path) -> None:
    """Let Chroma have what a process left pending that ended, unless it is damaged."""
    if (directory / UNFED).exists() and not flaws(directory):
        DirectoryStore(directory, None).close()


def _examined(directory: Path) -> Report:
    with translated(f"examining {str(directory)!r}"):
        damage, state = flaws(directory), state_of(directory / CHROMA)
        if cause := _beyond_repair(directory, damage):
            return Report(0, (Finding(cause, is_repairable=False),))
        findings = [
            *_open(directory),
            *_changed(damage),
            *_unfed(directory, damage),
            *_left_over(directory),
            *_of_partitions(directory, damage),
        ]
        if not findings:
            renew(directory)  # reading the partitions was a change
            was_read(directory, state)
        [(records,)] = _query(
            directory, "SELECT count(*) FROM embedding_metadata WHERE key = 'record'"
        )
    return Report(records, tuple(findings))


def _beyond_repair(directory: Path, damage: Sequence[Flaw]) -> str:
    """Return why the texts themselves cannot be read; "" if they can."""
    of_database = [one.what for one in damage if one.file == DATABASE]
    if not (directory / CHROMA / DATABASE).exists():
        return f"{DATABASE} is missing: restore the directory from a backup"
    if (said := _integrity(directory)) != "ok":
        return f"{DATABASE} is damaged ({said}): restore the directory from a backup"
    if of_database and of_database != [CHANGED]:
        return f"{DATABASE} {of_database[0]}: restore the directory from a backup"
    return ""


def _changed(damage: Sequence[Flaw]) -> Iterator[Finding]:
    if any(one.file == DATABASE for one in damage):
        yield Finding(
            f"{DATABASE} {CHANGED}. It can be read, but a text may be another than was written: a "
            "backup has what was, and a repair keeps what is"
        )


def _integrity(directory: Path) -> str:
    try:
        with in_reach(directory / CHROMA / DATABASE):
            return str(_query(directory, "PRAGMA integrity_check(1)")[0][0])
    except sqlite3.DatabaseError as error:
        return str(error)


def _unfed(directory: Path, damage: Sequence[Flaw]) -> Iterator[Finding]:
    if (directory / UNFED).exists():
        said = "until it is repaired" if damage else ": see the log, and make room"
        what = f"Chroma does not take what is pending in the ledger {said}"
        yield Finding(what.replace(" :", ":"), is_repairable=bool(damage))


def _open(directory: Path) -> Iterator[Finding]:
    if found := open_to_others(directory):
        mode = stat.S_IMODE(directory.stat().st_mode)
        inside = ", ".join(one.name for one in found[1:])
        yield Finding(
            f"other users can enter the directory (mode {mode:o})"
            + (f" and open {inside} in it" if inside else "")
            + f": close it with `chmod 700 {directory}`"
        )


def _left_over(directory: Path) -> Iterator[Finding]:
    if (directory / REWRITING).exists():
        yield Finding("a process ended while it rewrote partitions")
    if found := orphans(directory / CHROMA):
        yield Finding(f"{len(found)} indexes belong to no partition")


def _of_partitions(directory: Path, damage: Sequence[Flaw]) -> Iterator[Finding]:
    unread = []
    for index in _indexes(directory):
        name = index.folder.name
        known = [_said(one) for one in damage if one.file.partition("/")[0] == name]
        found = known or (flaws_of(index.folder, index.dimension) if index.folder.exists() else [])
        yield from (Finding(what, index.partition) for what in dict.fromkeys(found))
        if not found:
            unread.append(index.partition)
    for number, said in probed(directory, unread).items():
        yield from (Finding(what, number) for what in said)


def _said(flaw: Flaw) -> str:
    """Return what is wrong with an index, or with which file of it."""
    file = flaw.file.partition("/")[2]
    return f"{file} {flaw.what}" if file else flaw.what


def _indexes(directory: Path) -> Iterator[_Index]:
    for name, dimension, segment, collection in _query(directory, _INDEXES):
        if (match := _PARTITION.fullmatch(name)) and dimension:
            folder = directory / CHROMA / segment
            yield _Index(int(match[1]), dimension, folder, collection)


def _rebuild(directory: Path, numbers: Sequence[int], embedder: CheckedEmbedder | None) -> None:
    """Rebuild the indexes of partitions, and remove what is left over."""
    damaged = [one for one in _indexes(directory) if one.partition in numbers]
    kept = {one.partition: _kept(directory, one) for one in damaged}
    forget(directory)
    with _put_aside([one.folder for one in damaged]):
        store = DirectoryStore(directory, embedder.name if embedder else None)
        try:
            with store.rewriting() as partitions:
                for number in numbers:
                    collection = partitions.collection(number)
                    assert collection is not None, "what was found in it says that it is there"
                    partitions.rewrite(number, _rebuilt(collection, kept[number], embedder))
        finally:
            store.close()


@contextmanager
def _put_aside(folders: Sequence[Path]) -> Iterator[None]:
    """Keep damaged indexes from the engine within. They are put back if the body raises."""
    moved = [(one, one.with_name(f"{one.name}.aside")) for one in folders if one.exists()]
    with translated("putting damaged indexes aside"):
        for folder, aside in moved:
            folder.rename(aside)
    try:
        yield  # the rewriting removes what no collection has
    except BaseException:
        for folder, aside in moved:
            shutil.rmtree(folder, ignore_errors=True)
            aside.rename(folder)
        raise


def _kept(directory: Path, index: _Index) -> KeptVectors:
    with translated(f"reading {str(index.folder)!r}"):
        return KeptVectors(directory, index.folder, index.collection, index.dimension)


def _rebuilt(
    collection: Collection, kept: KeptVectors, embedder: CheckedEmbedder | None
) -> Iterator[rows.Rows]:
    for page in everything(collection).pages(["documents", "metadatas"]):
        with translated("reading records"):
            first = [
                (document or "", metadata)
                for document, metadata in zip(page["documents"], page["metadatas"], strict=True)
                if rows.is_first(metadata)
            ]
            entries = [(kept.entry(*row), row) for row in first]
        yield from rows.to_rows([one for one, _ in entries if one]).slices(ROWS_PER_WRITE)
        lost = [rows.to_record(*row) for one, row in entries if one is None]
        for start in range(0, len(lost), _RECORDS_PER_BATCH):
            part = lost[start : start + _RECORDS_PER_BATCH]
            yield from rows.to_rows(_embedded(part, embedder)).slices(ROWS_PER_WRITE)


def _embedded(records: Sequence[Record], embedder: CheckedEmbedder | None) -> list[Entry]:
    if embedder is None:
        raise InvalidInputError(
            f"The vectors of {len(records)} records or more, such as {records[0].id!r}, are kept "
            "nowhere any more. Give the store's embedder: --embedder module:name. Nothing was "
            "changed."
        )
    return embedded(records, embedder)


def _query(directory: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(directory / CHROMA / DATABASE)) as database:
        return database.execute(statement).fetchall()
