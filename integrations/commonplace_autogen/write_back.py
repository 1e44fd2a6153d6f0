"""What users and agents said in a run, as records. Pure."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from autogen_agentchat.messages import (
    BaseChatMessage,
    MultiModalMessage,
    StructuredMessage,
    TextMessage,
    ToolCallRequestEvent,
)
from autogen_core import FunctionCall

from commonplace.adapting import message_record
from commonplace.records import Record, Source

FRAMEWORK = "autogen"


def said(items: Iterable[object], *, users: Collection[str], session: str | None) -> list[Record]:
    """Return the records of the chat messages among `items` that hold what someone said.

    Tool calls and their summaries, handoffs, thoughts, streamed pieces and the events of a memory
    are not what someone said. The task that an agent gives to another, which is its tool, comes
    with the source ``user``; it is the agent's.
    """
    asked: dict[str, str] = {}
    records = []
    for item in items:
        if isinstance(item, ToolCallRequestEvent):
            asked |= dict.fromkeys(tasks(item.content), item.source)
        elif isinstance(item, (TextMessage, MultiModalMessage, StructuredMessage)):
            asking = asked.pop(_text(item), None) if item.source in users else None
            records.append(_record(item, users, session, asking))
    return [record for record in records if record is not None]


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


def _record(
    message: BaseChatMessage, users: Collection[str], session: str | None, asking: str | None
) -> Record | None:
    is_users = message.source in users and asking is None
    source = Source(
        framework=FRAMEWORK,
        agent=None if is_users else asking or message.source,
        session=session,
        origin="user" if is_users else "agent",
    )
    return message_record(
        _text(message), source=source, message_id=message.id, created_at=message.created_at
    )


def _text(message: BaseChatMessage) -> str:
    if isinstance(message, MultiModalMessage):
        return "\n".join(part for part in message.content if isinstance(part, str))
    return message.to_model_text()
