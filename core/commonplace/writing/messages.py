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
from typing import Any, NamedTuple, TypeAlias
from uuid import NAMESPACE_OID, uuid5

from commonplace.errors import InvalidInputError
from commonplace.values.characters import mended
from commonplace.values.records import Origin, Record, Source, now
from commonplace.values.scope import Scope
from commonplace.values.times import parsed_time
from commonplace.values.validation import MAX_TEXT_CHARACTERS, checked_time
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


class Told(NamedTuple):
    """A message as a record, and how it is known when it is told again.

    `unnamed` is None for a message that an id or a time names; otherwise it says who speaks, and
    of equal ones the place in the conversation tells them apart. `former`, for a message that an
    id names, is what an earlier release made of that id, with the text in it.
    """

    record: Record
    unnamed: str | None = None
    former: str | None = None

    def under(self, id: str) -> Told:
        """Return the message with its record under this id."""
        return self._replace(record=replace(self.record, id=id))

    def numbered(self, number: int) -> Record:
        """Return the record of the message as the one of this number, from 1, among equal ones."""
        name = f"{self.unnamed}\x1f{number}"
        return replace(self.record, id=_id(self.record, name, with_text=True))


def told_messages(messages: Messages, source: Source, at: datetime) -> list[Told]:
    """Return what was said as records, in order, each of them once.

    A message's `role` gives its origin, its `name` the agent; `source` gives the rest. One without
    a time has `at` and the microsecond of its place. One without an id is known by who says it,
    when, and what, and by its number among the equal ones of the call. Raises InvalidInputError
    for what is no message.
    """
    if isinstance(messages, (str, Mapping, Record)) or not isinstance(messages, Iterable):
        raise InvalidInputError(f"A conversation is a list of messages, not {messages!r:.80}.")
    if not isinstance(source, Source):
        raise InvalidInputError(f"source is a Source, not {source!r:.80}.")
    repeated: Counter[tuple[str, ...]] = Counter()
    told = (
        _kept(message)
        if isinstance(message, Record)
        else _read(message, source, at + timedelta(microseconds=position), repeated)
        for position, message in enumerate(messages)
    )
    found: dict[tuple[Scope, str], Told] = {}
    for one in filter(None, told):
        place = one.record.scope, one.record.id
        if place in found and found[place].record.text != one.record.text and one.former:
            # Two messages of one call with one id: none is an edited version of the other.
            one = Told(replace(one.record, id=one.former))  # noqa: PLW2901  # as it is kept
            place = one.record.scope, one.record.id
        found[place] = one
    return list(found.values())


def message_record(
    text: str, *, source: Source, message_id: str, created_at: datetime | None = None
) -> Record | None:
    """Return one message of a conversation as a record, or None if it says nothing.

    The same message of the same session gives the same record id, so that remembering a
    conversation again stores nothing twice, and an edited message takes its own place. Without a
    session the text is part of the id, since ids such as "1" come back in the next conversation.
    A text over the limit keeps its beginning; what is marked as reasoning in it is left out,
    unless a user wrote it.
    """
    said = whole_characters(text if source.origin == "user" else without_reasoning(text))
    if not said.strip():
        return None
    record = Record(
        said,
        kind="message",
        source=source,
        created_at=now() if created_at is None else created_at,
    )
    return replace(record, id=_id(record, message_id, with_text=source.session is None))


def _id(message: Record, name: str, *, with_text: bool) -> str:
    """Return the id that follows from a message's session and name, and from its text."""
    source = message.source
    last = message.text if with_text else f"{source.origin or ''}\x1f"
    parts = [source.framework or "", source.session or "", name, last]
    return str(uuid5(NAMESPACE_OID, mended("\x1f".join(parts))))


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
    """Return as much of a text as is kept, mended where half a character was left."""
    return mended(text[:MAX_TEXT_CHARACTERS])


def _kept(record: Record) -> Told | None:
    if record.kind != "message":
        raise InvalidInputError(f"A record of a conversation is of kind 'message', not {record!r}.")
    if record.source.origin == "user":
        return Told(record, former=record.id)
    said = without_reasoning(record.text)
    return Told(replace(record, text=said), former=record.id) if said.strip() else None


def _read(
    message: Mapping[str, Any], source: Source, at: datetime, repeated: Counter[tuple[str, ...]]
) -> Told | None:
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
    id = _optional_text(message, "id")
    record = message_record(
        text,
        source=_source(source, _ROLES[role], name),
        message_id=id or "",
        created_at=created_at or at,
    )
    if record is None:
        return None
    if id is not None:
        return Told(record, former=_id(record, id, with_text=True))
    unnamed = Told(record, "\x1f".join(identity))
    numbered = unnamed.numbered(repeated[(*identity, text)])
    return Told(numbered, unnamed.unnamed if created_at is None else None)


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
