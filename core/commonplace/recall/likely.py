"""How sure a recall is of each record that it ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonplace.recall.arrays import Scores
from commonplace.recall.asking import asks
from commonplace.recall.confidence import competition, confidence, told_by_words
from commonplace.recall.growing import Floats, Mask, Rows
from commonplace.recall.hot import HotScope
from commonplace.recall.naming import names_only
from commonplace.recall.persons import asks_of_self, is_of_relation
from commonplace.recall.question import Question
from commonplace.recall.unmarked import names_what_is_wanted
from commonplace.recall.words import contained

_BESIDE = 0.01
"""How far below what answers that is put which does not, in units of relevance."""

_MORE_LIKELY_THAN_NOT = 0.5

_MOST_LOOKED_AT = 8
"""Among so many of the first, it is looked for what is about somebody else."""


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
            self.question,
            lambda: contained(self.scores.hits, self.hot.arrays.words.lengths),
        )
        return None if repeats is None or repeats.all() else repeats

    def names_again(self, best: int) -> bool:
        """Tell whether the best only names what is asked for, and was said more than once.

        The query asks who, what or where, and that is no statement by its form: "my dentist".
        """
        query, row = self.question.text.strip(), int(self.rows[best])
        return (
            asks(query)
            and names_what_is_wanted(query)
            and self.hot.arrays.utterances.said_again(row)
            and names_only(self.hot.text(row))
        )

    def of_others(self, best: Rows) -> Mask | None:
        """Return which are about a relative or friend where the query is about who asks it.

        None if the best is not, or if all are.
        """
        if not asks_of_self(self.question.text) or not self._is_of_relation(int(best[0])):
            return None
        found = np.zeros(len(self.rows), np.bool_)
        found[[place for place in best[:_MOST_LOOKED_AT] if self._is_of_relation(place)]] = True
        return None if found.all() else found

    def behind(self, relevance: Floats, some: Mask) -> Floats:
        """Return relevance with some right behind another that is more likely than not."""
        if self._without(some, relevance)[~some].max() <= _MORE_LIKELY_THAN_NOT:
            return relevance
        most = relevance[~some].max() - _BESIDE
        return np.where(some, np.minimum(relevance, most), relevance)

    def confidences(self, relevance: Floats, best: int, aside: Mask | None) -> Floats:
        """Return the confidence of each, `best` being the place of the best.

        Where those `aside` only say the query again ("gate code"), or are about somebody else,
        others are as likely as without them: they do not tell how well those answer.
        """
        scores, rows = self.scores, self.rows
        nearest, certainty = float(scores.cosine[rows].max()), scores.scale.certainty
        sure = confidence(relevance, competition(scores.relevance[rows]), nearest, certainty)
        if aside is not None:
            sure = np.maximum(sure, self._without(aside, relevance))
        if not scores.is_read:
            sure = sure * told_by_words(float(scores.arms.own_words[rows[best]]))
        return sure

    def _is_of_relation(self, place: int) -> bool:
        return is_of_relation(self.hot.text(int(self.rows[place])))

    def _without(self, some: Mask, relevance: Floats) -> Floats:
        """Return the confidence of each as if some were not there."""
        crowd = competition(self.scores.relevance[self.rows][~some])
        nearest = float(self.scores.cosine[self.rows][~some].max())
        best, certainty = float(relevance[~some].max()), self.scores.scale.certainty
        return confidence(relevance, crowd, nearest, certainty, best=best)
