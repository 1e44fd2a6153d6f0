"""The pieces by which texts and vectors are looked for in files of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from commonplace.chroma.byte_search import (
    COMPONENT_BYTES,
    COMPONENTS,
    SHORT_PIECE,
    TEXT_PIECE,
    Bytes,
    Search,
    ShortTextSearch,
    TextSearch,
    VectorSearch,
)
from commonplace.chroma.index_files import DATA
from commonplace.ports import Vectors

_PIECES_OF_A_TEXT = 32
# Fewer, and a piece of a sparse vector could be told neither from others nor from chance.
_LEAST_NON_ZERO = 4
_CHUNK = 2 * 1024**2  # the larger, the less often a thread has to wait for the interpreter
_OVERLAP = 128  # no piece is longer in a file
_LOOKS = 64


class Looking:
    """Looks through data for pieces. What was found is not looked for again for long."""

    def __init__(self, *searches: Search) -> None:
        """Look for what these look for."""
        self.found: set[bytes] = set()
        self._searches = searches
        self._looks = self._again_at = 0
        self._left = self._known = sum(map(len, searches))

    @property
    def is_over(self) -> bool:
        """Tell whether all was found."""
        return len(self.found) == self._known

    def look(self, data: Bytes, offsets: Iterable[int] = (0,)) -> None:
        """Look into data, as `Search.found_in` does."""
        self._looks += 1
        for one in self._searches:
            self.found |= one.found_in(data, offsets)
        left = self._known - len(self.found)
        if left < self._left and self._looks >= self._again_at:
            self._searches = tuple(one.without(self.found) for one in self._searches)
            self._left, self._again_at = left, self._looks + min(self._looks, _LOOKS)


def looking_for_texts(pieces: Iterable[bytes]) -> Looking:
    """Return what looks for pieces of texts."""
    by_size: dict[int, list[bytes]] = {TEXT_PIECE: [], SHORT_PIECE: []}
    for one in pieces:
        by_size[len(one)].append(one)
    return Looking(TextSearch(by_size[TEXT_PIECE]), ShortTextSearch(by_size[SHORT_PIECE]))


def looking_for_vectors(pieces: Iterable[bytes]) -> Looking:
    """Return what looks for pieces of vectors."""
    return Looking(VectorSearch(pieces))


def found_in_files(
    paths: Iterable[Path], texts: Iterable[bytes], vectors: Iterable[bytes]
) -> tuple[set[bytes], set[bytes]]:
    """Return which texts' and which vectors' pieces files hold, at any offset."""
    of_texts, of_vectors = looking_for_texts(texts), looking_for_vectors(vectors)
    for path in paths:
        offsets = offsets_in(path)
        for _, chunk in chunks(path):
            of_texts.look(chunk)
            of_vectors.look(chunk, offsets)
    return of_texts.found, of_vectors.found


def offsets_in(path: Path) -> Sequence[int]:
    """Return where in a file vectors begin, modulo four.

    An index is written as it lies in memory, where components lie at a multiple of their size.
    """
    return range(1) if path.name == DATA else range(COMPONENT_BYTES)


def text_pieces(text: str) -> Iterator[bytes]:
    """Yield pieces of a text's UTF-8 bytes, evenly spread; none if it has fewer than sixteen."""
    written = text.encode()
    size = TEXT_PIECE if len(written) >= TEXT_PIECE else SHORT_PIECE
    last = len(written) - size
    if last >= 0:
        count = min(last // size + 2, _PIECES_OF_A_TEXT)
        for start in {last * number // max(count - 1, 1) for number in range(count)}:
            yield written[start : start + size]


def vector_pieces(vectors: Vectors) -> Iterator[bytes]:
    """Yield pieces of vectors, as they are and in unit length; of sparse ones the dense parts."""
    given = vectors.astype(np.float32)  # Chroma returns them in float64
    for vector in [*given, *in_unit_length(given)]:
        for start in range(0, len(vector) - COMPONENTS + 1, COMPONENTS):
            part = vector[start : start + COMPONENTS]
            if np.count_nonzero(part) >= _LEAST_NON_ZERO:
                yield upper_halves(part.view(np.uint8)).tobytes()


def in_unit_length(vectors: Vectors) -> Vectors:
    """Return vectors as an index keeps them, up to the last bits."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths), np.float32)


def upper_halves(data: Bytes) -> Bytes:
    """Return the upper half of each float32 that begins at an offset divisible by four."""
    whole = len(data) // COMPONENT_BYTES * COMPONENT_BYTES
    components = data[:whole].view(np.uint32)
    return (components >> np.uint32(16)).astype(np.uint16).view(np.uint8)


def chunks(path: Path) -> Iterator[tuple[int, Bytes]]:
    """Yield a file in chunks, each with its place and the beginning of the next: none is cut.

    A chunk is there until the next is asked for.
    """
    buffer = np.empty(_CHUNK + _OVERLAP, np.uint8)
    with path.open("rb", buffering=0) as file:
        start, kept = 0, 0
        while size := file.readinto(buffer[kept:].data):
            yield start, buffer[: kept + size]
            done = max(kept + size - _OVERLAP, 0) // _OVERLAP * _OVERLAP
            left = kept + size - done
            buffer[:left] = buffer[done : kept + size].copy()
            start, kept = start + done, left
