"""The archive that DeepSeek exports: conversations whose messages are fragments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.transfer.importers.branches import current_branch
from commonplace.transfer.importers.json_chats import chats
from commonplace.transfer.importers.making import fixed_id, noted_time, time
from commonplace.transfer.importers.messages import Message
from commonplace.transfer.reading import Found, Skipped
from commonplace.values.records import JSON

_ROLES = {"REQUEST": "user", "RESPONSE": "assistant"}


def fits(value: dict[str, Any]) -> bool:
    """Tell whether an object is such a conversation."""
    return isinstance(value.get("mapping"), dict) and "inserted_at" in value


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages of conversations, the branch of the last message first.

    What is of another one has ``"branch": "side"`` in its metadata.
    """
    return chats(path, "deepseek", fits, _messages, "a conversation")


def _messages(value: dict[str, Any], where: str, at: datetime) -> Iterator[Message | Skipped]:
    nodes = {id: one for id, one in value["mapping"].items() if isinstance(one, dict)}
    current = current_branch({id: one.get("parent") for id, one in nodes.items()}, None)
    title, begun = value.get("title"), time(value["inserted_at"]) or at
    about: dict[str, JSON] = {"title": title} if isinstance(title, str) and title else {}
    session = str(value.get("id") or fixed_id(str(title), begun.isoformat()))
    for id in [*current, *(id for id in nodes if id not in current)]:
        message, place = nodes[id].get("message"), f"{where}, message {id}"
        if not isinstance(message, dict):
            continue  # the root has none
        side: dict[str, JSON] = {} if id in current else {"branch": "side"}
        notes: list[str] = []
        written = noted_time(message.get("inserted_at"), "inserted_at", notes) or begun
        said = list(_said(message))
        if not said:
            yield Skipped(place, _why_nothing(message))
        for number, (role, text) in enumerate(said):
            yield Message(
                session=session, id=f"{id} {number}" if number else id, role=role, text=text,
                speaker=str(message.get("model") or role) if role == "assistant" else None,
                at=written, metadata={**about, **_files(message), **side}, where=place,
                notes=tuple(notes),
            )  # fmt: skip


def _said(message: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield role and text of what was said in a message; thoughts and searches are none."""
    for one in _fragments(message):
        role, text = _ROLES.get(str(one.get("type"))), one.get("content")
        if role and isinstance(text, str) and text.strip():
            yield role, text


def _fragments(message: dict[str, Any]) -> list[dict[str, Any]]:
    held = message.get("fragments")
    return [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []


def _why_nothing(message: dict[str, Any]) -> str:
    kinds = dict.fromkeys(str(one.get("type")) for one in _fragments(message))
    return f"nothing was said: {', '.join(kinds)[:80] or 'no fragments'}"


def _files(message: dict[str, Any]) -> dict[str, JSON]:
    held = message.get("files")
    found = [one for one in held if isinstance(one, dict)] if isinstance(held, list) else []
    names = [one.get("file_name") or one.get("name") for one in found]
    files: list[JSON] = [{"type": "file", "filename": one} for one in names if one]
    return {"attachments": files} if files else {}
