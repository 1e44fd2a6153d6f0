"""Confidence: how likely the best record answers, a probability that means the same everywhere.

A logistic model over four features: relevance of the best record, the greatest plain cosine, how
much of the query's information the scope knows, and the logarithm of its size. It speaks of the
best record: is this the right memory to ask at all? The others follow at the rate at which
evidence thins out down the ranking, so confidence falls in the ranking's order.

The coefficients were fitted on questions of the development halves of LoCoMo and LongMemEval, put
to right and wrong memories of 1 to 5,476 records: docs/decisions/0006-recall.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from commonplace.recall.growing import Floats

RELEVANCE = 4.45
COSINE = 10.26
KNOWN = 1.87
SIZE = -2.18
INTERCEPT = -4.19
"""Right and wrong memories, and each size of memory, had equal weight in the fit."""

BELOW = 8.4
"""How fast the log odds fall below the best record, per unit of relevance.

Fitted on which of the twenty best records are evidence.
"""

CERTAIN = 4.0
"""Log odds (98 %) above which more evidence for the best record adds little to what follows it.

Without this, one perfect match would lift all that stand below it over any threshold.
"""

LARGEST = 10_000
"""No more is taken off beyond this size: nothing larger was measured."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What an answer as a whole rests on: absolute, so that it means the same in every scope."""

    known: float
    """The share of the query's information in terms that the scope holds.

    Names and rare words it has never heard lower it.
    """
    relevance: float
    """The greatest relevance, whatever was used how often.

    Use must not make a memory the right one to ask.
    """
    cosine: float
    """The greatest plain cosine of the scope."""
    records: int
    """How many records were searched: the best of many poor candidates looks better than of few."""


def confidence(relevance: Floats, evidence: Evidence) -> Floats:
    """Return each record's confidence, in 0..1.

    It is 1 / (1 + exp(-logit)). The logit of the best record is the model's, growing as a logarithm
    beyond CERTAIN; those of the others are lower by BELOW per unit of relevance. `relevance` is
    what the ranking goes by.
    """
    size = math.log10(min(max(evidence.records, 1), LARGEST))
    best = float(relevance.max(initial=-1.0))
    logit = (
        INTERCEPT
        + RELEVANCE * evidence.relevance
        + COSINE * evidence.cosine
        + KNOWN * evidence.known
        + SIZE * size
    )
    beyond = max(logit - CERTAIN, 0.0)
    logits = logit - beyond + math.log1p(beyond) + BELOW * (relevance - best)
    # exp overflows single precision above 88; e to the -80 is as good as 0.
    likely: Floats = (1 / (1 + np.exp(np.minimum(-logits, 80.0)))).astype(np.float32)
    return likely
