"""LangGraph stores: the file of a SqliteStore, or items written as JSON."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from commonplace.errors import InvalidInputError
from commonplace.transfer.databases import Reading, is_database, reading
from commonplace.transfer.importers.making import (
    checked,
    fixed_id,
    noted_end,
    noted_time,
)
from commonplace.transfer.json_stream import elements
from commonplace.transfer.reading import (
    MAX_ITEM_BYTES,
    Found,
    Skipped,
    json_files,
    last_change,
)
from commonplace.transfer.sample import Sample
from commonplace.values.records import JSON, Record, Source
from commonplace.values.scope import Scope

_TEXTS = ("content", "text", "memory", "data")  # where LangMem and others put what is remembered


class _Item(NamedTuple):
    """An item, where it stands, and when what holds it was last written."""

    value: Any
    where: str
    at: datetime
    notes: tuple[str, ...] = ()


def fits(seen: Sample) -> bool:
    """Tell whether a source is of such a store."""
    return seen.has("store") if seen.kind == "database" else seen.any(_holds_items)


def _holds_items(value: dict[str, Any]) -> bool:
    items = value.get("items")
    first = items[0] if isinstance(items, list) and items else value
    return isinstance(first, dict) and _why_none(first) is None


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the items of a store as exact values: ``get(key)`` of their scope returns them.

    An item's namespace is its scope. A SqliteStore's file is not changed. JSON is what
    ``item.dict()`` gives, what LangGraph Platform answers to a search, or rows of the table, in a
    list or one a line.
    """
    for item in _of_database(path) if is_database(path) else _of_json(path):
        yield _found(item)


def _of_json(path: Path) -> Iterator[_Item]:
    for file in json_files(path):
        at = last_change(file)
        for element in elements(file):
            if element.part != "rest":
                for one, where in _flat(element.value, element.where):
                    yield _Item(one, where, at, element.notes)


def _flat(value: JSON, where: str) -> Iterator[tuple[JSON, str]]:
    """Yield the items of lists, and of the answers of LangGraph Platform."""
    inner = value.get("items") if isinstance(value, dict) and "key" not in value else value
    if not isinstance(inner, list):
        yield value, where
        return
    for number, one in enumerate(inner, 1):
        yield from _flat(one, f"{where}, item {number}")


def _of_database(path: Path) -> Iterator[_Item]:
    at = last_change(path)
    try:
        with reading(path) as theirs:
            theirs.database.row_factory = sqlite3.Row
            theirs.database.text_factory = lambda text: text.decode(errors="replace")
            _check_sizes(theirs, path)
            for row in theirs.rows("SELECT * FROM store"):
                item = dict(zip(row.keys(), row, strict=True))
                yield _Item(item, f"{path}, {item['prefix']} {item['key']}", at)
    except (sqlite3.Error, KeyError) as error:
        raise InvalidInputError(
            f"{str(path)!r} cannot be read as the file of a SqliteStore ({error})."
        ) from error


def _check_sizes(theirs: Reading, path: Path) -> None:
    [[most]] = theirs.rows("SELECT max(length(value)) FROM store")
    if most is not None and most > MAX_ITEM_BYTES:
        raise InvalidInputError(
            f"{str(path)!r} holds an item longer than {MAX_ITEM_BYTES:,} characters, the limit."
        )


def _found(one: _Item) -> Found | Skipped:
    item, notes = one.value, list(one.notes)
    if reason := _why_none(item):
        return Skipped(one.where, f"not an item of a store: {reason}")
    value = item["value"]
    if "prefix" in item and isinstance(value, (str, bytes)):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError) as error:
            reason = f"its value is not JSON ({type(error).__name__}: {error})"
            return Skipped(one.where, reason)
    return checked(_record(item, value, one.at, notes), one.where, notes)


def _why_none(item: Any) -> str | None:
    if not isinstance(item, dict):
        return repr(str(item)[:40])
    if missing := [key for key in ("key", "value") if key not in item]:
        return f"it has no {missing[0]!r}"
    if not isinstance(item["key"], str):
        return f"its key is {str(item['key'])[:40]!r}"
    return None if _names(item) is not None else "it has no namespace of texts"


def _names(item: dict[str, Any]) -> tuple[str, ...] | None:
    namespace = item.get("namespace", item.get("prefix"))
    names = namespace.split(".") if isinstance(namespace, str) else namespace
    if not isinstance(names, list) or not all(isinstance(one, str) for one in names):
        return None
    return () if names == [""] else tuple(names)


def _record(item: dict[str, Any], value: JSON, at: datetime, notes: list[str]) -> Record:
    created = noted_time(_either(item, "created_at", "createdAt"), "created_at", notes) or at
    updated = noted_time(_either(item, "updated_at", "updatedAt"), "updated_at", notes)
    expires = noted_end(item.get("expires_at"), "expires_at", notes)
    key: str = item["key"]
    return Record(
        text_of(key, value),
        kind="value",
        key=key,
        id=fixed_id(key),
        metadata={"value": value},
        source=Source(framework="langgraph"),
        scope=Scope(_names(item) or ()),
        created_at=created,
        updated_at=updated if updated != created else None,
        expires_at=expires,
        ttl_on_use=_ttl(item.get("ttl_minutes"), notes) if expires else None,
    )


def _either(item: dict[str, Any], name: str, name_in_javascript: str) -> JSON:
    return item.get(name) or item.get(name_in_javascript)


def _ttl(minutes: JSON, notes: list[str]) -> timedelta | None:
    """Return how long an item lives on after each use."""
    if minutes is None:
        return None
    try:
        return timedelta(minutes=float(minutes)) if float(minutes) > 0 else None
    except (TypeError, ValueError, OverflowError):
        notes.append(f"ttl_minutes is no number: {str(minutes)[:40]!r}")
        return None


def text_of(key: str, value: JSON) -> str:
    """Return the words by which a value is found: what it says, or else all of it."""
    if isinstance(value, dict) and value.get("encoding") == "base64":
        return f"{key}: a file that is not text"
    inner = value
    while isinstance(inner, dict) and "content" in inner and isinstance(inner["content"], dict):
        inner = inner["content"]  # LangMem: the kind of a memory, and what it says
    texts = [inner.get(name) for name in _TEXTS] if isinstance(inner, dict) else []
    said = next((words for one in texts if (words := _words(one)).strip()), None)
    return said or f"{key}: {json.dumps(value, ensure_ascii=False)}"


def _words(value: JSON) -> str:
    is_lines = isinstance(value, list) and all(isinstance(one, str) for one in value)
    return "\n".join(value) if is_lines else value if isinstance(value, str) else ""
