"""Which messages of an agent's state a user and the agent said, and what was said. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from langchain_core.messages import (
    AIMessage,
    AnyMessage,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from typing_extensions import TypeIs

Said: TypeAlias = HumanMessage | AIMessage | ToolMessage
Speaker: TypeAlias = Literal["user", "agent", "tool"]

_ROLES: dict[Speaker, str] = {"user": "user", "agent": "assistant", "tool": "tool"}
# What LangChain's own limits put in the place of an answer; nothing else marks these messages.
_LIMIT = re.compile(r"Model call limits exceeded: |.* call limit reached: ")


def text_of(message: BaseMessage) -> str:
    """Return the text blocks of a message: no reasoning, no images, no tool calls."""
    return str(message.text)


def is_said_by_user(message: BaseMessage) -> TypeIs[HumanMessage]:
    """Tell whether a user said this, rather than a part of the agent in a human message's form."""
    return (
        isinstance(message, HumanMessage)
        and "lc_source" not in message.additional_kwargs
        and bool(text_of(message).strip())
    )


def is_answer(message: BaseMessage) -> TypeIs[AIMessage]:
    """Tell whether an agent says something here: no call of a tool, and no limit that ended it."""
    return (
        isinstance(message, AIMessage)
        and not _LIMIT.match(text_of(message))
        and not message.tool_calls
        and not message.invalid_tool_calls
        and bool(text_of(message).strip())
    )


def last_question(messages: Sequence[AnyMessage]) -> HumanMessage | None:
    """Return the last message of the user that has text, or None."""
    return next((message for message in reversed(messages) if is_said_by_user(message)), None)


def first_unwritten(messages: Sequence[AnyMessage], written_through: str | None) -> int:
    """Return the position of the first message that is not written back yet.

    `written_through` is the id of the last one that is. When it has left the state, a summary took
    the place of the oldest messages and all that remain are newer. None stands for an unknown
    past, of which only the present turn is taken: what follows the last answer to a user.
    """
    if written_through is None:
        return _start_of_turn(messages)
    positions = {message.id: position for position, message in enumerate(messages)}
    return positions.get(written_through, -1) + 1


def said(messages: Sequence[AnyMessage], *, is_structured: bool = False) -> list[Said]:
    """Return what the users said and, after each of them, the agents' last word.

    A tool's result at the very end is the agent's answer, given by ``return_direct``. With
    `is_structured` the agent answers a program by objects, which are no words of a conversation.
    """
    kept: list[Said] = []
    for message in messages:
        if is_said_by_user(message):
            kept.append(message)
        elif is_answer(message) and not (is_structured and _is_object(text_of(message))):
            if kept and isinstance(kept[-1], AIMessage):
                kept.pop()
            kept.append(message)
    if messages and not is_structured and _is_result(messages[-1]):
        kept.append(messages[-1])
    return kept


def told(message: Said, agent: str | None, human: Speaker = "user") -> dict[str, Any]:
    """Return a message as the core observes it.

    `agent` is who answers, if not the message's own name; `human` whose word a human message is.
    """
    speaker: Speaker = human if isinstance(message, HumanMessage) else "agent"
    if isinstance(message, ToolMessage):
        speaker = "tool"
    is_answer = isinstance(message, AIMessage)
    return {
        "role": _ROLES[speaker],
        "content": text_of(message),
        "name": (agent or message.name) if is_answer else None,
        "id": str(message.id),
    }


def with_block(system: SystemMessage | None, block: str) -> SystemMessage:
    """Return a system message that ends with `block`; content blocks stay blocks."""
    if system is None:
        return SystemMessage(block)
    content = system.content
    if isinstance(content, str):
        return system.model_copy(update={"content": f"{content}\n\n{block}"})
    return system.model_copy(update={"content": [*content, {"type": "text", "text": block}]})


def _is_result(message: BaseMessage) -> TypeIs[ToolMessage]:
    return (
        isinstance(message, ToolMessage)
        and message.status == "success"
        and bool(text_of(message).strip())
    )


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _start_of_turn(messages: Sequence[AnyMessage]) -> int:
    asked = False
    for position in reversed(range(len(messages))):
        asked = asked or is_said_by_user(messages[position])
        if asked and is_answer(messages[position]):
            return position + 1
    return 0
