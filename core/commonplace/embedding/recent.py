"""The vectors of the last texts: what is asked is often stored next, or was stored before."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]

MOST_TEXTS = 64
"""A turn of each of so many agents."""

_FEW = 8
"""Of a longer batch nothing is looked up or held: nobody asks for what was imported at once."""


class RecentVectors:
    """Embeds by a model, and texts that it embedded a moment ago without it. Thread-safe.

    Texts are not held, only their digests: what is erased leaves no words here.
    """

    def __init__(self) -> None:
        """Hold nothing yet."""
        self._held: OrderedDict[bytes, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def embedded(self, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]) -> Vectors:
        """Return a vector for each text, in their order; those held are not embedded again."""
        if len(texts) > _FEW:
            return embed(texts)
        digests = [_digest(text) for text in texts]
        found = self._found(digests)
        new = {one: text for one, text in zip(digests, texts, strict=True) if one not in found}
        if new:
            found |= dict(zip(new, embed(list(new.values())), strict=True))
            self._hold({one: found[one].copy() for one in new})
        return np.stack([found[one] for one in digests])

    def _found(self, digests: Sequence[bytes]) -> dict[bytes, Vectors]:
        with self._lock:
            found = {one: self._held[one] for one in digests if one in self._held}
            for one in found:
                self._held.move_to_end(one)
        return found

    def _hold(self, vectors: dict[bytes, Vectors]) -> None:
        with self._lock:
            self._held |= vectors
            while len(self._held) > MOST_TEXTS:
                self._held.popitem(last=False)


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
