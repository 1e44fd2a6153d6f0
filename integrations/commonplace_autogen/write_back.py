"""What users and agents said. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from autogen_agentchat.messages import (
    BaseChatMessage,
    MultiModalMessage,
    StructuredMessage,
    TextMessage,
)

FRAMEWORK = "autogen"


def said(items: Iterable[object], *, users: Collection[str]) -> list[dict[str, Any]]:
    """Return the chat messages among `items` that hold what someone said, as the core observes.

    Tool calls and their summaries, handoffs, thoughts, streamed pieces and the events of a memory
    are not what someone said.
    """
    return [
        _told(item, is_users=item.source in users)
        for item in items
        if isinstance(item, (TextMessage, MultiModalMessage, StructuredMessage))
    ]


def _told(message: BaseChatMessage, *, is_users: bool) -> dict[str, Any]:
    return {
        "role": "user" if is_users else "assistant",
        "content": _text(message),
        "name": None if is_users else message.source,
        "id": message.id,
        "created_at": message.created_at,
    }


def _text(message: BaseChatMessage) -> str:
    if isinstance(message, MultiModalMessage):
        return "\n".join(part for part in message.content if isinstance(part, str))
    return message.to_model_text()
