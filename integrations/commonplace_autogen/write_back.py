"""What users and agents said, as records. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from autogen_agentchat.messages import (
    BaseChatMessage,
    MultiModalMessage,
    StructuredMessage,
    TextMessage,
)

from commonplace.adapting import message_record
from commonplace.records import Record, Source

FRAMEWORK = "autogen"


def said(items: Iterable[object], *, users: Collection[str], session: str | None) -> list[Record]:
    """Return the records of the chat messages among `items` that hold what someone said.

    Tool calls and their summaries, handoffs, thoughts, streamed pieces and the events of a memory
    are not what someone said.
    """
    records = [
        _record(item, users, session)
        for item in items
        if isinstance(item, (TextMessage, MultiModalMessage, StructuredMessage))
    ]
    return [record for record in records if record is not None]


def _record(message: BaseChatMessage, users: Collection[str], session: str | None) -> Record | None:
    is_users = message.source in users
    source = Source(
        framework=FRAMEWORK,
        agent=None if is_users else message.source,
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
