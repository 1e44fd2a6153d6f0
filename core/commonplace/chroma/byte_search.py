"""Finds many pieces of bytes at once, wherever they are in data. Pure.

A piece of a text is 24 bytes of it. Wherever a copy of one begins, 8 bytes of it begin at an offset
divisible by sixteen: so only what begins there is looked up, in one pass for any number of pieces.
Where these are known, 16 bytes around them are looked up, and then all is compared. Of texts that
are shorter a piece is 16 bytes, and what begins at an offset divisible by eight is looked up.

A vector is looked for by the upper halves of sixteen float32 components in a row: sign, exponent
and seven bits of each mantissa. So it is found although Chroma normalises what it stores in an
index, which changes the last bits; and where only a part of it is left. Four upper halves in a row
are one word here, and every fourth or eighth component begins one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]
Places = NDArray[np.int64]

TEXT_PIECE, SHORT_PIECE = 24, 16
VECTOR_PIECE = 32
COMPONENTS = VECTOR_PIECE // 2
COMPONENT_BYTES = 4

_WORD = 8
_HALVES = 4
# Of components, from one that begins a word to the next.
_STRIDES = (8, 4)
_UPPER = np.uint64(0xFFFF0000FFFF0000)
_HALF = np.uint64(16)
_FACTORS = (0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0xD6E8FEB86659FD93)
_TABLE_BITS = 22
_FIRST_BITS = 20  # what every word is looked up in stays in the processor's cache


class Search:
    """Finds any of many pieces, all of one size.

    A piece is known by a hash of 64 bits: that another is taken for it is not to be expected.
    """

    _size: int
    _span: int  # of a piece, in a file
    _unit: int  # from one place to the next to which words are shifted

    def __init__(self, pieces: Iterable[bytes]) -> None:
        """Look for these pieces."""
        distinct = sorted(set(pieces))
        given = np.frombuffer(b"".join(distinct), np.uint8).reshape(-1, self._size)
        hashes = _hashes(self._columns(given))
        order = np.argsort(hashes)
        self._hashes = hashes[order]
        self._pieces = [distinct[place] for place in order]
        self._words, self._shifts = _distinct(*self._anchors(given))
        self._tables = [_table(self._words, factor) for factor in _FACTORS[:2]]
        self._first = _table(self._first_words(), _FACTORS[0], _FIRST_BITS)

    def __len__(self) -> int:
        """Return how many different pieces are looked for."""
        return len(self._pieces)

    def without(self, pieces: set[bytes]) -> Search:
        """Return a search for the others."""
        return type(self)(one for one in self._pieces if one not in pieces)

    def found_in(self, data: Bytes, offsets: Iterable[int] = (0,)) -> set[bytes]:
        """Return the pieces that `data` holds, of vectors those at these offsets modulo four."""
        found = [self._found(data, offset)[1] for offset in offsets]
        return {self._pieces[one] for one in np.unique(np.concatenate(found))}

    def places_in(self, data: Bytes, offsets: Iterable[int] = (0,)) -> Iterator[tuple[int, bytes]]:
        """Yield where in `data` each piece is, as `found_in` looks for them."""
        for offset in offsets:
            for place, one in zip(*self._found(data, offset), strict=True):
                yield int(place), self._pieces[one]

    def _columns(self, pieces: Bytes) -> list[Words]:
        """Return the words that pieces consist of."""
        raise NotImplementedError

    def _anchors(self, pieces: Bytes) -> tuple[Words, Places]:
        """Return the words by which pieces are found, and how far into a piece each is."""
        raise NotImplementedError

    def _first_words(self) -> Words:
        """Return the words that are looked up first."""
        return self._words

    def _scanned(self, data: Bytes, offset: int) -> tuple[Words, Places]:
        """Return the words of `data` of which the first look says yes, and where they begin."""
        raise NotImplementedError

    def _read(self, data: Bytes, places: Places) -> list[Words]:
        """Return the words that pieces at these places would consist of."""
        raise NotImplementedError

    def _found(self, data: Bytes, offset: int) -> tuple[Places, Places]:
        """Return at which places in `data` there is which piece."""
        if not len(self._words) or len(data) - offset < self._span:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        words, at = self._scanned(data, offset)
        for table, factor in zip(self._tables, _FACTORS, strict=False):
            is_known = _is_in(words, table, factor)
            words, at = words[is_known], at[is_known]
        first = np.searchsorted(self._words, words, "left")
        last = np.searchsorted(self._words, words, "right")
        found = [(np.empty(0, np.int64), np.empty(0, np.int64))]
        while len(at := at[first < last]):
            first, last = first[first < last], last[first < last]
            places = at - self._shifts[first] * self._unit
            found.append(self._compared(data, places))
            first = first + 1
        return np.concatenate([one for one, _ in found]), np.concatenate([one for _, one in found])

    def _compared(self, data: Bytes, places: Places) -> tuple[Places, Places]:
        """Return those of the places at which there is a piece, and which."""
        places = places[(places >= 0) & (places <= len(data) - self._span)]
        hashes = _hashes(self._read(data, places))
        known = np.searchsorted(self._hashes, hashes)
        known[known == len(self._hashes)] = 0
        is_piece = self._hashes[known] == hashes
        return places[is_piece], known[is_piece]


class TextSearch(Search):
    """Finds pieces of texts."""

    _size = _span = TEXT_PIECE
    _unit = 1
    _width = 2  # words of which it is known that a piece may be here

    def _columns(self, pieces: Bytes) -> list[Words]:
        return [_column(pieces, start) for start in range(0, self._size, _WORD)]

    def _anchors(self, pieces: Bytes) -> tuple[Words, Places]:
        words = [
            _hashes([_column(pieces, shift + _WORD * one) for one in range(self._width)])
            for shift in range(_WORD)
        ]
        return np.concatenate(words), np.repeat(np.arange(_WORD), len(pieces))

    def _first_words(self) -> Words:
        pieces = np.frombuffer(b"".join(self._pieces), np.uint8).reshape(-1, self._size)
        return np.concatenate([_column(pieces, shift) for shift in range(self._width * _WORD)])

    def _scanned(self, data: Bytes, offset: int) -> tuple[Words, Places]:
        words = _words_of(data, offset)
        at = self._width * _known(words[:: self._width], self._first)
        # Of two words, the one that is known may be either.
        at = np.concatenate([at - shift for shift in range(self._width)])
        at = at[(at >= 0) & (at <= len(words) - self._width)]
        return _hashes([words[at + one] for one in range(self._width)]), offset + at * _WORD

    def _read(self, data: Bytes, places: Places) -> list[Words]:
        anywhere = _anywhere(data)
        return [anywhere[places + start] for start in range(0, self._size, _WORD)]


class ShortTextSearch(TextSearch):
    """Finds pieces of texts that have no longer ones."""

    _size = _span = SHORT_PIECE
    _width = 1


class VectorSearch(Search):
    """Finds pieces of vectors, which are given as their upper halves."""

    _size = VECTOR_PIECE
    _span = COMPONENTS * COMPONENT_BYTES
    _unit = COMPONENT_BYTES

    def _columns(self, pieces: Bytes) -> list[Words]:
        halves = _halves(pieces)
        return [_packed(halves, start) for start in range(0, COMPONENTS, _HALVES)]

    def _anchors(self, pieces: Bytes) -> tuple[Words, Places]:
        for self._stride in _STRIDES:
            words, shifts = _most_telling(_halves(pieces), self._stride)
            if len(words) == len(pieces) * self._stride:
                break  # dense vectors are found by fewer words
        return words, shifts

    def _scanned(self, data: Bytes, offset: int) -> tuple[Words, Places]:
        every = self._stride * COMPONENT_BYTES // _WORD
        words = _words_of(data, offset)
        words = _joined(words[:-1:every], words[1::every])
        at = _known(words, self._first)
        return words[at], offset + at * every * _WORD

    def _read(self, data: Bytes, places: Places) -> list[Words]:
        anywhere = _anywhere(data)
        starts = [places + start for start in range(0, self._span, _HALVES * COMPONENT_BYTES)]
        return [_joined(anywhere[start], anywhere[start + _WORD]) for start in starts]


def _distinct(words: Words, shifts: Places) -> tuple[Words, Places]:
    """Return words in order, each with the shifts at which it stands in a piece."""
    order = np.lexsort((shifts, words))
    words, shifts = words[order], shifts[order]
    is_new = np.ones(len(words), np.bool_)
    is_new[1:] = (words[1:] != words[:-1]) | (shifts[1:] != shifts[:-1])
    return words[is_new], shifts[is_new]


def _words_of(data: Bytes, offset: int) -> Words:
    return data[offset : offset + (len(data) - offset) // _WORD * _WORD].view(np.uint64)


def _known(words: Words, table: NDArray[np.bool_]) -> Places:
    """Return which of the words may be in a table."""
    return np.flatnonzero(_is_in(words, table, _FACTORS[0]))


def _table(words: Words, factor: int, bits: int = _TABLE_BITS) -> NDArray[np.bool_]:
    table = np.zeros(1 << bits, np.bool_)
    table[_slots(words, factor, bits)] = True
    return table


def _is_in(words: Words, table: NDArray[np.bool_], factor: int) -> NDArray[np.bool_]:
    return table.take(_slots(words, factor, len(table).bit_length() - 1), mode="clip")


def _slots(words: Words, factor: int, bits: int) -> Places:
    slots = words * np.uint64(factor)
    slots >>= np.uint64(64 - bits)
    return slots.view(np.int64)


def _hashes(columns: list[Words]) -> Words:
    total = columns[0] * np.uint64(_FACTORS[0])
    for column, factor in zip(columns[1:], _FACTORS[1:], strict=False):
        total += column * np.uint64(factor)
    return total


def _column(pieces: Bytes, start: int) -> Words:
    return np.ascontiguousarray(pieces[:, start : start + _WORD]).view(np.uint64)[:, 0]


def _halves(pieces: Bytes) -> Words:
    return np.ascontiguousarray(pieces).view(np.uint16).astype(np.uint64)


def _packed(halves: Words, start: int) -> Words:
    """Return four upper halves as one word, as `_joined` does."""
    first, second, third, fourth = (halves[:, start + number] for number in range(_HALVES))
    shifted = (first << np.uint64(16)) | (second << np.uint64(48)) | (fourth << np.uint64(32))
    return np.asarray(shifted | third)


def _most_telling(halves: Words, stride: int) -> tuple[Words, Places]:
    """Return of each piece a word for each place modulo `stride`, and where in it that is.

    Of a sparse vector it is the one with the most components that are not zero, or none.
    """
    numbers = np.arange(len(halves))
    words, shifts = [np.empty(0, np.uint64)], [np.empty(0, np.int64)]
    for first in range(stride):
        starts = range(first, COMPONENTS - _HALVES + 1, stride)
        packed = np.stack([_packed(halves, start) for start in starts])
        told = np.stack([_non_zero(halves, start) for start in starts])
        best = told.argmax(axis=0)
        is_there = told.max(axis=0) > 0
        words.append(packed[best, numbers][is_there])
        shifts.append(np.array(starts)[best][is_there])
    return np.concatenate(words), np.concatenate(shifts)


def _non_zero(halves: Words, start: int) -> Places:
    return np.asarray(np.count_nonzero(halves[:, start : start + _HALVES], axis=1))


def _joined(first: Words, second: Words) -> Words:
    """Return the upper halves of two words, of two components each, as one."""
    return np.asarray((first & _UPPER) | ((second & _UPPER) >> _HALF))


def _anywhere(data: Bytes) -> Words:
    """Return the words that begin at each byte."""
    return np.ndarray(max(len(data) - _WORD + 1, 0), np.uint64, data, strides=(1,))
