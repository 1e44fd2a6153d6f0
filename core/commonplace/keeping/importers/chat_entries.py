"""Entries of chat logs: who said what in them, in whatever shape an API has it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, NamedTuple

from commonplace.keeping.importers.making import name
from commonplace.keeping.importers.messages import said
from commonplace.keeping.importers.openai_items import note_call, said_by
from commonplace.keeping.reading import Skipped
from commonplace.records import JSON

_ORDERS = ("system", "instructions")
_ASKED = ("messages", "input", "prompt")
_HOLDERS = ("request", "body")
_ANSWERED = ("response", "output", "completion", "answer", "message")


class Turn(NamedTuple):
    """What one message says. `choice` is 0 but for further answers to the same request."""

    role: str
    speaker: str
    text: str
    metadata: dict[str, JSON]
    value: Mapping[str, Any]
    where: str
    choice: int = 0


class Given(NamedTuple):
    """A message as it stands in an entry."""

    value: Any
    choice: int = 0


def messages_in(entry: JSON) -> Iterator[Given]:
    """Yield the messages of a request and its answers, wherever in an entry they are."""
    if isinstance(entry, list):
        yield from (Given(one) for one in entry)
    if not isinstance(entry, dict):
        return
    if "role" in entry:
        yield Given(entry)
        return
    yield from _as_role("system", [entry.get(key) for key in _ORDERS])
    for key in _ASKED:
        yield from _held(entry.get(key), "user")
    for key in _HOLDERS:
        yield from messages_in(entry[key]) if isinstance(entry.get(key), dict) else ()
    for key in _ANSWERED:
        yield from _held(entry.get(key), "assistant")
    choices = entry.get("choices")
    for number, choice in enumerate(choices if isinstance(choices, list) else []):
        yield Given(_of_choice(choice), number)


def _held(value: JSON, role: str) -> Iterator[Given]:
    yield from _as_role(role, [value]) if isinstance(value, str) else messages_in(value)


def _as_role(role: str, texts: list[Any]) -> Iterator[Given]:
    for text in texts:
        if text and isinstance(text, (str, list)):
            yield Given({"role": role, "content": text})


def _of_choice(choice: Any) -> Any:
    if not isinstance(choice, dict) or "message" in choice:
        return choice.get("message") if isinstance(choice, dict) else choice
    return {"role": "assistant", "content": choice.get("text")}


def turns(given: Given, where: str, tools: MutableMapping[str, str]) -> Iterator[Turn | Skipped]:
    """Yield what a message says: its text, and each result of a tool that stands in it.

    `tools` has the names of the tools that were called, by the ids of the calls.
    """
    value = given.value
    if not isinstance(value, dict) or not ("role" in value or "type" in value):
        yield Skipped(where, f"not a message: {str(value)[:40]!r}")
    elif isinstance(value.get("type"), str) and "role" not in value:
        note_call(value, tools)
        told = said_by(value, tools)
        yield Skipped(where, told) if isinstance(told, str) else Turn(*told, value, where)
    elif str(value["role"]) in ("system", "developer"):
        yield Skipped(where, f"a message of the role {value['role']!r}, not of a conversation")
    else:
        results = list(_results(value, where, tools))
        yield from results
        if own := _own(given, where, tools, is_more=bool(results)):
            yield own


def _own(
    given: Given, where: str, tools: MutableMapping[str, str], *, is_more: bool
) -> Turn | Skipped | None:
    value, role = given.value, str(given.value["role"])
    content = value.get("content") or value.get("refusal") or ""
    if isinstance(content, list):
        content = [one for one in content if _type(one) not in ("tool_result", "tool_use")]
    text, metadata = said(content)
    calls = list(_calls(value, tools))
    if not text.strip() and (calls or is_more):
        return Skipped(where, f"only calls of tools: {', '.join(calls)}") if calls else None
    metadata |= {"tool_calls": list(calls)} if calls else {}
    metadata |= {"choice": given.choice} if given.choice else {}
    speaker = name(value.get("name")) or tools.get(str(value.get("tool_call_id"))) or role
    return Turn(role, speaker, text, metadata, value, where, given.choice)


def _results(
    value: Mapping[str, Any], where: str, tools: Mapping[str, str]
) -> Iterator[Turn | Skipped]:
    """Yield the results of tools among the parts of a content, as Anthropic has them."""
    content = value.get("content")
    for part in content if isinstance(content, list) else []:
        if _type(part) == "tool_result":
            text, metadata = said(part.get("content"))
            speaker = tools.get(str(part.get("tool_use_id"))) or "tool"
            yield Turn("tool", speaker, text, metadata, value, where)


def _calls(value: Mapping[str, Any], tools: MutableMapping[str, str]) -> Iterator[str]:
    """Yield the names of the tools that a message calls, and keep who will answer."""
    content, calls = value.get("content"), value.get("tool_calls")
    parts = (
        [one for one in content if _type(one) == "tool_use"] if isinstance(content, list) else []
    )
    for call in [*parts, *(calls if isinstance(calls, list) else [])]:
        function = call.get("function", call) if isinstance(call, dict) else None
        called = name(function.get("name")) if isinstance(function, dict) else None
        if called:
            tools[str(call.get("id"))] = called
        yield called or json.dumps(call)[:40]


def _type(part: Any) -> JSON:
    return part.get("type") if isinstance(part, dict) else None
