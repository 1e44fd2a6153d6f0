"""Looks for many pieces of bytes at once, at every offset, in files of any size. Pure but for that.

A vector is looked for by the upper halves of sixteen float32 components in a row: sign, exponent
and seven bits of each mantissa. So it is found although Chroma normalises what it stores in an
index, which changes the last bits; and where only a part of it is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonplace.ports import Vectors

Bytes = NDArray[np.uint8]

TEXT_PIECE = 16
VECTOR_PIECE = 32
_COMPONENTS = VECTOR_PIECE // 2
_PIECES_OF_A_TEXT = 32
# Fewer, and a piece of a sparse vector could be told neither from others nor from chance.
_LEAST_NON_ZERO = 4

_CHUNK = 512 * 1024  # what is worked on stays in the processor's cache
_WORD = 8
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
_TABLE_BITS = 20


class Search:
    """Finds any of many pieces, all of `size` bytes: 8, 16, 24 or 32.

    A piece is known by a hash of 64 bits: that another is taken for it is not to be expected.
    """

    def __init__(self, pieces: Iterable[bytes], size: int) -> None:
        """Look for these pieces."""
        self.size = size
        distinct = sorted(set(pieces))
        given = np.frombuffer(b"".join(distinct), np.uint64).reshape(-1, size // _WORD)
        hashes = _hashes([given[:, word] for word in range(size // _WORD)])
        order = np.argsort(hashes)
        self._hashes = hashes[order]
        self._pieces = [distinct[place] for place in order]
        self._table = np.zeros(1 << _TABLE_BITS, np.bool_)
        self._table[_places(hashes)] = True

    def __len__(self) -> int:
        """Return how many different pieces are looked for."""
        return len(self._pieces)

    def found_in(self, data: Bytes, *, every: int = 1) -> set[bytes]:
        """Return the pieces that `data` holds at offsets divisible by `every`: 1, 2, 4 or 8."""
        found: set[bytes] = set()
        for offset in range(0, _WORD, every):
            words = _aligned(data, offset, np.dtype(np.uint64))
            positions = len(words) - self.size // _WORD + 1
            if len(self._pieces) and positions > 0:
                columns = [words[word : word + positions] for word in range(self.size // _WORD)]
                found |= self._known(_hashes(columns))
        return found

    def places_in(self, data: Bytes, *, every: int = 1) -> Iterator[tuple[int, bytes]]:
        """Yield where in `data` each piece is, as `found_in` looks for them."""
        for offset in range(0, _WORD, every):
            words = _aligned(data, offset, np.dtype(np.uint64))
            positions = len(words) - self.size // _WORD + 1
            if len(self._pieces) and positions > 0:
                columns = [words[word : word + positions] for word in range(self.size // _WORD)]
                hashes = _hashes(columns)
                for at in np.flatnonzero(self._table.take(_places(hashes))):
                    place = int(np.searchsorted(self._hashes, hashes[at]))
                    if place < len(self._hashes) and self._hashes[place] == hashes[at]:
                        yield offset + _WORD * int(at), self._pieces[place]

    def _known(self, hashes: NDArray[np.uint64]) -> set[bytes]:
        candidates = np.unique(hashes[self._table.take(_places(hashes))])
        places = np.searchsorted(self._hashes, candidates)
        places[places == len(self._hashes)] = 0
        return {self._pieces[place] for place in places[self._hashes[places] == candidates]}


def text_pieces(text: str) -> Iterator[bytes]:
    """Yield pieces of a text's UTF-8 bytes, evenly spread; none if it has fewer than sixteen."""
    written = text.encode()
    last = len(written) - TEXT_PIECE
    if last >= 0:
        count = min(last // TEXT_PIECE + 2, _PIECES_OF_A_TEXT)
        for start in {last * number // max(count - 1, 1) for number in range(count)}:
            yield written[start : start + TEXT_PIECE]


def vector_pieces(vectors: Vectors) -> Iterator[bytes]:
    """Yield pieces of vectors, as they are and in unit length; of sparse ones the dense parts."""
    given = vectors.astype(np.float32)  # Chroma returns them in float64
    for vector in [*given, *in_unit_length(given)]:
        for start in range(0, len(vector) - _COMPONENTS + 1, _COMPONENTS):
            part = vector[start : start + _COMPONENTS]
            if np.count_nonzero(part) >= _LEAST_NON_ZERO:
                yield upper_halves(part.view(np.uint8)).tobytes()


def in_unit_length(vectors: Vectors) -> Vectors:
    """Return vectors as an index keeps them, up to the last bits."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths), np.float32)


def upper_halves(data: Bytes) -> Bytes:
    """Return the upper half of each float32 that begins at an offset divisible by four."""
    components = _aligned(data, 0, np.dtype(np.uint32))
    return (components >> np.uint32(16)).astype(np.uint16).view(np.uint8)


def found_in_file(path: Path, texts: Search, vectors: Search) -> tuple[set[bytes], set[bytes]]:
    """Return which texts' and which vectors' pieces a file holds, at any offset."""
    found_texts: set[bytes] = set()
    found_vectors: set[bytes] = set()
    for _, chunk in chunks(path):
        found_texts |= texts.found_in(chunk)
        for offset in range(4):
            found_vectors |= vectors.found_in(upper_halves(chunk[offset:]), every=2)
    return found_texts, found_vectors


def chunks(path: Path) -> Iterator[tuple[int, Bytes]]:
    """Yield a file in chunks, each with its place and the beginning of the next: none is cut."""
    if path.stat().st_size == 0:
        return
    data = np.memmap(path, np.uint8, mode="r")
    for start in range(0, len(data), _CHUNK):
        yield start, data[start : start + _CHUNK + 2 * VECTOR_PIECE]


def _aligned(
    data: Bytes, offset: int, kind: np.dtype[np.uint32] | np.dtype[np.uint64]
) -> NDArray[Any]:
    whole = (len(data) - offset) // kind.itemsize * kind.itemsize
    return data[offset : offset + max(whole, 0)].view(kind)


def _hashes(columns: list[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    total = columns[0] * np.uint64(_FACTORS[0])
    for column, factor in zip(columns[1:], _FACTORS[1:], strict=False):
        total += column * np.uint64(factor)
    return total


def _places(hashes: NDArray[np.uint64]) -> NDArray[np.int64]:
    return (hashes >> np.uint64(64 - _TABLE_BITS)).view(np.int64)
