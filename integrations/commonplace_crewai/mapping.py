"""Records as CrewAI knows them and as the core keeps them. Pure, and exact both ways.

What only CrewAI knows of a record stands in its metadata under keys that begin with ``crewai:``;
CrewAI, which shows metadata to models, never sees these.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

from crewai.memory.types import MemoryRecord

from commonplace import InvalidInputError, Record, Scope, Source
from commonplace.ports import Vectors
from commonplace.values.records import JSON, now
from commonplace.values.times import parsed_time
from commonplace.values.validation import MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS
from commonplace_crewai.paths import path_of

_PREFIX = "crewai:"
_CATEGORIES = f"{_PREFIX}categories"
_SOURCE = f"{_PREFIX}source"
_PRIVATE = f"{_PREFIX}private"
_LAST_ACCESSED = f"{_PREFIX}last_accessed"


def to_record(given: MemoryRecord, place: Scope, agent: str | None) -> Record:
    """Return CrewAI's record as one of the core, in the scope `place`."""
    return Record(
        text_of(given),
        importance=given.importance,
        metadata=_metadata(given),
        source=Source(
            framework="crewai",
            agent=named(agent),
            session=named(given.source),
            origin="agent",
        ),
        scope=place,
        id=given.id,
        created_at=_aware(given.created_at),
    )


def changed(old: Record, given: MemoryRecord, place: Scope) -> Record:
    """Return `old` as CrewAI has changed it; what CrewAI knows nothing of stays.

    A record keeps its source and stays private when `given` says neither, which is how CrewAI's
    consolidation writes it back. Raises InvalidInputError for an exact value.
    """
    if old.kind == "value":
        raise InvalidInputError(
            f"The record {old.id!r} is the exact value {old.key!r}: change it with memory.set."
        )
    known = {key: old.metadata[key] for key in (_SOURCE, _PRIVATE) if key in old.metadata}
    return replace(
        old,
        text=text_of(given),
        importance=given.importance,
        metadata={**known, **_metadata(given)},
        scope=place,
        created_at=_aware(given.created_at),
        updated_at=now(),
    )


def to_memory_record(
    record: Record,
    within: Scope,
    vectors: Vectors | None = None,
    recalled_at: datetime | None = None,
) -> MemoryRecord:
    """Return a record of the core as CrewAI's, its path counted from the scope `within`.

    CrewAI counts as an access that it was made, changed or, at `recalled_at`, recalled. A record
    outside of `within`, which an including memory reads, has its path from the root.
    """
    below = record.scope.names[len(within.names) :]
    metadata = record.metadata
    source = metadata.get(_SOURCE)
    return MemoryRecord(
        id=record.id,
        content=record.text,
        scope=path_of(below if within.contains(record.scope) else record.scope.names),
        categories=categories_of(record),
        metadata={_shown(key): value for key, value in metadata.items() if _is_shown(record, key)},
        importance=record.importance,
        created_at=naive(record.created_at),
        last_accessed=max(
            filter(None, [_last_accessed(record), recalled_at and naive(recalled_at)])
        ),
        embedding=None if vectors is None else vectors[0].tolist(),
        source=source if isinstance(source, str) else record.source.session,
        private=metadata.get(_PRIVATE) is True,
    )


def text_of(given: MemoryRecord) -> str:
    """Return the text that is kept of a record: one over the limit keeps its beginning."""
    return given.content[:MAX_TEXT_CHARACTERS]


def categories_of(record: Record) -> list[str]:
    """Return the categories that CrewAI gave a record."""
    written = record.metadata.get(_CATEGORIES)
    return [one for one in written if isinstance(one, str)] if isinstance(written, list) else []


def named(text: str | None) -> str | None:
    """Return a text, such as a role, as the name of an agent or a session; None if it is blank."""
    return text.strip()[:MAX_NAME_CHARACTERS] if text and text.strip() else None


def matching(
    categories: list[str] | None = None, metadata_filter: Mapping[str, JSON] | None = None
) -> dict[str, Any]:
    """Return the core's condition for any of the categories and all of the metadata."""
    required: list[dict[str, Any]] = [
        {_kept(key): {"$eq": value}} for key, value in (metadata_filter or {}).items()
    ]
    if isinstance(categories, str):
        raise InvalidInputError(f"categories is a list of texts, not {categories!r}.")
    if categories:
        required.append({"$or": [{_CATEGORIES: {"$contains": one}} for one in categories]})
    return {"$and": required} if required else {}


def visible_to(source: str | None) -> dict[str, Any]:
    """Return the core's condition for what is not private, or private to this source."""
    public: dict[str, Any] = {_PRIVATE: {"$ne": True}}
    return public if source is None else {"$or": [public, {_SOURCE: {"$eq": source}}]}


def naive(time: datetime) -> datetime:
    """Return a time as CrewAI writes it: in UTC, without saying so."""
    return time.astimezone(timezone.utc).replace(tzinfo=None)


def until_before(time: datetime) -> datetime:
    """Return the last moment before a time of CrewAI's."""
    return _aware(time) - datetime.resolution


def _aware(time: datetime) -> datetime:
    return time.replace(tzinfo=timezone.utc) if time.tzinfo is None else time


def _metadata(given: MemoryRecord) -> dict[str, JSON]:
    json.dumps(given.metadata)  # raises the TypeError that CrewAI's storages do
    own: dict[str, JSON] = {_LAST_ACCESSED: naive(_aware(given.last_accessed)).isoformat()}
    if given.categories:
        own[_CATEGORIES] = list(given.categories)
    if given.source is not None:
        own[_SOURCE] = given.source
    if given.private:
        own[_PRIVATE] = True
    return {**{_kept(key): value for key, value in given.metadata.items()}, **own}


def _kept(key: str) -> str:
    """Return the key under which a key of CrewAI's metadata is kept: never one of ours."""
    return f"{_PREFIX}{key}" if key.startswith(_PREFIX) else key


def _shown(key: str) -> str:
    return key.removeprefix(_PREFIX)


def _is_shown(record: Record, key: str) -> bool:
    if record.kind == "value" and key == "value":
        return False  # its text says it already
    return not key.startswith(_PREFIX) or key.startswith(_PREFIX * 2)


def _last_accessed(record: Record) -> datetime:
    written: Any = record.metadata.get(_LAST_ACCESSED)
    try:
        return naive(_aware(parsed_time(written)))
    except (TypeError, ValueError):  # another framework's record, or not ours to read
        return naive(record.updated_at or record.created_at)
