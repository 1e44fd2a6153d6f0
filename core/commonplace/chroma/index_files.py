"""The files of one index, as far as Chroma's engine does not look after them itself.

An index is a folder. `header.bin` says how many elements of which size `data_level0.bin` holds,
and `length.bin` has the length of each vector (Chroma 1.5.9, whose hnswlib calls this version 1).
"""

from __future__ import annotations

import io
import pickle
import struct
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

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
_TOLERANCE = 1e-3


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
    header, labels = read_header(folder), read_labels(folder)
    data = folder / DATA
    if header is None or labels is None or not data.exists():
        return {}
    size = header.element_size
    if not 0 < header.vector_offset < header.label_offset <= size - 8:
        return {}
    count = min(header.elements, data.stat().st_size // size)
    elements = np.fromfile(data, np.uint8, count * size).reshape(count, size)
    vectors = _columns(elements, header.vector_offset, header.label_offset, np.float32)
    written = _columns(elements, header.label_offset, header.label_offset + 8, np.uint64)[:, 0]
    with np.errstate(all="ignore"):
        lengths = np.linalg.norm(vectors, axis=1)
    is_sound = (np.abs(lengths - 1) < _TOLERANCE) | (lengths == 0)
    places = {int(label): place for place, label in enumerate(written) if is_sound[place]}
    return {id: vectors[places[label]] for id, label in labels.items() if label in places}


def _columns(elements: Any, start: int, end: int, kind: Any) -> Any:
    whole = start + (end - start) // np.dtype(kind).itemsize * np.dtype(kind).itemsize
    return np.ascontiguousarray(elements[:, start:whole]).view(kind)


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
