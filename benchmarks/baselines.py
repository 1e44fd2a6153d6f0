"""What a recall is measured against: the same vectors alone, the words alone, and both."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import bm25s
import numpy as np
import Stemmer

from commonplace.ports import Embedder

RANK_CONSTANT = 60
"""Of reciprocal rank fusion, at its customary value."""


class Dense:
    """Cosine over all texts: what every memory on a vector store does."""

    name = "plain dense"

    def __init__(self, ids: list[str], texts: list[str], embedder: Embedder) -> None:
        self._ids = np.array(ids)
        self._embedder = embedder
        self._vectors = embedder.embed_documents(texts)

    def ranking(self, query: str) -> list[str]:
        """Return all ids, best first."""
        similarities = self._vectors @ self._embedder.embed_query(query)
        return [str(one) for one in self._ids[np.argsort(-similarities, kind="stable")]]


class Bm25:
    """BM25 over stemmed words (bm25s, k1 1.2, b 0.75, its longer English stop list)."""

    name = "BM25"

    def __init__(self, ids: list[str], texts: list[str]) -> None:
        self._ids = np.array(ids)
        self._stemmer = Stemmer.Stemmer("english")
        self._index = bm25s.BM25(k1=1.2, b=0.75)
        self._index.index(self._tokens(texts), show_progress=False)

    def ranking(self, query: str) -> list[str]:
        """Return all ids, best first."""
        scores = self._index.get_scores(self._tokens([query])[0])
        return [str(one) for one in self._ids[np.argsort(-scores, kind="stable")]]

    def _tokens(self, texts: list[str]) -> list[list[str]]:
        found: list[list[str]] = bm25s.tokenize(
            texts, stopwords="en_plus", stemmer=self._stemmer, return_ids=False, show_progress=False
        )
        return found


class CharacterBm25(Bm25):
    """BM25 over single characters and pairs of neighbours, for scripts without spaces."""

    name = "BM25 of characters"

    def _tokens(self, texts: list[str]) -> list[list[str]]:
        return [[*text, *map("".join, pairwise(text))] for text in texts]


class Hybrid:
    """Reciprocal rank fusion (RRF) of other rankings, all of one weight."""

    name = "hybrid (RRF)"

    def __init__(self, parts: Sequence[Dense | Bm25]) -> None:
        self._parts = parts

    def ranking(self, query: str) -> list[str]:
        """Return all ids, best first."""
        scores: dict[str, float] = {}
        for part in self._parts:
            for rank, one in enumerate(part.ranking(query), 1):
                scores[one] = scores.get(one, 0.0) + 1 / (RANK_CONSTANT + rank)
        return sorted(scores, key=lambda one: -scores[one])
