"""A message as of Chat Completions, and the record it is kept as. Pure.

A message that says its text and no more is an ordinary record of kind ``message``. What a record
has no place for, such as the calls of tools, is in its metadata under `MESSAGE`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import compress
from typing import Any, TypeAlias

from commonplace.errors import InvalidInputError
from commonplace.values.records import Origin, Record
from commonplace.values.validation import MAX_METADATA_BYTES, MAX_TEXT_CHARACTERS
from commonplace.writing.messages import without_reasoning

Message: TypeAlias = dict[str, Any]

MESSAGE = "commonplace:message"
"""In the metadata of a message: what of it is not in its text and its source."""

SYSTEM = ("system", "developer")
ORIGINS: dict[str, Origin] = {
    "user": "user",
    "assistant": "agent",
    "tool": "tool",
    "system": "operator",
    "developer": "operator",
}
_ROLES: dict[Origin | None, str] = {"user": "user", "agent": "assistant", None: "user"}
_TEXTS = {"text": "text", "input_text": "text", "output_text": "text", "refusal": "refusal"}
_REASONING = ("reasoning", "thinking", "redacted_thinking", "reasoning_content")
_NOTHING = "[no content]"
_NOT_KEPT = "not kept: give a URL or the id of a file"
_MOST_BYTES = MAX_METADATA_BYTES * 9 // 10
"""Of a message as JSON: what else stands in the metadata has the rest."""


def checked_message(given: object) -> Message | None:
    """Return a message in the form in which it is sent, without a model's reasoning.

    Takes dicts, models with ``model_dump`` such as the `openai` client returns, and the items
    of a response. Returns None for what says nothing. Raises InvalidInputError for what is no
    message.
    """
    if not isinstance(given, Mapping) and callable(dump := getattr(given, "model_dump", None)):
        given = dump(exclude_none=True)
    if not isinstance(given, Mapping):
        raise InvalidInputError(
            'A message is a dict such as {"role": "user", "content": "Hello"}, '
            f"not {given!r:.80}."
        )
    if "role" not in given and "type" in given:
        return _of_item(given)
    role = given.get("role")
    if role not in ORIGINS:
        raise InvalidInputError(_wrong_role(given))
    message: Message = {"role": role, "content": _content(_spoken(given), role)}
    message.update(_named(given))
    message.update(_calls(given, role))
    says_something = message["content"] or "tool_calls" in message or role == "tool"
    return message if says_something else None


def text_of(message: Message) -> str:
    """Return what a message says, as it is searched: never blank."""
    content = message["content"]
    parts = [content] if isinstance(content, str) else [_shown(part) for part in content or ()]
    calls = [_call_text(call) for call in message.get("tool_calls", ())]
    said = "\n".join(part for part in [*parts, *calls] if part.strip())
    return said[:MAX_TEXT_CHARACTERS] or _NOTHING


def metadata_of(message: Message, origin: Origin) -> Message:
    """Return what of a message is not in its text and origin, for the record's metadata."""
    more = _beside_text(message)
    if _ROLES.get(origin) == message["role"]:
        del more["role"]
    return {MESSAGE: more} if more else {}


def _beside_text(message: Message) -> Message:
    is_its_text = message["content"] == text_of(message)
    return {name: value for name, value in message.items() if name != "content" or not is_its_text}


def message_of(record: Record) -> Message | None:
    """Return the message that a record keeps; None for one that cannot be sent as it is.

    That is what a tool or a document said and no call is known for.
    """
    kept = record.metadata.get(MESSAGE)
    more = dict(kept) if isinstance(kept, Mapping) else {}
    role = more.pop("role", None) or _ROLES.get(record.source.origin)
    if role is None or (role == "tool" and "tool_call_id" not in more):
        return None
    return {"role": role, "content": more.pop("content", record.text), **more}


def bare_call(call: Message) -> Message:
    """Return a tool call without what it was called with."""
    given = "arguments" if call["type"] == "function" else "input"
    return {**call, call["type"]: {**call[call["type"]], given: "{}"}}


def with_text(message: Message, text: str | list[Message] | None) -> Message:
    """Return a message that says `text` instead, and is otherwise as it was."""
    return {**message, "content": text}


def carrying(message: Message, before: Message) -> Message:
    """Return a message with what another carries beside its text, each part in its place."""
    text, parts = message["content"], before["content"]
    if not isinstance(text, str) or not isinstance(parts, list):
        return message
    stays = [part["type"] != "text" or _is_mark(part["text"]) for part in parts]
    at = stays.index(False) if False in stays else 0
    rest = compress(parts[at:], stays[at:])
    return {**message, "content": [*parts[:at], {"type": "text", "text": text}, *rest]}


def calls_of(message: Message) -> list[str]:
    """Return the ids of the tool calls that a message makes."""
    return [str(call["id"]) for call in message.get("tool_calls", ())]


def embedded(part: Mapping[str, Any]) -> str:
    """Return the bytes that a part of a content carries, in base64 or as a data URL, or ""."""
    inner = part.get(str(part.get("type")))
    inner = inner if isinstance(inner, Mapping) else {"url": inner}
    url = str(inner.get("url") or "")
    return str(inner.get("data") or inner.get("file_data") or (url if url[:5] == "data:" else ""))


def without_bytes(message: Message) -> Message:
    """Return a message in which a mark stands for each image, sound or file that it carries."""
    if not isinstance(message["content"], list):
        return message
    parts = [
        {"type": "text", "text": mark(part, _NOT_KEPT)} if embedded(part) else part
        for part in message["content"]
    ]
    return {**message, "content": parts}


def as_kept(message: Message) -> Message:
    """Return a message as a record holds it: without bytes, its longest texts shortened.

    Arguments of a call are emptied if they are too long, since a part of them is no JSON.
    """
    kept, characters = without_bytes(message), MAX_TEXT_CHARACTERS
    while _size(_beside_text(kept)) > _MOST_BYTES:
        kept, characters = _within(kept, characters), characters // 2
    return kept


def cut(text: str, characters: int) -> str:
    """Return a text of at most so many characters, beside a mark of what its middle lost."""
    if len(text) <= characters:
        return text
    end = characters // 3
    left_out = f"[… {len(text) - characters:,} characters left out …]"
    shorter = f"{text[: characters - end]}{left_out}{text[len(text) - end :]}"
    return shorter if len(shorter) < len(text) else text


def mark(part: Mapping[str, Any], why: str) -> str:
    """Return what stands in the place of a part that is left out."""
    return f"[{part.get('type')} of {len(embedded(part)):,} characters, {why}]"


def _is_mark(text: str) -> bool:
    return text.startswith("[") and text.endswith(f", {_NOT_KEPT}]")


def _size(message: Message) -> int:
    return len(json.dumps(message, ensure_ascii=False).encode(errors="replace"))


def _within(message: Message, characters: int) -> Message:
    """Return a message of which each text has at most so many characters."""
    content = message["content"]
    if isinstance(content, str):
        content = cut(content, characters)
    elif content is not None:
        content = [
            {**part, "text": cut(part["text"], characters)} if part["type"] == "text" else part
            for part in content
        ]
    if "tool_calls" not in message:
        return with_text(message, content)
    calls = [one if _size(one) <= characters else bare_call(one) for one in message["tool_calls"]]
    return {**message, "content": content, "tool_calls": calls}


def _of_item(item: Mapping[str, Any]) -> Message | None:
    """Return an item of the Responses API that has no role as a message."""
    type = item["type"]
    if type in _REASONING:
        return None
    if type == "function_call":
        function = {"name": item.get("name"), "arguments": item.get("arguments") or "{}"}
        call = {"id": item.get("call_id"), "type": "function", "function": function}
        return {"role": "assistant", "content": None, **_calls({"tool_calls": [call]}, "assistant")}
    if type == "custom_tool_call":
        custom = {"name": item.get("name"), "input": item.get("input") or ""}
        call = {"id": item.get("call_id"), "type": "custom", "custom": custom}
        return {"role": "assistant", "content": None, **_calls({"tool_calls": [call]}, "assistant")}
    if type in ("function_call_output", "custom_tool_call_output"):
        output, id = item.get("output"), item.get("call_id")
        content = output if isinstance(output, (str, list)) else json.dumps(output)
        return checked_message({"role": "tool", "tool_call_id": id, "content": content})
    raise InvalidInputError(f"An item of a response of type {type!r:.80} is no message.")


def _wrong_role(given: Mapping[str, Any]) -> str:
    """Return what to say of something without a role that is known."""
    if "choices" in given or "message" in given:
        return "This is more than a message: add completion.choices[0].message."
    if "output" in given:
        return "This is a whole response: add its items with extend(response.output)."
    if given.get("role") == "function":
        return 'The role "function" is of a former API: give "tool" and a tool_call_id.'
    return f"A message's role is one of {', '.join(ORIGINS)}, not {given.get('role')!r:.80}."


def _spoken(given: Mapping[str, Any]) -> object:
    """Return the content of a message, or what a model said in its place.

    That is why it refuses, or the words of its voice.
    """
    content, audio = given.get("content"), given.get("audio")
    if content or given.get("role") != "assistant":
        return content
    voice = audio.get("transcript") if isinstance(audio, Mapping) else None
    return given.get("refusal") or voice or content


def _named(given: Mapping[str, Any]) -> Message:
    name = given.get("name")
    if name is not None and not isinstance(name, str):
        raise InvalidInputError(f"name of a message is text, not {name!r:.80}.")
    return {"name": name} if name and name.strip() else {}


def _calls(given: Mapping[str, Any], role: str) -> Message:
    """Return the calls that a message makes, or the call that it answers."""
    if role == "tool":
        id = given.get("tool_call_id")
        if not isinstance(id, str) or not id:
            raise InvalidInputError(
                f"A tool's message has the tool_call_id that it answers, not {id!r:.80}."
            )
        return {"tool_call_id": id}
    calls = given.get("tool_calls")
    if given.get("function_call") and not calls:
        raise InvalidInputError("function_call is of a former API: give the call as tool_calls.")
    if not calls:
        return {}
    if role != "assistant" or not isinstance(calls, Sequence):
        raise InvalidInputError(f"tool_calls are a list of an assistant's, not {calls!r:.80}.")
    return {"tool_calls": [_checked_call(call) for call in calls]}


def _checked_call(call: object) -> Message:
    type = call.get("type", "function") if isinstance(call, Mapping) else None
    inner = call.get(str(type)) if isinstance(call, Mapping) else None
    if not isinstance(call, Mapping) or not isinstance(inner, Mapping):
        raise InvalidInputError(f"A tool call has a function with a name, not {call!r:.80}.")
    if not isinstance(call.get("id"), str) or not isinstance(inner.get("name"), str):
        raise InvalidInputError(f"A tool call has an id and a name, not {call!r:.80}.")
    return {"id": call["id"], "type": type, str(type): dict(inner)}


def _call_text(call: Mapping[str, Any]) -> str:
    inner = call[call["type"]]
    return f"Called {inner['name']}: {inner.get('arguments') or inner.get('input') or ''}"


def _content(content: object, role: str) -> str | list[Message] | None:
    if content is None or isinstance(content, str):
        return _said(content or "", role)
    if not isinstance(content, Sequence):
        raise InvalidInputError(f"A message's content is text or a list, not {content!r:.80}.")
    parts = [kept for part in content if (kept := _part(part, role)) is not None]
    if all(part["type"] == "text" for part in parts):
        return _said("\n".join(part["text"] for part in parts), role)
    return parts


def _said(text: str, role: str) -> str | None:
    kept = without_reasoning(text) if role == "assistant" else text
    return kept if kept.strip() else None if role == "assistant" else ""


def _part(part: object, role: str) -> Message | None:
    """Return a part of a content in the form of Chat Completions; None if it says nothing."""
    if isinstance(part, str):
        part = {"type": "text", "text": part}
    if not isinstance(part, Mapping):
        raise InvalidInputError(f"A part of a message's content is a dict, not {part!r:.80}.")
    type = part.get("type")
    if type in _REASONING:
        return None
    if type in _TEXTS:
        text = part.get(_TEXTS[type])
        if not isinstance(text, str):
            raise InvalidInputError(f"A text part of a message holds text, not {text!r:.80}.")
        kept = without_reasoning(text) if role == "assistant" else text
        return {"type": "text", "text": kept} if kept.strip() else None
    return _attached(part, type)


def _attached(part: Mapping[str, Any], type: object) -> Message:
    if type == "input_image":
        url = part.get("image_url")
        image = {"url": url, **({"detail": part["detail"]} if "detail" in part else {})}
        return {"type": "image_url", "image_url": image}
    if type == "input_file":
        return {"type": "file", "file": {k: v for k, v in part.items() if k != "type"}}
    if type in ("image_url", "input_audio", "file") and isinstance(part.get(str(type)), Mapping):
        return {"type": type, str(type): dict(part[str(type)])}
    raise InvalidInputError(
        f"A part of a message's content is text, image_url, input_audio or file, not {part!r:.80}."
    )


def _shown(part: Mapping[str, Any]) -> str:
    return str(part["text"]) if part["type"] == "text" else f"[{part['type']}]"
