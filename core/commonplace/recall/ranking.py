"""Which records answer a query, best first. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from commonplace.recall.arrays import Question, Scores
from commonplace.recall.confidence import Evidence, confidence
from commonplace.recall.filters import Condition
from commonplace.recall.growing import Rows
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
    records = [hot.record(row) for row in rows[best].tolist()]
    told = zip(records, likely[best].tolist(), _signals(scores, rows[best]), strict=True)
    return [
        Match(record, sure, {**signals, "importance": record.importance})
        for record, sure, signals in told
    ]


def _signals(scores: Scores, rows: Rows) -> Iterator[dict[str, float]]:
    """Yield what speaks for each of these rows, as shares in 0..1."""
    arms = scores.arms
    columns = {
        "semantic": scores.cosine[rows],
        "lexical": arms.own_words[rows],
        "support": np.maximum(arms.near_words[rows], arms.session_words[rows]),
        "date": arms.date[rows],
        "recency": scores.recency[rows],
        "frequency": scores.frequency[rows],
    }
    for shares in np.array([*columns.values()]).clip(0.0, 1.0).T.tolist():
        yield dict(zip(columns, shares, strict=True))
