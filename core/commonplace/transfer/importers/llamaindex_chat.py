"""Chat stores of LlamaIndex: `SimpleChatStore`, memories that hold one, and the SQLite file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.errors import InvalidInputError
from commonplace.transfer.databases import is_database, quoted, reading, tables_of, tables_with
from commonplace.transfer.importers.chat_log import Log
from commonplace.transfer.importers.making import time
from commonplace.transfer.importers.messages import Message, records_of, with_notes
from commonplace.transfer.json_stream import Element, elements
from commonplace.transfer.numbers import finite
from commonplace.transfer.reading import Found, Skipped, folder_name, json_files, last_change
from commonplace.transfer.sample import Sample
from commonplace.values.records import JSON

_COLUMNS = ("key", "role", "data", "timestamp")


def fits(seen: Sample) -> bool:
    """Tell whether a source is such a store, or a memory on one."""
    if seen.kind == "database":
        return bool(tables_with(seen.names, *_COLUMNS))
    return seen.any(lambda one: _inner(one) is not None)


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages of all keys in a file, a folder, or a database; a key is a session."""
    yield from records_of(
        "llamaindex", _of_database(path) if is_database(path) else _messages(path)
    )


def _of_database(path: Path) -> Iterator[Message | Skipped]:
    log, tables = Log(path.stem, last_change(path)), tables_with(tables_of(path), *_COLUMNS)
    if not tables:
        raise InvalidInputError(f"{str(path)!r} holds no table of a chat store of LlamaIndex's.")
    try:
        with reading(path) as theirs:
            for table in tables:
                query = f"SELECT id, key, data, timestamp FROM {quoted(table)} ORDER BY id"  # noqa: S608  # no value
                for id, key, data, written in theirs.rows(query):
                    message, where = _object(data), f"{path}, {table} {id}"
                    yield from _said(message, log, where, str(key), time(written))
    except sqlite3.Error as error:
        raise InvalidInputError(f"{str(path)!r} cannot be read as a store ({error}).") from error


def _messages(path: Path) -> Iterator[Message | Skipped]:
    for file in json_files(path):
        log = Log(folder_name(path, file), last_change(file))
        for element in elements(file):
            store = _store(element)
            if store is None:
                yield Skipped(element.where, f"not a chat store: {str(element.value)[:40]!r}")
                continue
            for key, messages in store.items():
                yield from with_notes(_of_key(key, messages, log, element.where), element.notes)


def _store(element: Element) -> dict[str, Any] | None:
    """Return the messages by key. Releases before 0.10 wrote them as JSON within a text."""
    value = element.value
    return _inner(_object(value) if isinstance(value, str) else value)


def _inner(value: JSON) -> dict[str, Any] | None:
    told = value.get("chat_store", value) if isinstance(value, dict) else None
    store = told.get("store") if isinstance(told, dict) else None
    return store if isinstance(store, dict) else None


def _object(text: Any) -> JSON:
    try:
        return finite(json.loads(text))[0]
    except (ValueError, TypeError, RecursionError):
        return None


def _of_key(key: str, messages: JSON, log: Log, where: str) -> Iterator[Message | Skipped]:
    for number, one in enumerate(messages if isinstance(messages, list) else [messages], 1):
        yield from _said(one, log, f"{where}, {key}, message {number}", key or None, None)


def _said(
    one: JSON, log: Log, where: str, key: str | None, at: datetime | None
) -> Iterator[Message | Skipped]:
    if isinstance(one, dict) and "role" in one:
        yield from log.said_alone(_plain(one), where, key, at)
    else:
        yield Skipped(where, f"not a message: {str(one)[:40]!r}")


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message as chat completions have it."""
    blocks, more = message.get("blocks"), message.get("additional_kwargs")
    parts = [_part(one) for one in blocks] if isinstance(blocks, list) else message.get("content")
    told = more if isinstance(more, dict) else {}
    kept = {key: told[key] for key in ("name", "tool_calls", "tool_call_id") if key in told}
    return {**kept, "role": message["role"], "content": parts}


def _part(block: Any) -> Any:
    if not isinstance(block, dict):
        return block
    kind = {"tool_call": "tool_use"}.get(str(block.get("block_type")), block.get("block_type"))
    return {**block, "type": kind, "name": block.get("tool_name"), "id": block.get("tool_call_id")}
