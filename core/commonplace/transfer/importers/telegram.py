"""What Telegram Desktop exports as JSON: one chat, or all of an account."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.transfer.importers.making import noted_time
from commonplace.transfer.importers.messages import Message, records_of, with_notes
from commonplace.transfer.json_lists import Listed, listed
from commonplace.transfer.reading import Found, Skipped, json_files, last_change
from commonplace.values.records import JSON

_KINDS = (
    "saved_messages", "replies", "personal_chat", "bot_chat", "private_group",
    "private_supergroup", "public_supergroup", "private_channel", "public_channel",
)  # fmt: skip
_WITH_ONE = ("personal_chat", "bot_chat")  # chats whose id is that of the other one
_FILES = ("photo", "file")
_LEFT_OUT = re.compile(r" ?\(File .*")  # what is written in the place of a file


def fits(value: dict[str, Any]) -> bool:
    """Tell whether an object is a chat, or an export of an account."""
    chats = value.get("chats")
    if isinstance(chats, dict) and isinstance(chats.get("list"), list):
        return True
    return value.get("type") in _KINDS and isinstance(value.get("messages"), list)


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages of all chats in a file or a folder of files.

    Those of the account's owner are the user's, those of a bot its agent's, and those of others,
    or forwarded from them, have the origin ``document``. Where a file does not say who the owner
    is, nobody is taken for the user.
    """
    for file in json_files(path):
        at, one = last_change(file), None
        for one in listed(file, "messages"):
            yield from records_of("telegram", with_notes(_said(one, at), one.element.notes))
        if one is None:
            yield Skipped(str(file), "it holds no messages")


def _said(one: Listed, at: datetime) -> Iterator[Message | Skipped]:
    value, where = one.element.value, one.element.where
    if not isinstance(value, dict) or "id" not in value:
        yield Skipped(where, f"not a message: {str(value)[:40]!r}")
        return
    if value.get("type") != "message":
        yield Skipped(where, f"no message: {str(value.get('action') or value.get('type'))[:40]!r}")
        return
    notes: list[str] = []
    when = value.get("date_unixtime") or value.get("date")
    chat, metadata = one.around[-1], _about(one, value)
    if "date_unixtime" not in value:
        notes.append("the time is that of the exporting machine, taken as UTC")
    yield Message(
        session=str(chat.get("id") or chat.get("name") or where),
        id=str(value["id"]),
        role=_role(one, value),
        speaker=str(value.get("from") or value.get("from_id") or "someone"),
        text=_text(value),
        at=noted_time(when, "date", notes) or at,
        metadata=metadata,
        where=where,
        notes=tuple(notes),
    )


def _role(one: Listed, message: dict[str, Any]) -> str:
    chat, speaker = one.around[-1], _number(message.get("from_id"))
    if message.get("forwarded_from") or message.get("forwarded_from_id"):
        return "contact"
    is_other = speaker == _number(chat.get("id"))
    if chat.get("type") in _WITH_ONE:
        other = "assistant" if chat["type"] == "bot_chat" else "contact"
        return other if is_other else "user"
    if chat.get("type") == "saved_messages":
        return "user"
    owner = one.around[0].get("personal_information")
    is_own = isinstance(owner, dict) and speaker == _number(owner.get("user_id"))
    return "user" if is_own and speaker else "contact"


def _number(id: object) -> str:
    """Return an id as a number: those of people are written with the word before it as well."""
    return str(id or "").removeprefix("user")


def _about(one: Listed, message: dict[str, Any]) -> dict[str, JSON]:
    title = one.around[-1].get("name")
    about: dict[str, JSON] = {"title": title} if isinstance(title, str) and title else {}
    if forwarded := message.get("forwarded_from"):
        about["forwarded_from"] = str(forwarded)
    files: list[JSON] = [
        {"type": str(message.get("media_type") or kind), "filename": name}
        for kind in _FILES
        if (name := _LEFT_OUT.sub("", str(message.get(kind) or "")))
    ]
    parts = _parts(message)
    links: list[JSON] = [part["href"] for part in parts if isinstance(part.get("href"), str)]
    return {
        **about,
        **({"attachments": files} if files else {}),
        **({"links": links} if links else {}),
    }


def _text(message: dict[str, Any]) -> str:
    """Return what is written; of a poll its question and answers."""
    written = "".join(str(one.get("text") or "") for one in _parts(message))
    poll = message.get("poll")
    if written.strip() or not isinstance(poll, dict):
        return written
    answers = poll.get("answers")
    texts = [one.get("text") for one in answers or [] if isinstance(one, dict)]
    return "\n".join(str(one) for one in (poll.get("question"), *texts) if one)


def _parts(message: dict[str, Any]) -> list[dict[str, Any]]:
    text = message.get("text")
    parts = text if isinstance(text, list) else [text]
    return [one if isinstance(one, dict) else {"text": one} for one in parts if one]
