"""Messages of Agent Framework as those of a conversation, and back."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from agent_framework import Content, Message

Said = dict[str, Any]

_REASONING = ("text_reasoning", "usage")
_logger = logging.getLogger("commonplace")


def told(messages: Iterable[Message], agent: str | None) -> list[Said]:
    """Return messages in the form of Chat Completions; instructions and reasoning are left out."""
    return [
        said
        for message in messages
        if message.role != "system"
        for said in (*_spoken(message, agent), *_results(message))
    ]


def shown(said: Sequence[Said]) -> list[Message]:
    """Return messages of a conversation as those of Agent Framework."""
    return [Message(one["role"], list(_contents(one)), author_name=one.get("name")) for one in said]


def _spoken(message: Message, agent: str | None) -> Iterator[Said]:
    parts = [part for one in message.contents for part in _parts(one)]
    calls = [_call(one) for one in message.contents if one.type == "function_call"]
    if not parts and not calls:
        return
    role = "user" if message.role == "user" else "assistant"
    name = message.author_name or (agent if role == "assistant" else None)
    called = {"tool_calls": calls} if calls else {}
    yield {"role": role, "content": parts, **({"name": name} if name else {}), **called}


def _parts(content: Content) -> Iterator[Said]:
    if content.type == "text":
        yield {"type": "text", "text": content.text or ""}
    elif content.type in ("data", "uri") and (content.media_type or "").startswith("image/"):
        yield {"type": "image_url", "image_url": {"url": content.uri}}
    elif content.type not in ("function_call", "function_result", *_REASONING):
        _say_once(content.type)


def _call(content: Content) -> Said:
    function = {"name": content.name, "arguments": _arguments(content)}
    return {"id": content.call_id, "type": "function", "function": function}


def _arguments(content: Content) -> str:
    given = content.arguments or "{}"
    return given if isinstance(given, str) else json.dumps(given, default=str, ensure_ascii=False)


def _results(message: Message) -> Iterator[Said]:
    for one in message.contents:
        if one.type == "function_result":
            yield {"role": "tool", "tool_call_id": one.call_id, "content": one.result or ""}


def _contents(said: Said) -> Iterator[Content]:
    if said["role"] == "tool":
        yield Content.from_function_result(said["tool_call_id"], result=_text(said["content"]))
        return
    for part in _parts_of(said["content"]):
        if part["type"] == "image_url":
            yield Content.from_uri(part["image_url"]["url"], media_type="image/*")
        else:
            yield Content.from_text(part.get("text") or f"[{part['type']}]")
    for call in said.get("tool_calls", ()):
        inner = call[call["type"]]
        given = inner.get("arguments", inner.get("input", ""))
        yield Content.from_function_call(call["id"], inner["name"], arguments=given)


def _parts_of(content: str | list[Said] | None) -> list[Said]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return content or []


def _text(content: str | list[Said] | None) -> str:
    return "\n".join(part.get("text", f"[{part['type']}]") for part in _parts_of(content))


@lru_cache(maxsize=64)
def _say_once(type: str) -> None:
    _logger.warning("Contents of type %r are not kept in a conversation.", type)
