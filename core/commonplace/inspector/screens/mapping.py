"""The map: what is alike stands together, as far as two axes can show it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from commonplace.adapters import by_vector
from commonplace.inspector.asked import Asked
from commonplace.inspector.keeping import MOST_SECONDS
from commonplace.inspector.pages import Page
from commonplace.inspector.projecting import projected
from commonplace.inspector.shown import crumbs
from commonplace.memory import Memory

MOST_POINTS = 10_000


def show(asked: Asked) -> Page:
    """Show the frame of the map, whose points the script of the page asks for."""
    scope = str(asked.scope)
    values = {"scope": scope, "crumbs": crumbs(asked.whole.path, asked.scope), "most": MOST_POINTS}
    asked.memory  # noqa: B018  # whether it may be seen is told here, and not by a script
    return Page("map.html", values)


def points(asked: Asked) -> Page:
    """Return the points, the newest first, in columns: no texts, which the script asks for."""
    memory = asked.memory
    of = ("map", str(asked.scope))
    return Page(None, asked.kept.read(of, lambda: _drawn(memory, asked.at), at_least=MOST_SECONDS))


def _drawn(memory: Memory, at: datetime) -> dict[str, Any]:
    ids = [one.id for one in memory.records(limit=MOST_POINTS)]
    entries = [one for one in by_vector.entries(memory, ids) if len(one.vectors)]
    entries.sort(key=lambda one: one.record.created_at, reverse=True)
    first = [entry.vectors[0] for entry in entries]
    places = projected(np.array(first, np.float32) if first else np.zeros((0, 2), np.float32))
    return {
        "x": places[:, 0].round(4).tolist(),
        "y": places[:, 1].round(4).tolist(),
        "kind": [entry.record.kind for entry in entries],
        "origin": [entry.record.source.origin or "unknown" for entry in entries],
        "days": [_days(entry.record.created_at, at) for entry in entries],
        "id": [entry.record.id for entry in entries],
        "scope": [str(entry.record.scope) for entry in entries],
    }


def _days(time: datetime, at: datetime) -> float:
    return round((at - time).total_seconds() / 86_400, 1)
