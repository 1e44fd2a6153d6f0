"""The archive that Claude exports: conversations, projects and memories."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.transfer.archives import is_archive, members
from commonplace.transfer.importers.branches import current_branch
from commonplace.transfer.importers.making import checked, fixed_id, name, noted_time, time
from commonplace.transfer.importers.messages import Message, records_of, said, with_notes
from commonplace.transfer.json_stream import Element, elements, elements_of
from commonplace.transfer.reading import Found, Skipped, json_files, last_change
from commonplace.values.records import JSON, Kind, Record, Source

_FILES = r"(?!users).*\.json"  # users.json is about the account
_TOOLS = ("tool_use", "tool_result", "token_budget", "flag")
_PARENT = "parent_message_uuid"
_SIGNS = ("chat_messages", "conversations_memory", "prompt_template")


def fits(value: dict[str, Any]) -> bool:
    """Tell whether an object is of such an export."""
    return any(key in value for key in _SIGNS) or ("docs" in value and "uuid" in value)


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield what an archive, its folder, or one of its JSON files holds.

    Of conversations it is what was said, of projects their documents and instructions, and what
    Claude remembers: of the account as facts, of a project with its id.
    """
    unknown = last_change(path)
    for element in _elements(path):
        value = element.value
        if isinstance(value, dict) and isinstance(value.get("chat_messages"), list):
            found = _messages(value, element.where, unknown)
            yield from records_of("claude", with_notes(found, element.notes))
            yield from _attached(value, element.where, unknown)
        elif isinstance(value, dict) and fits(value):
            yield from _kept(value, element, unknown)
        elif element.part != "rest":
            yield Skipped(element.where, f"not a conversation: {str(value)[:40]!r}")


def _elements(path: Path) -> Iterator[Element]:
    if is_archive(path):
        with members(path, _FILES) as found:
            for member, file in found:
                yield from elements_of(file, f"{path}: {member}")
        return
    for json_file in json_files(path):
        if json_file == path or json_file.name != "users.json":
            yield from elements(json_file)


def _messages(
    conversation: dict[str, Any], where: str, unknown: datetime
) -> Iterator[Message | Skipped]:
    begun = time(conversation.get("created_at")) or unknown
    title = conversation.get("name")
    about = {"title": title} if isinstance(title, str) and title else {}
    session = str(conversation.get("uuid") or fixed_id(str(title), begun.isoformat()))
    held = conversation["chat_messages"]
    if not held:
        yield Skipped(where, "a conversation without messages")
    current = _current(held, conversation.get("current_leaf_message_uuid"))
    for number, message in enumerate(held, 1):
        place = f"{where}, message {number}"
        if not isinstance(message, dict) or not isinstance(message.get("sender"), str):
            yield Skipped(place, f"not a message: {str(message)[:40]!r}")
            continue
        notes: list[str] = []
        text, attachments = _said(message)
        yield Message(
            session=session,
            id=str(message.get("uuid") or fixed_id(str(number), text)),
            role=message["sender"],
            speaker={"human": "user"}.get(message["sender"], message["sender"]),
            text=text,
            at=noted_time(message.get("created_at"), "created_at", notes) or begun,
            metadata={**about, **attachments, **_side(message, current)},
            where=place,
            notes=tuple(notes),
        )


def _current(messages: list[Any], leaf: object) -> dict[str, None]:
    """Return the ids of the branch that was shown last; none if messages name no parents."""
    held = [one for one in messages if isinstance(one, dict)]
    parents = {str(one["uuid"]): one[_PARENT] for one in held if "uuid" in one and _PARENT in one}
    return current_branch(parents, leaf) if len(parents) == len(messages) else {}


def _side(message: dict[str, Any], current: dict[str, None]) -> dict[str, JSON]:
    return {"branch": "side"} if current and message["uuid"] not in current else {}


def _said(message: dict[str, Any]) -> tuple[str, dict[str, JSON]]:
    """Return what was said, without tools, and what of files was handed over with it."""
    content = message.get("content")
    parts = [one for one in content if not _is_tool(one)] if isinstance(content, list) else []
    text, metadata = said(parts)
    files: list[JSON] = list(metadata.get("attachments", []))
    for held in (message.get("attachments"), message.get("files")):
        files += [
            {"type": "file", "filename": str(file["file_name"])}
            for file in (held if isinstance(held, list) else [])
            if isinstance(file, dict) and file.get("file_name")
        ]
    own = message.get("text")
    said_text = text if text.strip() else own if isinstance(own, str) else ""
    texts = [said_text, *(one["extracted_content"] for one in _pasted(message) if not _named(one))]
    return "\n\n".join(one for one in texts if one.strip()), (
        {"attachments": files} if files else {}
    )


def _pasted(message: Any) -> list[dict[str, Any]]:
    """Return the attachments of a message whose text is given."""
    held = message.get("attachments") if isinstance(message, dict) else None
    some = held if isinstance(held, list) else []
    texts = [one for one in some if isinstance(one, dict) and one.get("extracted_content")]
    return [one for one in texts if isinstance(one["extracted_content"], str)]


def _named(attachment: dict[str, Any]) -> str:
    """Return the name of an attached file; "" for a pasted text that became one for its length."""
    return str(attachment.get("file_name") or "")


def _attached(
    conversation: dict[str, Any], where: str, unknown: datetime
) -> Iterator[Found | Skipped]:
    """Yield the texts of the files that were handed over in a conversation."""
    begun, session = time(conversation.get("created_at")) or unknown, conversation.get("uuid")
    for number, message in enumerate(conversation["chat_messages"], 1):
        for file in filter(_named, _pasted(message)):
            text = file["extracted_content"]
            record = Record(
                text,
                metadata={"filename": _named(file)},
                source=Source(framework="claude", origin="document", session=name(session)),
                id=fixed_id("claude", str(session), _named(file), text),
                created_at=time(message.get("created_at")) or begun,
            )
            yield checked(record, f"{where}, message {number}, {_named(file)[:40]}")


def _is_tool(part: object) -> bool:
    return isinstance(part, dict) and part.get("type") in _TOOLS


def _kept(value: dict[str, Any], element: Element, at: datetime) -> Iterator[Found | Skipped]:
    where = element.where
    if "conversations_memory" in value:
        yield from _memories(value, where, at)
        return
    created = time(value.get("created_at")) or at
    project = {"project": str(value.get("name") or ""), "project_id": str(value.get("uuid") or "")}
    docs, is_told = value.get("docs"), False
    kinds: tuple[tuple[str, Kind], ...] = (
        ("prompt_template", "instruction"), ("description", "fact"),
    )  # fmt: skip
    for key, kind in kinds:
        if isinstance(text := value.get(key), str) and text.strip():
            is_told = True
            yield checked(_of_project(text, kind, project, created), f"{where}, {key}")
    for number, doc in enumerate(docs if isinstance(docs, list) else [], 1):
        yield _document(doc, project, created, f"{where}, document {number}")
    if not is_told and not docs:
        yield Skipped(where, "a project without documents and instructions")


def _of_project(text: str, kind: Kind, project: dict[str, str], created: datetime) -> Record:
    return Record(
        text,
        kind=kind,
        metadata=project,
        source=Source(framework="claude", origin="user"),
        id=fixed_id("claude", project["project_id"], text),
        created_at=created,
    )


def _document(doc: Any, project: dict[str, str], created: datetime, where: str) -> Found | Skipped:
    if not isinstance(doc, dict) or not isinstance(doc.get("content"), str):
        return Skipped(where, f"not a document: {str(doc)[:40]!r}")
    notes: list[str] = []
    record = Record(
        doc["content"],
        metadata={**project, "filename": str(doc.get("filename") or "")},
        source=Source(framework="claude", origin="document"),
        id=fixed_id("claude", project["project_id"], name(doc.get("uuid")) or doc["content"]),
        created_at=noted_time(doc.get("created_at"), "created_at", notes) or created,
    )
    return checked(record, where, notes)


def _memories(value: dict[str, Any], where: str, at: datetime) -> Iterator[Found | Skipped]:
    """Yield what Claude remembers of the account, then of each project by its id."""
    yield _memory(value["conversations_memory"], {}, where, at)
    projects = value.get("project_memories")
    for project, text in projects.items() if isinstance(projects, dict) else ():
        yield _memory(text, {"project_id": project}, f"{where}, project {project}", at)
    files = value.get("memory_files")
    for number, file in enumerate(files if isinstance(files, list) else [], 1):
        told = file if isinstance(file, dict) else {}
        called = str(told.get("path") or told.get("file_name") or told.get("name") or number)
        yield _memory(told.get("content"), {"filename": called}, f"{where}, file {number}", at)


def _memory(text: Any, about: dict[str, JSON], where: str, at: datetime) -> Found | Skipped:
    record = Record(
        text if isinstance(text, str) else "",
        metadata=about,
        source=Source(framework="claude", agent="assistant", origin="agent"),
        # One for each place: a later export has it as it is then.
        id=fixed_id("claude memory", *about.values()),
        created_at=at,
    )
    return checked(record, where)
