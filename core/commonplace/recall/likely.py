"""How sure a recall is of each record that it ranks."""

from __future__ import annotations

import numpy as np

from commonplace.recall.arrays import Question, Scores
from commonplace.recall.confidence import competition, confidence, told_by_words
from commonplace.recall.growing import Floats, Mask, Rows
from commonplace.recall.hot import HotScope
from commonplace.recall.words import contained


def likely(
    hot: HotScope, question: Question, scores: Scores, rows: Rows, relevance: Floats, *, best: int
) -> Floats:
    """Return the confidence of each of the admitted `rows`, `best` being the place of the best.

    Where that only says the query again ("gate code"), others are as likely as they would be
    without it: it does not tell how well they answer.
    """
    sure = _among(np.ones(len(rows), np.bool_), scores, rows, relevance)
    repeats = hot.arrays.utterances.repeating(
        rows, question.text, lambda: contained(scores.hits, hot.arrays.words.lengths)
    )
    if repeats[best] and not repeats.all():
        sure = np.maximum(sure, _among(~repeats, scores, rows, relevance))
    if not scores.is_read:
        sure = sure * told_by_words(float(scores.arms.own_words[rows[best]]))
    return sure


def _among(some: Mask, scores: Scores, rows: Rows, relevance: Floats) -> Floats:
    """Return each record's confidence as if there were no others than some."""
    crowd, nearest = competition(scores.relevance[rows[some]]), scores.cosine[rows[some]].max()
    greatest, certainty = float(relevance[some].max()), scores.scale.certainty
    return confidence(relevance, crowd, float(nearest), certainty, best=greatest)
