"""What mem0 gives as JSON, the database of its history, and the archive that OpenMemory exports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.transfer.archives import is_archive, members
from commonplace.transfer.databases import is_database
from commonplace.transfer.importers.making import checked, fixed_id, name, noted_end, noted_time
from commonplace.transfer.importers.mem0_history import (
    ORIGINS,
    Change,
    Item,
    changes_in,
    is_change,
    is_history,
    is_history_file,
    user_scope,
    with_versions,
)
from commonplace.transfer.json_stream import Element, elements, elements_of
from commonplace.transfer.reading import Found, Skipped, is_json_name, json_files, last_change
from commonplace.transfer.sample import Sample
from commonplace.values.records import JSON, Record, Source
from commonplace.values.scope import Scope

_LISTS = ("memories", "results", "items")
TEXTS = ("memory", "data", "text", "content")
_OPENMEMORY = r"memories\.json"  # beside it lies the same again, compressed
_SIGNS = {"user_id", "agent_id", "run_id", "hash", "state"}
_ABOUT = ("metadata", "metadata_")
_TOLD_OTHERWISE = frozenset(
    [*TEXTS, "id", "hash", "metadata", "created_at", "updated_at", "expiration_date", "user_id",
     "agent_id", "run_id", "actor_id", "role", "attributed_to", "score", "score_details",
     "category_ids", "app_id", "deleted_at", "archived_at", "metadata_", "event", "previous_memory"]
)  # fmt: skip


def fits(seen: Sample) -> bool:
    """Tell whether a source is of mem0's or OpenMemory's."""
    if seen.kind == "database":
        return is_history(seen.names)
    return seen.any(_fits)


def _fits(value: dict[str, Any]) -> bool:
    """Tell whether an object is a memory or a row of a history, or holds memories by user."""
    if is_change(value):
        return True
    if _is_memory(value):
        return _is_surely(value)
    inner = [value[key] for key in _LISTS if isinstance(value.get(key), list)]
    held = (_list(one) for one in inner or value.values())
    return any(isinstance(one, list) and any(map(_is_surely, one)) for one in held)


def _is_surely(memory: Any) -> bool:
    """Tell whether a memory has what no other text with an id has."""
    return "memory" in memory or bool(_SIGNS & {*memory, *(memory.get("payload") or ())})


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the memories of a file or a folder of files, and what they said before.

    Those of a user are in the scope ``user/<user_id>``, so that no two users meet; those of an
    agent alone in ``agent/<agent_id>``. A history does not name users: in one folder with the
    memories, its past versions are in the scopes of these, and else in that of the import.
    """
    at = last_change(path)
    if is_archive(path):
        with members(path, _OPENMEMORY) as found:
            for member, opened in found:
                yield from with_versions(_items(elements_of(opened, f"{path}: {member}"), at), {})
        return
    files, databases = _files(path)
    owners = _owners(files) if path.is_dir() else {}
    for file in files:
        yield from with_versions(_items(elements(file), last_change(file)), owners)
    for database in databases:
        yield from with_versions(changes_in(database), owners)


def _files(path: Path) -> tuple[list[Path], list[Path]]:
    """Return the JSON files of a path, and the databases."""
    if not path.is_dir():
        return ([], [path]) if is_database(path) else ([path], [])
    databases = sorted(filter(is_history_file, path.rglob("*")))
    is_alone = databases and not any(map(is_json_name, path.rglob("*")))
    return ([] if is_alone else json_files(path)), databases


def _owners(files: list[Path]) -> dict[str, Scope]:
    """Return the scopes of the memories in files, by id: a history names none."""
    found = (one for file in files for one in _items(elements(file), last_change(file)))
    records = (record for one in found if isinstance(one, Found) for record in one.records)
    return {record.id: record.scope for record in records}


def _items(found: Iterator[Element], at: datetime) -> Iterator[Item]:
    for element in found:
        if element.part != "rest":
            yield from _read(element.value, element.where, at, element.notes)
        elif isinstance(element.value, dict):
            yield from _relations(element.value, element.where)


def _read(value: JSON, where: str, at: datetime, notes: tuple[str, ...]) -> Iterator[Item]:
    if isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from _read(one, f"{where}, item {number}", at, notes)
    elif not isinstance(value, dict):
        yield Skipped(where, f"not a memory: {str(value)[:40]!r}")
    elif is_change(value):
        yield Change(value, where, at)
    elif value.get("state") == "deleted" or value.get("event") == "DELETE":
        yield Skipped(where, "it is marked as deleted")
    elif text := _text(value):
        noted = list(notes)
        yield checked(_record(value, text, at, noted), where, noted)
    else:
        yield from _in_object(value, where, at, notes)


def _in_object(
    value: dict[str, Any], where: str, at: datetime, notes: tuple[str, ...]
) -> Iterator[Item]:
    """Yield the memories that an object holds: OpenMemory's, or those of each user by name."""
    for key in _LISTS:
        if isinstance(value.get(key), list):
            user = value["user"].get("user_id") if isinstance(value.get("user"), dict) else None
            yield from _read(_with_user(value[key], user), where, at, notes)
            yield from _relations(value, where)
            return
    if isinstance(value.get("payload"), dict):  # a point of the vector store below mem0
        yield from _read({"id": value.get("id"), **value["payload"]}, where, at, notes)
        return
    held = {user: _list(one) for user, one in value.items()}
    if not held or None in held.values():
        yield Skipped(where, f"not a memory: {str(value)[:40]!r}")
        return
    for user, some in held.items():
        yield from _read(_with_user(some, user), f"{where}, {user}", at, notes)


def _relations(value: Mapping[str, Any], where: str) -> Iterator[Skipped]:
    held = value.get("relations")
    for number, _ in enumerate(held if isinstance(held, list) else [], 1):
        yield Skipped(f"{where}, relation {number}", "a relation: its memory says the same")


def _list(value: JSON) -> JSON:
    """Return the memories of one user; None if it is no list of any."""
    inner = value.get("results") if isinstance(value, dict) else value
    return inner if isinstance(inner, list) and all(map(_is_memory, inner)) else None


def _is_memory(value: JSON) -> bool:
    if not isinstance(value, dict):
        return False
    payload = value.get("payload")
    return _text(value) is not None or (isinstance(payload, dict) and _text(payload) is not None)


def _with_user(memories: JSON, user: object) -> JSON:
    """Return memories as of this user: of OpenMemory they name the number of a row instead."""
    if user is None:
        return memories
    return [{**one, "user_id": user} if isinstance(one, dict) else one for one in memories]


def _text(value: Mapping[str, Any]) -> str | None:
    return next((text for key in TEXTS if isinstance(text := value.get(key), str)), None)


def _record(value: dict[str, Any], text: str, at: datetime, notes: list[str]) -> Record:
    created = noted_time(value.get("created_at"), "created_at", notes) or at
    updated = noted_time(value.get("updated_at"), "updated_at", notes)
    speaker = value.get("actor_id") or value.get("agent_id") or value.get("role")
    said_by = value.get("role") or value.get("attributed_to")
    return Record(
        text,
        metadata={
            **next((one for key in _ABOUT if isinstance(one := value.get(key), dict)), {}),
            **{key: one for key, one in value.items() if key not in _TOLD_OTHERWISE and one},
        },
        source=Source(
            framework="mem0",
            agent=name(speaker),
            session=name(value.get("run_id")),
            origin=ORIGINS.get(said_by) if isinstance(said_by, str) else None,
        ),
        scope=user_scope(value) or Scope(),
        id=name(value.get("id")) or fixed_id("mem0", text),
        created_at=created,
        updated_at=updated if updated != created else None,
        expires_at=noted_end(value.get("expiration_date"), "expiration_date", notes),
    )
