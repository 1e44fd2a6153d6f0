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
    cosine: Floats, relevance: Floats, times: Doubles, sizes: Rows, *, oldest_first: bool
) -> list[tuple[int, int]]:
    """Return which records may compete and stand in the wrong order: one ahead and one behind.

    The newer is wanted ahead, or the older. `cosine` is that of each with each, `sizes` are
    their numbers of characters. The pairs are few, so what takes long is looked at only for them.
    """
    lag = relevance[:, None] - relevance[None, :]
    short = sizes <= SHORT
    near = (cosine >= ALIKE) & (lag <= NEARLY)
    near |= (cosine >= CHANGED_ALIKE) & (lag <= CHANGED_NEARLY) & short & short[:, None]
    later = times[:, None] > times[None, :]
    places = np.arange(len(times))
    wrong = (later if oldest_first else later.T) & (places[:, None] < places[None, :])
    ahead, behind = np.nonzero(near & wrong & (relevance[:, None] > 0))
    return list(zip(ahead.tolist(), behind.tolist(), strict=True))


def overtakes(
    behind: Statement, ahead: Statement, *, newer: Statement, cosine: float, lag: float
) -> bool:
    """Tell whether one of two near statements would answer in the place of the other.

    It is less relevant by `lag`. One that lacks a term of the query answers for none that has it:
    "my brother moved" says nothing of where my sister lives. Only verbs such as "live" may be
    missing where the `newer` tells of a change.
    """
    if newer.tells_of_change and max(len(behind.text), len(ahead.text)) <= SHORT:
        return _essential(ahead.named) <= behind.named
    return (
        cosine >= ALIKE
        and lag <= NEARLY
        and behind.group != ahead.group
        and ahead.named <= behind.named
        and _overlap(ahead.words, behind.words) >= SHARED
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


def by_time(pairs: AbstractSet[tuple[int, int]], count: int) -> Rows:
    """Return the order of records in which of each pair, one ahead and one behind, both change.

    All others keep their places.
    """
    order: list[int] = []
    for place in range(count):
        overtaken = [at for at, one in enumerate(order) if (one, place) in pairs]
        order.insert(overtaken[0] if overtaken else len(order), place)
    return np.array(order, np.int64)
