"""Dumps of OpenAI Assistants threads: messages, pages of messages, threads that hold them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from commonplace.errors import InvalidInputError
from commonplace.transfer.importers.direction import Direction
from commonplace.transfer.importers.held_in import HeldIn
from commonplace.transfer.importers.json_parts import object_of
from commonplace.transfer.importers.making import noted_time
from commonplace.transfer.importers.messages import Message, records_of, said, with_notes
from commonplace.transfer.json_stream import elements
from commonplace.transfer.reading import Found, Skipped, folder_name, json_files, last_change
from commonplace.values.records import JSON


def fits(value: dict[str, Any]) -> bool:
    """Tell whether an object is a message of a thread, or holds some, also by thread."""
    return _holds_messages(value) or any(
        _holds_messages(one) for one in value.values() if isinstance(one, dict)
    )


def _holds_messages(value: dict[str, Any]) -> bool:
    if value.get("object") in ("thread.message", "thread"):
        return True
    inner = [value.get("messages"), value.get("data"), *value.values()]
    lists = [one for one in inner if isinstance(one, list)]
    firsts = [one[0] for one in lists if one and isinstance(one[0], dict)]
    return any(one.get("object") == "thread.message" for one in firsts)


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages in a file or a folder of files, JSON or one JSON value a line.

    Pages may be of any size, from the newest message on or from the oldest.
    """
    directions: defaultdict[str, Direction] = defaultdict(Direction)
    with suppress(InvalidInputError):  # raised again where it is read
        for message in _messages(path):
            if isinstance(message, Message):
                told = {"created_at": message.at.timestamp(), "role": message.role}
                directions[message.session].see(told, is_paged=False)
    yield from records_of(
        "openai", _messages(path), lambda session: directions[session].is_newest_first
    )


def _messages(path: Path) -> Iterator[Message | Skipped]:
    for file in json_files(path):
        unnamed = HeldIn(folder_name(path, file), last_change(file))
        for element in elements(file):
            if element.part != "rest":
                found = _found(element.value, unnamed, element.where)
                yield from with_notes(found, element.notes)


def _found(value: JSON, thread: HeldIn, where: str) -> Iterator[Message | Skipped]:
    """Yield the messages in a value, which are of `thread` where they do not say otherwise."""
    if isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from _found(one, thread, f"{where}, item {number}")
    elif not isinstance(value, dict):
        yield Skipped(where, f"not a message: {str(value)[:40]!r}")
    elif "role" in value and "content" in value:
        yield _message(value, thread, where)
    else:
        yield from _in_object(value, thread, where)


def _in_object(value: dict[str, Any], thread: HeldIn, where: str) -> Iterator[Message | Skipped]:
    if "messages" in value:
        yield from _found(value["messages"], thread.told_by(value, "thread"), where)
    elif isinstance(value.get("data"), list):
        yield from _found(value["data"], thread, where)
    elif value.get("object") in ("list", "thread"):
        return  # it holds no messages itself
    elif "object" in value or not value:
        kind = str(value.get("object", "empty object"))[:40]
        yield Skipped(where, f"a {kind}, not a message")
    else:
        for id, one in value.items():
            yield from _found(one, HeldIn(id, thread.at), f"{where}, {id}")


def _message(value: dict[str, Any], thread: HeldIn, where: str) -> Message:
    notes: list[str] = []
    text, parts = said(value["content"])
    files = [*parts.get("attachments", []), *_files(value.get("attachments"))]
    assistant = value.get("assistant_id")
    return Message(
        session=str(value.get("thread_id") or thread.id),
        id=str(value.get("id") or f"{value.get('created_at')} {value['role']} {text}"),
        role=str(value["role"]),
        text=text,
        at=noted_time(value.get("created_at"), "created_at", notes) or thread.at,
        metadata={
            **thread.metadata,
            **object_of(value.get("metadata")),
            **({"attachments": files} if files else {}),
            **({"assistant_id": assistant} if assistant else {}),
        },
        where=where,
        notes=tuple(notes),
    )


def _files(attachments: object) -> list[JSON]:
    """Return the files at the message itself, which the parts of its content do not name."""
    found = attachments if isinstance(attachments, list) else []
    ids = [one["file_id"] for one in found if isinstance(one, dict) and one.get("file_id")]
    return [{"type": "file", "file_id": str(id)} for id in ids]
