"""Which of two statements about the same comes first: the one made later.

"Favourite colour is green" and, a year later, "favourite colour is blue now" resemble each other
and answer alike; only the later holds. Records compete that are of one scope and not of one
session, are nearly as relevant as one another, and are put alike, in words and in meaning. What
the query tells apart does not compete: asked for server 3, an answer about server 3 comes before
a later one about server 8.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from commonplace.ports import Vectors
from commonplace.recall.growing import Doubles, Floats, Rows
from commonplace.recall.statements import tells_of_change
from commonplace.recall.terms import stem
from commonplace.recall.tokens import UNSPACED, split
from commonplace.recall.word_lists import word_lists
from commonplace.recall.words import Term

ALIKE = 0.5
"""The least cosine of two statements that are about the same."""

SHARED = 0.4
"""Of the words of both, the share that both have at least: all but what changed."""

NEARLY = 0.3
"""The most by which the later may be less relevant."""

CHANGED_ALIKE = 0.4
"""The least cosine, where the later says itself that something changed."""

CHANGED_NEARLY = 1.0
"""The most by which it may be less relevant then: it seldom repeats the words."""


SHORT = 64
"""The most characters of such a statement, and of what it replaces: in longer ones, as in talk,
much is "new" and "now"."""


@dataclass(frozen=True)
class Statement:
    """A record as one of those that may replace one another.

    Statements of one `group` compete only where the later tells of a change. `named` are the terms
    of the query that it holds.
    """

    text: str
    group: object
    named: frozenset[Term]

    @cached_property
    def words(self) -> frozenset[str]:
        """Its words; of scripts without spaces, the characters."""
        runs = split(self.text)
        if self.text.isascii():
            return frozenset(runs)
        return frozenset(part for run in runs for part in (run if UNSPACED.match(run) else (run,)))

    @cached_property
    def tells_of_change(self) -> bool:
        """Whether it says that it replaces what held before."""
        return len(self.text) <= SHORT and tells_of_change(self.text)


def near_pairs(
    vectors: Vectors, relevance: Floats, times: Doubles, sizes: Rows, *, oldest_first: bool
) -> list[tuple[int, int]]:
    """Return which records are near enough to compete, as pairs of an older and a newer one.

    Only those count that stand in the other order than is wanted. `vectors` has one unit vector
    for each record, `sizes` its number of characters. The pairs are few, so what takes long is
    looked at only for them.
    """
    cosine, behind = vectors @ vectors.T, relevance[:, None] - relevance[None, :]
    short = sizes <= SHORT
    near = (cosine >= ALIKE) & (behind <= NEARLY)
    near |= (cosine >= CHANGED_ALIKE) & (behind <= CHANGED_NEARLY) & short & short[:, None]
    near &= (times[:, None] < times[None, :]) & (relevance[:, None] > 0)
    places = np.arange(len(times))
    ahead = places[:, None] < places[None, :]
    older, newer = np.nonzero(near & (ahead.T if oldest_first else ahead))
    return list(zip(older.tolist(), newer.tolist(), strict=True))


def replaces(newer: Statement, older: Statement, cosine: float, behind: float) -> bool:
    """Tell whether the newer of two near statements would replace the older as an answer.

    It is less relevant by `behind`. One that lacks a term of the query replaces none that has it:
    "my brother moved" says nothing of where my sister lives. Only verbs such as "live" may be
    missing where one tells of a change.
    """
    if newer.tells_of_change and len(older.text) <= SHORT:
        return _essential(older.named) <= newer.named
    return (
        cosine >= ALIKE
        and behind <= NEARLY
        and newer.group != older.group
        and older.named <= newer.named
        and _overlap(older.words, newer.words) >= SHARED
    )


def _essential(terms: frozenset[Term]) -> frozenset[Term]:
    """Return terms without the verbs of what lasts, of which a statement of change has another."""
    return frozenset(term for term in terms if term.isdisjoint(_stems_of_states()))


@lru_cache(maxsize=1)
def _stems_of_states() -> frozenset[str]:
    lists = word_lists("state_words").items()
    return frozenset(stem(word, language) for language, words in lists for word in words)


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(len(one | other), 1)


def by_time(pairs: AbstractSet[tuple[int, int]], count: int, *, oldest_first: bool) -> Rows:
    """Return the order of records in which the newer of each pair comes first.

    `pairs` has an older and a newer one of those that compete. The older comes first if that is
    wanted. All others keep their places.
    """
    overtakes = set(pairs) if oldest_first else {(newer, older) for older, newer in pairs}
    order: list[int] = []
    for place in range(count):
        behind = [at for at, one in enumerate(order) if (place, one) in overtakes]
        order.insert(behind[0] if behind else len(order), place)
    return np.array(order, np.int64)
