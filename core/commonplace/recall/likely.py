"""How sure a recall is of each record that it ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonplace.recall.arrays import Question, Scores
from commonplace.recall.asking import asks
from commonplace.recall.confidence import competition, confidence, told_by_words
from commonplace.recall.growing import Floats, Mask, Rows
from commonplace.recall.hot import HotScope
from commonplace.recall.naming import names_only
from commonplace.recall.unmarked import names_what_is_wanted
from commonplace.recall.words import contained

_BESIDE = 0.01
"""How far below what answers that is put which only names it, in units of relevance."""

_MORE_LIKELY_THAN_NOT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Likely:
    """The admitted `rows` of a scope, and how likely each is to answer.

    `relevance` is by their places.
    """

    hot: HotScope
    question: Question
    scores: Scores
    rows: Rows

    def repeating(self, best: int) -> Mask | None:
        """Return which only say the query again; None if the best does not, or if all do."""
        repeats = self.hot.arrays.utterances.repeating(
            self.rows,
            best,
            self.question.text,
            lambda: contained(self.scores.hits, self.hot.arrays.words.lengths),
        )
        return None if repeats is None or repeats.all() else repeats

    def behind(self, relevance: Floats, best: int, repeats: Mask) -> Floats:
        """Return relevance with what only says the query again behind what answers it.

        It is changed where the query asks who, what or where, the best repeat is no statement by
        its form ("my dentist") and was said more than once, and another is more likely than not.
        """
        query, row = self.question.text.strip(), int(self.rows[best])
        if not (asks(query) and names_what_is_wanted(query)):
            return relevance
        if not self.hot.arrays.utterances.said_again(row):
            return relevance
        likely = self._without(repeats, relevance)[~repeats].max()
        if likely <= _MORE_LIKELY_THAN_NOT or not names_only(self.hot.record(row).text):
            return relevance
        most = relevance[~repeats].max() - _BESIDE
        return np.where(repeats, np.minimum(relevance, most), relevance)

    def confidences(self, relevance: Floats, best: int, repeats: Mask | None) -> Floats:
        """Return the confidence of each, `best` being the place of the best.

        Where `repeats` only say the query again ("gate code"), others are as likely as they would
        be without them: they do not tell how well those answer.
        """
        scores, rows = self.scores, self.rows
        nearest, certainty = float(scores.cosine[rows].max()), scores.scale.certainty
        sure = confidence(relevance, competition(scores.relevance[rows]), nearest, certainty)
        if repeats is not None:
            sure = np.maximum(sure, self._without(repeats, relevance))
        if not scores.is_read:
            sure = sure * told_by_words(float(scores.arms.own_words[rows[best]]))
        return sure

    def _without(self, some: Mask, relevance: Floats) -> Floats:
        """Return the confidence of each as if some were not there."""
        crowd = competition(self.scores.relevance[self.rows][~some])
        nearest = float(self.scores.cosine[self.rows][~some].max())
        best, certainty = float(relevance[~some].max()), self.scores.scale.certainty
        return confidence(relevance, crowd, nearest, certainty, best=best)
