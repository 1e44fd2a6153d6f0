"""The archive that ChatGPT exports: conversations.json, whole or in numbered shards."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from commonplace.errors import InvalidInputError
from commonplace.transfer.archives import is_archive, members
from commonplace.transfer.importers.chatgpt_memories import (
    is_list,
    is_memory,
    memories,
    not_to_keep,
)
from commonplace.transfer.importers.json_parts import object_of
from commonplace.transfer.importers.making import checked_all, fixed_id, noted_time, time
from commonplace.transfer.importers.messages import Message, records_of, said, with_notes
from commonplace.transfer.json_stream import Element, elements, elements_of
from commonplace.transfer.reading import Found, Skipped, json_files, last_change
from commonplace.values.records import JSON

SHARDS = r"conversations([-_]?\d+)?\.json"
_SAID = ("text", "multimodal_text", "code")
_LONG_AGO = datetime.min.replace(tzinfo=timezone.utc)
_NOT_TO_REMEMBER = "of a conversation that is marked as not to be remembered"


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield what was said in the conversations of an archive, its folder, or its JSON file.

    The current branch of a conversation comes first, in its order. What belongs to another one,
    an edited question or a regenerated answer, has ``"branch": "side"`` in its metadata. Hidden
    messages, calls of tools, their results and reasoning are skipped, and so are conversations
    that are marked as not to be remembered. What ChatGPT was told to remember, and its custom
    instructions, are facts and preferences.
    """
    unknown, lists = last_change(path), _Lists()
    for element in _conversations(path):
        value = element.value
        if isinstance(value, dict) and isinstance(value.get("mapping"), dict):
            yield from _items_of(element, unknown, lists)
        elif element.part != "rest":
            yield Skipped(element.where, f"not a conversation: {str(value)[:40]!r}")
    if lists.newest is not None:
        yield lists.newest[1]


@dataclass(slots=True)
class _Lists:
    """The lists of all that was remembered, which conversations begin with: the newest counts."""

    newest: tuple[datetime, Found | Skipped] | None = None

    def older(self, at: datetime, found: Found | Skipped) -> Found | Skipped | None:
        """Keep a list if it is the newest so far; return the other one."""
        if self.newest is not None and self.newest[0] >= at:
            return found
        before, self.newest = self.newest, (at, found)
        return before[1] if before else None


def _items_of(element: Element, unknown: datetime, lists: _Lists) -> Iterator[Found | Skipped]:
    """Yield the messages of a conversation, then what was to be remembered of it."""
    found = list(_messages_of(element.value, element.where, unknown, lists))
    said = (one for one in found if not isinstance(one, Found))
    yield from records_of("chatgpt", with_notes(said, element.notes))
    yield from (one for one in found if isinstance(one, Found))


def _conversations(path: Path) -> Iterator[Element]:
    if is_archive(path):
        with members(path, SHARDS) as found:
            for name, member in found:
                yield from elements_of(member, f"{path}: {name}")
        return
    files = json_files(path)
    shards = [file for file in files if re.fullmatch(SHARDS, file.name)]
    if path.is_dir() and not shards:
        raise InvalidInputError(f"The folder {str(path)!r} holds no conversations.json.")
    for file in shards if path.is_dir() else files:
        yield from elements(file)


def _messages_of(
    conversation: dict[str, Any], where: str, unknown: datetime, lists: _Lists
) -> Iterator[Message | Found | Skipped]:
    nodes = {id: node for id, node in conversation["mapping"].items() if isinstance(node, dict)}
    current = _branch(nodes, conversation.get("current_node"))
    title = conversation.get("title")
    about = {"title": title} if isinstance(title, str) and title else {}
    begun = time(conversation.get("create_time")) or unknown
    session = conversation.get("conversation_id") or conversation.get("id")
    session = str(session or fixed_id(str(title), begun.isoformat()))
    for id in [*current, *(id for id in nodes if id not in current)]:
        message, place = nodes[id].get("message"), f"{where}, message {id}"
        if not isinstance(message, dict):
            continue  # the root has none
        at = _moment(nodes, id) or begun
        if conversation.get("is_do_not_remember") is True:
            yield Skipped(place, _NOT_TO_REMEMBER)
        elif is_memory(message) or is_list(message):
            yield from _remembered(message, at, place, lists)
        elif reason := _unsaid(message):
            yield Skipped(place, reason)
        else:
            branch = {} if id in current else {"branch": "side"}
            yield _message(message, Message(
                session=session, id=str(message.get("id") or id), role=message["author"]["role"],
                text="", at=at, metadata={**about, **branch}, where=place,
            ))  # fmt: skip


def _remembered(
    message: dict[str, Any], at: datetime, place: str, lists: _Lists
) -> Iterator[Found | Skipped]:
    if reason := not_to_keep(message):
        yield Skipped(place, reason)
        return
    found = checked_all(memories(message, at), place)
    if not is_list(message):
        yield found
    elif older := lists.older(at, found):
        yield Skipped(older.where, "an older list of what was remembered")


def _message(message: dict[str, Any], base: Message) -> Message:
    notes: list[str] = []
    text, attachments = _said(message)
    noted_time(message.get("create_time"), "create_time", notes)
    about = object_of(message.get("metadata"))
    sources, files = _sources(about.get("content_references")), _files(about.get("attachments"))
    named = [*attachments.get("attachments", []), *files]
    told = {
        **base.metadata,
        **({"attachments": named} if named else {}),
        **({"sources": sources} if sources else {}),
    }
    return replace(base, text=text, metadata=told, notes=tuple(notes))


def _files(attachments: object) -> list[JSON]:
    """Return the names of the files that came with a message."""
    held = attachments if isinstance(attachments, list) else []
    names = [one for file in held if isinstance(one := object_of(file).get("name"), str) and one]
    return [{"type": "file", "filename": name} for name in names]


def _sources(references: object) -> list[JSON]:
    """Return title and address of the pages that a message refers to, each once."""
    found: list[JSON] = []
    for reference in references if isinstance(references, list) else []:
        inner = object_of(reference).get("items")
        for page in [reference, *(inner if isinstance(inner, list) else [])]:
            told = {
                key: one
                for key in ("title", "url")
                if isinstance(one := object_of(page).get(key), str)
            }
            if told.get("url") and told not in found:
                found.append(told)
    return found


def _branch(nodes: dict[str, Any], current: object) -> dict[str, None]:
    """Return the ids from the root to the current node, in order."""
    if not isinstance(current, str) or current not in nodes:
        current = max(nodes, key=lambda node: (_moment(nodes, node) or _LONG_AGO, node), default="")
    return dict.fromkeys(reversed(list(_upwards(nodes, str(current)))))


def _upwards(nodes: dict[str, Any], id: object) -> Iterator[str]:
    """Yield a node's id and those above it; one that stands above itself once."""
    seen: set[str] = set()
    while isinstance(id, str) and id in nodes and id not in seen:
        yield id
        seen.add(id)
        id = nodes[id].get("parent")


def _moment(nodes: dict[str, Any], id: str) -> datetime | None:
    """Return when a node's message was written, or the nearest one above it that says so."""
    messages = (nodes[one].get("message") for one in _upwards(nodes, id))
    times = (time(one.get("create_time")) for one in messages if isinstance(one, dict))
    return next((one for one in times if one), None)


def _unsaid(message: dict[str, Any]) -> str | None:
    """Return why a message was not said in the conversation, or None if it was."""
    author, metadata = object_of(message.get("author")), object_of(message.get("metadata"))
    if metadata.get("is_visually_hidden_from_conversation") or message.get("weight") == 0:
        return "a hidden message"
    if message.get("recipient") not in (None, "all"):
        return "a call of a tool"
    if author.get("role") not in ("user", "assistant"):
        return f"a message of the role {str(author.get('role'))[:40]!r}, not of a conversation"
    kind = object_of(message.get("content")).get("content_type")
    return None if kind in _SAID else f"content of the type {str(kind)[:40]!r}"


def _said(message: dict[str, Any]) -> tuple[str, dict[str, JSON]]:
    content = message["content"]
    parts = content.get("parts")
    return said(parts if isinstance(parts, list) else str(content.get("text") or ""))
