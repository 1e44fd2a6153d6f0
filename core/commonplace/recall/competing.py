"""Which of two statements about the same comes first: the one made later.

"Favourite colour is green" and, a year later, "favourite colour is blue now" resemble each other
and answer alike; only the later holds. Records compete that are of one scope and not of one
session, are nearly as relevant as one another, and are put alike, in words and in meaning. What
the query tells apart does not compete: asked for server 3, an answer about server 3 comes before
a later one about server 8.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from commonplace.ports import Vectors
from commonplace.recall.growing import Doubles, Floats, Mask, Rows
from commonplace.recall.tokens import UNSPACED, split

ALIKE = 0.5
"""The least cosine of two statements that are about the same."""

SHARED = 0.4
"""Of the words of both, the share that both have at least: all but what changed."""

NEARLY = 0.3
"""The most by which the later may be less relevant."""


def competing(
    texts: Sequence[str],
    vectors: Vectors,
    relevance: Floats,
    groups: Sequence[object],
    named: Sequence[frozenset[int]],
) -> Mask:
    """Return which records the others may replace: a square array, in order of relevance.

    `vectors` has one unit vector for each; records of one group never compete. `named` has for
    each the terms of the query that it holds: one that lacks a term replaces none that has it.
    """
    words = [_words(text) for text in texts]
    shared = np.array([[_overlap(one, other) for other in words] for one in words])
    alike = (vectors @ vectors.T >= ALIKE) & (shared >= SHARED)
    near = relevance[None, :] >= relevance[:, None] - NEARLY
    apart = np.array([[one != other for other in groups] for one in groups], np.bool_)
    covers = np.array([[one <= other for other in named] for one in named], np.bool_)
    return np.asarray(alike & near & apart & covers & (relevance[:, None] > 0))


def _words(text: str) -> frozenset[str]:
    """Return the words of a text; of scripts without spaces, the characters."""
    runs = split(text)
    return frozenset(part for run in runs for part in (run if UNSPACED.match(run) else (run,)))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(len(one | other), 1)


def renewed(times: Doubles, compete: Mask) -> Rows:
    """Return the order of records in which, of those that compete, the later comes first."""
    order: list[int] = []
    for place in range(len(times)):
        older = [
            at for at, one in enumerate(order) if compete[one, place] and times[one] < times[place]
        ]
        order.insert(older[0] if older else len(order), place)
    return np.array(order, np.int64)
