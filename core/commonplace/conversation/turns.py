"""The messages of a session in groups that are sent together or not at all. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from commonplace.conversation.forms import Message, calls_of
from commonplace.records import Record

NO_RESULT = "[no result of this call was kept]"
"""What stands for the result of a call that was broken off, since providers refuse a call alone."""


@dataclass(frozen=True, slots=True)
class Said:
    """A record of the session and the message that it is sent as."""

    record: Record
    message: Message


Group = tuple[Said, ...]
"""A message; or a message that calls tools and the results, which are never parted from it."""


def grouped(said: Sequence[Said]) -> list[Group]:
    """Return the messages in groups, in order.

    A result stands behind the call that it answers, wherever it was added; one that answers no
    call is in no group, since no provider takes it. A call without a result is given one, unless
    it is the last that was said, and the result is still to come.
    """
    results: dict[str, Said] = {}
    for one in said:
        if one.message["role"] == "tool":
            results.setdefault(one.message["tool_call_id"], one)
    spoken = [one for one in said if one.message["role"] != "tool"]
    return [(one, *_answers(one, results, is_last=one is spoken[-1])) for one in spoken]


def asks(groups: Sequence[Group]) -> bool:
    """Tell whether a user says something in one of these groups."""
    return any(group[0].message["role"] == "user" for group in groups)


def turn_start(groups: Sequence[Group]) -> int:
    """Return where the last turn begins: at the last message of a user's."""
    users = [at for at, group in enumerate(groups) if group[0].message["role"] == "user"]
    return users[-1] if users else 0


def _answers(one: Said, results: dict[str, Said], *, is_last: bool) -> list[Said]:
    found = [(id, results.get(id)) for id in calls_of(one.message)]
    if is_last and not any(answer for _, answer in found):
        return []
    return [answer or Said(one.record, _no_result(id)) for id, answer in found]


def _no_result(id: str) -> Message:
    return {"role": "tool", "tool_call_id": id, "content": NO_RESULT}
