"""What ChatGPT was told to remember: saved memories and custom instructions. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from commonplace.keeping.importers.making import fixed_id
from commonplace.keeping.importers.messages import said
from commonplace.records import Kind, Record, Source

_SAVED_TO = "bio"
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


def is_memory(message: Mapping[str, Any]) -> bool:
    """Tell whether a message saves a memory, or holds custom instructions."""
    return message.get("recipient") == _SAVED_TO or _kind(message) == _INSTRUCTIONS


def memories(message: Mapping[str, Any], at: datetime) -> Iterator[Record]:
    """Yield what a message gives to remember: the same text, wherever it stands, once."""
    if _kind(message) == _INSTRUCTIONS:
        for text, kind in _instructions(message):
            yield _record(text, kind, Source(framework="chatgpt", origin="user"), at)
        return
    text, _ = said(
        _dict(message.get("content")).get("parts") or _dict(message["content"]).get("text")
    )
    is_preference = _PREFERENCE.search(text) is not None
    source = Source(framework="chatgpt", agent="assistant", origin="agent")
    yield _record(text.strip(), "preference" if is_preference else "fact", source, at)


def _record(text: str, kind: Kind, source: Source, at: datetime) -> Record:
    return Record(
        text, kind=kind, source=source, id=fixed_id("chatgpt memory", text), created_at=at
    )


def _instructions(message: Mapping[str, Any]) -> Iterator[tuple[str, Kind]]:
    content = _dict(message.get("content"))
    typed = _dict(_dict(message.get("metadata")).get("user_context_message_data"))
    for clean, wrapped, kind in _FIELDS:
        text = typed.get(clean) or content.get(wrapped)
        if isinstance(text, str) and text.strip():
            fenced = _FENCED.search(text)
            yield (fenced[1] if fenced and clean not in typed else text).strip(), kind


def _kind(message: Mapping[str, Any]) -> object:
    return _dict(message.get("content")).get("content_type")


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
