"""Tables: CSV, or JSON Lines of any keys, with the columns that the caller names."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.errors import InvalidInputError
from commonplace.keeping.importers.making import checked, fixed_id, name, noted_end, noted_time
from commonplace.keeping.importers.messages import ORIGINS
from commonplace.keeping.json_stream import elements
from commonplace.keeping.reading import (
    MAX_ITEM_BYTES,
    TABLES,
    Found,
    Lines,
    Skipped,
    json_files,
    last_change,
    opened,
)
from commonplace.records import JSON, KINDS, Record, Source
from commonplace.scope import Scope

FIELDS = ("text", "id", "created_at", "expires_at", "kind", "user", "agent", "session", "role",
          "importance")  # fmt: skip


def read(path: Path, columns: Mapping[str, str]) -> Iterator[Found | Skipped]:
    """Yield the rows of a CSV file, or the objects of JSON files.

    `columns` names the column of each of FIELDS; one that it leaves out is the column of that
    name, if there is one. What is in no field becomes metadata. Rows of a user are in the scope
    ``user/<user>``. Raises InvalidInputError for a field or a column that is unknown.
    """
    if unknown := [key for key in columns if key not in FIELDS]:
        raise InvalidInputError(
            f"columns has {unknown[0]!r}: give any of {', '.join(FIELDS)}. All else is metadata."
        )
    is_csv = path.is_file() and path.name.lower().endswith(TABLES)
    for row, where, at, notes in _rows(path) if is_csv else _objects(path):
        yield _item(row, where, at, [*notes], columns)


_Row = tuple[Any, str, datetime, tuple[str, ...]]


def _objects(path: Path) -> Iterator[_Row]:
    for file in json_files(path):
        at = last_change(file)
        for element in elements(file):
            if element.part != "rest":
                yield element.value, element.where, at, element.notes


def _rows(path: Path) -> Iterator[_Row]:
    at, separator = last_change(path), "\t" if ".tsv" in path.name.lower() else ","
    with opened(path) as file:
        lines = Lines(file, str(path))
        csv.field_size_limit(max(csv.field_size_limit(), MAX_ITEM_BYTES))
        rows = csv.reader(_texts(lines), delimiter=separator, strict=True)
        try:
            header = next(rows, [])
            for row in rows:
                lines.settle()
                if row:
                    yield _named(header, row), lines.where, at, ()
        except csv.Error as error:
            raise lines.error(f"this is not a table ({error}).") from error


def _texts(lines: Lines) -> Iterator[str]:
    try:
        while line := lines.read(MAX_ITEM_BYTES + 1):
            yield line.decode()
    except UnicodeDecodeError as error:
        raise lines.error(f"this is not UTF-8 ({error}). Save the file as UTF-8.") from error


def _named(header: list[str], row: list[str]) -> Any:
    """Return a row by column; as it is if it has more or fewer values than there are columns."""
    return dict(zip(header, row, strict=True)) if len(header) == len(row) else row


def _item(
    row: Any, where: str, at: datetime, notes: list[str], columns: Mapping[str, str]
) -> Found | Skipped:
    if not isinstance(row, dict):
        return Skipped(where, f"not a row with a value for each column: {str(row)[:60]!r}")
    named = {field: columns.get(field, field) for field in FIELDS}
    if missing := [one for one in (named["text"], *columns.values()) if one not in row]:
        raise InvalidInputError(
            f"{where}: there is no column {missing[0]!r}; there are "
            f"{', '.join(map(repr, row))}. Name the column: columns={{'text': ...}}, or --column."
        )
    told = {field: row.get(column) for field, column in named.items()}
    about = {key: one for key, one in row.items() if key not in named.values() and one != ""}
    return checked(_record(told, about, at, notes), where, notes)


def _record(told: dict[str, Any], about: dict[str, JSON], at: datetime, notes: list[str]) -> Record:
    text, user, role = str(told["text"] or ""), name(told["user"]), name(told["role"])
    return Record(
        text,
        kind=_kind(told["kind"], role, notes),
        importance=_importance(told["importance"], notes),
        metadata=about,
        source=Source(
            agent=name(told["agent"]) or role,
            session=name(told["session"]),
            origin=ORIGINS.get(role or ""),
        ),
        scope=Scope(("user", user)) if user else Scope(),
        id=name(told["id"]) or fixed_id("table", *(str(one) for one in told.values())),
        created_at=noted_time(told["created_at"], "created_at", notes) or at,
        expires_at=noted_end(told["expires_at"], "expires_at", notes),
    )


def _kind(value: JSON, role: str | None, notes: list[str]) -> Any:
    if value in KINDS and value != "value":
        return value
    if value:
        notes.append(f"kind is none of {', '.join(KINDS)}: {str(value)[:40]!r}")
    return "message" if role else "fact"


def _importance(value: JSON, notes: list[str]) -> float:
    if value in (None, ""):
        return 0.5
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if 0 <= number <= 1:
        return number
    notes.append(f"importance is no number in 0..1: {str(value)[:40]!r}")
    return 0.5
