"""What Google Takeout has of Gemini: the activity of its app, prompt by prompt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.transfer.importers.html_text import text_of_html
from commonplace.transfer.importers.json_chats import chats
from commonplace.transfer.importers.making import fixed_id, noted_time
from commonplace.transfer.importers.messages import Message
from commonplace.transfer.reading import Found, Skipped
from commonplace.values.records import JSON

_PRODUCTS = ("Gemini", "Bard")
_PROMPTED = re.compile(r"(?:Prompted|Asked|Said)\s+(?:Gemini:?\s+)?")
_DONE = re.compile(r"(?:Used|Created|Selected|Gave|Viewed|Opened|Shared|Deleted)\b")
_CHAT = re.compile(r"gemini\.google\.com/(?:u/\d+/)?app/(\w+)")


def fits(value: dict[str, Any]) -> bool:
    """Tell whether an object is an entry of such activity."""
    if "title" not in value or "time" not in value:
        return False
    products = value.get("products")
    named = [value.get("header"), *(products if isinstance(products, list) else [])]
    return any(product in str(one) for one in named for product in _PRODUCTS)


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield prompts and answers. A session is the chat that an entry links to, or else its day.

    Further answers to one prompt have their number as ``choice`` in their metadata.
    """
    return chats(path, "gemini", fits, _messages, "of Gemini")


def _messages(value: dict[str, Any], where: str, at: datetime) -> Iterator[Message | Skipped]:
    notes: list[str] = []
    at = noted_time(value["time"], "time", notes) or at
    title, answers = str(value["title"]), _answers(value)
    linked = _CHAT.search(str(value.get("titleUrl") or ""))
    session = linked[1] if linked else f"{at:%Y-%m-%d}"
    own = fixed_id(at.isoformat(), title)
    prompt = _prompt(title, has_answer=bool(answers))
    if prompt is None and not answers:
        yield Skipped(where, f"neither a prompt nor an answer: {title[:40]!r}")
    if prompt is not None:
        yield Message(session=session, id=own, role="user", text=prompt, at=at,
                      metadata=_files(value), where=where, notes=tuple(notes))  # fmt: skip
    about: dict[str, JSON] = {"title": title} if prompt is None else {}
    for number, text in enumerate(answers):
        more: dict[str, JSON] = {"choice": number} if number else {}
        yield Message(session=session, id=f"{own} {number}", role="model", speaker="gemini",
                      text=text, at=at, metadata={**about, **more}, where=where)  # fmt: skip


def _prompt(title: str, *, has_answer: bool) -> str | None:
    """Return what was asked, of a title that says what was done.

    In other languages than English what stands before it is not known and stays.
    """
    if said := _PROMPTED.match(title):
        return title[said.end() :]
    return title if has_answer and not _DONE.match(title) else None


def _answers(value: dict[str, Any]) -> list[str]:
    items = value.get("safeHtmlItem")
    pieces = [one.get("html") for one in items or [] if isinstance(one, dict)]
    return [text for one in pieces if isinstance(one, str) and (text := text_of_html(one))]


def _files(value: dict[str, Any]) -> dict[str, JSON]:
    attached = value.get("attachedFiles")
    held = [*(attached if isinstance(attached, list) else []), value.get("imageFile")]
    names = dict.fromkeys(one for one in held if isinstance(one, str) and one)
    files: list[JSON] = [{"type": "file", "filename": one} for one in names]
    return {"attachments": files} if files else {}
