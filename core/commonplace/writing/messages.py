"""What was said in a conversation, in one form: records of kind ``message``. Pure.

Kept is what a person, an agent or a tool said. Not kept are a model's reasoning, in whatever form
it comes, system and developer messages, which a program wrote, tool calls and images.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any, TypeAlias
from uuid import NAMESPACE_OID, uuid5

from commonplace.errors import InvalidInputError
from commonplace.records import Origin, Record, Source, now
from commonplace.times import parsed_time
from commonplace.validation import MAX_TEXT_CHARACTERS, checked_time
from commonplace.writing.trust import trust_of

Messages: TypeAlias = Iterable[Mapping[str, Any] | Record]
"""Messages as of OpenAI's chat completions, responses and conversations, or records."""

_ROLES: dict[str, Origin] = {
    "user": "user",
    "assistant": "agent",
    "tool": "tool",
    "function": "tool",
}
_HIDDEN = ("system", "developer")
# Under which name a part of a message's content holds what is said; other parts say nothing.
_PARTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}

_TAG = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)
_LINE_END = re.compile(r"[ \t]*(?:\n|\Z)")


def message_records(messages: Messages, source: Source, at: datetime) -> list[Record]:
    """Return what was said as records, in order, each of them once.

    A message's `role` gives its origin, its `name` the agent; `source` gives the rest. One without
    a time has `at` and the microsecond of its place. One without an id is known by who says it,
    when, and what, so that a conversation given again, or from a later message on, gives the same
    records. Raises InvalidInputError for what is no message.
    """
    if isinstance(messages, (str, Mapping, Record)) or not isinstance(messages, Iterable):
        raise InvalidInputError(f"A conversation is a list of messages, not {messages!r:.80}.")
    if not isinstance(source, Source):
        raise InvalidInputError(f"source is a Source, not {source!r:.80}.")
    repeated: Counter[tuple[str, ...]] = Counter()
    records = (
        _kept(message)
        if isinstance(message, Record)
        else _read(message, source, at + timedelta(microseconds=position), repeated)
        for position, message in enumerate(messages)
    )
    return list({(one.scope, one.id): one for one in records if one is not None}.values())


def message_record(
    text: str, *, source: Source, message_id: str, created_at: datetime | None = None
) -> Record | None:
    """Return one message of a conversation as a record, or None if it says nothing.

    The same message of the same session gives the same record id, so that remembering a
    conversation again stores nothing twice. A text over the limit keeps its beginning; what is
    marked as reasoning in it is left out, unless a user wrote it.
    """
    said = whole_characters(text if source.origin == "user" else without_reasoning(text))
    if not said.strip():
        return None
    # The text as well: ids such as "1" come back in the next conversation without a session.
    told = [source.framework or "", source.session or "", message_id, said]
    return Record(
        said,
        kind="message",
        source=source,
        id=str(uuid5(NAMESPACE_OID, _encodable("\x1f".join(told)))),
        created_at=now() if created_at is None else created_at,
    )


def without_reasoning(text: str) -> str:
    """Return what a model said, without what it marked as its thoughts.

    >>> without_reasoning("<think>Whom does she mean?</think>Ann has it.")
    'Ann has it.'
    """
    said, start, opened = "", 0, None
    for tag in _TAG.finditer(text):
        if opened is None and not tag[1]:
            opened = tag
        elif opened is not None and tag[1]:
            said += text[start : opened.start()]
            start, opened = tag.end(), None
        elif tag[1] and _LINE_END.match(text, tag.end()):  # a prompt's template had opened it
            said, start = "", tag.end()
    if opened is not None and _begins_line(text, opened.start()):  # it stopped while thinking
        return said + text[start : opened.start()]
    return said + text[start:]


def whole_characters(text: str) -> str:
    """Return as much of a text as is kept, with a mark where half a character was left."""
    return _encodable(text[:MAX_TEXT_CHARACTERS])


def _kept(record: Record) -> Record | None:
    if record.kind != "message":
        raise InvalidInputError(f"A record of a conversation is of kind 'message', not {record!r}.")
    if record.source.origin == "user":
        return record
    said = without_reasoning(record.text)
    return replace(record, text=said) if said.strip() else None


def _read(
    message: Mapping[str, Any], source: Source, at: datetime, repeated: Counter[tuple[str, ...]]
) -> Record | None:
    if not isinstance(message, Mapping):
        raise InvalidInputError(
            'A message is a dict such as {"role": "user", "content": "Hello"}, or a Record, '
            f"not {message!r:.80}."
        )
    if _is_step(message):
        return None
    role, name = _role(message), _optional_text(message, "name")
    text = _content(message.get("content"))
    if role in _HIDDEN:
        return None
    created_at = _time(message.get("created_at"))
    identity = (role, name or "", str(created_at or ""))
    repeated[(*identity, text)] += 1
    unnamed = "\x1f".join([*identity, str(repeated[(*identity, text)])])
    return message_record(
        text,
        source=_source(source, _ROLES[role], name),
        message_id=_optional_text(message, "id") or unnamed,
        created_at=created_at or at,
    )


def _is_step(message: Mapping[str, Any]) -> bool:
    """Tell whether an item of a response is a step of a model's work: its reasoning, a call."""
    type = message.get("type", "message")
    return "role" not in message and (
        type == "reasoning" or (type != "message" and "content" not in message)
    )


def _role(message: Mapping[str, Any]) -> str:
    role = message.get("role")
    if not isinstance(role, str) or role not in (*_ROLES, *_HIDDEN):
        raise InvalidInputError(
            f"A message's role is one of {', '.join([*_ROLES, *_HIDDEN])}, not {role!r:.80}."
        )
    return role


def _source(source: Source, origin: Origin, name: str | None) -> Source:
    agent = source.agent if origin == "agent" else None
    given = (origin,) if source.origin is None else (origin, source.origin)
    return replace(source, agent=name or agent, origin=min(given, key=trust_of))


def _content(content: object) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, (list, tuple)):
        raise InvalidInputError(f"A message's content is text or a list, not {content!r:.80}.")
    return "\n".join(text for text in map(_part, content) if text)


def _part(part: object) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, Mapping):
        raise InvalidInputError(f"A part of a message's content is a dict, not {part!r:.80}.")
    held = _PARTS.get(str(part.get("type")))
    text = "" if held is None else part.get(held)
    if not isinstance(text, str):
        raise InvalidInputError(f"A text part of a message holds text, not {text!r:.80}.")
    return text


def _time(given: object) -> datetime | None:
    """Return a time given as a datetime, in ISO 8601, or in seconds since 1970."""
    try:
        if isinstance(given, str):
            given = parsed_time(given)
        elif isinstance(given, (int, float)) and not isinstance(given, bool):
            given = datetime.fromtimestamp(given, timezone.utc)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidInputError(f"created_at of a message is no time: {given!r:.80}.") from error
    return None if given is None else checked_time(given, "created_at")  # type: ignore[arg-type]  # it refuses what is no datetime


def _optional_text(message: Mapping[str, Any], field: str) -> str | None:
    given = message.get(field)
    if given is not None and not isinstance(given, str):
        raise InvalidInputError(f"{field} of a message is text, not {given!r:.80}.")
    return given if given and given.strip() else None


def _begins_line(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


def _encodable(text: str) -> str:
    return text.encode(errors="replace").decode()
