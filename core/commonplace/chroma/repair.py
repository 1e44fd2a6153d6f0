"""Finds damage in a directory's store, and rebuilds from the texts what can be rebuilt.

Texts and metadata are in SQLite; everything else, the vectors above all, follows from them.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from commonplace.chroma import rows
from commonplace.chroma.directory import REWRITING, DirectoryStore
from commonplace.chroma.index_flaws import flaws
from commonplace.chroma.probing import probed
from commonplace.chroma.purging import DATABASE, orphans
from commonplace.chroma.reading import everything
from commonplace.chroma.store import ROWS_PER_WRITE
from commonplace.chroma.switching import CHROMA
from commonplace.chroma.translation import translated
from commonplace.embedding.adapters import CheckedEmbedder
from commonplace.embedding.entries import embedded
from commonplace.errors import InvalidInputError
from commonplace.ownership import DirectoryLock

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

_PARTITION = re.compile(r"commonplace-(\d+)")
_RECORDS_PER_BATCH = 32
_INDEXES = """
    SELECT collections.name, collections.dimension, segments.id
    FROM segments JOIN collections ON segments.collection = collections.id
    WHERE segments.scope = 'VECTOR' ORDER BY collections.name
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


def examine(directory: Path) -> Report:
    """Look for damage in the store of a directory, and repair none of it.

    A vector that was changed and still has unit length is not seen. Raises StoreInUseError if the
    directory is open anywhere, InvalidInputError if it has no store.
    """
    with _locked(directory):
        return _examined(directory)


def repair(directory: Path, embedder: CheckedEmbedder) -> Report:
    """Repair what `examine` finds: vectors are rebuilt from the texts with the store's embedder.

    A partition in which anything is wrong is rebuilt whole. Raises what `examine` raises,
    EmbedderMismatchError, EmbeddingError, StoreError; what was repaired until then stays so.
    """
    with _locked(directory):
        before = _examined(directory)
        if before.is_sound or not all(one.is_repairable for one in before.findings):
            return before
        numbers = {one.partition for one in before.findings if one.partition is not None}
        _rebuild(directory, sorted(numbers), embedder)
        after = _examined(directory)
    repaired = tuple(one for one in before.findings if one not in after.findings)
    return Report(after.records, after.findings, repaired)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    if not (directory / CHROMA).is_dir():
        raise InvalidInputError(f"There is no store in {str(directory)!r}.")
    lock = DirectoryLock(directory)
    try:
        yield
    finally:
        lock.release()


def _examined(directory: Path) -> Report:
    if not (directory / CHROMA / DATABASE).exists():
        return Report(0, (Finding(f"{DATABASE} is missing", is_repairable=False),))
    with translated(f"examining {str(directory)!r}"):
        if (said := _integrity(directory)) != "ok":
            what = f"{DATABASE} is damaged ({said}): restore the directory from a backup"
            return Report(0, (Finding(what, is_repairable=False),))
        findings = [*_left_over(directory), *_of_partitions(directory)]
        [(records,)] = _query(
            directory, "SELECT count(*) FROM embedding_metadata WHERE key = 'record'"
        )
    return Report(records, tuple(findings))


def _integrity(directory: Path) -> str:
    try:
        return str(_query(directory, "PRAGMA integrity_check(1)")[0][0])
    except sqlite3.DatabaseError as error:
        return str(error)


def _left_over(directory: Path) -> Iterator[Finding]:
    if (directory / REWRITING).exists():
        yield Finding("a process ended while it rewrote partitions")
    if found := orphans(directory / CHROMA):
        yield Finding(f"{len(found)} indexes belong to no partition")


def _of_partitions(directory: Path) -> Iterator[Finding]:
    unread = []
    for index in _indexes(directory):
        found = flaws(index.folder, index.dimension) if index.folder.exists() else []
        yield from (Finding(what, index.partition) for what in found)
        if not found:
            unread.append(index.partition)
    for number, damage in probed(directory, unread).items():
        yield from (Finding(what, number) for what in damage)


def _indexes(directory: Path) -> Iterator[_Index]:
    for name, dimension, segment in _query(directory, _INDEXES):
        if (match := _PARTITION.fullmatch(name)) and dimension:
            yield _Index(int(match[1]), dimension, directory / CHROMA / segment)


def _rebuild(directory: Path, numbers: Sequence[int], embedder: CheckedEmbedder) -> None:
    """Rebuild the vectors of partitions, and remove what is left over."""
    for index in _indexes(directory):
        if index.partition in numbers:
            with translated(f"removing {str(index.folder)!r}"):
                shutil.rmtree(index.folder, ignore_errors=not index.folder.exists())
    store = DirectoryStore(directory, embedder.name)
    try:
        with store.rewriting() as partitions:
            for number in numbers:
                collection = partitions.collection(number)
                assert collection is not None, "what was found in it says that it is there"
                partitions.rewrite(number, _rebuilt(collection, embedder))
    finally:
        store.close()


def _rebuilt(collection: Collection, embedder: CheckedEmbedder) -> Iterator[rows.Rows]:
    for page in everything(collection).pages(["documents", "metadatas"]):
        with translated("reading records"):
            records = [
                rows.to_record(document or "", metadata)
                for document, metadata in zip(page["documents"], page["metadatas"], strict=True)
                if rows.is_first(metadata)
            ]
        for start in range(0, len(records), _RECORDS_PER_BATCH):
            entries = embedded(records[start : start + _RECORDS_PER_BATCH], embedder)
            yield from rows.to_rows(entries).slices(ROWS_PER_WRITE)


def _query(directory: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(directory / CHROMA / DATABASE)) as database:
        return database.execute(statement).fetchall()
