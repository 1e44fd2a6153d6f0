"""Takes an embedder of any of the common shapes, and checks everything that it returns."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonplace.embedding.naming import named
from commonplace.embedding.shapes import Shape, settled, shape_of
from commonplace.errors import EmbeddingError, InvalidInputError

Vectors = NDArray[np.float32]

ACCEPTED = (
    "the name of a model ('minilm', 'multilingual', 'openai:MODEL@http://HOST/v1'), a Chroma "
    "embedding function, LangChain or LlamaIndex embeddings, a SentenceTransformer, a callable "
    "from a list of texts to a list of vectors, and an object with name, embed_documents and "
    "embed_query; each also in its asynchronous form"
)

_log = logging.getLogger(__name__)


class CheckedEmbedder:
    """An embedder whose vectors are known to be finite, of unit length, and one for each text.

    Every vector it returns is a copy scaled to unit length; one of zeros
    stays as it is, so that a text which means nothing to the model is found by its words.
    """

    def __init__(self, source: object, shape: Shape) -> None:
        """Take from `source` the name and the ways to embed of its `shape`."""
        self._source = source
        self._shape = shape
        self._gave_zeros = False

    @property
    def name(self) -> str:
        """Identity of the model, kept with the store: equal names mean equal vectors."""
        return self._shape.name

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embed texts to be found: float32, shape (len(texts), dimension).

        No texts give shape (0, dimension), or (0, 0) if the embedder does not tell its dimension.

        Raises:
            EmbeddingError: the embedder failed, or returned anything but a vector for each text.
        """
        if not texts:
            dimension = getattr(self._source, "dimension", 0)
            return np.empty((0, dimension if isinstance(dimension, int) else 0), dtype=np.float32)
        return self._checked(self._shape.documents, list(texts))

    def embed_query(self, text: str) -> Vectors:
        """Embed a question: float32, shape (dimension,).

        Raises:
            EmbeddingError: the embedder failed, or returned anything but one vector.
        """
        vector: Vectors = self._checked(self._shape.queries, [text])[0]
        return vector

    def windows(self, text: str) -> list[str]:
        """Return `text` in the pieces that the embedder reads whole; `[text]` if it has no say."""
        if self._shape.windows is None:
            return [text]
        pieces: list[str] = self._called(self._shape.windows, text)
        if not pieces or not all(isinstance(piece, str) for piece in pieces):
            raise self._error(f"returned {pieces!r:.80} as the windows of a text")
        return pieces

    def _checked(self, embed: Callable[[list[str]], Any], texts: list[str]) -> Vectors:
        vectors = self._numbers(self._called(embed, texts))
        if vectors.ndim != 2 or vectors.shape[1] == 0:
            raise self._error(f"returned shape {vectors.shape} for {len(texts)} texts")
        if len(vectors) != len(texts):
            raise self._error(f"returned {len(vectors)} vectors for {len(texts)} texts")
        largest = np.abs(vectors).max(axis=1, keepdims=True)
        if len(unsound := np.flatnonzero(~np.isfinite(largest))):
            place = f"text {unsound[0] + 1} of {len(texts)}"
            raise self._error(f"returned NaN or infinite numbers for {place}")
        if not largest.all():
            self._tell_of_zeros()
            largest[largest == 0] = 1
        # Of numbers up to 1 no square overflows, and not all vanish.
        evened = vectors / largest
        lengths = np.linalg.norm(evened, axis=1, keepdims=True)
        unit: Vectors = (evened / np.maximum(lengths, 1)).astype(np.float32)
        return unit

    def _tell_of_zeros(self) -> None:
        """Tell once: a model of words may have none for a text, but a damaged one has for none."""
        if self._gave_zeros:
            return
        self._gave_zeros = True
        _log.warning(
            "the embedder %r returned a vector of zeros: such a text is found by its words alone",
            self.name,
        )

    def _called(self, function: Callable[[Any], Any], given: Any) -> Any:
        try:
            returned = settled(function(given))
            return list(returned) if isinstance(returned, Iterator) else returned
        except EmbeddingError:
            raise
        except Exception as error:
            raise self._error(f"raised {type(error).__name__}: {error}") from error

    def _numbers(self, returned: Any) -> NDArray[np.float64]:
        try:
            return np.asarray(returned, dtype=np.float64)
        except (TypeError, ValueError) as error:
            what = f"returned {type(returned).__name__}, not one vector of numbers for each text"
            raise self._error(what + _sizes(returned)) from error

    def _error(self, what: str) -> EmbeddingError:
        return EmbeddingError(f"the embedder {self.name!r} {what}")


def as_embedder(thing: object) -> CheckedEmbedder:
    """Return `thing` as an embedder that keeps to the protocol, whatever it returns.

    Accepted are the name of a model, a Chroma embedding function, LangChain or LlamaIndex
    embeddings, a SentenceTransformer, a callable from a list of texts to a list of vectors, and an
    object with `name`, `embed_documents` and `embed_query`; each also in its asynchronous form,
    which is awaited on an event loop of its own.

    >>> as_embedder(lambda texts: [[3.0, 4.0] for _ in texts]).embed_query("tea").tolist()
    [0.6000000238418579, 0.800000011920929]

    Raises:
        InvalidInputError: `thing` is none of these.
    """
    if isinstance(thing, CheckedEmbedder):
        return thing
    source = named(thing) if isinstance(thing, str) else thing
    shape = None if isinstance(source, type) else shape_of(source)
    if shape is None:
        raise _not_accepted(source)
    return CheckedEmbedder(source, shape)


def _not_accepted(thing: object) -> InvalidInputError:
    what = f"{thing!r} is not an embedder"
    if isinstance(thing, type):
        what += f"; pass an instance, as in {thing.__name__}(...)"
    return InvalidInputError(f"{what}. Accepted are {ACCEPTED}.")


def _sizes(returned: Any) -> str:
    """Return how long the vectors are, where they differ."""
    try:
        sizes = sorted({len(vector) for vector in returned if not isinstance(vector, str)})
    except TypeError:
        return ""
    return f": vectors of dimension {', '.join(map(str, sizes))}" if len(sizes) > 1 else ""
