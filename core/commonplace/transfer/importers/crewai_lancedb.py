"""CrewAI's own memory: a LanceDB directory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commonplace.errors import InvalidInputError
from commonplace.transfer.importers.making import checked, name, time
from commonplace.transfer.reading import Found, Skipped, last_change
from commonplace.values.records import JSON, Record, Source
from commonplace.values.scope import Scope

_TABLE = "memories"
_COLUMNS = (
    "id", "content", "scope", "categories_str", "metadata_str", "importance", "created_at",
    "last_accessed", "source", "private",
)  # fmt: skip
_ROWS_PER_READ = 1_000


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the memories in a directory, which is not changed, each below its CrewAI path.

    They are as `commonplace_crewai` would have kept them: a crew on the same memory finds them
    with their categories, and those that are private stay so.
    """
    for row in _rows(path):
        where = f"{path}, {row['id']}"
        try:
            record = _record(row, path)
        except (ValueError, TypeError) as error:
            yield Skipped(where, f"not a memory of CrewAI's: {error}")
        else:
            yield checked(record, where)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    if not (path / f"{_TABLE}.lance").is_dir():
        raise InvalidInputError(
            f"{str(path)!r} is not a memory of CrewAI's: it holds no {_TABLE}.lance. "
            "Give the directory named memory in CrewAI's storage directory."
        )
    lancedb = _lancedb()
    try:
        query = lancedb.connect(str(path)).open_table(_TABLE).search().select(list(_COLUMNS))
        for batch in query.to_batches(batch_size=_ROWS_PER_READ):
            yield from batch.to_pylist()
    except (ValueError, RuntimeError, OSError) as error:
        raise InvalidInputError(f"{str(path)!r} cannot be read by LanceDB ({error}).") from error


def _lancedb() -> Any:
    try:
        import lancedb
    except ModuleNotFoundError as error:
        raise InvalidInputError(
            "CrewAI's memory is read with LanceDB, which is not installed: pip install lancedb"
        ) from error
    return lancedb


def _record(row: dict[str, Any], path: Path) -> Record:
    return Record(
        row["content"],
        importance=float(row["importance"]),
        metadata=_metadata(row),
        source=Source(framework="crewai", session=name(row["source"]), origin="agent"),
        scope=Scope(tuple(part for part in row["scope"].split("/") if part)),
        id=row["id"],
        created_at=time(row["created_at"]) or last_change(path),
    )


def _metadata(row: dict[str, Any]) -> dict[str, JSON]:
    """Return metadata under the keys by which `commonplace_crewai` knows it."""
    kept: dict[str, JSON] = json.loads(row["metadata_str"] or "{}")
    categories = json.loads(row["categories_str"] or "[]")
    own = {
        "crewai:last_accessed": row["last_accessed"],
        "crewai:categories": categories,
        "crewai:source": row["source"],
        "crewai:private": row["private"],
    }
    return {**kept, **{key: value for key, value in own.items() if value}}
