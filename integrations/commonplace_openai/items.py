"""The items of the Responses API that stand for messages of a conversation. Pure."""

from __future__ import annotations

import json
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
_FOUND = ("results", "outputs", "output", "result", "error")
_NOT_GIVEN = ("type", "id", "call_id", "status", "name", "server_label", *_FOUND)
_RESULTS = ("function_call_output", "custom_tool_call_output")


def is_kept(item: Item) -> bool:
    """Tell whether a conversation keeps such an item."""
    return "role" in item or item.get("type") in _KEPT


def is_result(item: Item) -> bool:
    """Tell whether this is what a tool answered."""
    return item.get("type") in _RESULTS


def opened(item: Item) -> list[Item]:
    """Return a step of a tool that the provider hosts as a call and its result; [] for no step.

    A search, a run of code or a call of an MCP server has both in one item; a shell or a computer
    has its result in an item of its own. Any other item is returned as it is.
    """
    type, id = str(item.get("type")), item.get("call_id") or item.get("id")
    if is_kept(item):
        return [item]
    if type.endswith("_call_output") and id:
        return [_result(id, item.get("output"))]
    if not type.endswith("_call") or not id:
        return []
    name = item.get("name") or type.removesuffix("_call")
    given = item.get("arguments") or _json({k: item[k] for k in item if k not in _NOT_GIVEN})
    call = {"type": "function_call", "call_id": id, "name": name, "arguments": given}
    found = [item[one] for one in _FOUND if item.get(one) is not None]
    if type == "image_generation_call" and found:
        found = ["[an image, not kept]"]
    if not found and "call_id" not in item:  # what it found is in the answer alone
        found = [item.get("status") or "completed"]
    return [call, *(_result(id, one) for one in found[:1])]


def _result(id: str, output: Any) -> Item:
    text = output if isinstance(output, str) else _json(output)
    return {"type": "function_call_output", "call_id": id, "output": text}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


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
