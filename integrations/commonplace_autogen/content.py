"""AutoGen's memory contents as what the core keeps, and matches as contents. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from autogen_core.memory import MemoryContent, MemoryMimeType

from commonplace.errors import InvalidInputError
from commonplace.values.json_values import checked_json
from commonplace.values.records import KINDS, Match, Record

MIME_TYPE = "mime_type"

_TEXT = MemoryMimeType.TEXT.value
_JSON = MemoryMimeType.JSON.value
_OWN_MIME_TYPES = {member.value: member for member in MemoryMimeType}


def text_of(content: MemoryContent) -> str:
    """Return what is remembered of the content, and what it is found by.

    Raises InvalidInputError, a ValueError, for bytes, images, and JSON that is not a dict.
    """
    written = _written_mime_type(content)
    if written == _JSON:
        if not isinstance(content.content, dict):
            raise InvalidInputError(f"JSON content must be a dict, not {content.content!r}.")
        return json.dumps(checked_json(content.content, "content"), ensure_ascii=False)
    if not isinstance(content.content, str) or not written.startswith("text/"):
        raise InvalidInputError(
            f"Unsupported content type: {type(content.content).__name__} as {written}. A memory "
            "holds text (text/plain, text/markdown) and dicts (application/json)."
        )
    return content.content


def options_of(content: MemoryContent) -> dict[str, Any]:
    """Return the keyword arguments of `remember` that the content's metadata stands for.

    A known `kind`, an `importance` in 0..1 and a `ttl` become what they are called on the
    record; the rest stays metadata.
    """
    metadata = dict(content.metadata or {})
    options = {name: metadata.pop(name) for name in _meant(metadata)}
    written = _written_mime_type(content)
    if written != _TEXT:
        metadata[MIME_TYPE] = written
    return {**options, "metadata": metadata}


def content_of(match: Match) -> MemoryContent:
    """Return a match as AutoGen shows it: ``metadata["score"]`` is its confidence in 0..1."""
    record = match.record
    metadata = dict(record.metadata)
    written = metadata.pop(MIME_TYPE, _TEXT)
    content, mime_type = _read(record.text, written if isinstance(written, str) else _TEXT)
    return MemoryContent(
        content=content,
        mime_type=mime_type,
        metadata={
            **_about(record),
            **metadata,
            "id": record.id,
            "score": match.confidence,
        },
    )


def _written_mime_type(content: MemoryContent) -> str:
    mime_type = content.mime_type
    return mime_type.value if isinstance(mime_type, MemoryMimeType) else mime_type


def _meant(metadata: Mapping[str, object]) -> list[str]:
    importance = metadata.get("importance")
    meant = {
        "kind": metadata.get("kind") in KINDS,
        "importance": type(importance) in (int, float) and 0 <= importance <= 1,  # type: ignore[operator]  # a number, as the first half says
        "ttl": "ttl" in metadata,
    }
    return [name for name, stands in meant.items() if stands]


def _read(text: str, written: str) -> tuple[str | dict[str, Any], MemoryMimeType | str]:
    mime_type = _OWN_MIME_TYPES.get(written, written)
    if written != _JSON:
        return text, mime_type
    try:
        value = json.loads(text)
    except ValueError:  # the text was updated to something else
        return text, MemoryMimeType.TEXT
    return (value, mime_type) if isinstance(value, dict) else (text, MemoryMimeType.TEXT)


def _about(record: Record) -> dict[str, object]:
    """Return what the record says of itself, under what the user's own metadata says."""
    about: dict[str, object] = {
        "kind": record.kind,
        "scope": str(record.scope),
        "created_at": record.created_at.isoformat(),
    }
    source = record.source
    named = {name: getattr(source, name) for name in ("framework", "agent", "session", "origin")}
    return about | {name: value for name, value in named.items() if value is not None}
