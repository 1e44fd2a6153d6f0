"""The messages of a session in groups that are sent together or not at all. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commonplace.conversation.forms import Message, calls_of
from commonplace.values.records import Record

NO_RESULT = "[no result of this call was kept]"
"""What stands for the result of a call that was broken off, since providers refuse a call alone."""


@dataclass(frozen=True, slots=True)
class Said:
    """A record of the session and the message that it is sent as."""

    record: Record
    message: Message
    is_mark: bool = False
    """Whether it only stands for a result of the record's call."""


Group = tuple[Said, ...]
"""A message; or a message that calls tools and the results, which are never parted from it."""


def grouped(said: Sequence[Said]) -> list[Group]:
    """Return the messages in groups, in order.

    A result stands behind the call that it answers, wherever it was added; one that answers no
    call is in no group, since no provider takes it. A call without a result is given one, unless
    it is the last that was said, and the result is still to come.
    """
    answers = _answers(said)
    spoken = [at for at, one in enumerate(said) if one.message["role"] != "tool"]
    return [
        (said[at], *_results(said[at], answers.get(at, {}), is_last=at == spoken[-1]))
        for at in spoken
    ]


def asks(groups: Sequence[Group]) -> bool:
    """Tell whether a user says something in one of these groups."""
    return any(group[0].message["role"] == "user" for group in groups)


def turn_start(groups: Sequence[Group]) -> int:
    """Return where the last turn begins: at the last message of a user's."""
    users = [at for at, group in enumerate(groups) if group[0].message["role"] == "user"]
    return users[-1] if users else 0


def _answers(said: Sequence[Said]) -> dict[int, dict[str, Said]]:
    """Return for each place of a call its results by the call's id.

    Some models begin anew with their ids in each turn: a result answers the last call before it.
    One that was written before its call, by another clock, answers the next.
    """
    callers: dict[str, int] = {}
    early: dict[str, Said] = {}
    answers: dict[int, dict[str, Said]] = {}
    for at, one in enumerate(said):
        if one.message["role"] == "tool":
            id = one.message["tool_call_id"]
            answered = answers[callers[id]] if id in callers else early
            answered.setdefault(id, one)
        for id in calls_of(one.message):
            callers[id] = at
            found = answers.setdefault(at, {})
            if id in early:
                found[id] = early.pop(id)
    return answers


def _results(one: Said, found: Mapping[str, Said], *, is_last: bool) -> list[Said]:
    if is_last and not found:
        return []
    calls = calls_of(one.message)
    return [found.get(id) or Said(one.record, _no_result(id), is_mark=True) for id in calls]


def _no_result(id: str) -> Message:
    return {"role": "tool", "tool_call_id": id, "content": NO_RESULT}
