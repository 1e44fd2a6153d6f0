"""CrewAI before its unified memory: Chroma for what was met, SQLite for what was learnt."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commonplace.errors import InvalidInputError
from commonplace.transfer.databases import is_database, reading
from commonplace.transfer.importers.chroma_rows import DATABASE, collections_of, records_of
from commonplace.transfer.importers.making import checked, fixed_id, name, noted_time
from commonplace.transfer.reading import Found, Skipped, last_change
from commonplace.transfer.sample import Sample
from commonplace.values.records import JSON, Record, Source

if TYPE_CHECKING:
    from commonplace.chroma.foreign import Row

_LEARNT = "long_term_memory_storage.db"
_TABLE = "long_term_memories"
_MET = ("memory_short_term", "memory_entities", "short_term", "entities", "memory_external")


def fits(seen: Sample) -> bool:
    """Tell whether a source is such a storage."""
    if seen.kind == "database":
        return seen.has(_TABLE)
    if seen.kind != "folder":
        return False
    names = (name for one in _folders(seen.path) for name in collections_of(one / DATABASE))
    return seen.has(_LEARNT) or any(map(_is_met, names))


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield what a storage directory holds, or one of its databases; it is not changed."""
    learnt, folders = path if is_database(path) else path / _LEARNT, _folders(path)
    if not learnt.is_file() and not folders:
        raise InvalidInputError(
            f"{str(path)!r} holds no {_LEARNT} and no {DATABASE}: give CrewAI's storage directory."
        )
    if learnt.is_file():
        yield from _learnt(learnt)
    for folder in folders:
        wanted = [one for one in collections_of(folder / DATABASE) if _is_met(one)]
        yield from records_of(folder, wanted, _record) if wanted else ()


def _folders(path: Path) -> list[Path]:
    """Return Chroma's directories: one for all, or one for each kind of memory and its agents."""
    return sorted(file.parent for file in path.rglob(DATABASE)) if path.is_dir() else []


def _is_met(collection: str) -> bool:
    return collection.startswith(_MET)


def _record(row: Row, at: datetime) -> Record:
    return Record(
        row.document,
        metadata={"collection": row.collection, **row.elsewhere, **row.metadata},
        source=Source(framework="crewai", agent=name(row.metadata.get("agent")), origin="agent"),
        id=fixed_id("crewai", *row.elsewhere.values(), row.collection, row.id),
        created_at=at,
    )


def _learnt(file: Path) -> Iterator[Found | Skipped]:
    at = last_change(file)
    query = f"SELECT id, task_description, metadata, datetime, score FROM {_TABLE} ORDER BY id"  # noqa: S608  # no value
    try:
        with reading(file) as theirs:
            for row in theirs.rows(query):
                yield _of_row(row, f"{file}, {_TABLE} {row[0]}", at)
    except sqlite3.Error as error:
        raise InvalidInputError(f"{str(file)!r} is no storage of CrewAI's ({error}).") from error


def _of_row(row: tuple[Any, ...], where: str, at: datetime) -> Found | Skipped:
    id, task, metadata, written, score = row
    notes: list[str] = []
    about = _object(metadata, notes)
    advice = about.pop("suggestions", None)
    texts = [str(task or ""), *map(str, advice if isinstance(advice, list) else [])]
    record = Record(
        "\n".join(text for text in texts if text.strip()),
        metadata={**about, **({} if score is None else {"score": score})},
        source=Source(framework="crewai", agent=name(about.get("agent")), origin="agent"),
        id=fixed_id("crewai long-term", str(id), str(task)),
        created_at=noted_time(written, "datetime", notes) or at,
    )
    return checked(record, where, notes)


def _object(text: JSON, notes: list[str]) -> dict[str, JSON]:
    try:
        value = json.loads(text) if text else {}
    except (ValueError, TypeError, RecursionError):
        value = None
    if not isinstance(value, dict):
        notes.append(f"metadata is no JSON object: {str(text)[:40]!r}")
        return {}
    return value
