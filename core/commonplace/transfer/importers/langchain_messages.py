"""Message histories of LangChain: files, `messages_to_dict`, and the table of a database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.errors import InvalidInputError
from commonplace.transfer.databases import is_database, quoted, reading, tables_of, tables_with
from commonplace.transfer.importers.chat_log import Log, session_of, time_of
from commonplace.transfer.importers.message_shapes import is_langchain
from commonplace.transfer.importers.messages import Message, records_of, with_notes
from commonplace.transfer.json_stream import elements
from commonplace.transfer.reading import Found, Skipped, folder_name, json_files, last_change
from commonplace.transfer.sample import Sample
from commonplace.values.records import JSON

# What holds messages, from the outside in: LangGraph's threads and states, histories, memories,
# and the documents of histories in other databases, which have a message as JSON within a text.
_HOLDERS = ("values", "chat_memory", "kwargs", "messages", "message", "History", "history")


def fits(seen: Sample) -> bool:
    """Tell whether a source holds messages of LangChain's."""
    return bool(_tables(seen.names)) if seen.kind == "database" else seen.any(_holds_messages)


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages in a file, a folder of files, or a SQLChatMessageHistory's database.

    A history is named as its file, or by its session or thread where it says one.
    """
    found = _of_database(path) if is_database(path) else _of_json(path)
    yield from records_of("langchain", found)


def _of_json(path: Path) -> Iterator[Message | Skipped]:
    for file in json_files(path):
        log = Log(folder_name(path, file), last_change(file))
        for element in elements(file):
            if element.part != "rest":
                found = _found(element.value, log, element.where, None, None)
                yield from with_notes(found, element.notes)


def _of_database(path: Path) -> Iterator[Message | Skipped]:
    log = Log(path.stem, last_change(path))
    tables = _tables(tables_of(path))
    if not tables:
        raise InvalidInputError(
            f"{str(path)!r} holds no table with the columns session_id and message."
        )
    try:
        with reading(path) as theirs:
            for table in tables:
                query = f"SELECT rowid, session_id, message FROM {quoted(table)} ORDER BY 1"  # noqa: S608  # no value
                for id, session, message in theirs.rows(query):
                    where = f"{path}, {table} {id}"
                    yield from _found(message, log, where, str(session), None)
    except sqlite3.Error as error:
        raise InvalidInputError(
            f"{str(path)!r} cannot be read as a history of LangChain's ({error})."
        ) from error


def _tables(names: frozenset[str]) -> list[str]:
    """Return the tables that have the columns of a history."""
    return tables_with(names, "session_id", "message")


def _found(
    value: JSON, log: Log, where: str, session: str | None, at: datetime | None
) -> Iterator[Message | Skipped]:
    if isinstance(value, (str, bytes)):
        value = _parsed(value) or value
    if isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from _found(one, log, f"{where}, item {number}", session, at)
    elif isinstance(value, dict) and is_langchain(value):
        yield from log.said_alone(value, where, session, at)
    elif isinstance(value, dict) and (inner := _held(value)) is not None:
        named, when = session or session_of(value), time_of(value) or at
        yield from _found(inner, log, where, named, when)
    else:
        yield Skipped(where, f"not a message: {str(value)[:40]!r}")


def _held(value: dict[str, Any]) -> JSON:
    found = (value.get(key) for key in _HOLDERS)
    return next((one for one in found if isinstance(one, (list, dict)) or _parsed(one)), None)


def _parsed(value: JSON) -> JSON:
    """Return a message that stands as JSON within a text; the text if it is none."""
    if not isinstance(value, (str, bytes)) or value[:1] not in ("{", b"{"):
        return None
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return None


def _holds_messages(value: Any, levels: int = 4) -> bool:
    value = _parsed(value) or value
    if isinstance(value, list):
        return any(_holds_messages(one, levels - 1) for one in value[:20])
    if not isinstance(value, dict) or not levels:
        return False
    return is_langchain(value) or _holds_messages(_held(value), levels - 1)
