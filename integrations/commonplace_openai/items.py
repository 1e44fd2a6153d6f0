"""The items of the Responses API that stand for messages of a conversation. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

Item = dict[str, Any]

_KEPT = (
    "message",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
)
_RESULTS = ("function_call_output", "custom_tool_call_output")


def is_kept(item: Item) -> bool:
    """Tell whether a conversation keeps such an item."""
    return "role" in item or item.get("type") in _KEPT


def is_result(item: Item) -> bool:
    """Tell whether this is what a tool answered."""
    return item.get("type") in _RESULTS


def without_id(item: Item) -> Item:
    """Return an item without its id: some models give all of theirs the same."""
    return {name: value for name, value in item.items() if name != "id"}


def items_of(messages: Sequence[Item]) -> list[Item]:
    """Return messages as of Chat Completions as the items of a request."""
    calls = [call for message in messages for call in message.get("tool_calls", ())]
    custom = {call["id"] for call in calls if call["type"] == "custom"}
    return [item for message in messages for item in _items(message, custom)]


def _items(message: Item, custom: Collection[str]) -> Iterable[Item]:
    if message["role"] == "tool":
        id, output = message["tool_call_id"], _content(message["content"] or "")
        type = "custom_tool_call_output" if id in custom else "function_call_output"
        yield {"type": type, "call_id": id, "output": output}
        return
    if message["content"]:
        yield {"role": message["role"], "content": _content(message["content"])}
    for call in message.get("tool_calls", ()):
        yield _call(call)


def _call(call: Item) -> Item:
    inner = call[call["type"]]
    told = {"call_id": call["id"], "name": inner["name"]}
    if call["type"] == "custom":
        return {"type": "custom_tool_call", **told, "input": inner.get("input", "")}
    return {"type": "function_call", **told, "arguments": inner.get("arguments", "{}")}


def _content(content: str | list[Item]) -> str | list[Item]:
    return content if isinstance(content, str) else [_part(part) for part in content]


def _part(part: Item) -> Item:
    if part["type"] == "text":
        return {"type": "input_text", "text": part["text"]}
    inner = part[part["type"]]
    if part["type"] == "image_url":
        detail = inner.get("detail", "auto")
        return {"type": "input_image", "image_url": inner.get("url"), "detail": detail}
    if part["type"] == "file":
        return {"type": "input_file", **inner}
    return part
