"""Entries of chat logs: who said what in them, in whatever shape an API has it. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, NamedTuple

from commonplace.transfer.importers.making import name, time
from commonplace.transfer.importers.message_shapes import ORDERS, as_message, is_message
from commonplace.transfer.importers.messages import said
from commonplace.transfer.importers.openai_items import note_call, said_by
from commonplace.transfer.reading import MAX_DEPTH, Skipped
from commonplace.values.records import JSON

_ORDERS = ("system", "instructions", "systemInstruction")
_BEFORE = ("history", "chat_history")
_ASKED = ("messages", "input", "prompt", "question", "query", "user_input")
_HOLDERS = ("request", "body", "params", "inputs")
_ANSWERED = ("response", "output", "outputs", "completion", "answer", "reply", "message")
_CHOICES = ("choices", "responses")
_FURTHER = ("non_preferred_output", "rejected")
_ABOUT = ("title", "name", "description", "model", "error", "user_agent")
_KNOWN = {*_ORDERS, *_BEFORE, *_ASKED, *_HOLDERS, *_ANSWERED, *_FURTHER, *_CHOICES}
_TOOLS = ("tool_result", "tool_use", "server_tool_use", "web_search_tool_result")


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


def messages_in(entry: JSON, depth: int = 0) -> Iterator[Given]:
    """Yield the messages of a request and its answers, wherever in an entry they are."""
    if depth > MAX_DEPTH:
        return
    if isinstance(entry, list):
        for one in entry:
            is_more = isinstance(one, list) or (not is_message(one) and _has_messages(one, 3))
            yield from messages_in(one, depth + 1) if is_more else [Given(one)]
    elif isinstance(entry, dict) and ("role" in entry or is_message(entry)):
        yield Given(entry)
    elif isinstance(entry, dict):
        yield from _in_entry(entry, depth + 1)


def _in_entry(entry: dict[str, Any], depth: int) -> Iterator[Given]:
    yield from _as_role("system", [entry.get(key) for key in _ORDERS])
    for key in _BEFORE:
        yield from messages_in(entry.get(key), depth)
    for key in _ASKED:
        yield from _held(entry.get(key), "user", depth)
    for key in [*_HOLDERS, *_others(entry)]:
        yield from messages_in(entry.get(key), depth)
    for key in _ANSWERED:
        yield from _held(entry.get(key), "assistant", depth)
    for key in _CHOICES:
        choices = entry.get(key)
        for number, choice in enumerate(choices if isinstance(choices, list) else []):
            yield Given(_of_choice(choice), number)
    for key in _FURTHER:
        yield from (Given(one.value, 1) for one in _held(entry.get(key), "assistant", depth))


def _others(entry: Mapping[str, Any]) -> list[str]:
    """Return the further keys under which messages stand, in their order."""
    return [key for key, one in entry.items() if key not in _KNOWN and _has_messages(one, 3)]


def _has_messages(value: JSON, levels: int) -> bool:
    if is_message(value):
        return True
    if not levels or not isinstance(value, (list, dict)):
        return False
    inner = value[:1] if isinstance(value, list) else value.values()
    return any(_has_messages(one, levels - 1) for one in inner)


def unread(entry: JSON) -> list[str]:
    """Return the keys of an entry under which words stand that are in no message."""
    if not isinstance(entry, dict) or is_message(entry) or "role" in entry:
        return []
    return [
        key
        for key, one in entry.items()
        if key not in _KNOWN and key not in _ABOUT and isinstance(one, str) and _is_words(one)
    ]


def _is_words(text: str) -> bool:
    return len(text.split(maxsplit=2)) > 1 and time(text) is None


def _held(value: JSON, role: str, depth: int) -> Iterator[Given]:
    if isinstance(value, str):
        yield from _as_role(role, [value])
    else:
        yield from messages_in(value, depth)


def _as_role(role: str, texts: list[Any]) -> Iterator[Given]:
    for text in texts:
        if text and isinstance(text, (str, list)):
            yield Given({"role": role, "content": text})


def _of_choice(choice: Any) -> Any:
    if isinstance(choice, str):
        return {"role": "assistant", "content": choice}
    if not isinstance(choice, dict) or "message" in choice:
        return choice.get("message") if isinstance(choice, dict) else choice
    return {"role": "assistant", "content": choice.get("text")}


def is_said(value: Any) -> bool:
    """Tell whether a value is a message of a known shape, or an item of the Responses API."""
    if not isinstance(value, dict):
        return False
    return as_message(value) is not None or not isinstance(said_by(value, {}), str)


def turns(given: Given, where: str, tools: MutableMapping[str, str]) -> Iterator[Turn | Skipped]:
    """Yield what a message says: its text, and each result of a tool that stands in it.

    `tools` has the names of the tools that were called, by the ids of the calls.
    """
    value = given.value
    message = as_message(value) if isinstance(value, dict) else None
    if message is None and isinstance(value, dict) and isinstance(value.get("type"), str):
        note_call(value, tools)
        told = said_by(value, tools)
        yield Skipped(where, told) if isinstance(told, str) else Turn(*told, value, where)
    elif message is None:
        yield Skipped(where, f"not a message: {str(value)[:40]!r}")
    elif str(message["role"]) in ORDERS:
        yield Skipped(where, f"a message of the role {message['role']!r}, not of a conversation")
    else:
        results = list(_results(message, where, tools))
        yield from results
        if own := _own(message, given.choice, where, tools, is_more=bool(results)):
            yield own


def _own(
    value: Mapping[str, Any],
    choice: int,
    where: str,
    tools: MutableMapping[str, str],
    *,
    is_more: bool,
) -> Turn | Skipped | None:
    content = value.get("content") or value.get("refusal") or _spoken(value) or ""
    if isinstance(content, list):
        content = [one for one in content if _type(one) not in _TOOLS]
    text, metadata = said(content)
    calls = list(_calls(value, tools))
    if not text.strip() and (calls or is_more):
        return Skipped(where, f"only calls of tools: {', '.join(calls)}") if calls else None
    metadata |= {"tool_calls": list(calls)} if calls else {}
    metadata |= {"choice": choice} if choice else {}
    role = str(value["role"])
    speaker = name(value.get("name")) or tools.get(str(value.get("tool_call_id"))) or role
    return Turn(role, speaker, text, metadata, value, where, choice)


def _spoken(value: Mapping[str, Any]) -> JSON:
    audio = value.get("audio")
    return audio.get("transcript") if isinstance(audio, dict) else None


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
    """Yield the names of the tools that a message calls, and keep who will answer.

    A call that stands both in the content and beside it is one.
    """
    content, calls = value.get("content"), value.get("tool_calls")
    parts = (
        [one for one in content if _type(one) == "tool_use"] if isinstance(content, list) else []
    )
    beside = [*(calls if isinstance(calls, list) else []), value.get("function_call")]
    seen: set[str] = set()
    for call in [*parts, *(one for one in beside if one)]:
        function = call.get("function", call) if isinstance(call, dict) else None
        called = name(function.get("name")) if isinstance(function, dict) else None
        id = str(call.get("id")) if isinstance(call, dict) and call.get("id") else ""
        if called and id:
            tools[id] = called
        if not id or id not in seen:
            yield called or json.dumps(call)[:40]
        seen.add(id)


def _type(part: Any) -> JSON:
    return part.get("type") if isinstance(part, dict) else None
