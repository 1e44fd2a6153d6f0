"""Echoes: stored questions that resemble the query, and replies that say nothing.

An agent stores what it is asked. Asked again, the stored question fits the query best, and answers
nothing; a reply such as "Let me check." takes all it seems to say from the question before it.
Both are kept and can be found by whoever asks for them. They come last for everyone else, and lend
nothing to their neighbours and sessions, but a question to the reply that answers it.
"""

from __future__ import annotations

import numpy as np

from commonplace.recall.growing import Floats

WORDS_ALIKE = 0.27, 0.55
"""The share of the query's information in a stored question, at which it begins to be an echo, and
is nothing else."""

MEANING_ALIKE = 0.55, 0.8
"""The same for the cosine: a question may come again in other words."""

BELOW_ALL = 1.0
"""What an echo loses of its relevance beyond all of it: it comes after what resembles nothing."""

IS_QUESTION = 0.5
"""A record that asks and says nothing else, by more than this, counts as a question."""


def likeness(own_words: Floats, cosine: Floats) -> Floats:
    """Return how far each record puts the query again, in its words or its meaning, in 0..1."""
    return np.maximum(_ramp(own_words, WORDS_ALIKE), _ramp(cosine, MEANING_ALIKE))


def demoted(relevance: Floats, tells: Floats) -> Floats:
    """Return relevance without what is an echo: `tells` is 1 for what is none, 0 for a pure one."""
    return np.asarray(tells * relevance - BELOW_ALL * (1 - tells), np.float32)


def _ramp(values: Floats, between: tuple[float, float]) -> Floats:
    start, end = between
    return ((values - start) / (end - start)).clip(0, 1)
