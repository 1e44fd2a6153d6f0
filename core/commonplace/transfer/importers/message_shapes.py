"""Messages as LangChain, Zep, Gemini and training sets have them, as chat completions do. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commonplace.transfer.importers.messages import ORIGINS

ORDERS = ("system", "developer")
_SAID = ("content", "tool_calls", "function_call", "parts", "refusal")
_CLASSES = {
    "HumanMessage": "human", "AIMessage": "ai", "SystemMessage": "system", "ToolMessage": "tool",
    "FunctionMessage": "function", "ChatMessage": "chat", "AIMessageChunk": "ai",
    "HumanMessageChunk": "human", "RemoveMessage": "remove",
}  # fmt: skip
_LANGCHAIN = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool",
              "function": "function", "chat": "user", "remove": "remove"}  # fmt: skip
_FROM = {"human": "user", "gpt": "assistant", "chatgpt": "assistant", "bot": "assistant",
         "observation": "tool", "function_response": "tool"}  # fmt: skip


def as_message(value: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a message as chat completions have it, with `role` and `content`; None if it is none.

    >>> as_message({"from": "human", "value": "Hi"})["role"]
    'user'
    """
    if is_langchain(value):
        return _of_langchain(value)
    if isinstance(value.get("from"), str) and "value" in value:
        role = value["from"]
        return {**value, "role": _FROM.get(role, role), "content": value["value"]}
    if "role" not in value:
        return None
    if value.get("role_type"):  # Zep: the role is called its type, and the name the role
        name = value.get("name") or value["role"]
        return {**value, "role": str(value["role_type"]), "name": name}
    if isinstance(value.get("parts"), list) and "content" not in value:
        return {**value, "content": [_part(one) for one in value["parts"]]}
    return dict(value)


def is_message(value: Any) -> bool:
    """Tell whether a value is a message of a conversation in any of these shapes."""
    if not isinstance(value, dict):
        return False
    if is_langchain(value) or (isinstance(value.get("from"), str) and "value" in value):
        return True
    role = value.get("role_type") or value.get("role")
    known = isinstance(role, str) and (role in ORIGINS or role in ORDERS)
    return known and any(key in value for key in _SAID)


def is_langchain(value: Mapping[str, Any]) -> bool:
    """Tell whether a message is LangChain's: serialised, with `data`, or as pydantic dumps it."""
    kind = value.get("type")
    if kind == "constructor":
        return isinstance(value.get("kwargs"), dict) and _class(value) in _CLASSES
    if not isinstance(kind, str) or "role" in value:
        return False
    kind = _CLASSES.get(kind, kind)
    if isinstance(value.get("data"), dict):
        return kind in _LANGCHAIN
    return kind in _LANGCHAIN and "content" in value and "id" in value


def _of_langchain(value: Mapping[str, Any]) -> dict[str, Any]:
    kind = value["type"]
    if kind == "constructor":
        data, kind = value["kwargs"], _CLASSES[_class(value)]
    else:
        data, kind = value.get("data", value), _CLASSES.get(kind, kind)
    own = data.get("role") if kind == "chat" else None
    kept = {key: one for key, one in data.items() if key != "type"}
    return {**kept, "role": str(own or _LANGCHAIN[kind])}


def _class(value: Mapping[str, Any]) -> str:
    path = value.get("id")
    return str(path[-1] if isinstance(path, list) and path else path)


def _part(part: Any) -> Any:
    """Return a part of Gemini's with its type."""
    if not isinstance(part, dict) or "type" in part or "text" in part:
        return {"type": "text", **part} if isinstance(part, dict) else part
    return {"type": next(iter(part), "part"), **part}
