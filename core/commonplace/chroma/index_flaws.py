"""Tells whether an index's files hold together, before the engine is let near them.

The engine trusts them: a link that leads nowhere ends the process. Pure but for reading.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from commonplace.chroma.index_files import (
    DATA,
    HEADER,
    LABELS,
    LENGTHS,
    LINKS,
    Header,
    may_be_newer,
    read_header,
    read_labels,
)

_COUNT_BYTES = 4
_LINK_BYTES = 4
_COMPONENT_BYTES = 4
_LABEL_BYTES = 8
_LENGTH_BYTES = 4
# More room than this for further elements is not made; making what a damaged header asks for could
# take all memory.
_ROOM = 10_000
_TOLERANCE = 1e-3


def flaws(folder: Path, dimension: int) -> list[str]:
    """Return what is wrong with an index of vectors of this dimension, one phrase each.

    An index whose header is not of the version known here is not judged.
    """
    header = read_header(folder)
    if header is None:
        return []
    return list(_header_flaws(header, dimension)) or [
        *_size_flaws(folder, header),
        *_lowest_level_flaws(folder, header),
        *_vector_flaws(folder, header),
        *_upper_level_flaws(folder, header),
    ]


def file_flaws(folder: Path, dimension: int) -> list[str]:
    """Return what is wrong with the files of an index that the engine has written, and may read."""
    header = read_header(folder)
    if not folder.exists():
        return ["is missing"]
    if not (folder / HEADER).exists():
        return [f"has no {HEADER}"]
    if header is None:
        return [] if may_be_newer(folder) else [f"{HEADER} cannot be read"]
    return flaws(folder, dimension) or list(_label_flaws(folder, header))


def _label_flaws(folder: Path, header: Header) -> Iterator[str]:
    """Look at which vector is whose: an index without a vector need not say it."""
    labels = read_labels(folder)
    if labels is None:
        if header.elements:
            yield f"{LABELS} is missing or cannot be read"
    elif len(set(labels.values())) != len(labels):
        yield "two rows have one vector"


def _header_flaws(header: Header, dimension: int) -> Iterator[str]:
    vector_offset = _COUNT_BYTES + header.most_links_level0 * _LINK_BYTES
    label_offset = vector_offset + dimension * _COMPONENT_BYTES
    fits = (
        header.level0_offset == 0
        and header.most_links == header.m
        and header.most_links_level0 == 2 * header.m
        and header.vector_offset == vector_offset
        and header.label_offset == label_offset
        and header.element_size == label_offset + _LABEL_BYTES
        and header.elements <= header.capacity <= 4 * header.elements + _ROOM
        and header.m > 1
        and math.isclose(header.level_factor, 1 / math.log(header.m))
        and (header.elements == 0 or header.entry_point < header.elements)
    )
    if not fits:
        yield "its header contradicts itself"


def _size_flaws(folder: Path, header: Header) -> Iterator[str]:
    for name, each in [(DATA, header.element_size), (LENGTHS, _LENGTH_BYTES)]:
        path = folder / name
        if not path.exists():
            yield f"{name} is missing"
        elif path.stat().st_size < header.elements * each:
            yield f"{name} is too short"


def _elements(folder: Path, header: Header) -> NDArray[np.uint8]:
    path = folder / DATA
    size = header.elements * header.element_size
    if not path.exists() or path.stat().st_size < size:
        return np.empty((0, header.element_size), np.uint8)
    return np.fromfile(path, np.uint8, size).reshape(header.elements, header.element_size)


def _vector_flaws(folder: Path, header: Header) -> Iterator[str]:
    """Look at the vectors, which the index keeps in unit length, and at those they had."""
    path = folder / LENGTHS
    stored = _elements(folder, header)
    if path.exists() and path.stat().st_size >= len(stored) * _LENGTH_BYTES:
        kept = np.fromfile(path, np.float32, len(stored))
        vectors = np.ascontiguousarray(stored[:, header.vector_offset : header.label_offset])
        with np.errstate(all="ignore"):
            units = np.linalg.norm(vectors.view(np.float32), axis=1)
            are_right = (np.abs(units - 1) < _TOLERANCE) | (units == 0)
        if not (are_right & np.isfinite(kept) & (kept >= 0)).all():
            yield "a vector is not finite or not of unit length"


def _lowest_level_flaws(folder: Path, header: Header) -> Iterator[str]:
    elements = _elements(folder, header)
    if not len(elements):
        return
    counts = _column(elements, 0, 2, np.dtype(np.uint16))[:, 0]
    links = _column(elements, _COUNT_BYTES, header.vector_offset, np.dtype(np.uint32))
    labels = _column(elements, header.label_offset, header.element_size, np.dtype(np.uint64))
    is_used = np.arange(header.most_links_level0) < counts[:, np.newaxis]
    if (counts > header.most_links_level0).any() or (links[is_used] >= header.elements).any():
        yield "a link leads nowhere"
    if len(np.unique(labels)) != header.elements:
        yield "two vectors have one label"


def _column(
    elements: NDArray[np.uint8], start: int, end: int, kind: np.dtype[np.unsignedinteger]
) -> NDArray[np.unsignedinteger]:
    return np.ascontiguousarray(elements[:, start:end]).view(kind)


def _upper_level_flaws(folder: Path, header: Header) -> Iterator[str]:
    path = folder / LINKS
    if not path.exists():
        yield f"{LINKS} is missing"
        return
    levels = list(_levels(path.read_bytes(), header))
    if len(levels) != header.elements:
        yield "a link above the lowest level leads nowhere"
    elif levels and (max(levels), levels[header.entry_point]) != (header.top_level,) * 2:
        yield "its levels contradict its header"


def _levels(content: bytes, header: Header) -> Iterator[int]:
    """Yield the level of each element, up to one whose links cannot be followed."""
    each = _COUNT_BYTES + header.most_links * _LINK_BYTES
    place = 0
    for _ in range(header.elements):
        size = int.from_bytes(content[place : place + _COUNT_BYTES], "little")
        place += _COUNT_BYTES
        if not size:  # nine of ten are on the lowest level only
            yield 0
            continue
        lists = content[place : place + size]
        place += size
        if len(lists) != size or size % each or place > len(content):
            return
        levels = np.frombuffer(lists, np.uint32).reshape(-1, each // _LINK_BYTES)
        counts = levels[:, :1] & 0xFFFF
        is_used = np.arange(header.most_links) < counts
        if (counts > header.most_links).any() or (levels[:, 1:][is_used] >= header.elements).any():
            return
        yield size // each
