"""Terms as numbers: those of many records in flat arrays, which a scope takes without a loop. Pure.

A number is a digest, so it is the same in every process, and may be kept. Two terms of a store have
the same one with a chance of n² / 2⁶⁵ for n different terms: one in 37 million for a million.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from commonplace.recall.growing import Mask, Rows

Codes = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.uint16]

MOST_COUNTED = 2**16 - 1
"""A text that repeats a term more often counts as if it did so often."""


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """The terms of some records, each term of a record once, in the order of the records."""

    sizes: Rows
    """How many each record has."""
    codes: Codes
    counts: Counts
    """How often the record holds each."""

    def taken(self, rows: Rows) -> Terms:
        """Return those of some of the records, in this order."""
        places = spans(self.sizes, rows)
        return Terms(self.sizes[rows], self.codes[places], self.counts[places])

    def replaced(self, others: Mapping[int, Terms]) -> Terms:
        """Return them with others in the place of those of some records."""
        ends = self.sizes.cumsum().tolist()
        starts = [0, *ends[:-1]]
        return joined_terms(
            others.get(row)
            or Terms(self.sizes[row : row + 1], self.codes[start:end], self.counts[start:end])
            for row, (start, end) in enumerate(zip(starts, ends, strict=True))
        )


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What some records say, and who does: parallel columns.

    `languages` are those that the texts are taken for in a scope of English. `is_sure` tells which
    are the same in any scope.
    """

    texts: Sequence[str]
    agents: Sequence[str]
    languages: Sequence[str]
    is_sure: Mask
    terms: Terms

    def __len__(self) -> int:
        return len(self.texts)

    def taken(self, rows: Rows) -> Told:
        """Return some of the records, in this order."""
        places = rows.tolist()
        return Told(
            [self.texts[row] for row in places],
            [self.agents[row] for row in places],
            [self.languages[row] for row in places],
            self.is_sure[rows],
            self.terms.taken(rows),
        )


@lru_cache(maxsize=100_000)
def code(term: str) -> int:
    """Return the number of a term."""
    return int.from_bytes(blake2b(term.encode(), digest_size=8).digest(), "little")


def counted(terms: Iterable[str]) -> Terms:
    """Return the terms of one record."""
    found = Counter(terms)
    codes = np.array([code(term) for term in found], np.uint64)
    counts = np.array([min(count, MOST_COUNTED) for count in found.values()], np.uint16)
    return Terms(np.array([len(found)]), codes, counts)


def joined_terms(several: Iterable[Terms]) -> Terms:
    """Return the terms of the records of several, one after another."""
    parts = [_NONE, *several]
    return Terms(
        np.concatenate([one.sizes for one in parts]),
        np.concatenate([one.codes for one in parts]),
        np.concatenate([one.counts for one in parts]),
    )


def joined(several: Sequence[Told]) -> Told:
    """Return what the records of several say, one after another."""
    return Told(
        [text for one in several for text in one.texts],
        [agent for one in several for agent in one.agents],
        [language for one in several for language in one.languages],
        np.concatenate([one.is_sure for one in several]),
        joined_terms(one.terms for one in several),
    )


def spans(sizes: Rows, rows: Rows) -> Rows:
    """Return where the elements of some rows are, of rows with so many elements each."""
    starts, chosen = np.cumsum(sizes) - sizes, sizes[rows]
    shifts = starts[rows] - (np.cumsum(chosen) - chosen)
    places: Rows = np.repeat(shifts, chosen)
    return places + np.arange(len(places))


_NONE = Terms(np.zeros(0, np.int64), np.zeros(0, np.uint64), np.zeros(0, np.uint16))
