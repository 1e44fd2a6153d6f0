"""Chats that Google AI Studio keeps in Drive: one JSON file each, whose name has no ending."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.transfer.importers.json_parts import list_of, object_of
from commonplace.transfer.importers.making import fixed_id, noted_time
from commonplace.transfer.importers.messages import Message, records_of, said, with_notes
from commonplace.transfer.json_stream import elements
from commonplace.transfer.reading import Found, Skipped, json_files, last_change
from commonplace.values.records import JSON

_HELD = ("driveDocument", "driveImage", "driveVideo", "driveAudio", "youtubeVideo",
         "inlineFile", "inlineImage", "inlineData")  # fmt: skip


def fits(value: dict[str, Any]) -> bool:
    """Tell whether an object is such a chat."""
    chunked = value.get("chunkedPrompt")
    return isinstance(chunked, dict) and "chunks" in chunked


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages of the chats in a file or a folder of files; a file is a session."""
    for file in json_files(path):
        at = last_change(file)
        for element in elements(file):
            if isinstance(element.value, dict) and fits(element.value):
                title = file.name.removesuffix(".json")
                found = _messages(element.value, title, element.where, at)
                yield from records_of("google-ai-studio", with_notes(found, element.notes))
            else:
                yield Skipped(element.where, f"not a chat: {str(element.value)[:40]!r}")


def _messages(
    value: dict[str, Any], title: str, where: str, at: datetime
) -> Iterator[Message | Skipped]:
    if said(list_of(object_of(value.get("systemInstruction")).get("parts")))[0].strip():
        yield Skipped(where, "a system instruction, not of a conversation")
    model = str(object_of(value.get("runSettings")).get("model") or "model").removeprefix("models/")
    chunked = value["chunkedPrompt"]
    so_far, last = title, at
    for number, chunk in enumerate(list_of(chunked.get("chunks")), 1):
        place = f"{where}, message {number}"
        if reason := _unsaid(chunk):
            yield Skipped(place, reason)
            continue
        notes: list[str] = []
        role, text, more = _said(chunk)
        so_far = fixed_id(so_far, role, text)
        last = noted_time(chunk.get("createTime"), "createTime", notes) or last
        yield Message(
            session=title, id=so_far, role=role, speaker=model if role == "model" else None,
            text=text, at=last, metadata={"title": title, **more}, where=place, notes=tuple(notes),
        )  # fmt: skip
    for one in list_of(chunked.get("pendingInputs")):
        if str(object_of(one).get("text") or "").strip():
            yield Skipped(where, "a draft that was not sent")


def _unsaid(chunk: Any) -> str | None:
    if not isinstance(chunk, dict) or "role" not in chunk:
        return f"not a message: {str(chunk)[:40]!r}"
    if chunk.get("isThought"):
        return "a thought of the model"
    return "a call of a tool: code" if "executableCode" in chunk else None


def _said(chunk: dict[str, Any]) -> tuple[str, str, dict[str, JSON]]:
    """Return the role, the text and what it came with."""
    result = chunk.get("codeExecutionResult")
    if isinstance(result, dict):
        return "tool", str(result.get("output") or ""), {}
    parts = [one for one in list_of(chunk.get("parts")) if not object_of(one).get("thought")]
    text = (
        str(chunk.get("text") or "") or said([one for one in parts if "text" in object_of(one)])[0]
    )
    held = [{"type": key, **_name(chunk[key])} for key in _HELD if key in chunk]
    return str(chunk["role"]), text, {"attachments": [*held]} if held else {}


def _name(held: Any) -> dict[str, JSON]:
    id = object_of(held).get("id")
    return {"id": id} if isinstance(id, str) else {}
