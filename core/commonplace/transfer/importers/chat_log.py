"""Logs of chat completions: lists of messages, or requests with their answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from commonplace.transfer.importers.chat_entries import Turn, is_said, messages_in, turns, unread
from commonplace.transfer.importers.chat_sessions import Chats
from commonplace.transfer.importers.making import fixed_id, name, time
from commonplace.transfer.importers.mem0_history import is_change
from commonplace.transfer.importers.message_shapes import is_message
from commonplace.transfer.importers.messages import Message, records_of, with_notes
from commonplace.transfer.json_stream import Element, elements
from commonplace.transfer.reading import Found, Skipped, folder_name, json_files, last_change
from commonplace.values.records import JSON

_SESSIONS = (
    "conversation_id", "conversationId", "session_id", "sessionId", "SessionId", "thread_id",
    "threadId", "chat_id", "chatId", "session", "conversation", "thread",
)  # fmt: skip
_TIMES = ("created", "created_at", "createdAt", "timestamp", "start_time", "startTime", "date")
_HOLDERS = ("request", "body", "response", "result", "message")
_EXCHANGED = ("input", "prompt", "question", "query", "user_input")


class _Told(NamedTuple):
    """A turn of a conversation, and the id that follows from all that was said up to it."""

    turn: Turn
    id: str


class Log:
    """Messages that stand one by one: what names and times they have where they say none."""

    def __init__(self, name: str, at: datetime) -> None:
        self.name, self.at = name, at
        self.tools: dict[str, str] = {}
        self.ends: dict[str, str] = {}  # of the conversations whose messages stand one by one
        self.times: dict[str, datetime] = {}  # of their last messages

    def said_alone(
        self, value: JSON, where: str, session: str | None = None, at: datetime | None = None
    ) -> Iterator[Message | Skipped]:
        """Yield what is said in a value that goes on with a conversation, or with the file's."""
        session = session or session_of(value) or self.name
        found = _turns(value, where, self.tools)
        for one in _told(found, self.ends.get(session, "")):
            if isinstance(one, _Told):
                self.ends[session] = one.id if not one.turn.choice else self.ends[session]
                told = at or time_of(value) or self.times.get(session, self.at)
                said = _message(one, session, told)
                self.times[session] = said.at
                yield said
            else:
                yield one


def fits(value: dict[str, Any]) -> bool:
    """Tell whether an object is an entry of such a log."""
    if is_change(value):
        return False
    return is_message(value) or any(is_said(one.value) for one in messages_in(value))


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages in a file or a folder of files.

    A log repeats the conversation with each request: what is the same from its beginning on has
    the same ids, and so is stored once. A conversation that has no id is named after its first
    message, or after the first one in which it differs from another that begins alike.
    """
    yield from records_of("chat", _messages(path))


def _messages(path: Path) -> Iterator[Message | Skipped]:
    chats = Chats()
    for file in json_files(path):
        log = Log(folder_name(path, file), last_change(file))
        for element in elements(file):
            if element.part != "rest":
                yield from with_notes(_of_element(element, log, chats), element.notes)


def _of_element(element: Element, log: Log, chats: Chats) -> Iterator[Message | Skipped]:
    value, where = element.value, element.where
    if isinstance(value, dict) and _goes_on(value):
        yield from with_notes(log.said_alone(value, where), _notes(value))
        return
    found = list(_told(_turns(value, where, {}), ""))
    if not found:
        yield Skipped(where, f"it holds no messages: {str(value)[:40]!r}")
    ids = [one.id for one in found if isinstance(one, _Told) and not one.turn.choice]
    session = session_of(value) or (chats.session(ids) if ids else "chat")
    yield from with_notes(_timed(found, session, time_of(value), log.at), _notes(value))


def _timed(
    found: list[_Told | Skipped], session: str, at: datetime | None, unknown: datetime
) -> Iterator[Message | Skipped]:
    """Yield messages. One that says no time has that of the one before it, so that order stays."""
    known = (time_of(one.turn.value) for one in found if isinstance(one, _Told))
    last = at or next((one for one in known if one), unknown)
    for one in found:
        if isinstance(one, Skipped):
            yield one
        else:
            said = _message(one, session, last)
            last = said.at
            yield said


def _goes_on(value: dict[str, Any]) -> bool:
    """Tell whether an entry says what comes next, and repeats nothing that came before.

    That is a message, an entry around one message, or one text and its answer, of a conversation
    that is named. Others have all that was said so far.
    """
    if "role" in value or is_message(value):
        return True
    is_one = isinstance(value.get("message"), dict) and "messages" not in value
    is_exchange = any(isinstance(value.get(key), str) for key in _EXCHANGED)
    return session_of(value) is not None and (is_one or is_exchange)


def _notes(value: JSON) -> tuple[str, ...]:
    given = _given_time(value)
    no_time = [f"the time is none: {str(given)[:40]!r}"] if given and not time_of(value) else []
    left = unread(value)
    return (*no_time, *([f"left out, in no message: {', '.join(left)[:200]}"] if left else []))


def _turns(value: JSON, where: str, tools: dict[str, str]) -> Iterator[Turn | Skipped]:
    given = list(messages_in(value))
    for number, one in enumerate(given, 1):
        place = where if one.value is value else f"{where}, message {number}"
        yield from turns(one, place, tools)


def _told(found: Iterable[Turn | Skipped], so_far: str) -> Iterator[_Told | Skipped]:
    """Give each turn its id. Further answers follow from what came before the first one."""
    before = so_far
    for turn in found:
        if isinstance(turn, Skipped):
            yield turn
        elif turn.choice:
            yield _Told(turn, fixed_id(before, f"choice {turn.choice}", turn.speaker, turn.text))
        else:
            before, so_far = so_far, fixed_id(so_far, turn.role, turn.speaker, turn.text)
            yield _Told(turn, so_far)


def _message(one: _Told, session: str, at: datetime) -> Message:
    return Message(
        session=session,
        id=one.id,
        role=one.turn.role,
        speaker=one.turn.speaker,
        text=one.turn.text,
        at=time_of(one.turn.value) or at,
        metadata=one.turn.metadata,
        where=one.turn.where,
    )


def session_of(value: JSON) -> str | None:
    """Return the name of the conversation that a value is of, if it says one."""
    named = [value.get(key) for key in _SESSIONS] if isinstance(value, dict) else []
    ids = (one.get("id") if isinstance(one, dict) else one for one in named)
    return next((found for one in ids if (found := name(one))), None)


def time_of(value: JSON) -> datetime | None:
    """Return when a value was written, if it says so."""
    if not isinstance(value, dict):
        return None
    times = (time(value.get(key)) for key in _TIMES)
    inner = (time_of(value.get(holder)) for holder in _HOLDERS)
    return next((one for one in (*times, *inner) if one), None)


def _given_time(value: JSON) -> JSON:
    given = (value.get(key) for key in _TIMES) if isinstance(value, dict) else ()
    return next((one for one in given if one), None)
