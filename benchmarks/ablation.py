"""What each part of the ranking adds: the same pure functions, composed without one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from commonplace import Record
from commonplace.embedding import as_embedder
from commonplace.embedding.entries import embedded
from commonplace.ports import Embedder
from commonplace.recall.dates import periods
from commonplace.recall.echoes import demoted
from commonplace.recall.focus import focus
from commonplace.recall.fusion import Arms, fuse
from commonplace.recall.growing import Floats
from commonplace.recall.hot import HotScope
from commonplace.recall.question import Question
from commonplace.recall.standing import standing

DEPTH = 200


def _none(values: Floats) -> Floats:
    return np.zeros_like(values)


def _only_words(arms: Arms) -> Arms:
    return replace(
        _own(arms),
        meaning=_none(arms.meaning),
        near_meaning=_none(arms.near_meaning),
    )


def _only_meaning(arms: Arms) -> Arms:
    return replace(_own(_without_words(arms)), near_meaning=_none(arms.near_meaning))


def _own(arms: Arms) -> Arms:
    """Leave what a record says for itself: its own words and meaning."""
    return _without_sessions(_without_dates(_without_neighbours(arms)))


def _without_words(arms: Arms) -> Arms:
    nothing = _none(arms.own_words)
    return replace(arms, own_words=nothing, near_words=nothing, session_words=nothing)


def _without_meaning(arms: Arms) -> Arms:
    nothing = _none(arms.meaning)
    return replace(arms, meaning=nothing, near_meaning=nothing, session_meaning=nothing)


def _without_neighbours(arms: Arms) -> Arms:
    return replace(arms, near_words=arms.own_words, near_meaning=_none(arms.near_meaning))


def _without_sessions(arms: Arms) -> Arms:
    nothing = _none(arms.session_words)
    return replace(arms, session_words=nothing, session_meaning=nothing)


def _without_dates(arms: Arms) -> Arms:
    return replace(arms, date=_none(arms.date))


ARMS: dict[str, Callable[[Arms], Arms]] = {
    "own words alone": _only_words,
    "own meaning alone": _only_meaning,
    "own words and meaning": _own,
    "without words": _without_words,
    "without meaning": _without_meaning,
    "without neighbours": _without_neighbours,
    "without sessions": _without_sessions,
    "without dates": _without_dates,
}


class Ablated:
    """The records of one scope, ranked with parts of the ranking left out."""

    def __init__(self, records: list[Record], embedder: Embedder) -> None:
        self._embedder = embedder
        self._hot = HotScope(embedded(records, as_embedder(embedder)))
        self._asked = max(record.created_at for record in records)

    def rankings(self, query: str) -> Iterator[tuple[str, list[Record]]]:
        """Yield what is found without each part, best first, under the name of what is left."""
        vector = self._embedder.embed_query(query)
        asked = self._asked.timestamp()
        question = Question(query, focus(query), vector, periods(query, self._asked), asked)
        scores = self._hot.arrays.scores(question)
        recent = standing(scores.recency, np.zeros_like(scores.recency), self._hot.arrays.alive)
        for name, without in ARMS.items():
            fused = raised(fuse(without(scores.arms)), scores.kind * recent)
            yield name, self._best(demoted(fused, scores.tells))
        fused = fuse(scores.arms)
        yield "without the kind of statement", self._best(raised(fused, recent))
        without_recency = demoted(raised(fused, scores.kind), scores.tells)
        yield "without recency", self._best(without_recency)

    def _best(self, relevance: Floats) -> list[Record]:
        best = np.lexsort((-self._hot.arrays.times, -relevance))[:DEPTH]
        return [self._hot.record(int(row)) for row in best]


def raised(relevance: Floats, factor: Floats) -> Floats:
    """Return the relevance times the factor, where it is above 0."""
    return np.asarray(relevance + (factor - 1) * np.maximum(relevance, 0), np.float32)
