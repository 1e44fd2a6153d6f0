"""Products of matrices on the thread that asks for them.

The linear algebra library divides large ones among threads, which then wait spinning. Where the
processors have much other work, such a product takes up to forty times as long. Products below its
limits stay on one thread: on a quiet machine of two processors they take twice as long.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from commonplace.recall.growing import Floats

_ELEMENTS = 8_192
"""Of a matrix with a vector. OpenBLAS takes threads from 9,216 on, in some releases from more."""
_STEPS = 262_144
"""Multiplications of two matrices. OpenBLAS takes threads above so many."""


def dots(rows: Floats, vector: Floats) -> Floats:
    """Return the dot product of each row with a vector."""
    return _by_blocks(rows, vector, _rows_in_block(rows))


class LastDots:
    """The dot products of growing rows with the vector that was last asked for.

    Asked again, only what came since is multiplied: some 20,000 rows take half of a recall.
    """

    def __init__(self) -> None:
        """Know none."""
        self._vector: Floats = np.zeros(0, np.float32)
        self._found: Floats = np.zeros(0, np.float32)

    def of(self, rows: Floats, vector: Floats) -> Floats:
        """Return what `dots` gives. Rows that were there have stayed, or were cleared here."""
        if not np.array_equal(vector, self._vector):
            self._vector, self._found = vector.copy(), dots(rows, vector)
        elif len(self._found) < len(rows):
            # From the start of a block, so that sums are rounded as they are for all at once.
            known = len(self._found) - len(self._found) % _rows_in_block(rows)
            self._found = np.concatenate([self._found[:known], dots(rows[known:], vector)])
        return self._found

    def clear(self, rows: slice) -> None:
        """Follow rows that became zero."""
        self._found[rows] = 0.0


def between(rows: Floats) -> Floats:
    """Return the dot products of each row with each: a square matrix."""
    return _by_blocks(rows, rows.T, _STEPS // max(1, rows.size))


def weighted(weights: Floats, rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return the sum of rows, each times its weight."""
    total: npt.NDArray[Any] = np.einsum("i,ij->j", weights, rows)
    return total


def _rows_in_block(rows: Floats) -> int:
    width: int = rows.shape[1]
    return max(1, _ELEMENTS // max(1, width))


def _by_blocks(rows: Floats, other: npt.NDArray[Any], size: int) -> Floats:
    count = len(rows) // max(1, size)
    if not count:
        found: Floats = rows @ other
        return found
    size = max(1, size)
    blocks = rows[: count * size].reshape(count, size, rows.shape[1]) @ other
    first = blocks.reshape(count * size, *blocks.shape[2:])
    return np.concatenate([first, rows[count * size :] @ other])
