"""Agent files of Letta (.af): memory blocks, and the messages of agents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.transfer.importers.json_parts import list_of
from commonplace.transfer.importers.making import checked, fixed_id, name, noted_time
from commonplace.transfer.importers.messages import Message, records_of, said
from commonplace.transfer.json_stream import elements
from commonplace.transfer.reading import Found, Skipped, json_files, last_change
from commonplace.values.records import JSON, Kind, Record, Source

_ANSWERS_WITH = "send_message"
_KINDS: dict[str, Kind] = {"persona": "instruction"}


def fits(value: dict[str, Any]) -> bool:
    """Tell whether an object is an agent file, of today or of before July 2025."""
    is_file = isinstance(value.get("agents"), list) and isinstance(value.get("blocks"), list)
    return is_file or isinstance(value.get("core_memory"), list) or _is_passage(value)


def _is_passage(value: dict[str, Any]) -> bool:
    """Tell whether an object is of an archival memory, which Letta lists but puts in no file."""
    return isinstance(value.get("text"), str) and str(value.get("id")).startswith("passage-")


def _passage(value: dict[str, Any], where: str, at: datetime) -> Found | Skipped:
    notes: list[str] = []
    about, tags = value.get("metadata"), value.get("tags")
    record = Record(
        value["text"],
        metadata={**(about if isinstance(about, dict) else {}), **({"tags": tags} if tags else {})},
        source=Source(framework="letta", origin="agent"),
        id=fixed_id("letta", str(value["id"])),
        created_at=noted_time(value.get("created_at"), "created_at", notes) or at,
    )
    return checked(record, where, notes)


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the blocks as facts, an agent's persona as an instruction, and what was said.

    An agent's messages are a session. Letta puts no archival memory into an agent file: it is
    taken from the passages that its API lists.
    """
    for file in json_files(path):
        at = last_change(file)
        for element in elements(file):
            if isinstance(element.value, dict) and _is_passage(element.value):
                yield _passage(element.value, element.where, at)
            elif isinstance(element.value, dict) and fits(element.value):
                yield from _of_file(element.value, element.where, at)
            elif element.part != "rest":
                yield Skipped(element.where, f"not an agent file: {str(element.value)[:40]!r}")


def _of_file(value: dict[str, Any], where: str, at: datetime) -> Iterator[Found | Skipped]:
    agents = value["agents"] if isinstance(value.get("agents"), list) else [value]
    blocks = value["blocks"] if isinstance(value.get("blocks"), list) else value["core_memory"]
    for number, block in enumerate(blocks, 1):
        yield _block(block, f"{where}, block {number}", at)
    for number, _ in enumerate(list_of(value.get("files")), 1):
        yield Skipped(f"{where}, file {number}", "a file, which is no memory of the agent's")
    for number, agent in enumerate(agents, 1):
        yield from records_of("letta", _messages(agent, f"{where}, agent {number}", at))


def _block(block: Any, where: str, at: datetime) -> Found | Skipped:
    if not isinstance(block, dict) or not isinstance(block.get("value"), str):
        return Skipped(where, f"not a block: {str(block)[:40]!r}")
    label, notes = str(block.get("label")), list[str]()
    record = Record(
        block["value"],
        kind=_KINDS.get(label, "fact"),
        metadata={"label": label},
        source=Source(framework="letta", origin="agent"),
        id=fixed_id("letta", label, str(block.get("id") or block["value"])),
        created_at=noted_time(block.get("created_at"), "created_at", notes) or at,
    )
    return checked(record, where, notes)


def _messages(agent: Any, where: str, at: datetime) -> Iterator[Message | Skipped]:
    found = agent.get("messages") if isinstance(agent, dict) else None
    session = str(agent.get("id") or agent.get("name")) if isinstance(agent, dict) else ""
    for number, message in enumerate(found if isinstance(found, list) else [], 1):
        place = f"{where}, message {number}"
        if not isinstance(message, dict) or "role" not in message:
            yield Skipped(place, f"not a message: {str(message)[:40]!r}")
            continue
        notes: list[str] = []
        role, text = str(message["role"]), _said(message)
        if reason := _unsaid(message, role, text):
            yield Skipped(place, reason)
            continue
        yield Message(
            session=session,
            id=str(message.get("id") or number),
            role=role,
            speaker=name(message.get("name")) or role,
            text=text,
            at=noted_time(message.get("created_at"), "created_at", notes) or at,
            where=place,
            notes=tuple(notes),
        )


def _unsaid(message: dict[str, Any], role: str, text: str) -> str | None:
    """Return why a message says nothing to anyone; None if it does."""
    if role == "tool" and message.get("name") == _ANSWERS_WITH:
        return "the result of sending a message"
    if text.strip():
        return None
    kind = _object(said(message.get("content") or message.get("text"))[0]).get("type")
    if isinstance(kind, str):
        return f"an event of the kind {kind[:40]!r}, which nobody said"
    return "only calls of tools" if message.get("tool_calls") else None


def _said(message: dict[str, Any]) -> str:
    """Return what was said: by an agent of old with a tool, by a user within JSON."""
    text, _ = said(message.get("content") or message.get("text"))
    answers = [one for call in list_of(message.get("tool_calls")) if (one := _answer(call))]
    if answers:
        return "\n".join(answers)
    packed = _object(text)
    told = (
        packed.get("message") if str(packed.get("type", "user_message")) == "user_message" else ""
    )
    return told if isinstance(told, str) and packed else text


def _answer(call: Any) -> str:
    function = call.get("function") if isinstance(call, dict) else None
    if not isinstance(function, dict) or function.get("name") != _ANSWERS_WITH:
        return ""
    return str(_object(function.get("arguments")).get("message") or "")


def _object(text: JSON) -> dict[str, Any]:
    try:
        value = json.loads(text) if isinstance(text, str) and text.startswith("{") else None
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}
