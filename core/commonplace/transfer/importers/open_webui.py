"""What Open WebUI exports: chats, and the memories of its users."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.errors import InvalidInputError
from commonplace.transfer.databases import is_database, reading
from commonplace.transfer.importers.branches import current_branch
from commonplace.transfer.importers.making import checked, fixed_id, noted_time, time
from commonplace.transfer.importers.messages import Message, records_of, said, with_notes
from commonplace.transfer.json_stream import Element, elements
from commonplace.transfer.reading import Found, Skipped, json_files, last_change
from commonplace.transfer.sample import Sample
from commonplace.values.records import JSON, Record, Source
from commonplace.values.scope import Scope

_MEMORY = {"id", "user_id", "content", "created_at", "updated_at"}
# What a model thought and which tools it ran stands in the text of its answer.
_DETAILS = re.compile(
    r'<details type="(?:reasoning|tool_calls|code_interpreter|code_execution)"'
    r".*?(?:</details>\n?|\Z)",
    re.DOTALL,
)
_CHATS = "SELECT id, user_id, title, chat, created_at FROM chat ORDER BY created_at, id"
_MEMORIES = "SELECT id, user_id, content, created_at, updated_at FROM memory ORDER BY id"


def fits(seen: Sample) -> bool:
    """Tell whether a source holds chats, or memories and nothing else."""
    if seen.kind == "database":
        return seen.has("chat.chat", "memory.content")
    return seen.any(_is_chat) or (bool(seen.objects) and all(map(_is_memory, seen.objects)))


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages of chats, the branch that is shown first, and memories as facts.

    What is of another branch has ``"branch": "side"`` in its metadata. All are in the scope
    ``user/<user_id>`` where they name their user. It is an exported file, or ``webui.db``.
    """
    for element, at in _of_database(path) if is_database(path) else _of_json(path):
        yield from _items(element, at)


def _of_json(path: Path) -> Iterator[tuple[Element, datetime]]:
    for file in json_files(path):
        at = last_change(file)
        for element in elements(file):
            if element.part != "rest":
                yield element, at


def _of_database(path: Path) -> Iterator[tuple[Element, datetime]]:
    at = last_change(path)
    try:
        with reading(path) as theirs:
            for id, user, title, chat, created in theirs.rows(_CHATS):
                row = {"id": id, "user_id": user, "title": title, "chat": _object(chat)}
                row["created_at"] = created
                yield Element(row, f"{path}, chat {id}", "item"), at
            for row in theirs.rows(_MEMORIES):
                names = ("id", "user_id", "content", "created_at", "updated_at")
                memory = dict(zip(names, row, strict=True))
                yield Element(memory, f"{path}, memory {row[0]}", "item"), at
    except sqlite3.Error as error:
        raise InvalidInputError(
            f"{str(path)!r} is no database of Open WebUI's ({error})."
        ) from error


def _object(text: Any) -> Any:
    try:
        return json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None


def _items(element: Element, at: datetime) -> Iterator[Found | Skipped]:
    value = element.value
    if isinstance(value, dict) and _is_chat(value):
        found = _messages(value, element.where, at)
        yield from records_of("open-webui", with_notes(found, element.notes))
    elif isinstance(value, dict) and isinstance(value.get("content"), str):
        yield _memory(value, element, at)
    else:
        yield Skipped(element.where, f"neither a chat nor a memory: {str(value)[:40]!r}")


def _is_chat(value: dict[str, Any]) -> bool:
    chat = value.get("chat", value)
    if not isinstance(chat, dict):
        return False
    is_old = "chat" in value and isinstance(chat.get("messages"), list)
    return isinstance(chat.get("history"), dict) or is_old


def _is_memory(value: dict[str, Any]) -> bool:
    return {"user_id", "content"} <= value.keys() <= _MEMORY


def _memory(value: dict[str, Any], element: Element, at: datetime) -> Found | Skipped:
    notes = list(element.notes)
    created = noted_time(value.get("created_at"), "created_at", notes) or at
    updated = noted_time(value.get("updated_at"), "updated_at", notes)
    user = value.get("user_id")
    record = Record(
        value["content"],
        source=Source(framework="open-webui", origin="user"),
        scope=Scope(("user", str(user))) if user else Scope(),
        id=str(value.get("id") or fixed_id("open-webui", value["content"])),
        created_at=created,
        updated_at=updated if updated != created else None,
    )
    return checked(record, element.where, notes)


def _messages(value: dict[str, Any], where: str, at: datetime) -> Iterator[Message | Skipped]:
    chat: dict[str, Any] = value.get("chat", value)
    messages, last = _held(chat)
    nodes = {id: one for id, one in messages.items() if isinstance(one, dict)}
    current = current_branch({id: one.get("parentId") for id, one in nodes.items()}, last)
    title, user = value.get("title") or chat.get("title"), value.get("user_id")
    begun = time(value.get("created_at")) or at
    about: dict[str, JSON] = {"title": title} if isinstance(title, str) and title else {}
    if not messages:
        yield Skipped(where, "a chat without messages")
    for id in [*current, *(id for id in messages if id not in current)]:
        place, one = f"{where}, message {id}", nodes.get(id)
        if one is None or "role" not in one:
            yield Skipped(place, f"not a message: {str(messages[id])[:40]!r}")
            continue
        notes: list[str] = []
        text, more = _said(one)
        side: dict[str, JSON] = {} if id in current else {"branch": "side"}
        model = one.get("modelName") or one.get("model")
        yield Message(
            session=str(value.get("id") or chat.get("id") or fixed_id(str(title), where)),
            id=id,
            role=str(one["role"]),
            speaker=str(model) if model and one["role"] == "assistant" else None,
            text=text,
            at=noted_time(one.get("timestamp"), "timestamp", notes) or begun,
            metadata={**about, **more, **side},
            where=place,
            notes=tuple(notes),
            scope=Scope(("user", str(user))) if user else Scope(),
        )


def _held(chat: dict[str, Any]) -> tuple[dict[str, Any], object]:
    """Return the messages of a chat by id, and the last that was shown; of old chats their list."""
    history = chat.get("history")
    if isinstance(history, dict) and isinstance(history.get("messages"), dict):
        return history["messages"], history.get("currentId")
    found: dict[str, Any] = {}
    for number, one in enumerate(chat.get("messages") or []):
        before = next(reversed(found), None)
        told = {"parentId": before, **one} if isinstance(one, dict) else one
        found[str(told.get("id") or number) if isinstance(told, dict) else str(number)] = told
    return found, None


def _said(message: dict[str, Any]) -> tuple[str, dict[str, JSON]]:
    text, more = said(message.get("content"))
    if message["role"] == "assistant" and "<details" in text:
        text = _DETAILS.sub("", text).strip()
    held = message.get("files")
    names = [one.get("name") for one in held if isinstance(one, dict)] if held else []
    files = [{"type": "file", "filename": one} for one in names if isinstance(one, str) and one]
    named = [*more.get("attachments", []), *files]
    return text, {"attachments": named} if named else {}
