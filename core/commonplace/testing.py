"""For tests of agents that use a memory: no files, no model, the same results every time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from zlib import crc32

import numpy as np

from commonplace.ports import Vectors
from commonplace.stores.in_memory import InMemoryStore

__all__ = ["HashingEmbedder", "InMemoryStore"]

_WORD = re.compile(r"\w+")


class HashingEmbedder:
    """An embedder for tests, without a model. Texts that share words or parts of words are near.

    Args:
        dimension: The length of the vectors.

    >>> embed = HashingEmbedder().embed_query
    >>> near = embed("She likes hiking") @ embed("Who likes to hike?")
    >>> far = embed("She likes hiking") @ embed("The invoice is overdue")
    >>> bool(near > far)
    True
    """

    def __init__(self, dimension: int = 256) -> None:
        """Give vectors of shape (dimension,)."""
        self.dimension = dimension
        self.name = f"hashing-{dimension}"

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts: float32, shape (len(texts), dimension), each of length 1."""
        return np.array([self.embed_query(text) for text in texts], np.float32)

    def embed_query(self, text: str) -> Vectors:
        """Return the vector of a text: float32, shape (dimension,), of length 1.

        Each run of three characters of a word adds 1 to one place of the vector, or -1.
        """
        vector = np.zeros(self.dimension, np.float32)
        for word in _WORD.findall(text.lower()):
            padded = f" {word} "
            for start in range(len(padded) - 2):
                hashed = crc32(padded[start : start + 3].encode())
                vector[hashed % self.dimension] += 1.0 if hashed & 0x10000 else -1.0
        length = float(np.linalg.norm(vector))
        return vector / length if length else vector
