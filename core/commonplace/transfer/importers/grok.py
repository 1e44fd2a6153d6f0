"""What Grok exports: conversations with their responses, in one JSON file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.transfer.importers.json_parts import object_of
from commonplace.transfer.importers.making import fixed_id, noted_time, time
from commonplace.transfer.importers.messages import Message, records_of, with_notes
from commonplace.transfer.json_lists import listed
from commonplace.transfer.reading import Found, Skipped, json_files, last_change
from commonplace.values.records import JSON

_CONVERSATIONS = "conversations"
# Where a card or a citation is shown.
_SHOWN = re.compile(r" ?<grok:render\b.*?(?:</grok:render>|/>|\Z)", re.DOTALL)


def fits(value: dict[str, Any]) -> bool:
    """Tell whether an object is such an export, or a conversation of it."""
    held = value.get(_CONVERSATIONS)
    first = held[0] if isinstance(held, list) and held else value
    return isinstance(first, dict) and {"conversation", "responses"} <= first.keys()


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages of all conversations in a file or a folder of files."""
    for file in json_files(path):
        at, element = last_change(file), None
        for element, _ in listed(file, _CONVERSATIONS):
            if isinstance(element.value, dict) and fits(element.value):
                found = _messages(element.value, element.where, at)
                yield from records_of("grok", with_notes(found, element.notes))
            else:
                yield Skipped(element.where, f"not a conversation: {str(element.value)[:40]!r}")
        if element is None:
            yield Skipped(str(file), "it holds no conversations")


def _messages(value: dict[str, Any], where: str, at: datetime) -> Iterator[Message | Skipped]:
    head, held = object_of(value["conversation"]), value["responses"]
    title, begun = head.get("title"), time(_plain(head.get("create_time"))) or at
    about: dict[str, JSON] = {"title": title} if isinstance(title, str) and title else {}
    session = str(head.get("id") or fixed_id(str(title), begun.isoformat()))
    for number, one in enumerate(held if isinstance(held, list) else [held], 1):
        told, place = object_of(object_of(one).get("response")), f"{where}, message {number}"
        text = told.get("message")
        if not isinstance(text, str):
            yield Skipped(place, f"not a message: {str(one)[:40]!r}")
            continue
        notes: list[str] = []
        is_own = str(told.get("sender")).lower() in ("human", "user")
        yield Message(
            session=session,
            id=str(told.get("_id") or fixed_id(str(number), text)),
            role="user" if is_own else "assistant",
            speaker=None if is_own else str(told.get("model") or "grok"),
            text=text if is_own else _SHOWN.sub("", text),
            at=noted_time(_plain(told.get("create_time")), "create_time", notes) or begun,
            metadata=about,
            where=place,
            notes=tuple(notes),
        )


def _plain(value: JSON) -> JSON:
    """Return a time without what MongoDB's tools write around it."""
    inner = value.get("$date") if isinstance(value, dict) else value
    return inner.get("$numberLong") if isinstance(inner, dict) else inner
