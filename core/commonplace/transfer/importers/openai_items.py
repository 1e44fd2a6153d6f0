"""Items of OpenAI's Responses API: what each says, and to whom. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple

from commonplace.transfer.importers.making import name
from commonplace.transfer.importers.messages import said
from commonplace.values.records import JSON

_OUTPUT = "_output"


class Said(NamedTuple):
    """What an item says."""

    role: str
    speaker: str
    text: str
    metadata: dict[str, JSON]


def is_item(value: Any) -> bool:
    """Tell whether a value is an item rather than a message of chat completions."""
    return isinstance(value, dict) and isinstance(value.get("type"), str)


def note_call(item: Mapping[str, Any], tools: MutableMapping[str, str]) -> None:
    """Keep which tool an item calls, for the answer, which does not name it."""
    if "call_id" in item and (called := name(item.get("name"))):
        tools[str(item["call_id"])] = called


def said_by(item: Mapping[str, Any], tools: Mapping[str, str]) -> Said | str:
    """Return what an item says; or, as a text, why it says nothing to anyone."""
    kind = item.get("type", "message" if "role" in item else None)
    if kind == "message":
        role = str(item.get("role"))
        text, metadata = said(item.get("content"))
        return Said(role, name(item.get("name")) or role, text, metadata)
    if isinstance(kind, str) and kind.endswith(_OUTPUT):
        speaker = tools.get(str(item.get("call_id"))) or kind.removesuffix("_call_output")
        return _result(speaker, item.get("output"))
    if kind == "mcp_call":
        return _result(name(item.get("name")) or "mcp", item.get("output") or item.get("error"))
    if kind == "code_interpreter_call":
        return _result("code_interpreter", _parts(item.get("outputs"), "logs"))
    if kind == "file_search_call" and item.get("results"):
        return _result("file_search", _parts(item["results"], "text"))
    return f"an item of the type {str(kind)[:40]!r}, which says nothing to anyone"


def _result(speaker: str, output: JSON) -> Said | str:
    if not output:
        return f"a call of {speaker[:40]}, without a result"
    parts = [output] if is_item(output) else output
    is_content = isinstance(parts, list) and all(is_item(one) for one in parts)
    if isinstance(parts, str) or is_content:
        return Said("tool", speaker, *said(parts))
    return Said("tool", speaker, json.dumps(output, ensure_ascii=False), {})


def _parts(results: JSON, text: str) -> JSON:
    """Return results as parts of a content, of which those with a text under `text` are read."""
    return [
        {"type": "text", "text": one[text]}
        if isinstance(one, dict) and isinstance(one.get(text), str)
        else one
        for one in (results if isinstance(results, list) else [])
    ]
