"""The verbs of a memory over HTTP, for programs in any language."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Body
from pydantic import Field

from commonplace.client.wire import PREFIX
from commonplace.memory import Memory
from commonplace.recall.packing import RELEVANT
from commonplace.service.access import Confined
from commonplace.service.bodies import (
    MAX_ITEMS,
    MAX_SCOPES,
    Count,
    Id,
    Ids,
    JsonObject,
    Name,
    Part,
    Query,
    Said,
    ScopePath,
    SourcePart,
    Time,
    Where,
    ZoneName,
)
from commonplace.service.confined import ConfinedEngine
from commonplace.service.routing import operations
from commonplace.service.shapes import MatchJson, RecordJson, StatsJson
from commonplace.values.record_json import to_json
from commonplace.values.records import Kind, Record
from commonplace.values.validation import expiry, on_use
from commonplace.verbs.remembering import RecordChanges

router = operations(PREFIX, "memory")

Scope_ = Annotated[
    ScopePath | None, Body(embed=True, description="The memory's scope; the key's own if left out.")
]
Also = Annotated[
    list[ScopePath],
    Body(embed=True, max_length=MAX_SCOPES, description="Scopes that are read as well."),
]
KindAsked = Annotated[Kind | None, Body(embed=True)]
Share = Annotated[float, Body(embed=True, strict=True, ge=0, le=1)]
Json = Annotated[Any, Body(embed=True)]
NOTHING_ELSE: list[Any] = []


class Item(Part):
    """What is to be remembered."""

    text: Annotated[Said, Field(examples=["Prefers concise answers"])]
    kind: Kind = "fact"
    importance: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.5
    metadata: Annotated[JsonObject, Field(default_factory=dict)]
    source: SourcePart = SourcePart()
    ttl: Annotated[str | None, Field(examples=["90d"])] = None
    expires_at: Time = None
    refresh_on_use: Annotated[bool, Field(strict=True)] = False
    created_at: Annotated[Time, Field(description="When it was said, if not now.")] = None


class Changes(Part):
    """What is to be changed of a record; what is left out stays."""

    text: Said = ""
    kind: Kind = "fact"
    importance: Annotated[float, Field(strict=True, ge=0, le=1)] = 0.5
    metadata: Annotated[JsonObject, Field(default_factory=dict)]
    expires_at: Time = None
    derived_from: tuple[Name, ...] = ()


@router.post("/remember")
def remember(
    engine: Confined,
    items: Annotated[list[Item], Body(embed=True, min_length=1, max_length=MAX_ITEMS)],
    scope: Scope_ = None,
) -> list[RecordJson]:
    """Store items and return their records: one that is known already reinforces that."""
    memory = memory_of(engine, scope)
    at = engine.clock()
    records = [
        Record(
            item.text,
            kind=item.kind,
            importance=item.importance,
            metadata=item.metadata,
            source=item.source.source(),
            scope=memory.path,
            created_at=item.created_at or at,
            expires_at=expiry(item.ttl, item.expires_at, at),
            ttl_on_use=on_use(item.ttl, item.refresh_on_use),
        )
        for item in items
    ]
    # As `remember` does it, in one batch: `remember_many` keeps each whole record it is given.
    allowed = [memory._allowed(one) for one in records]
    return [to_json(one) for one in engine.write(allowed, [one.id for one in allowed])]


@router.post("/recall")
def recall(
    engine: Confined,
    *,
    query: Query,
    scope: Scope_ = None,
    also: Also = NOTHING_ELSE,
    limit: Count = 8,
    kind: KindAsked = None,
    where: Where = None,
    since: Time = None,
    until: Time = None,
    as_of: Time = None,
    timezone: ZoneName = None,
    min_confidence: Share = 0.0,
) -> list[MatchJson]:
    """Return the records that answer `query`, best first, with confidence and signals."""
    found = memory_of(engine, scope, also).recall(
        query,
        limit=limit,
        kind=kind,
        where=where,
        since=since,
        until=until,
        as_of=as_of,
        timezone=timezone,
        min_confidence=min_confidence,
    )
    return [one.to_dict() for one in found]


@router.post("/context")
def context(
    engine: Confined,
    *,
    query: Query,
    scope: Scope_ = None,
    also: Also = NOTHING_ELSE,
    max_tokens: Count = 400,
    min_confidence: Annotated[float | None, Body(embed=True, strict=True, ge=0, le=1)] = None,
    known: Annotated[list[Said], Body(embed=True, max_length=MAX_ITEMS)] = NOTHING_ELSE,
    timezone: ZoneName = None,
    kinds: Annotated[list[Kind] | None, Body(embed=True)] = None,
) -> str:
    """Return a block for a prompt with what is known about `query`, or an empty text."""
    return memory_of(engine, scope, also).context(
        query,
        max_tokens=max_tokens,
        min_confidence=RELEVANT if min_confidence is None else min_confidence,
        known=known,
        timezone=timezone,
        kinds=kinds,
    )


@router.post("/record")
def record(engine: Confined, id: Id, scope: Scope_ = None, also: Also = NOTHING_ELSE) -> RecordJson:
    """Return the record with this id."""
    return to_json(memory_of(engine, scope, also).record(id))


@router.post("/records")
def records(
    engine: Confined,
    *,
    scope: Scope_ = None,
    also: Also = NOTHING_ELSE,
    kind: KindAsked = None,
    where: Where = None,
    since: Time = None,
    until: Time = None,
    as_of: Time = None,
    limit: Count = 100,
    offset: Count = 0,
) -> list[RecordJson]:
    """Return a page of the records, newest first; with `as_of`, of what held at that moment."""
    found = memory_of(engine, scope, also).records(
        kind=kind,
        where=where,
        since=since,
        until=until,
        as_of=as_of,
        limit=limit,
        offset=offset,
    )
    return [to_json(one) for one in found]


@router.post("/count")
def count(
    engine: Confined,
    *,
    scope: Scope_ = None,
    also: Also = NOTHING_ELSE,
    kind: KindAsked = None,
    where: Where = None,
) -> int:
    """Count the records that meet the conditions."""
    return memory_of(engine, scope, also).count(kind=kind, where=where)


@router.post("/update")
def update(
    engine: Confined,
    id: Id,
    changes: Annotated[Changes, Body(embed=True)],
    scope: Scope_ = None,
) -> RecordJson:
    """Change a record and return it as it is now."""
    given: RecordChanges = changes.model_dump(exclude_unset=True)  # type: ignore[assignment]  # the members are those
    return to_json(memory_of(engine, scope).update(id, **given))


@router.post("/used")
def used(engine: Confined, ids: Ids, scope: Scope_ = None) -> None:
    """Count that records helped, as `context` does for those that it shows."""
    memory_of(engine, scope).used(*ids)


@router.post("/forget")
def forget(engine: Confined, ids: Ids, scope: Scope_ = None) -> int:
    """Remove records by id, all or none, and return how many were removed."""
    return memory_of(engine, scope).forget(*ids)


@router.post("/set")
def set(engine: Confined, key: Id, value: Json, scope: Scope_ = None) -> None:
    """Keep a JSON value under a key, in the place of a former value."""
    memory_of(engine, scope).set(key, value)


@router.post("/get")
def get(
    engine: Confined,
    key: Id,
    *,
    scope: Scope_ = None,
    also: Also = NOTHING_ELSE,
    default: Json = None,
    as_of: Time = None,
) -> Any:
    """Return the value kept under a key, or the default; with `as_of`, what it was at a time."""
    return memory_of(engine, scope, also).get(key, default, as_of=as_of)


@router.post("/keys")
def keys(engine: Confined, scope: Scope_ = None, also: Also = NOTHING_ELSE) -> list[str]:
    """Return the keys that have a value, sorted."""
    return memory_of(engine, scope, also).keys()


@router.post("/delete")
def delete(engine: Confined, key: Id, scope: Scope_ = None) -> bool:
    """Remove the value under a key; tell whether there was one."""
    return memory_of(engine, scope).delete(key)


@router.post("/stats")
def stats(engine: Confined, scope: Scope_ = None, also: Also = NOTHING_ELSE) -> StatsJson:
    """Return how many records there are, in all and by kind, and the store's embedder."""
    return memory_of(engine, scope, also).stats().to_dict()


def memory_of(
    engine: ConfinedEngine, scope: ScopePath | None, also: list[ScopePath] | None = None
) -> Memory:
    """Return the memory that a request is about."""
    return Memory(engine, engine.grant.scope if scope is None else scope, also or ())
