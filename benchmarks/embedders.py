"""Embedders of the benchmarks, and one embedder in the forms that other libraries take."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from commonplace.embedding import MiniLM, as_embedder
from commonplace.ports import Embedder, Vectors

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings


class KnownVectors:
    """Gives each text a random unit vector of its own, in microseconds.

    Such vectors cost a search what real ones do: nothing in it depends on what they mean.
    """

    name = "known"
    dimension = MiniLM.dimension

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        vectors = np.empty((len(texts), self.dimension), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            seeded = np.random.Generator(np.random.SFC64(crc32(text.encode())))
            seeded.standard_normal(out=row, dtype=np.float32)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    def embed_query(self, text: str) -> Vectors:
        return np.asarray(self.embed_documents([text])[0])

    def windows(self, text: str) -> list[str]:
        """Return the text whole."""
        return [text]


class Staged:
    """Embeds with `inner`: known vectors while a store is filled, then the model.

    It has one name for both, so that a store takes it for the same embedder.
    """

    name = "staged"

    def __init__(self) -> None:
        self.inner: KnownVectors | MiniLM = KnownVectors()

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        return self.inner.embed_documents(texts)

    def embed_query(self, text: str) -> Vectors:
        return self.inner.embed_query(text)

    def windows(self, text: str) -> list[str]:
        """Return the text in pieces that are each read whole."""
        return self.inner.windows(text)


class Remembering:
    """An embedder, by default MiniLM, that embeds each text once and keeps its vector."""

    dimension = MiniLM.dimension

    def __init__(self, embedder: object = "minilm") -> None:
        self._model = as_embedder(embedder)
        self.name = self._model.name
        self._vectors: dict[str, Vectors] = {}
        self.embed_query = lru_cache(maxsize=None)(self._model.embed_query)
        # Every text is cut into windows to be embedded, which costs as much as finding it here.
        self.windows = lru_cache(maxsize=None)(self._model.windows)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        unknown = [text for text in dict.fromkeys(texts) if text not in self._vectors]
        self._vectors.update(zip(unknown, self._model.embed_documents(unknown), strict=True))
        return np.stack([self._vectors[text] for text in texts])


def add_option(parser: argparse.ArgumentParser) -> None:
    """Let a benchmark be run with either model that ships."""
    parser.add_argument(
        "--embedder", default="minilm", choices=("minilm", "multilingual"), help="the model"
    )


def as_langchain(embedder: Embedder) -> Embeddings:
    """Return the embedder as LangChain takes it."""
    from langchain_core.embeddings import Embeddings

    class Wrapped(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return list(embedder.embed_documents(texts).tolist())

        def embed_query(self, text: str) -> list[float]:
            return list(embedder.embed_query(text).tolist())

    return Wrapped()


def as_chroma(embedder: Embedder) -> Any:
    """Return the embedder as Chroma takes it."""
    import chromadb

    class Wrapped(chromadb.EmbeddingFunction[chromadb.Documents]):
        def __init__(self) -> None: ...

        def __call__(self, input: chromadb.Documents) -> chromadb.Embeddings:
            return [*embedder.embed_documents(input)]

        @staticmethod
        def name() -> str:
            return embedder.name

        def get_config(self) -> dict[str, Any]:
            return {}

    return Wrapped()
