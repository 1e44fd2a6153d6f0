"""What of a conversation fits into a budget of tokens. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from commonplace.conversation.forms import Message, bare_call, cut, mark, with_text
from commonplace.conversation.tokens import Counter
from commonplace.conversation.turns import Group
from commonplace.errors import InvalidInputError

_A_MARK = "[… 9,999,999 characters left out …]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncated:
    """What of a conversation is not in a window; false if nothing is missing.

    `messages` counts those that are not in it, of which the summary covers `summarised`;
    `shortened` has the ids of records whose text was too long for the budget.
    """

    messages: int = 0
    summarised: int = 0
    shortened: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.messages or self.shortened)


class Window(list[Message]):
    """The messages to send, as of Chat Completions, with what they take and what is missing."""

    tokens: int = 0
    """The tokens of the request, with those that begin the reply, as they were counted."""

    truncated: Truncated = Truncated()

    ids: tuple[str | None, ...] = ()
    """For each message the id of its record; None for the system message, and for a mark."""


def newest(groups: Sequence[Group], budget: int, counter: Counter) -> list[Group]:
    """Return the last groups that fit into `budget` tokens together, in order."""
    kept: list[Group] = []
    for group in reversed(groups):
        budget -= counter.messages(one.message for one in group)
        if budget < 0:
            break
        kept.append(group)
    return kept[::-1]


def shortened(messages: Sequence[Message], budget: int, counter: Counter) -> list[Message]:
    """Return the messages with their longest texts shortened, so that they fit.

    A mark in a text says how much was left out of its middle, and one stands for each picture,
    sound or file. If the marks alone are too long, the arguments of tool calls are emptied.
    Raises InvalidInputError if that is too long as well.
    """
    plain = [with_text(one, _text(one)) for one in messages]
    for candidates in (plain, [_without_arguments(one) for one in plain]):
        found = _longest_fitting(candidates, lambda tried: counter.messages(tried) <= budget)
        if found is not None:
            return found
    raise InvalidInputError(
        f"max_tokens is too small: the newest message has {budget} tokens left, into which not "
        "even a mark of what was left out fits."
    )


def least(messages: Sequence[Message], counter: Counter) -> int:
    """Return how many tokens `shortened` leaves of messages at most, if they must be short."""
    return counter.messages(_without_arguments(with_text(one, _A_MARK)) for one in messages)


def _longest_fitting(
    messages: Sequence[Message], fits: Callable[[Sequence[Message]], bool]
) -> list[Message] | None:
    """Return the messages with each text cut to the same most characters, as many as fit."""
    least, most = 0, max(len(one["content"] or "") for one in messages)
    best = None
    while least <= most:
        characters = (least + most) // 2
        tried = [with_text(one, _shorter(one["content"], characters)) for one in messages]
        if fits(tried):
            best, least = tried, characters + 1
        else:
            most = characters - 1
    return best


def _shorter(text: str | None, characters: int) -> str | None:
    return None if text is None else cut(text, characters)


def _text(message: Message) -> str | None:
    content: str | list[Message] | None = message["content"]
    if not isinstance(content, list):
        return content
    return "\n".join(
        part["text"] if part["type"] == "text" else mark(part, "left out: no room for it")
        for part in content
    )


def _without_arguments(message: Message) -> Message:
    if "tool_calls" not in message:
        return message
    return {**message, "tool_calls": [bare_call(call) for call in message["tool_calls"]]}
