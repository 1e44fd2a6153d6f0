"""Which records answer a query, best first. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from commonplace.ports import Entry, Vectors
from commonplace.recall.filters import Condition
from commonplace.recall.hot import HotScope
from commonplace.records import Match


def ranked(hot: HotScope, vector: Vectors, admitted: Condition, limit: int) -> list[Match]:
    """Return the `limit` admitted records most like the query vector, best first."""
    live = [p for p, entry in enumerate(hot.entries) if entry and admitted(entry.record)]
    semantic = np.clip(hot.similarities(vector)[live], 0.0, 1.0)
    order = np.argsort(-semantic, kind="stable")[:limit]
    return [_match(hot.entries, live[place], semantic[place]) for place in order]


def _match(entries: Sequence[Entry | None], position: int, semantic: NDArray[np.float32]) -> Match:
    entry = entries[position]
    assert entry is not None, "only live positions are ranked"
    return Match(entry.record, float(semantic), {"semantic": float(semantic)})
