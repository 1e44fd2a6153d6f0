"""Dumps of OpenAI Conversations: items, pages of items, conversations that hold them."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from commonplace.errors import InvalidInputError
from commonplace.transfer.databases import is_database, quoted, reading, tables_of, tables_with
from commonplace.transfer.importers.direction import Direction
from commonplace.transfer.importers.held_in import HeldIn
from commonplace.transfer.importers.making import fixed_id, time
from commonplace.transfer.importers.messages import Message, records_of
from commonplace.transfer.importers.openai_items import note_call, said_by
from commonplace.transfer.json_stream import elements
from commonplace.transfer.numbers import finite
from commonplace.transfer.reading import Found, Skipped, folder_name, json_files, last_change
from commonplace.transfer.sample import Sample
from commonplace.values.records import JSON


class _Place(NamedTuple):
    """Where an item stands: in a page of the API's, in a list of the user's own, or in a table.

    The rows of a table are in order, and say when they were written.
    """

    conversation: HeldIn
    is_paged: bool
    notes: tuple[str, ...]
    at: datetime | None = None


class _Item(NamedTuple):
    value: dict[str, Any]
    where: str
    place: _Place

    @property
    def conversation(self) -> HeldIn:
        return self.place.conversation


@dataclass(slots=True)
class _Known:
    """What is known of a conversation before its first item is read."""

    tools: dict[str, str] = field(default_factory=dict)
    direction: Direction = field(default_factory=Direction)
    unnamed: Counter[str] = field(default_factory=Counter)

    def see(self, item: _Item) -> None:
        """Take note of an item."""
        note_call(item.value, self.tools)
        if item.place.at is None:
            self.direction.see(item.value, is_paged=item.place.is_paged)
        if not item.value.get("id"):
            self.unnamed[_words(item.value, self.tools)] += 1


def fits(seen: Sample) -> bool:
    """Tell whether a source holds conversations, or sessions of the Agents SDK."""
    return bool(_tables(seen.names)) if seen.kind == "database" else seen.any(_is_one)


def _is_one(value: dict[str, Any]) -> bool:
    """Tell whether an object is a conversation or one of its items."""
    if value.get("object") == "conversation":
        return True
    items = value.get("items", value.get("data"))
    first = items[0] if isinstance(items, list) and items else value
    content = first.get("content") if isinstance(first, dict) else None
    parts = content if isinstance(content, list) else []
    kinds = [part.get("type") for part in parts if isinstance(part, dict)]
    return "input_text" in kinds or "output_text" in kinds


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages and tool results in a file, a folder of files, or the Agents SDK's SQLite.

    Items say neither of which conversation they are nor when they were written. They are of the
    conversation that holds them or stands before them; without one, of the file they are in, or of
    the folder of their pages. Pages may be of any size, from the newest item on or from the oldest:
    the files are read twice, first for the order and the names of tools.
    """
    known: defaultdict[str, _Known] = defaultdict(_Known)
    with suppress(InvalidInputError):  # raised again where it is read
        for item in _items(path):
            if isinstance(item, _Item):
                known[item.conversation.id].see(item)
    messages = _messages(path, known)
    yield from records_of(
        "openai", messages, lambda session: known[session].direction.is_newest_first
    )


def _messages(path: Path, known: Mapping[str, _Known]) -> Iterator[Message | Skipped]:
    given: Counter[tuple[str, str]] = Counter()
    for item in _items(path):
        if isinstance(item, Skipped):
            yield item
            continue
        about = known[item.conversation.id]
        said = said_by(item.value, about.tools)
        if isinstance(said, str):
            yield Skipped(item.where, said)
            continue
        yield Message(
            session=item.conversation.id,
            id=str(item.value.get("id") or _id(item, about, given)),
            role=said.role,
            speaker=said.speaker,
            text=said.text,
            at=time(item.value.get("created_at")) or item.conversation.at,
            metadata={**item.conversation.metadata, **said.metadata},
            where=item.where,
            notes=item.place.notes,
        )


def _words(value: dict[str, Any], tools: Mapping[str, str]) -> str:
    said = said_by(value, tools)
    return "" if isinstance(said, str) else fixed_id(said.role, said.text)


def _id(item: _Item, about: _Known, given: Counter[tuple[str, str]]) -> str:
    """Return an id for an item that has none: its words, and their count from the oldest on."""
    words = _words(item.value, about.tools)
    given[item.conversation.id, words] += 1
    number = given[item.conversation.id, words]
    if about.direction.is_newest_first:
        number = about.unnamed[words] - number + 1
    return words if number == 1 else fixed_id(words, str(number))


def _tables(names: frozenset[str]) -> list[str]:
    """Return the tables that have the columns of the Agents SDK's sessions."""
    return tables_with(names, "session_id", "message_data", "created_at")


def _of_database(path: Path) -> Iterator[_Item | Skipped]:
    at, tables = last_change(path), _tables(tables_of(path))
    if not tables:
        raise InvalidInputError(f"{str(path)!r} holds no table of the Agents SDK's sessions.")
    try:
        with reading(path) as theirs:
            for table in tables:
                query = f"SELECT id, session_id, message_data, created_at FROM {quoted(table)} ORDER BY id"  # noqa: S608, E501  # no value
                for id, session, item, written in theirs.rows(query):
                    when = time(written) or at
                    place = _Place(HeldIn(str(session), when), is_paged=False, notes=(), at=when)
                    yield from _found(_object(item), place, f"{path}, {table} {id}")
    except sqlite3.Error as error:
        raise InvalidInputError(f"{str(path)!r} cannot be read as sessions ({error}).") from error


def _object(text: Any) -> JSON:
    try:
        return finite(json.loads(text))[0]
    except (ValueError, TypeError, RecursionError):
        return str(text)


def _items(path: Path) -> Iterator[_Item | Skipped]:
    if is_database(path):
        yield from _of_database(path)
        return
    current, folder = HeldIn("", last_change(path)), ""
    for file in json_files(path):
        if folder_name(path, file) != folder:
            folder = folder_name(path, file)
            current = HeldIn(folder, last_change(file))
        for element in elements(file):
            value = element.value
            if element.part == "rest":
                continue
            if isinstance(value, dict) and _is_conversation(value):
                current = current.told_by(value, "conversation")
                value = value.get("items", [])
            yield from _found(
                value, _Place(current, element.part == "paged", element.notes), element.where
            )


def _is_conversation(value: Mapping[str, Any]) -> bool:
    return value.get("object") == "conversation" or "items" in value


def _found(value: JSON, place: _Place, where: str) -> Iterator[_Item | Skipped]:
    if isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from _found(one, place, f"{where}, item {number}")
    elif not isinstance(value, dict):
        yield Skipped(where, f"not an item: {str(value)[:40]!r}")
    elif _is_conversation(value):
        inner = place.conversation.told_by(value, "conversation")
        yield from _found(value.get("items", []), place._replace(conversation=inner), where)
    elif isinstance(value.get("data"), list):
        yield from _found(value["data"], place._replace(is_paged=True), where)
    else:
        yield _Item(value, where, place)
