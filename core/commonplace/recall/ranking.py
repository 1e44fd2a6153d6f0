"""Which records answer a query, best first. Pure."""

from __future__ import annotations

import numpy as np

from commonplace.recall.arrays import Question, Scores
from commonplace.recall.confidence import Evidence, confidence
from commonplace.recall.filters import Condition
from commonplace.recall.growing import Floats
from commonplace.recall.hot import HotScope
from commonplace.recall.standing import raised
from commonplace.records import Match


def ranked(hot: HotScope, question: Question, condition: Condition, limit: int) -> list[Match]:
    """Return the `limit` admitted records that answer the question best, best first."""
    rows = hot.admitted(condition)
    if not len(rows):
        return []
    scores = hot.arrays.scores(question)
    plain = scores.relevance[rows]
    greatest = float(plain.max()), float(scores.cosine[rows].max())
    relevance = raised(plain, scores.frequency[rows])
    likely = confidence(relevance, Evidence(scores.known, *greatest, len(rows)))
    best = np.lexsort((-hot.arrays.times[rows], -relevance))[:limit]
    return [_match(hot, int(rows[place]), float(likely[place]), scores) for place in best]


def _match(hot: HotScope, row: int, likely: float, scores: Scores) -> Match:
    record, arms = hot.record(row), scores.arms
    signals = {
        "semantic": _share(scores.cosine, row),
        "lexical": _share(arms.own_words, row),
        "support": max(_share(arms.near_words, row), _share(arms.session_words, row)),
        "date": _share(arms.date, row),
        "recency": _share(scores.recency, row),
        "frequency": _share(scores.frequency, row),
        "importance": record.importance,
    }
    return Match(record, likely, signals)


def _share(values: Floats, row: int) -> float:
    return float(min(max(values[row], 0.0), 1.0))
