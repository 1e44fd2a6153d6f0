"""Standing: recency, importance and frequency as bounded factors around 1.

A year-old perfect match beats a fresh poor one: the first two together move a score by less than a
tenth, and are exactly 1 where the records of a scope do not differ. Frequency decides only between
records that answer as well but for a hundredth: docs/decisions/0014-use-counts.md.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from commonplace.recall.growing import Doubles, Floats, Mask

RECENCY = 0.01
"""Decides between records that answer alike. Where age tells nothing, as on LoCoMo, more costs
recall: 5 % half a point of recall@5, 3 % a tenth.
"""

IMPORTANCE = 0.05

FREQUENCY = 0.01
"""Less than the usual distance between neighbours among the first ten.

What is found is used and then found again: more would let use decide.
"""

USUAL_TIMES = 4.0
"""After so many uses 63 % of the most is reached; after three times as many 95 %."""

HALF_LIFE_OF_USE_DAYS = 30.0
"""What was not used for so long counts half."""

HALF_LIFE_DAYS = 90.0
"""A record this much older than the newest of its scope is halfway between fresh and old."""

_DAY = 86_400.0


def recency(times: Doubles, alive: Mask) -> Floats:
    """Return 2^(-age / 90 days), in 0..1: ages count from the newest of the live records."""
    if not alive.any():
        return np.ones(len(times), np.float32)
    ages = np.maximum(times[alive].max() - times, 0.0) / _DAY
    return np.asarray(np.exp2(-ages / HALF_LIFE_DAYS), np.float32)


def standing(recent: Floats, importance: Floats, alive: Mask) -> Floats:
    """Return 1 + 0.01 r + 0.05 i: recency and importance, each less the mean of the live ones."""
    if not alive.any():
        return np.ones(len(recent), np.float32)
    factor = 1 + RECENCY * (recent - recent[alive].mean())
    factor += IMPORTANCE * (importance - importance[alive].mean())
    return np.asarray(factor, np.float32)


def saturated(times: npt.ArrayLike) -> Doubles:
    """Return 1 - exp(-times / 4): how much numbers of times tell, in 0..1."""
    return np.asarray(1 - np.exp(-np.asarray(times, np.float64) / USUAL_TIMES))


def frequency(used: Floats, used_at: Doubles, said: Floats, at: float) -> Floats:
    """Return how often records proved useful or were said again, in 0..1.

    `used` and `said` are saturated. What a use tells is halved every 30 days since the last one.
    """
    rows = np.flatnonzero(used)
    if not len(rows):
        return said
    often = said.copy()
    ages = np.maximum(at - used_at[rows], 0.0) / _DAY
    still = used[rows] * np.exp2(-ages / HALF_LIFE_OF_USE_DAYS)
    often[rows] = 1 - (1 - often[rows]) * (1 - still)
    return often


def raised(relevance: Floats, often: Floats) -> Floats:
    """Return relevance raised by at most a hundredth, for what is used or said often."""
    factor: Floats = FREQUENCY * often
    return relevance + factor * np.maximum(relevance, 0)
