"""Chat stores of LlamaIndex: what `SimpleChatStore.persist` writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from commonplace.keeping.importers.chat_log import Log
from commonplace.keeping.importers.messages import Message, records_of, with_notes
from commonplace.keeping.json_stream import Element, elements
from commonplace.keeping.reading import Found, Skipped, folder_name, json_files, last_change
from commonplace.keeping.sample import Sample
from commonplace.records import JSON


def fits(seen: Sample) -> bool:
    """Tell whether a source is such a store."""
    return seen.any(lambda one: isinstance(one.get("store"), dict))


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages of all keys in a file or a folder of files; a key is a session."""
    yield from records_of("llamaindex", _messages(path))


def _messages(path: Path) -> Iterator[Message | Skipped]:
    for file in json_files(path):
        log = Log(folder_name(path, file), last_change(file))
        for element in elements(file):
            store = _store(element)
            if store is None:
                yield Skipped(element.where, f"not a chat store: {str(element.value)[:40]!r}")
                continue
            for key, messages in store.items():
                yield from with_notes(_of_key(key, messages, log, element.where), element.notes)


def _store(element: Element) -> dict[str, Any] | None:
    """Return the messages by key. Releases before 0.10 wrote them as JSON within a text."""
    value = element.value
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    store = value.get("store") if isinstance(value, dict) else None
    return store if isinstance(store, dict) else None


def _of_key(key: str, messages: JSON, log: Log, where: str) -> Iterator[Message | Skipped]:
    for number, one in enumerate(messages if isinstance(messages, list) else [messages], 1):
        place = f"{where}, {key}, message {number}"
        if isinstance(one, dict) and "role" in one:
            yield from log.said_alone(_plain(one), place, key or None)
        else:
            yield Skipped(place, f"not a message: {str(one)[:40]!r}")


def _plain(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message as chat completions have it."""
    blocks, more = message.get("blocks"), message.get("additional_kwargs")
    parts = [_part(one) for one in blocks] if isinstance(blocks, list) else message.get("content")
    told = more if isinstance(more, dict) else {}
    kept = {key: told[key] for key in ("name", "tool_calls", "tool_call_id") if key in told}
    return {**kept, "role": message["role"], "content": parts}


def _part(block: Any) -> Any:
    if not isinstance(block, dict):
        return block
    kind = {"tool_call": "tool_use"}.get(str(block.get("block_type")), block.get("block_type"))
    return {**block, "type": kind, "name": block.get("tool_name"), "id": block.get("tool_call_id")}
