"""Postings: which rows hold a term, and how often each does."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

from commonplace.recall.coded import Codes, code
from commonplace.recall.growing import Growing

Number = TypeVar("Number", bound=np.generic)
Numbers = npt.NDArray[np.int32]
Occurrences: TypeAlias = tuple[Numbers, npt.NDArray[Any]]
"""Rows, ascending, and how often each holds a term."""

_MOST_LATE = 4_096
"""So many late occurrences are looked through for a term in some 2 µs: sorting gains nothing."""

_MOST_LOOKS = 32
"""More are sorted in when they were looked through so often, by some three questions.

Sorting costs as much as some 150 looks. A scope that is asked once need not be sorted.
"""


class _Sorted(NamedTuple):
    """Occurrences by term: those of `codes[i]` are `starts[i]` up to `starts[i + 1]`."""

    codes: Codes
    starts: npt.NDArray[np.int64]
    rows: Numbers
    counts: Numbers


class Postings:
    """Occurrences sorted by term, and late ones as they came, until they are sorted in."""

    def __init__(self) -> None:
        """Hold nothing."""
        nothing = np.zeros(0, np.int32)
        self._sorted = _Sorted(np.zeros(0, np.uint64), np.zeros(1, np.int64), nothing, nothing)
        self._begin_late()

    def extend(self, codes: Codes, rows: npt.ArrayLike, counts: npt.ArrayLike) -> None:
        """Add occurrences, a term of a row once: of rows greater than all before, ascending."""
        self._codes.extend(codes)
        self._rows.extend(rows)
        self._counts.extend(counts)

    def of(self, group: Collection[str]) -> Occurrences:
        """Return the rows that hold a term of the group, each once, and how often each does."""
        found = [self._of(code(term)) for term in group]
        if len(found) == 1:
            return found[0]
        rows, places = np.unique(joined([rows for rows, _ in found]), return_inverse=True)
        return rows, np.bincount(places, joined([counts for _, counts in found]))

    def _of(self, term: int) -> Occurrences:
        self._look()
        if not len(self._codes):
            return self._of_sorted(np.uint64(term))
        late = np.flatnonzero(self._codes.view == np.uint64(term))
        last = self._rows.view[late], self._counts.view[late]
        if not len(self._sorted.rows):
            return last
        first = self._of_sorted(np.uint64(term))
        return np.concatenate([first[0], last[0]]), np.concatenate([first[1], last[1]])

    def _of_sorted(self, term: np.uint64) -> Occurrences:
        codes, starts, rows, counts = self._sorted
        place = int(codes.searchsorted(term))
        if place == len(codes) or codes[place] != term:
            return rows[:0], counts[:0]
        within = slice(starts[place], starts[place + 1])
        return rows[within], counts[within]

    def _look(self) -> None:
        if len(self._codes) > _MOST_LATE:
            self._looks += 1
            if self._looks > _MOST_LOOKS:
                self._sort_in()

    def _sort_in(self) -> None:
        """Sort the late occurrences in: their rows are greater, so a stable sort keeps order."""
        before = np.repeat(self._sorted.codes, np.diff(self._sorted.starts))
        codes = np.concatenate([before, self._codes.view])
        order = np.argsort(codes, kind="stable")
        different, starts = np.unique(codes[order], return_index=True)
        self._sorted = _Sorted(
            different,
            np.append(starts, len(codes)),
            np.concatenate([self._sorted.rows, self._rows.view])[order],
            np.concatenate([self._sorted.counts, self._counts.view])[order],
        )
        self._begin_late()

    def _begin_late(self) -> None:
        # No `array.array`: it cannot grow while a frame that somebody keeps, as profilers do, views
        # it.
        self._codes: Growing[np.uint64] = Growing(np.uint64)
        self._rows: Growing[np.int32] = Growing(np.int32)
        self._counts: Growing[np.int32] = Growing(np.int32)
        self._looks = 0


def joined(pieces: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Return the pieces as one array."""
    return np.concatenate(pieces) if pieces else np.zeros(0, np.int32)
