"""Embeds what several threads ask for at once as one batch."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import accumulate, chain

import numpy as np

from commonplace.embedding.local_model import Vectors
from commonplace.embedding.minilm import MiniLM
from commonplace.waiting.commits import GroupCommit

# What has more goes by itself: nobody is to wait for somebody else's bulk import.
_FEW_TEXTS = 8


class Gathering:
    """A MiniLM for many threads: a batch takes little longer than its longest text alone.

    >>> Gathering(MiniLM()).embed_query("Where does Ada live?").shape
    (384,)
    """

    name = MiniLM.name
    dimension = MiniLM.dimension

    def __init__(self, model: MiniLM) -> None:
        """Embed with `model`."""
        self._model = model
        lock = threading.Lock()
        self._batches = GroupCommit(lambda: lock, self._embed_all)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embed texts to be found, as MiniLM does."""
        if not texts or len(texts) > _FEW_TEXTS:
            return self._model.embed_documents(texts)
        return self._batches.commit(list(texts))

    def embed_query(self, text: str) -> Vectors:
        """Embed a question, as MiniLM does."""
        vector: Vectors = self.embed_documents([text])[0]
        return vector

    def windows(self, text: str) -> list[str]:
        """Return the pieces of a text, as MiniLM does."""
        return self._model.windows(text)

    def _embed_all(self, asked: list[list[str]]) -> list[Vectors]:
        vectors = self._model.embed_documents(list(chain.from_iterable(asked)))
        return np.split(vectors, list(accumulate(map(len, asked)))[:-1])
