"""Chroma directories that langchain-chroma has written: documents and their metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from commonplace.transfer.importers.chroma_rows import records_of
from commonplace.transfer.importers.making import fixed_id
from commonplace.transfer.reading import Found, Skipped
from commonplace.values.records import Record, Source

if TYPE_CHECKING:
    from commonplace.chroma.foreign import Row


def read(path: Path, collections: Sequence[str] = ()) -> Iterator[Found | Skipped]:
    """Yield the documents of the collections in a directory, which is not changed."""
    yield from records_of(path, collections, _record)


def _record(row: Row, at: datetime) -> Record:
    return Record(
        row.document,
        metadata={"collection": row.collection, **row.elsewhere, **row.metadata},
        source=Source(framework="langchain", origin="document"),
        id=fixed_id("langchain-chroma", *row.elsewhere.values(), row.collection, row.id),
        created_at=at,
    )
