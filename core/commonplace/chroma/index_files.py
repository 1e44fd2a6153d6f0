"""The files of one index, as far as Chroma's engine does not look after them itself.

An index is a folder. `header.bin` says how many elements of which size `data_level0.bin` holds,
and `length.bin` has the length of each vector (Chroma 1.5.9, whose hnswlib calls this version 1).
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Iterator
from contextlib import closing
from io import RawIOBase
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, NoReturn

import numpy as np

from commonplace.ports import Vectors

HEADER = "header.bin"
DATA = "data_level0.bin"
LENGTHS = "length.bin"
LINKS = "link_lists.bin"
LABELS = "index_metadata.pickle"

_LAYOUT = struct.Struct("<iQQQQQQiIQQQdQ")
_VERSION = 1
_NEXT_VERSIONS = range(2, 10)
_LENGTH_BYTES = 4
_LABEL_BYTES = 8
_TOLERANCE = 1e-3
_ELEMENTS_PER_READ = 4_096


class Header(NamedTuple):
    """What `header.bin` says: sizes and offsets in bytes."""

    version: int
    level0_offset: int
    capacity: int
    elements: int
    element_size: int
    label_offset: int
    vector_offset: int
    top_level: int
    entry_point: int
    most_links: int
    most_links_level0: int
    m: int
    level_factor: float
    construction: int


def read_header(folder: Path) -> Header | None:
    """Return the header of an index, or None if it is absent or not of the version known here."""
    try:
        written = (folder / HEADER).read_bytes()
    except FileNotFoundError:
        return None
    if len(written) != _LAYOUT.size:
        return None
    header = Header._make(_LAYOUT.unpack(written))
    return header if header.version == _VERSION else None


def may_be_newer(folder: Path) -> bool:
    """Tell whether the header of an index is that of a version which may come, and is not known."""
    written = (folder / HEADER).read_bytes()
    return int.from_bytes(written[:4], "little") in _NEXT_VERSIONS


def read_labels(folder: Path) -> dict[str, int] | None:
    """Return the label of each row's vector, or None if the file is absent or damaged."""
    try:
        kept = _Plain(io.BytesIO((folder / LABELS).read_bytes())).load()
        labels = kept["id_to_label"]
        return {str(id): int(label) for id, label in labels.items()}
    except Exception:  # noqa: BLE001  # damaged bytes can raise anything
        return None


def read_vectors(folder: Path) -> dict[str, Vectors]:
    """Return the vectors of rows as an index keeps them: those that are of unit length, or zero."""
    labels = read_labels(folder) or {}
    with closing(StoredVectors(folder)) as stored:
        found = {id: stored.of(id) for id in labels}
    return {id: vector for id, vector in found.items() if vector is not None}


def _columns(elements: Any, start: int, end: int, kind: Any) -> Any:
    whole = start + (end - start) // np.dtype(kind).itemsize * np.dtype(kind).itemsize
    return np.ascontiguousarray(elements[:, start:whole]).view(kind)


class StoredVectors:
    """The vectors of rows as an index keeps them, read one by one: there may be many."""

    def __init__(self, folder: Path) -> None:
        """Look where each lies. Nothing is found in an index that is absent or damaged."""
        header, labels = read_header(folder), read_labels(folder)
        self._file = None
        self._places: dict[str, int] = {}
        self._bytes = 0
        if header is None or labels is None or not (folder / DATA).exists():
            return
        self._file = (folder / DATA).open("rb", buffering=0)
        self._bytes = header.label_offset - header.vector_offset
        rows = {label: row for row, label in labels.items()}
        written = (label for some, _ in _elements(self._file, header) for label in some.tolist())
        for number, label in enumerate(written):
            if label in rows:
                at = number * header.element_size + header.vector_offset
                self._places[rows[label]] = at

    def of(self, row: str) -> Vectors | None:
        """Return the vector of a row, None if there is none of unit length, or zero."""
        if self._file is None or row not in self._places:
            return None
        self._file.seek(self._places[row])
        written = self._file.read(self._bytes)
        if len(written) < self._bytes:
            return None
        vector = np.frombuffer(written, np.float32)
        with np.errstate(all="ignore"):
            length = float(np.linalg.norm(vector))
        return vector if abs(length - 1) < _TOLERANCE or length == 0 else None

    def close(self) -> None:
        """Close the file. May be called again."""
        if self._file is not None:
            self._file.close()


def labelled_vectors(folder: Path) -> Iterator[Vectors]:
    """Yield the vectors of rows as an index keeps them, many at a time."""
    header, labels = read_header(folder), read_labels(folder)
    if header is not None and labels is not None and (folder / DATA).exists():
        known = np.array(sorted(labels.values()), np.uint64)
        with (folder / DATA).open("rb", buffering=0) as file:
            for written, vectors in _elements(file, header):
                yield vectors[np.isin(written, known)]


def _elements(file: BinaryIO | RawIOBase, header: Header) -> Iterator[tuple[Any, Any]]:
    """Yield the labels and the vectors of elements, many at a time."""
    size, label = header.element_size, header.label_offset
    if not 0 < header.vector_offset < label <= size - _LABEL_BYTES:
        return
    for first in range(0, header.elements, _ELEMENTS_PER_READ):
        count = min(_ELEMENTS_PER_READ, header.elements - first)
        read = np.frombuffer(file.read(count * size) or b"", np.uint8)
        whole = read[: len(read) // size * size].reshape(-1, size)
        labels = _columns(whole, label, label + _LABEL_BYTES, np.uint64)[:, 0]
        yield labels, _columns(whole, header.vector_offset, label, np.float32)


class _Plain(pickle.Unpickler):
    """Reads dictionaries, texts and numbers, and makes nothing else."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"There is no {module}.{name} in an index.")


def blank_unused(files: Path) -> None:
    """Fill the room that indexes keep for further elements with zeros. Nothing may be writing.

    The engine writes that room out as it finds it in memory, where texts and vectors that were
    erased may have been before. It never reads it, and writes each element in its place.
    """
    for folder in files.iterdir() if files.exists() else ():
        header = read_header(folder) if folder.is_dir() else None
        if header is not None:
            _blank(folder / DATA, header.elements * header.element_size)
            _blank(folder / LENGTHS, header.elements * _LENGTH_BYTES)


def _blank(path: Path, start: int) -> None:
    if path.exists() and start < path.stat().st_size:
        with path.open("r+b") as file:
            file.seek(start)
            rest = file.read()
            if rest.count(0) != len(rest):
                file.seek(start)
                file.write(bytes(len(rest)))
