"""Takes an embedder of any of the common shapes, and checks everything that it returns."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from commonplace.embedding.shipped import shipped
from commonplace.errors import EmbeddingError, InvalidInputError

Vectors = NDArray[np.float32]

# Under these the frameworks' embedders keep the name of their model.
MODEL_ATTRIBUTES = ("model", "model_name", "model_id", "deployment")

ACCEPTED = (
    "the name of a model that ships, a Chroma embedding function, LangChain Embeddings, a callable "
    "from a list of texts to a list of vectors, or an object with name, embed_documents and "
    "embed_query"
)


class CheckedEmbedder:
    """An embedder whose vectors are known to be finite, of unit length, and one for each text.

    Every vector it returns is a copy scaled to unit length; one of zeros stays as it is.
    """

    def __init__(
        self,
        source: object,
        *,
        name: str,
        documents: Callable[[list[str]], Any],
        queries: Callable[[list[str]], Any],
    ) -> None:
        """Take from `source` a name and two ways to embed a list of texts."""
        self._source = source
        self._name = name
        self._documents = documents
        self._queries = queries

    @property
    def name(self) -> str:
        """Identity of the model, kept with the store: equal names mean equal vectors."""
        return self._name

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embed texts to be found: float32, shape (len(texts), dimension).

        No texts give shape (0, dimension), or (0, 0) if the embedder does not tell its dimension.

        Raises:
            EmbeddingError: the embedder failed, or returned anything but a vector for each text.
        """
        if not texts:
            dimension = getattr(self._source, "dimension", 0)
            return np.empty((0, dimension if isinstance(dimension, int) else 0), dtype=np.float32)
        return self._checked(self._documents, list(texts))

    def embed_query(self, text: str) -> Vectors:
        """Embed a question: float32, shape (dimension,).

        Raises:
            EmbeddingError: the embedder failed, or returned anything but one vector.
        """
        vector: Vectors = self._checked(self._queries, [text])[0]
        return vector

    def windows(self, text: str) -> list[str]:
        """Return `text` in the pieces that the embedder reads whole; `[text]` if it has no say."""
        split = getattr(self._source, "windows", None)
        if split is None:
            return [text]
        pieces: list[str] = self._called(split, text)
        if not pieces or not all(isinstance(piece, str) for piece in pieces):
            raise self._error(f"returned {pieces!r:.80} as the windows of a text")
        return pieces

    def _checked(self, embed: Callable[[list[str]], Any], texts: list[str]) -> Vectors:
        returned = self._called(lambda given: _collected(embed(given)), texts)
        vectors = self._numbers(returned)
        if vectors.ndim != 2 or vectors.shape[1] == 0:
            raise self._error(f"returned shape {vectors.shape} for {len(texts)} texts")
        if len(vectors) != len(texts):
            raise self._error(f"returned {len(vectors)} vectors for {len(texts)} texts")
        if not np.isfinite(vectors).all():
            raise self._error("returned a vector with NaN or infinite numbers")
        return _unit(vectors)

    def _called(self, function: Callable[[Any], Any], given: Any) -> Any:
        try:
            return function(given)
        except EmbeddingError:
            raise
        except Exception as error:
            raise self._error(f"raised {type(error).__name__}: {error}") from error

    def _numbers(self, returned: Any) -> NDArray[np.float64]:
        try:
            return np.asarray(returned, dtype=np.float64)
        except (TypeError, ValueError) as error:
            what = f"returned {type(returned).__name__}, not one vector of numbers for each text"
            raise self._error(what) from error

    def _error(self, what: str) -> EmbeddingError:
        return EmbeddingError(f"the embedder {self._name!r} {what}")


def as_embedder(thing: object) -> CheckedEmbedder:
    """Return `thing` as an embedder that keeps to the protocol, whatever it returns.

    Accepted are the name of a model that ships, a Chroma embedding function, LangChain
    `Embeddings`, a callable from a list of texts to a list of vectors, and an object with `name`,
    `embed_documents` and `embed_query`.

    >>> as_embedder(lambda texts: [[3.0, 4.0] for _ in texts]).embed_query("tea").tolist()
    [0.6000000238418579, 0.800000011920929]

    Raises:
        InvalidInputError: `thing` is none of these.
    """
    if isinstance(thing, CheckedEmbedder):
        return thing
    if isinstance(thing, str):
        return _from_methods(shipped(thing))
    if isinstance(thing, type) or inspect.iscoroutinefunction(thing):
        raise _not_accepted(thing)
    if callable(getattr(thing, "embed_documents", None)) and hasattr(thing, "embed_query"):
        return _from_methods(thing)
    if not callable(thing):
        raise _not_accepted(thing)
    if callable(getattr(thing, "name", None)):
        return _from_chroma(thing)
    return CheckedEmbedder(thing, name=_qualified_name(thing), documents=thing, queries=thing)


def _from_methods(thing: Any) -> CheckedEmbedder:
    """Take an object of this library's protocol, or of LangChain's, which has no name."""
    name = getattr(thing, "name", None)
    if not isinstance(name, str) or not name:
        model = _first_text(getattr(thing, attribute, None) for attribute in MODEL_ATTRIBUTES)
        name = _joined(f"langchain:{type(thing).__qualname__}", model)
    return CheckedEmbedder(
        thing,
        name=name,
        documents=thing.embed_documents,
        queries=lambda texts: [thing.embed_query(text) for text in texts],
    )


def _from_chroma(thing: Any) -> CheckedEmbedder:
    """Take a Chroma embedding function; one of the older kind has neither name nor settings."""
    name = thing.name()
    if not isinstance(name, str):
        name = type(thing).__qualname__
    settings = thing.get_config() if hasattr(thing, "get_config") else None
    model = None
    if isinstance(settings, Mapping):
        model = _first_text(settings.get(attribute) for attribute in MODEL_ATTRIBUTES)
    embed_query = getattr(thing, "embed_query", thing)
    return CheckedEmbedder(
        thing,
        name=_joined(f"chroma:{name}", model),
        documents=lambda texts: thing(input=texts),
        queries=lambda texts: embed_query(input=texts),
    )


def _not_accepted(thing: object) -> InvalidInputError:
    what = f"{thing!r} is not an embedder"
    if isinstance(thing, type):
        what += f"; pass an instance, as in {thing.__name__}(...)"
    return InvalidInputError(f"{what}. Accepted are {ACCEPTED}.")


def _first_text(values: Iterable[object]) -> str | None:
    return next((value for value in values if isinstance(value, str) and value), None)


def _joined(name: str, model: str | None) -> str:
    return f"{name}/{model}" if model else name


def _qualified_name(thing: object) -> str:
    """Return where `thing` is defined; for an object that can be called, where its class is."""
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    return f"{named.__module__}.{named.__qualname__}"


def _collected(returned: Any) -> Any:
    return list(returned) if isinstance(returned, Iterator) else returned


def _unit(vectors: NDArray[np.float64]) -> Vectors:
    """Return a copy with rows of unit length. In double precision, where no square overflows."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    unit: Vectors = (vectors / lengths).astype(np.float32)
    return unit
