"""Tells a trace of a vector from bytes that only look like a piece of one. Pure but for reading.

Vectors of counts, signs or few levels hold so little in sixteen components that the end of one and
the head of the next can read as a piece of a third. A trace goes on beyond the piece: so the
vector is followed to both sides, as far as the file agrees with it, and that must tell enough.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commonplace.chroma.byte_search import COMPONENT_BYTES, COMPONENTS, VectorSearch
from commonplace.chroma.traces import chunks, in_unit_length, offsets_in, upper_halves
from commonplace.ports import Vectors

# By chance, a place among 10**10 bytes agrees with one of 10**6 stretches in so many bits once in
# 10**13 searches.
_ENOUGH_BITS = 96


class VectorTraces:
    """What is known of vectors whose pieces were found."""

    def __init__(self, vectors: Vectors) -> None:
        """Know these vectors, as they are and in unit length."""
        given = vectors.astype(np.float32)
        both = np.concatenate([given, in_unit_length(given)])
        flat = np.ascontiguousarray(both).reshape(-1).view(np.uint8)
        self._halves = upper_halves(flat).view(np.uint16).reshape(both.shape)
        self._bits = _told_by(self._halves)
        self._places: defaultdict[bytes, list[tuple[int, int]]] = defaultdict(list)
        for row, halves in enumerate(self._halves):
            for start in range(0, len(halves) - COMPONENTS + 1, COMPONENTS):
                piece = halves[start : start + COMPONENTS].tobytes()
                self._places[piece].append((row, start))

    def confirmed(self, path: Path, pieces: set[bytes]) -> set[bytes]:
        """Return those of the pieces in a file that belong to a trace."""
        search, found = VectorSearch(pieces), set[bytes]()
        file = np.memmap(path, np.uint8, mode="r") if path.stat().st_size else np.empty(0, np.uint8)
        for start, chunk in chunks(path):
            for place, piece in search.places_in(chunk, offsets_in(path)):
                if piece not in found and self._is_trace(file, start + place, piece):
                    found.add(piece)
        return found

    def _is_trace(self, file: NDArray[np.uint8], at: int, piece: bytes) -> bool:
        return any(self._goes_on(file, at, row, first) for row, first in self._places[piece])

    def _goes_on(self, file: NDArray[np.uint8], at: int, row: int, first: int) -> bool:
        """Tell whether the vector of this row goes on around its piece, which is at `at`."""
        halves = self._halves[row]
        before = min(first, at // COMPONENT_BYTES)
        begin = at - before * COMPONENT_BYTES
        end = at + (len(halves) - first) * COMPONENT_BYTES
        read = upper_halves(np.ascontiguousarray(file[begin:end])).view(np.uint16)
        part = slice(first - before, first - before + len(read))
        same = read == halves[part]
        left = before - int(np.argmin(np.append(same[:before][::-1], False)))
        right = before + int(np.argmin(np.append(same[before:], False)))
        told = self._bits[read[left:right]].sum()
        return bool(right - left == len(halves) or told >= _ENOUGH_BITS)


def _told_by(halves: NDArray[np.uint16]) -> NDArray[np.float64]:
    """Return how many bits a component of each value tells, by how common it is."""
    counts = np.bincount(halves.reshape(-1), minlength=1 << 16)
    return np.asarray(-np.log2(np.maximum(counts, 1) / counts.sum()), np.float64)
