"""What shows a memory to people, over HTTP: its scopes, and why it answers as it does."""

from __future__ import annotations

from typing import Annotated

from fastapi import Body

from commonplace.client.wire import PREFIX
from commonplace.recall.packing import RELEVANT
from commonplace.service.access import Confined
from commonplace.service.bodies import MAX_ITEMS, Count, Query, Said, Time, Where, ZoneName
from commonplace.service.routing import operations
from commonplace.service.shapes import ExplanationJson, PreviewJson, ScopeStatsJson
from commonplace.service.verb_routes import (
    NOTHING_ELSE,
    Also,
    KindAsked,
    Scope_,
    Share,
    memory_of,
)

router = operations(PREFIX, "memory")


@router.post("/scopes")
def scopes(
    engine: Confined,
    *,
    scope: Scope_ = None,
    also: Also = NOTHING_ELSE,
    limit: Count = 100,
    offset: Count = 0,
) -> list[ScopeStatsJson]:
    """Return a page of the scopes that hold records, in the order of names, with their numbers."""
    found = memory_of(engine, scope, also).scopes(limit=limit, offset=offset)
    return [one.to_dict() for one in found]


@router.post("/explain")
def explain(
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
) -> ExplanationJson:
    """Return what `recall` returns, and why: each arm's part, and what was left out."""
    told = memory_of(engine, scope, also).explain(
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
    return told.to_dict()


@router.post("/preview")
def preview(
    engine: Confined,
    *,
    query: Query,
    scope: Scope_ = None,
    also: Also = NOTHING_ELSE,
    max_tokens: Count = 400,
    min_confidence: Annotated[float | None, Body(embed=True, strict=True, ge=0, le=1)] = None,
    known: Annotated[list[Said], Body(embed=True, max_length=MAX_ITEMS)] = NOTHING_ELSE,
    timezone: ZoneName = None,
) -> PreviewJson:
    """Return the block that `context` returns line by line, with tokens and what it leaves out."""
    seen = memory_of(engine, scope, also).preview(
        query,
        max_tokens=max_tokens,
        min_confidence=RELEVANT if min_confidence is None else min_confidence,
        known=known,
        timezone=timezone,
    )
    return seen.to_dict()
