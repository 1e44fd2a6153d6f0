"""What users and agents said in a run. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from typing import Any

from autogen_agentchat.messages import (
    BaseChatMessage,
    MultiModalMessage,
    StructuredMessage,
    TextMessage,
    ToolCallRequestEvent,
)
from autogen_core import FunctionCall

FRAMEWORK = "autogen"


def said(items: Iterable[object], *, users: Collection[str]) -> list[dict[str, Any]]:
    """Return the chat messages among `items` that hold what someone said, as the core observes.

    Tool calls and their summaries, handoffs, thoughts, streamed pieces and the events of a memory
    are not what someone said. The task that an agent gives to another, which is its tool, comes
    with the source ``user``; it is the agent's.
    """
    asked: dict[str, str] = {}
    told = []
    for item in items:
        if isinstance(item, ToolCallRequestEvent):
            asked |= dict.fromkeys(tasks(item.content), item.source)
        elif isinstance(item, (TextMessage, MultiModalMessage, StructuredMessage)):
            is_users = item.source in users
            asking = asked.pop(_text(item), None) if is_users else item.source
            told.append(_told(item, agent=asking))
    return told


def tasks(calls: Iterable[FunctionCall]) -> list[str]:
    """Return what the calls ask of tools that take a `task`, as `AgentTool` and `TeamTool` do."""
    found = []
    for call in calls:
        try:
            arguments = json.loads(call.arguments)
        except ValueError:  # a model wrote it
            continue
        task = arguments.get("task") if isinstance(arguments, dict) else None
        if isinstance(task, str):
            found.append(task)
    return found


def _told(message: BaseChatMessage, *, agent: str | None) -> dict[str, Any]:
    return {
        "role": "user" if agent is None else "assistant",
        "content": _text(message),
        "name": agent,
        "id": message.id,
        "created_at": message.created_at,
    }


def _text(message: BaseChatMessage) -> str:
    if isinstance(message, MultiModalMessage):
        return "\n".join(part for part in message.content if isinstance(part, str))
    return message.to_model_text()
