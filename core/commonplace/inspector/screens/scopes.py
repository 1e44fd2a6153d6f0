"""Whose memories there are, how much is in each, and how it grows."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from commonplace.inspector.asked import Asked
from commonplace.inspector.pages import Page
from commonplace.inspector.shown import crumbs
from commonplace.memory import Memory

PER_PAGE = 100
_MOST_NEW = 10_000
_GROWTH = timedelta(days=7)


def show(asked: Asked) -> Page:
    """List the scopes within the one asked for, in the order of their names."""
    scope, memory, page = str(asked.scope), asked.memory, asked.number("page", 1)
    first = (page - 1) * PER_PAGE
    of = ("scopes", scope, first)
    found = asked.kept.read(of, lambda: memory.scopes(limit=PER_PAGE + 1, offset=first))
    new = asked.kept.read(("growth", scope), lambda: _new(memory, asked.at))
    values = {
        "scope": scope,
        "crumbs": crumbs(asked.whole.path, asked.scope),
        "page": page,
        "has_more": len(found) > PER_PAGE,
        "scopes": [{**one.to_dict(), "new": new[str(one.scope)]} for one in found[:PER_PAGE]],
    }
    return Page("scopes.html", values)


def _new(memory: Memory, at: datetime) -> Counter[str]:
    """Count by scope what was said in the last days."""
    since = memory.records(since=at - _GROWTH, limit=_MOST_NEW)
    return Counter(str(one.scope) for one in since)
