"""Message histories of LangChain: files, `messages_to_dict`, and the table of a database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commonplace.errors import InvalidInputError
from commonplace.keeping.databases import is_database, reading
from commonplace.keeping.importers.chat_log import Log
from commonplace.keeping.importers.messages import Message, records_of, with_notes
from commonplace.keeping.json_stream import elements
from commonplace.keeping.reading import Found, Skipped, folder_name, json_files, last_change
from commonplace.keeping.sample import Sample
from commonplace.records import JSON

_TABLE = "message_store"
_ROLES = {"human": "user", "ai": "assistant", "AIMessageChunk": "assistant", "chat": "user"}
_CLASSES = {
    "HumanMessage": "human", "AIMessage": "ai", "SystemMessage": "system", "ToolMessage": "tool",
    "FunctionMessage": "function", "ChatMessage": "chat", "AIMessageChunk": "ai",
}  # fmt: skip


def fits(seen: Sample) -> bool:
    """Tell whether a source holds messages of LangChain's."""
    return seen.has(_TABLE) if seen.kind == "database" else seen.any(_is_message)


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages in a file, a folder of files, or a SQLChatMessageHistory's database.

    A history is named as its file, or by its session in the database.
    """
    found = _of_database(path) if is_database(path) else _of_json(path)
    yield from records_of("langchain", found)


def _of_json(path: Path) -> Iterator[Message | Skipped]:
    for file in json_files(path):
        log = Log(folder_name(path, file), last_change(file))
        for element in elements(file):
            if element.part != "rest":
                found = _found(element.value, log, element.where, None)
                yield from with_notes(found, element.notes)


def _of_database(path: Path) -> Iterator[Message | Skipped]:
    log = Log(path.stem, last_change(path))
    try:
        with reading(path) as theirs:
            query = f"SELECT id, session_id, message FROM {_TABLE} ORDER BY id"  # noqa: S608  # no value
            for id, session, message in theirs.rows(query):
                yield from _row(message, log, f"{path}, {_TABLE} {id}", str(session))
    except sqlite3.Error as error:
        raise InvalidInputError(
            f"{str(path)!r} cannot be read as a history of LangChain's ({error})."
        ) from error


def _row(message: Any, log: Log, where: str, session: str) -> Iterator[Message | Skipped]:
    try:
        value = json.loads(message)
    except (ValueError, TypeError, RecursionError) as error:
        yield Skipped(where, f"not a message in JSON ({error})")
        return
    yield from _found(value, log, where, session)


def _found(value: JSON, log: Log, where: str, session: str | None) -> Iterator[Message | Skipped]:
    if isinstance(value, dict) and isinstance(value.get("messages"), list):
        value = value["messages"]
    if isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from _found(one, log, f"{where}, item {number}", session)
    elif isinstance(value, dict) and _is_message(value):
        yield from log.said_alone(_plain(value), where, session)
    else:
        yield Skipped(where, f"not a message: {str(value)[:40]!r}")


def _is_message(value: dict[str, Any]) -> bool:
    if value.get("type") == "constructor":
        return isinstance(value.get("kwargs"), dict) and bool(value.get("id"))
    return isinstance(value.get("type"), str) and isinstance(value.get("data"), dict)


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """Return a message as chat completions have it."""
    if value["type"] == "constructor":
        data, path = value["kwargs"], value["id"]
        kind = _CLASSES.get(str(path[-1] if isinstance(path, list) else path), "")
    else:
        data, kind = value["data"], value["type"]
    role = str(data.get("role") or kind) if kind == "chat" else _ROLES.get(kind, kind)
    return {**data, "role": role}
