"""Conversations that LibreChat exports as JSON, with or without their branches."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.transfer.importers.branches import current_branch
from commonplace.transfer.importers.json_chats import chats
from commonplace.transfer.importers.making import fixed_id, noted_time
from commonplace.transfer.importers.messages import Message, said
from commonplace.transfer.reading import Found, Skipped
from commonplace.values.records import JSON
from commonplace.values.scope import Scope

_NOT_SAID = ("think", "tool_call", "error")


def fits(value: dict[str, Any]) -> bool:
    """Tell whether an object is such a conversation."""
    held = "messages" in value or "messagesTree" in value
    return "conversationId" in value and (held or "isCreatedByUser" in value)


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages in a file or a folder of files.

    The branch of the last message comes first; what is of another one has ``"branch": "side"``
    in its metadata.
    """
    return chats(path, "librechat", fits, _messages, "a conversation")


def _messages(value: dict[str, Any], where: str, at: datetime) -> Iterator[Message | Skipped]:
    alone = value if "isCreatedByUser" in value else None  # a document of the database
    held = list(_flat(value.get("messagesTree", value.get("messages", alone))))
    parents = {_id(one, n): one.get("parentMessageId") for n, one in enumerate(held) if one}
    current = current_branch(parents, None)
    title = value.get("title")
    for number, one in enumerate(held):
        place = where if one is alone else f"{where}, message {number + 1}"
        if not one or "isCreatedByUser" not in one:
            yield Skipped(place, "not a message")
            continue
        notes: list[str] = []
        text, more = _said(one)
        user = one.get("user") if one is alone else None
        about: dict[str, JSON] = {"title": title} if isinstance(title, str) and title else {}
        side: dict[str, JSON] = {} if _id(one, number) in current else {"branch": "side"}
        yield Message(
            session=str(value["conversationId"] or one.get("conversationId")),
            id=_id(one, number),
            role="user" if one["isCreatedByUser"] else "assistant",
            speaker=str(one.get("sender") or "") or None,
            text=text,
            at=noted_time(_plain(one.get("createdAt")), "createdAt", notes) or at,
            metadata={**about, **more, **side},
            where=place,
            notes=tuple(notes),
            scope=Scope(("user", str(user))) if user else Scope(),
        )


def _plain(value: JSON) -> JSON:
    """Return a time without what MongoDB's tools write around it."""
    return value.get("$date") if isinstance(value, dict) else value


def _flat(messages: JSON) -> Iterator[dict[str, Any]]:
    """Yield messages and, of a tree, those below them; {} for what is none."""
    for one in messages if isinstance(messages, list) else [messages]:
        yield one if isinstance(one, dict) else {}
        if isinstance(one, dict) and one.get("children"):
            yield from _flat(one["children"])


def _id(message: dict[str, Any], number: int) -> str:
    return str(message.get("messageId") or fixed_id(str(number), str(message.get("text"))))


def _said(message: dict[str, Any]) -> tuple[str, dict[str, JSON]]:
    content = message.get("content")
    parts = content if isinstance(content, list) else []
    text, more = said([one for one in parts if not _is_unsaid(one)])
    own, held = message.get("text"), message.get("files")
    names = [_name(one) for one in held] if isinstance(held, list) else []
    files: list[JSON] = [{"type": "file", "filename": one} for one in names if one]
    named = [*more.get("attachments", []), *files]
    told = text if text.strip() else own if isinstance(own, str) else ""
    return told, {"attachments": named} if named else {}


def _name(file: Any) -> str:
    return str(file.get("filename") or "") if isinstance(file, dict) else ""


def _is_unsaid(part: Any) -> bool:
    return not isinstance(part, dict) or part.get("type") in _NOT_SAID
