"""Graphs of Graphiti and Zep: facts, entities, episodes and messages, written as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from commonplace.transfer.importers.making import checked, fixed_id, name, noted_time, time
from commonplace.transfer.importers.messages import ORIGINS
from commonplace.transfer.json_stream import elements
from commonplace.transfer.reading import Found, Skipped, json_files, last_change
from commonplace.values.records import JSON, Kind, Record, Source
from commonplace.values.scope import Scope

_LISTS = ("edges", "facts", "nodes", "episodes", "messages", "communities")
_SESSIONS = ("thread_uuid", "thread_id", "session_id")
_VECTORS = ("fact_embedding", "name_embedding", "embedding")


def fits(value: dict[str, Any]) -> bool:
    """Tell whether an object is of such a graph."""
    is_one = any(key in value for key in ("fact", "source_description", "thread_uuid"))
    inner = [value[key] for key in _LISTS if isinstance(value.get(key), list)]
    firsts = [one[0] for one in inner if one and isinstance(one[0], dict)]
    return is_one or any(
        "fact" in one or "group_id" in one or "graph_uuid" in one for one in firsts
    )


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield facts as facts, summaries of entities, and episodes and messages in their words.

    Objects are what ``model_dump(mode="json")`` gives, in lists, by kind, or one a line. Those of
    a group are in the scope ``group/<group_id>``. What is known to hold no more is skipped.
    """
    for file in json_files(path):
        at = last_change(file)
        for element in elements(file):
            if element.part != "rest":
                yield from _found(element.value, element.where, at, element.notes)


def _found(
    value: JSON, where: str, at: datetime, notes: tuple[str, ...]
) -> Iterator[Found | Skipped]:
    if isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from _found(one, f"{where}, item {number}", at, notes)
        return
    if not isinstance(value, dict):
        yield Skipped(where, f"nothing of a graph: {str(value)[:40]!r}")
        return
    lists = [key for key in _LISTS if isinstance(value.get(key), list)]
    if lists and not _text(value)[0]:
        for key in lists:
            yield from _found(value[key], f"{where}, {key}", at, notes)
        return
    yield _one(value, where, at, list(notes))


def _one(value: dict[str, Any], where: str, at: datetime, notes: list[str]) -> Found | Skipped:
    text, kind = _text(value)
    if not text:
        return Skipped(where, f"it has no fact, content or summary: {str(value)[:40]!r}")
    ends = time(value.get("invalid_at"))
    ended = value.get("expired_at") or (None if ends and ends > at else value.get("invalid_at"))
    if ended:
        return Skipped(where, f"it holds no more since {str(ended)[:40]}")
    told = value.get("valid_at") or value.get("reference_time") or value.get("created_at")
    role = value.get("role_type") or value.get("role")
    speaker = value.get("role_name") or value.get("name" if role else "role")
    if value.get("role_type") and value.get("role"):
        speaker = value["role"]
    group = name(value.get("group_id"))
    session = name(next((value[key] for key in _SESSIONS if value.get(key)), None))
    record = Record(
        text,
        kind="message" if role and session else kind,
        metadata=_about(value),
        source=Source(
            framework="graphiti",
            agent=name(speaker),
            session=session,
            origin=ORIGINS.get(str(role)),
        ),
        scope=Scope(("group", group)) if group else Scope(),
        id=name(value.get("uuid") or value.get("uuid_")) or fixed_id("graphiti", text),
        created_at=noted_time(told, "valid_at", notes) or time(value.get("created_at")) or at,
        expires_at=ends,
    )
    return checked(record, where, notes)


def _text(value: dict[str, Any]) -> tuple[str, Kind]:
    kinds: tuple[tuple[str, Kind], ...] = (
        ("fact", "fact"), ("content", "event"), ("summary", "summary"),
    )  # fmt: skip
    for key, kind in kinds:
        if isinstance(text := value.get(key), str) and text.strip():
            return text, kind
    return "", "fact"


def _about(value: dict[str, Any]) -> dict[str, JSON]:
    own = value.get("attributes") or value.get("metadata") or {}
    kept = {key: value[key] for key in ("name", "source_description", "labels") if value.get(key)}
    told = own if isinstance(own, dict) else {}
    return {**{key: one for key, one in told.items() if key not in _VECTORS}, **kept}
