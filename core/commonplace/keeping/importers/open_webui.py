"""What Open WebUI exports: chats, and the memories of its users."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.keeping.importers.branches import current_branch
from commonplace.keeping.importers.making import checked, fixed_id, noted_time
from commonplace.keeping.importers.messages import Message, records_of, said, with_notes
from commonplace.keeping.json_stream import Element, elements
from commonplace.keeping.reading import Found, Skipped, json_files, last_change
from commonplace.keeping.sample import Sample
from commonplace.records import JSON, Record, Source
from commonplace.scope import Scope

_MEMORY = {"id", "user_id", "content", "created_at", "updated_at"}


def fits(seen: Sample) -> bool:
    """Tell whether a source holds chats, or memories and nothing else."""
    return seen.any(_is_chat) or (bool(seen.objects) and all(map(_is_memory, seen.objects)))


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages of chats, the branch that is shown first, and memories as facts.

    What is of another branch has ``"branch": "side"`` in its metadata. Memories are in the scope
    ``user/<user_id>``.
    """
    for file in json_files(path):
        at = last_change(file)
        for element in elements(file):
            if element.part != "rest":
                yield from _items(element, at)


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
    return isinstance(chat, dict) and isinstance(chat.get("history"), dict)


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
    held = chat["history"].get("messages")
    messages: dict[str, Any] = held if isinstance(held, dict) else {}
    nodes = {id: one for id, one in messages.items() if isinstance(one, dict)}
    parents = {id: one.get("parentId") for id, one in nodes.items()}
    current = current_branch(parents, chat["history"].get("currentId"))
    title = value.get("title") or chat.get("title")
    for id in [*current, *(id for id in messages if id not in current)]:
        place, one = f"{where}, message {id}", nodes.get(id)
        if one is None or "role" not in one:
            yield Skipped(place, f"not a message: {str(messages[id])[:40]!r}")
            continue
        notes: list[str] = []
        text, more = said(one.get("content"))
        about: dict[str, JSON] = {"title": title} if isinstance(title, str) and title else {}
        side: dict[str, JSON] = {} if id in current else {"branch": "side"}
        model = one.get("modelName") or one.get("model")
        yield Message(
            session=str(value.get("id") or chat.get("id") or fixed_id(str(title), where)),
            id=id,
            role=str(one["role"]),
            speaker=str(model) if model and one["role"] == "assistant" else None,
            text=text,
            at=noted_time(one.get("timestamp"), "timestamp", notes) or at,
            metadata={**about, **more, **side},
            where=place,
            notes=tuple(notes),
        )
