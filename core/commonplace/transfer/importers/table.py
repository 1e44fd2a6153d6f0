"""Tables: CSV, or JSON Lines of any keys, with the columns that the caller names."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any

from commonplace.errors import InvalidInputError
from commonplace.transfer.importers.making import checked, fixed_id, name, noted_end, noted_time
from commonplace.transfer.importers.messages import ORIGINS
from commonplace.transfer.json_stream import elements
from commonplace.transfer.reading import (
    MAX_ITEM_BYTES,
    TABLES,
    Found,
    Lines,
    Skipped,
    json_files,
    last_change,
    opened,
)
from commonplace.values.records import JSON, KINDS, Record, Source
from commonplace.values.scope import Scope

FIELDS = ("text", "id", "created_at", "expires_at", "kind", "user", "agent", "session", "role",
          "importance")  # fmt: skip


@dataclass(slots=True)
class _Read:
    """A table on its way: where each field stands, and what was read of each conversation.

    Rows of a conversation keep their order, and those without ids that repeat are told apart.
    """

    columns: Mapping[str, str]
    places: dict[str, tuple[datetime, int]] = field(default_factory=dict)
    repeated: Counter[str] = field(default_factory=Counter)

    def ordered(self, record: Record, *, has_id: bool) -> Record:
        """Return a record of a conversation at its place in it."""
        session = record.source.session
        if session is None:
            return record
        moment, place = self.places.get(session, (record.created_at, -1))
        place = place + 1 if moment == record.created_at else 0
        self.places[session] = record.created_at, place
        self.repeated[record.id] += 1
        number = self.repeated[record.id]
        own = record.id if has_id or number == 1 else fixed_id(record.id, str(number))
        return replace(record, id=own, created_at=record.created_at + timedelta(microseconds=place))


def read(path: Path, columns: Mapping[str, str]) -> Iterator[Found | Skipped]:
    """Yield the rows of a CSV file, or the objects of JSON files.

    `columns` names the column of each of FIELDS; one that it leaves out is the column of that
    name, if there is one, in whatever case. Of JSON a column may be ``outer.inner``. What is in
    no field becomes metadata. Rows of a user are in the scope ``user/<user>``. Raises
    InvalidInputError for a field or a column that is unknown.
    """
    if unknown := [key for key in columns if key not in FIELDS]:
        raise InvalidInputError(
            f"columns has {unknown[0]!r}: give any of {', '.join(FIELDS)}. All else is metadata."
        )
    is_csv = path.is_file() and path.name.lower().endswith(TABLES)
    known: _Read | None = None
    for row, where, at, notes in _rows(path) if is_csv else _objects(path):
        if not isinstance(row, dict):
            yield Skipped(where, f"not a row with a value for each column: {str(row)[:60]!r}")
            continue
        if known is None:
            known = _Read({one: _column(one, columns, row, where) for one in FIELDS})
        yield _item(row, where, at, [*notes], known)


_Row = tuple[Any, str, datetime, tuple[str, ...]]


def _objects(path: Path) -> Iterator[_Row]:
    for file in json_files(path):
        at = last_change(file)
        for element in elements(file):
            if element.part != "rest":
                yield element.value, element.where, at, element.notes


def _rows(path: Path) -> Iterator[_Row]:
    at = last_change(path)
    with opened(path) as file:
        lines = Lines(file, str(path))
        csv.field_size_limit(max(csv.field_size_limit(), MAX_ITEM_BYTES))
        texts = _texts(lines)
        first = next(texts, "")
        separator = "\t" if ".tsv" in path.name.lower() else max(",;\t|", key=first.count)
        rows = csv.reader(chain([first], texts), delimiter=separator, strict=True)
        try:
            header = _names(next(rows, []))
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


def _names(header: list[str]) -> list[str]:
    """Return the names of the columns; one that has none, or that of another, gets its number."""
    names = [one.strip() for one in header]
    return [
        one if one and one not in names[:number] else f"{one} {number + 1}".strip()
        for number, one in enumerate(names)
    ]


def _named(header: list[str], row: list[str]) -> Any:
    """Return a row by column; as it is if it has more or fewer values than there are columns."""
    return dict(zip(header, row, strict=True)) if len(header) == len(row) else row


def _column(one: str, columns: Mapping[str, str], row: dict[str, Any], where: str) -> str:
    """Return the column of a field. Raises InvalidInputError if one that must be there is not."""
    named = columns.get(one) or next((key for key in row if key.strip().lower() == one), one)
    if (one in columns or one == "text") and not _has(row, named):
        raise InvalidInputError(
            f"{where}: there is no column {named!r}; there are "
            f"{', '.join(map(repr, row))}. Name the column: columns={{'text': ...}}, or --column."
        )
    return named


def _has(row: JSON, column: str) -> bool:
    outer, _, inner = column.partition(".")
    if not isinstance(row, dict):
        return False
    return column in row or (bool(inner) and _has(row.get(outer), inner))


def _value(row: JSON, column: str) -> JSON:
    """Return what stands in a column, which may lie within another: ``outer.inner``."""
    outer, _, inner = column.partition(".")
    if not isinstance(row, dict):
        return None
    return row[column] if column in row or not inner else _value(row.get(outer), inner)


def _item(
    row: dict[str, Any], where: str, at: datetime, notes: list[str], known: _Read
) -> Found | Skipped:
    told = {one: _value(row, column) if _has(row, column) else None
            for one, column in known.columns.items()}  # fmt: skip
    if not isinstance(told["text"], (str, int, float)):
        return Skipped(where, f"its text is none: {str(told['text'])[:40]!r}")
    about = {
        key: one for key, one in row.items() if key not in known.columns.values() and one != ""
    }
    record = _record(told, about, at, notes)
    return checked(known.ordered(record, has_id=name(told["id"]) is not None), where, notes)


def _record(told: dict[str, Any], about: dict[str, JSON], at: datetime, notes: list[str]) -> Record:
    text, user, role = str(told["text"]), name(told["user"]), name(told["role"])
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
