"""How sure a recall is of each record that it ranks."""

from __future__ import annotations

import numpy as np

from commonplace.recall.arrays import Question, Scores
from commonplace.recall.confidence import competition, confidence, told_by_words
from commonplace.recall.growing import Floats, Rows
from commonplace.recall.hot import HotScope
from commonplace.recall.words import contained


def likely(
    hot: HotScope, question: Question, scores: Scores, rows: Rows, relevance: Floats, *, best: int
) -> Floats:
    """Return the confidence of each of the admitted `rows`, `best` being the place of the best.

    Where that only says the query again ("gate code"), others are as likely as they would be
    without it: it does not tell how well they answer.
    """
    plain, cosine, certainty = scores.relevance[rows], scores.cosine[rows], scores.scale.certainty
    sure = confidence(relevance, competition(plain), float(cosine.max()), certainty)
    repeats = hot.arrays.utterances.repeating(
        rows, best, question.text, lambda: contained(scores.hits, hot.arrays.words.lengths)
    )
    if repeats is not None and not repeats.all():
        crowd, nearest = competition(plain[~repeats]), float(cosine[~repeats].max())
        greatest = float(relevance[~repeats].max())
        alone = confidence(relevance, crowd, nearest, certainty, best=greatest)
        sure = np.maximum(sure, alone)
    if not scores.is_read:
        sure = sure * told_by_words(float(scores.arms.own_words[rows[best]]))
    return sure
