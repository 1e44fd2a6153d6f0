"""Standing: recency and importance as bounded factors around 1.

A year-old perfect match beats a fresh poor one: both factors together move a score by less than a
tenth, and are exactly 1 where the records of a scope do not differ.
"""

from __future__ import annotations

import numpy as np

from commonplace.recall.growing import Doubles, Floats, Mask

RECENCY = 0.03
"""Where age tells nothing, as on LoCoMo, more than this costs recall."""

IMPORTANCE = 0.05

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
    """Return 1 + 0.03 r + 0.05 i: recency and importance, each less the mean of the live ones."""
    if not alive.any():
        return np.ones(len(recent), np.float32)
    factor = 1 + RECENCY * (recent - recent[alive].mean())
    factor += IMPORTANCE * (importance - importance[alive].mean())
    return np.asarray(factor, np.float32)
