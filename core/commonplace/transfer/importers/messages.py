"""Messages of conversations as records: in their order, each with its speaker. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from commonplace.transfer.importers.making import checked, fixed_id, name
from commonplace.transfer.importers.marks import without_marks
from commonplace.transfer.reading import Found, Skipped
from commonplace.values.records import JSON, Origin, Record, Source
from commonplace.values.scope import Scope
from commonplace.writing.messages import without_reasoning

_REASONING = ("reasoning", "reasoning_text", "thinking", "redacted_thinking", "thoughts", "think")
_REFERENCES = ("file_id", "url", "image_url", "file_url", "filename", "asset_pointer", "id")
_MOST_OF_A_REFERENCE = 1_000
ORIGINS: dict[str, Origin] = {
    "user": "user",
    "human": "user",
    "assistant": "agent",
    "ai": "agent",
    "model": "agent",
    "tool": "tool",
    "function": "tool",
    "contact": "document",  # someone else: not who uses the memory
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message as it was found. `role` and `speaker` are of who said it."""

    session: str
    id: str
    role: str
    text: str
    at: datetime
    where: str
    speaker: str | None = None
    metadata: Mapping[str, JSON] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    scope: Scope = field(default_factory=Scope)


def records_of(
    framework: str,
    messages: Iterable[Message | Skipped],
    newest_first: Callable[[str], bool] = lambda _: False,
) -> Iterator[Found | Skipped]:
    """Yield the messages as records of kind ``message``.

    Messages of one session and one moment get times microseconds apart, so that they keep their
    order. `newest_first` tells of a session whether it is read backwards. System messages, which
    order and do not tell, are skipped.
    """
    places: dict[str, tuple[datetime, int]] = {}
    for one in messages:
        item = one if isinstance(one, Skipped) else _made(framework, one)
        if isinstance(one, Skipped) or isinstance(item, Skipped):
            yield item
            continue
        step = -1 if newest_first(one.session) else 1
        records: list[Record] = []
        for record in item.records[::step]:
            moment, place = places.get(one.session, (one.at, -1))
            place = place + 1 if moment == one.at else 0
            places[one.session] = one.at, place
            apart = timedelta(microseconds=step * place)
            records.append(
                replace(record, created_at=record.created_at + apart) if place else record
            )
        yield replace(item, records=tuple(records[::step]))


def with_notes(
    messages: Iterable[Message | Skipped], notes: tuple[str, ...]
) -> Iterator[Message | Skipped]:
    """Yield the messages, the first of them with these notes as well."""
    for one in messages:
        if notes and isinstance(one, Message):
            yield replace(one, notes=(*one.notes, *notes))
            notes = ()
        else:
            yield one


def said(content: JSON) -> tuple[str, dict[str, JSON]]:
    """Return the text of a message's content, and as metadata what else it refers to.

    Content is a text, or a list of parts; images and files are named, never taken in.
    """
    if isinstance(content, str):
        return content, {}
    texts: list[str] = []
    others: list[JSON] = []
    for part in content if isinstance(content, list) else [content]:
        text = _text(part)
        if text is not None:
            texts.append(text)
        elif isinstance(part, dict) and _kind(part) not in _REASONING:
            others.append(_reference(part))
    return "\n".join(texts), {"attachments": others} if others else {}


def _made(framework: str, one: Message) -> Found | Skipped:
    origin = ORIGINS.get(one.role)
    if origin is None:
        reason = f"a message of the role {one.role[:40]!r}, not of a conversation"
        return Skipped(one.where, reason)
    text, cited = one.text, list[JSON]()
    if origin == "agent":
        text, cited = without_marks(without_reasoning(text))
    record = Record(
        text,
        kind="message",
        source=Source(
            framework=framework,
            agent=name(one.speaker) or one.role,
            session=name(one.session),
            origin=origin,
        ),
        metadata={**one.metadata, **({"cited": cited} if cited else {})},
        scope=one.scope,
        id=fixed_id(framework, one.session, one.id),
        created_at=one.at,
    )
    return checked(record, one.where, one.notes)


def _text(part: Any) -> str | None:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or _kind(part) in _REASONING:
        return None
    text = part.get("refusal" if part.get("type") == "refusal" else "text")
    value = text.get("value") if isinstance(text, dict) else text
    return value if isinstance(value, str) else None


def _kind(part: Mapping[str, JSON]) -> JSON:
    return part.get("type") or part.get("content_type")


def _reference(part: Mapping[str, JSON]) -> JSON:
    kind = str(_kind(part))
    inner = part.get(kind)
    for holder in (inner if isinstance(inner, dict) else {}, part):
        for key in _REFERENCES:
            named = holder.get(key)
            if isinstance(named, str) and _is_a_name(named):
                return {"type": kind, key: named}
    return {"type": kind}


def _is_a_name(text: str) -> bool:
    return len(text) <= _MOST_OF_A_REFERENCE and not text.startswith("data:")
