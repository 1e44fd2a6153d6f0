"""The messages of classic AutoGen: what they say, and which one asks."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

Message = Mapping[str, Any]


def text_of(message: Message) -> str:
    """Return the text of a message, without images; "" if it has none."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [one.get("text") if isinstance(one, Mapping) else one for one in parts]
    return "\n".join(one for one in texts if isinstance(one, str))


def is_said(message: Message) -> bool:
    """Tell whether a message holds what someone said: no call of a tool, and no result of one."""
    is_tools = message.get("role") in ("tool", "function", "system") or any(
        message.get(field) for field in ("tool_calls", "function_call", "tool_responses")
    )
    return not is_tools and bool(text_of(message).strip())


def is_users(message: Message, users: Collection[str]) -> bool:
    """Tell whether a person said it: by one of these names, or without a name and as a user."""
    name = message.get("name")
    return name in users if name else message.get("role", "user") == "user"


def asking(messages: Sequence[Message], users: Collection[str]) -> int | None:
    """Return the place of what a reply is about: a user's last text, or else anyone's."""
    said = [at for at, one in enumerate(messages) if is_said(one)]
    of_users = [at for at in said if is_users(messages[at], users)]
    candidates = of_users or said
    return candidates[-1] if candidates else None
