"""Confidence: the probability that a record answers the query.

A logistic model over three features: the greatest plain cosine of the scope; how far the record's
relevance lies below the best; and how many records compete with the best one. The last is
the logarithm of a sum of exponentials, as in a softmax over relevance, to which a few records that
answer nothing are added, so that a scope of one record does not take it for the answer.

The constants were fitted on the ten best records for questions of LoCoMo, LongMemEval and BEAM
(development halves; put to the right and to other memories, and to small parts of them) and for
first-person questions over few facts, a third of them without an answer. How well they hold on a
set that was left out: docs/decisions/0069-a-curve-that-holds.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonplace.recall.growing import Floats


@dataclass(frozen=True, slots=True)
class Certainty:
    """What makes it likely, under an embedder, that the best record answers; for MiniLM.

    The log odds are `known` at a cosine of 0, `by_cosine` more at a cosine of 1, and `by_crowd`
    less for each unit of competition. Below `doubt` they fall faster, by the factor `doubting`:
    where little speaks for any record, the memory seldom holds an answer at all.
    """

    known: float = 0.1
    by_cosine: float = 2.6
    by_crowd: float = 1.35
    doubt: float = -0.95
    doubting: float = 3.5

    def log_odds(self, cosine: float, crowd: float) -> float:
        """Return those that the best record answers."""
        plain = self.known + self.by_cosine * cosine - self.by_crowd * crowd
        sure = plain if plain > self.doubt else self.doubt + self.doubting * (plain - self.doubt)
        return min(sure, MOST_CERTAIN)


CERTAINTY = Certainty()

MOST_CERTAIN = 3.5
"""The greatest log odds, .97: nothing is beyond doubt, whatever the embedder."""

BELOW = 6.4
"""How fast the log odds fall below the best record, per root of a unit of relevance.

The first step down costs most: a record a little less relevant than the best is often as near the
subject, and no answer.
"""

MOST_COMPETITION = 2.0
"""Beyond seven that answer as well, more make none of them less sure: then all of them answer."""

ABOUT_AS_WELL = 0.1
"""A record this much less relevant than the best competes with it by a factor e less."""

UNRELATED = 3.0
"""Every scope competes as if it had so many more records, of no relevance."""


def competition(relevance: Floats) -> float:
    """Return the logarithm of the number of records that answer about as well as the best.

    It is at most MOST_COMPETITION.
    """
    if not len(relevance):
        return 0.0
    best = float(relevance.max())
    others = float(np.exp((relevance - best) / ABOUT_AS_WELL).sum())
    crowd = float(np.log(others + UNRELATED * np.exp(-best / ABOUT_AS_WELL)))
    return min(crowd, MOST_COMPETITION)


def confidence(
    relevance: Floats,
    crowd: float,
    cosine: float,
    certainty: Certainty = CERTAINTY,
    *,
    best: float | None = None,
) -> Floats:
    """Return each record's confidence, in 0..1: higher the greater its `relevance`.

    The log odds are those of `certainty` less 6.4 times the root of how far the relevance lies
    below the `best`, None for the greatest. `crowd` is the `competition` of the scope, before what
    use adds: use must not make a memory surer; `cosine` is its greatest cosine, in the units of
    MiniLM.
    """
    greatest = relevance.max(initial=-np.inf) if best is None else best
    below = np.maximum(greatest - relevance, 0)
    logits = certainty.log_odds(cosine, crowd) - BELOW * np.sqrt(below)
    # exp overflows single precision above 88; e to the -80 is as good as 0.
    likely: Floats = (1 / (1 + np.exp(np.minimum(-logits, 80.0)))).astype(np.float32)
    return likely


WORDS_TELL = 0.25, 0.6
"""The share of the query's information in the best record's own words at which they begin to tell,
and do, that it answers, where the embedder does not read the language."""

LEAST_TOLD = 0.05
"""Nothing is ruled out: records keep their order by confidence."""


def told_by_words(own_words: float) -> float:
    """Return how far the best record's own words alone tell that it answers, in 0..1.

    Under an embedder of another language everything looks alike: unrelated Bengali texts have a
    cosine of .87 under MiniLM.
    """
    start, end = WORDS_TELL
    return min(max((own_words - start) / (end - start), LEAST_TOLD), 1.0)
