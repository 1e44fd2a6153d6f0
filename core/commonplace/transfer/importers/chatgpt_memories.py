"""What ChatGPT was told to remember: saved memories and custom instructions. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from commonplace.transfer.importers.json_parts import object_of
from commonplace.transfer.importers.making import fixed_id, time
from commonplace.transfer.importers.messages import said
from commonplace.values.records import Kind, Record, Source

_SAVED_TO = "bio"
_LIST = "model_editable_context"
_ROW = re.compile(r"^\s*\d+\.\s*\[(\d{4}-\d\d-\d\d)\]\.?\s*", re.MULTILINE)
_FORGET = re.compile(r"\s*forget\b", re.IGNORECASE)
_INSTRUCTIONS = "user_editable_context"
# What the user typed stands between fences, after a sentence of the product's own.
_FENCED = re.compile(r"```\s*(.*?)\s*```", re.DOTALL)
_PREFERENCE = re.compile(
    r"\b(prefer|like|love|enjoy|want|hate|dislike|favou?rite|would rather)(s|ed|d)?\b",
    re.IGNORECASE,
)
_FIELDS: tuple[tuple[str, str, Kind], ...] = (
    ("about_user_message", "user_profile", "fact"),
    ("about_model_message", "user_instructions", "preference"),
)


def is_list(message: Mapping[str, Any]) -> bool:
    """Tell whether a message lists all that is remembered of the user."""
    return _kind(message) == _LIST and _ROW.search(_listed(message)) is not None


def not_to_keep(message: Mapping[str, Any]) -> str | None:
    """Return why what is saved is no memory: it asks to forget one. None if it is."""
    is_order = message.get("recipient") == _SAVED_TO and _FORGET.match(_saved(message))
    return "a request to forget a memory" if is_order else None


def is_memory(message: Mapping[str, Any]) -> bool:
    """Tell whether a message saves a memory, or holds custom instructions."""
    return message.get("recipient") == _SAVED_TO or _kind(message) == _INSTRUCTIONS


def memories(message: Mapping[str, Any], at: datetime) -> Iterator[Record]:
    """Yield what a message gives to remember: the same text, wherever it stands, once."""
    if _kind(message) == _INSTRUCTIONS:
        for text, kind in _instructions(message):
            yield _record(text, kind, Source(framework="chatgpt", origin="user"), at)
        return
    if _kind(message) == _LIST:
        for text, since in _rows(_listed(message)):
            yield _saved_record(text, time(since) or at)
        return
    yield _saved_record(_saved(message).strip(), at)


def _saved(message: Mapping[str, Any]) -> str:
    content = object_of(message.get("content"))
    return said(content.get("parts") or content.get("text"))[0]


def _listed(message: Mapping[str, Any]) -> str:
    return str(object_of(message.get("content")).get("model_set_context") or "")


def _rows(text: str) -> Iterator[tuple[str, str]]:
    """Yield each memory of a list with its day, as of ``1. [2025-05-02]. Has a dog.`` in it."""
    _, *found = _ROW.split(text)
    for day, row in zip(found[::2], found[1::2], strict=True):
        if row.strip():
            yield row.strip(), day


def _saved_record(text: str, at: datetime) -> Record:
    is_preference = _PREFERENCE.search(text) is not None
    source = Source(framework="chatgpt", agent="assistant", origin="agent")
    return _record(text, "preference" if is_preference else "fact", source, at)


def _record(text: str, kind: Kind, source: Source, at: datetime) -> Record:
    return Record(
        text, kind=kind, source=source, id=fixed_id("chatgpt memory", text), created_at=at
    )


def _instructions(message: Mapping[str, Any]) -> Iterator[tuple[str, Kind]]:
    content = object_of(message.get("content"))
    typed = object_of(object_of(message.get("metadata")).get("user_context_message_data"))
    for clean, wrapped, kind in _FIELDS:
        text = typed.get(clean) or content.get(wrapped)
        if isinstance(text, str) and text.strip():
            fenced = _FENCED.search(text)
            yield (fenced[1] if fenced and clean not in typed else text).strip(), kind


def _kind(message: Mapping[str, Any]) -> object:
    return object_of(message.get("content")).get("content_type")
