"""Postings: which rows hold a term, and how often each does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from sys import intern  # the scopes of a process have most words in common
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from commonplace.recall.growing import Floats, Growing, Rows

Number = TypeVar("Number", bound=np.generic)
Numbers = npt.NDArray[np.int32]
Occurrences: TypeAlias = tuple[Numbers, Floats]

# Late occurrences are looked through for each term of a query: so many take some 2 µs.
_MOST_LATE = 4_096


class Postings:
    """Occurrences sorted by term, and late ones as they came, until they are sorted in."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._codes: dict[str, int] = {}
        self._starts = np.zeros(1, np.int64)
        self._rows: Numbers = np.zeros(0, np.int32)
        self._counts: Numbers = np.zeros(0, np.int32)
        self._late = _none_late()

    def add(self, row: int, terms: Mapping[str, int]) -> None:
        """Add a row that is greater than all others: its terms, and how often it holds each."""
        codes, rows, counts = self._late
        codes.extend([self._codes.setdefault(intern(term), len(self._codes)) for term in terms])
        rows.extend([row] * len(terms))
        counts.extend(list(terms.values()))
        if len(codes) > _MOST_LATE:
            self._sort_in()

    def extend(self, terms: Mapping[str, int], codes: Rows, rows: Rows) -> None:
        """Add many rows: the term with the code `codes[i]` is in the row `rows[i]`, once or more.

        The codes are those of `terms`, and not ours.
        """
        own = [self._codes.setdefault(intern(term), len(self._codes)) for term in terms]
        width = int(rows.max(initial=0)) + 1
        cells, counts = np.unique(np.array(own, np.int64)[codes] * width + rows, return_counts=True)
        for held, added in zip(self._late, (cells // width, cells % width, counts), strict=True):
            held.extend(added)
        self._sort_in()

    def of(self, group: Collection[str]) -> Occurrences:
        """Return the rows that hold a term of the group, each once, and how often each does."""
        found = [self._of(code) for term in group if (code := self._codes.get(term)) is not None]
        rows = joined([rows for rows, _ in found], np.int32)
        counts = joined([counts for _, counts in found], np.float32)
        if len(found) > 1:
            rows, places = np.unique(rows, return_inverse=True)
            counts = np.bincount(places, counts).astype(np.float32)
        return rows, counts

    def _of(self, code: int) -> tuple[Numbers, Numbers]:
        first, last = self._starts[code : code + 2] if code + 1 < len(self._starts) else (0, 0)
        codes, rows, counts = (one.view for one in self._late)
        late = codes == code
        return (
            np.concatenate([self._rows[first:last], rows[late]]),
            np.concatenate([self._counts[first:last], counts[late]]),
        )

    def _sort_in(self) -> None:
        """Sort the late occurrences in: their rows are greater, so a stable sort keeps order."""
        late_codes, late_rows, late_counts = (one.view for one in self._late)
        sorted_codes = np.repeat(np.arange(len(self._starts) - 1), np.diff(self._starts))
        codes = np.concatenate([sorted_codes, late_codes])
        order = np.argsort(codes, kind="stable")
        self._rows = np.concatenate([self._rows, late_rows])[order]
        self._counts = np.concatenate([self._counts, late_counts])[order]
        self._starts = np.searchsorted(codes[order], np.arange(len(self._codes) + 1))
        self._late = _none_late()


def _none_late() -> tuple[Growing[np.int32], Growing[np.int32], Growing[np.int32]]:
    """Return room for codes, rows and counts."""
    # No `array.array`: it cannot grow while a frame that somebody keeps, as profilers do, views it.
    return Growing(np.int32), Growing(np.int32), Growing(np.int32)


def joined(pieces: list[npt.NDArray[Any]], dtype: type[Number]) -> npt.NDArray[Number]:
    """Return the pieces as one array of its own."""
    return np.concatenate(pieces).astype(dtype) if pieces else np.zeros(0, dtype)
