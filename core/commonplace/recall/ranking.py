"""Which records answer a query, best first. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from commonplace.recall.arrays import Question, Scores
from commonplace.recall.competing import competing, renewed
from commonplace.recall.confidence import competition, confidence
from commonplace.recall.filters import Condition
from commonplace.recall.growing import Floats, Rows
from commonplace.recall.hot import HotScope
from commonplace.recall.standing import raised
from commonplace.records import Match
from commonplace.scope import Scope

REPEATED = 1.0
"""What was said in the same words before falls this far below all the rest."""

MOST_COMPETING = 12
"""Among so many of the first, the newer of two statements about the same comes first."""


def ranked(hot: HotScope, question: Question, condition: Condition, limit: int) -> list[Match]:
    """Return the `limit` admitted records that answer the question best, best first."""
    rows = hot.admitted(condition)
    if not len(rows):
        return []
    scores = hot.arrays.scores(question)
    plain = scores.relevance[rows]
    relevance = raised(plain, scores.frequency[rows])
    best = np.lexsort((-hot.arrays.times[rows], -relevance))
    again = _again(hot, rows[best].tolist(), limit)
    relevance[best[again]] -= REPEATED
    best = np.concatenate([np.delete(best, again), best[again]])
    if question.asks_for_now:
        best = _newest_first(hot, rows, best, relevance)
    best = best[:limit]
    likely = confidence(relevance, competition(plain), float(scores.cosine[rows].max()))
    records = [hot.record(row) for row in rows[best].tolist()]
    told = zip(records, likely[best].tolist(), _signals(scores, rows[best]), strict=True)
    return [
        Match(record, sure, {**signals, "importance": record.importance})
        for record, sure, signals in told
    ]


def _newest_first(hot: HotScope, rows: Rows, best: Rows, relevance: Floats) -> Rows:
    """Return the order in which, of competing statements, the newest comes first.

    They change places, and relevance with them.
    """
    first = best[:MOST_COMPETING]
    records = [hot.record(row) for row in rows[first].tolist()]
    groups = [(one.scope, one.source.session or one.id) for one in records]
    vectors = np.stack([hot.arrays.vectors(row)[0] for row in rows[first].tolist()])
    before = relevance[first]
    compete = competing([one.text for one in records], vectors, before, groups)
    order = first[renewed(hot.arrays.times[rows[first]], compete)]
    relevance[order] = before
    return np.concatenate([order, best[MOST_COMPETING:]])


def _again(hot: HotScope, ordered: list[int], limit: int) -> list[int]:
    """Return the places, before `limit` different ones are found, of what was said before.

    The same words count once in a scope; the first place has them.
    """
    said: set[tuple[Scope, int]] = set()
    again: list[int] = []
    for place, row in enumerate(ordered):
        wording = hot.record(row).scope, int(hot.arrays.utterances.wordings[row])
        if wording in said:
            again.append(place)
        said.add(wording)
        if len(said) == limit:
            break
    return again


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
