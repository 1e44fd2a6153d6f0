"""Rows of a Chroma directory as records."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from commonplace.errors import InvalidInputError
from commonplace.transfer.databases import copied, reading
from commonplace.transfer.importers.making import checked
from commonplace.transfer.reading import Found, Skipped, last_change
from commonplace.values.records import Record

if TYPE_CHECKING:
    from commonplace.chroma.foreign import Row


DATABASE = "chroma.sqlite3"


def any_row(file: Path, text: str) -> bool:
    """Tell whether metadata of a row holds a text that begins like this."""
    query = "SELECT 1 FROM embedding_metadata WHERE string_value LIKE ? LIMIT 1"
    return bool(_asked(file, query, f"{text}%"))


def collections_of(file: Path) -> list[str]:
    """Return the names of all collections; none for what is no such file."""
    return [str(name) for (name,) in _asked(file, "SELECT name FROM collections")]


def _asked(file: Path, query: str, *values: str) -> list[tuple[object, ...]]:
    try:
        with reading(file) as theirs:
            return list(theirs.rows(query, values))
    except (sqlite3.Error, InvalidInputError):
        return []  # whoever reads it will say why it cannot be read


def records_of(
    path: Path, collections: Sequence[str], made: Callable[[Row, datetime], Record | None]
) -> Iterator[Found | Skipped]:
    """Yield what `made` makes of each row and the time of the directory's last change.

    Of a row for which that is None, nothing. `collections` are those to take, as `rows` has them.
    """
    from commonplace.chroma.foreign import rows

    file = path if path.name == DATABASE else path / DATABASE
    if not file.is_file():
        within = ", ".join(str(one.parent) for one in sorted(path.rglob(DATABASE))[:5])
        raise InvalidInputError(
            f"{str(path)!r} is not a Chroma directory: it holds no {DATABASE}. "
            f"Give the directory that was given to Chroma{f': {within}' if within else ''}."
        )
    at = last_change(file)
    with copied(file) as copy:
        for row in rows(copy, collections):
            record = made(row, at)
            if record is not None:
                yield checked(record, f"{path}, {row.collection}, {row.id}")
