"""What the models have in common whose weights are on this machine."""

from __future__ import annotations

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from commonplace.embedding import graph, runtime, windows
from commonplace.embedding.recent import RecentVectors
from commonplace.errors import ModelUnavailableError

Vectors = NDArray[np.float32]

PROBE = "A commonplace book keeps what is worth remembering."
PROBE_TOLERANCE = 1e-3


class Loaded(ABC):
    """A model in memory: a text to its tokens, and tokens to vectors."""

    @property
    @abstractmethod
    def encoding(self) -> windows.Encoding:
        """What cuts a text into tokens."""

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vectors of `texts`, in their order: float32, shape (len(texts), 384)."""
        rows = [self._tokens(text) for text in texts]
        vectors = np.empty((len(rows), graph.WIDTH), dtype=np.float32)
        for batch in runtime.batches([len(row) for row in rows]):
            vectors[batch] = self._vectors([rows[place] for place in batch])
        return vectors

    @abstractmethod
    def _tokens(self, text: str) -> list[int]: ...

    @abstractmethod
    def _vectors(self, rows: list[list[int]]) -> Vectors: ...


@dataclass(frozen=True, slots=True)
class Proof:
    """The beginning of a text's vector as others compute it, and what to do where it is another.

    Whatever files were found, they are used only if they give it.
    """

    name: str
    text: str
    vector: Sequence[float]
    remedy: str
    tolerance: float = PROBE_TOLERANCE

    def of(self, place: Path, loaded: Callable[[], Loaded]) -> Loaded:
        """Return a model that was loaded from `place`. Raises ModelUnavailableError."""
        try:
            model = loaded()
            first = model.embed([self.text])[0, : len(self.vector)]
        except ModelUnavailableError:
            raise
        except Exception as error:
            message = f"{place} cannot be used: {error}. {self.remedy}"
            raise ModelUnavailableError(message) from error
        if not np.allclose(first, self.vector, rtol=0, atol=self.tolerance):
            raise ModelUnavailableError(
                f"{place} is not {self.name}: it gives other vectors. {self.remedy}"
            )
        return model


class LocalModel(ABC):
    """An embedder whose weights are on this machine: 384 dimensions, unit length.

    Nothing is read before the first use. May be used from several threads.
    """

    name: ClassVar[str]
    dimension = graph.WIDTH
    sizes: ClassVar[windows.Sizes]
    document_prefix = query_prefix = ""

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        """Use the weights in `directory`, or by default the first that are found."""
        self._directory = None if directory is None else Path(directory)
        self._loading = threading.Lock()
        self._model: Loaded | None = None
        self._recent = RecentVectors()

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embed texts to be found: float32, shape (len(texts), 384), unit length per row.

        Raises:
            ModelUnavailableError: the weights are not on this machine, or are not the model's.
        """
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        return self._embedded([self.document_prefix + text for text in texts])

    def embed_query(self, text: str) -> Vectors:
        """Embed a question: float32, shape (384,), unit length.

        Raises:
            ModelUnavailableError: the weights are not on this machine, or are not the model's.
        """
        vector: Vectors = self._embedded([self.query_prefix + text])[0]
        return vector

    def windows(self, text: str) -> list[str]:
        """Return `text` in overlapping pieces that are each read whole; a short one as `[text]`.

        Raises:
            ModelUnavailableError: the weights are not on this machine, or are not the model's.
        """
        return windows.split(text, self._loaded().encoding, self.sizes)

    def _embedded(self, texts: Sequence[str]) -> Vectors:
        return self._recent.embedded(texts, self._loaded().embed)

    def _loaded(self) -> Loaded:
        with self._loading:
            if self._model is None:
                runtime.silence()
                self._model = self._load(self._directory)
            return self._model

    @abstractmethod
    def _load(self, directory: Path | None) -> Loaded:
        """Return the model over the weights in `directory` or the first found, checked."""
