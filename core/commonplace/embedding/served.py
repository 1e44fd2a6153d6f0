"""An embedder behind an OpenAI-compatible API: OpenAI, Ollama, vLLM, TEI, llama.cpp and others."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from commonplace.embedding import estimating
from commonplace.embedding.endpoint import Endpoint, RefusedError
from commonplace.embedding.openai_wire import Numbers, vectors_of
from commonplace.errors import EmbeddingError, InvalidInputError

Vectors = NDArray[np.float32]

OPENAI = "https://api.openai.com/v1"
OPENAI_KEY = "OPENAI_API_KEY"
SHORTEST = 200
"""A text of so few characters is not too long for a model."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is put before a text of this kind, and what is sent beside it."""

    prefix: str
    fields: Mapping[str, str] = field(default_factory=dict)


class OpenAICompatible:
    """Embeds text with a model of an OpenAI-compatible API.

    Texts are sent `batch` at a time, fewer where the server refuses so many. Where it is busy or
    gone it is asked again, up to five times. A text of more than `reads` tokens, which are
    estimated, is embedded in windows; one that the server still refuses is shortened, which is
    logged as a warning. May be used from several threads.

    >>> OpenAICompatible("bge-m3", "http://localhost:11434/v1").name
    'openai-compatible:bge-m3'
    """

    def __init__(
        self,
        model: str,
        address: str = OPENAI,
        *,
        api_key_env: str | None = None,
        dimensions: int | None = None,
        reads: int = 512,
        batch: int = 64,
        timeout: float = 60.0,
        query_prefix: str = "",
        document_prefix: str = "",
        query_fields: Mapping[str, str] | None = None,
        document_fields: Mapping[str, str] | None = None,
    ) -> None:
        """Ask `model` at `address`, such as ``http://localhost:11434/v1``; by default of OpenAI.

        `api_key_env` names the environment variable that holds the key, OPENAI_API_KEY for OpenAI.
        `dimensions` asks for shorter vectors. `timeout` is in seconds. The prefixes are put before
        questions and texts to be found, as some models want; the fields are sent beside them, such
        as ``{"input_type": "query"}``. Raises InvalidInputError.
        """
        if not model:
            raise InvalidInputError("A model has a name, such as 'text-embedding-3-small'.")
        _check_numbers({"dimensions": dimensions, "reads": reads, "batch": batch}, timeout)
        self._model, self._dimensions, self._reads, self._batch = model, dimensions, reads, batch
        self._query = _Kind(query_prefix, dict(query_fields or {}))
        self._document = _Kind(document_prefix, dict(document_fields or {}))
        if api_key_env is None and address == OPENAI:
            api_key_env = OPENAI_KEY
        self._endpoint = Endpoint(address, api_key_env, timeout)

    @property
    def name(self) -> str:
        """Model and settings: what decides about the vectors, and nothing of where it is."""
        decides = {
            "dimensions": self._dimensions,
            "query_prefix": self._query.prefix,
            "document_prefix": self._document.prefix,
            **{f"query.{name}": value for name, value in sorted(self._query.fields.items())},
            **{f"document.{name}": value for name, value in sorted(self._document.fields.items())},
        }
        given = urlencode({name: value for name, value in decides.items() if value})
        return f"openai-compatible:{self._model}" + (f"#{given}" if given else "")

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embed texts to be found: float32, shape (len(texts), dimension).

        Raises:
            EmbeddingError: the server refused, did not answer, or answered what is no vector.
        """
        return self._embedded(texts, self._document)

    def embed_query(self, text: str) -> Vectors:
        """Embed a question: float32, shape (dimension,).

        Raises:
            EmbeddingError: the server refused, did not answer, or answered what is no vector.
        """
        vector: Vectors = self._embedded([text], self._query)[0]
        return vector

    def windows(self, text: str) -> list[str]:
        """Return `text` in overlapping pieces that are each read whole; a short one as `[text]`."""
        return estimating.split(text, self._reads)

    def _embedded(self, texts: Sequence[str], kind: _Kind) -> Vectors:
        found: list[Numbers] = []
        while len(found) < len(texts):
            first = len(found)
            found += self._taken(texts[first : first + self._batch], first, kind)[0]
        return self._checked(found)

    def _taken(self, texts: Sequence[str], first: int, kind: _Kind) -> tuple[list[Numbers], bool]:
        """Return vectors of texts, the first of which has the place `first`; and: all at once?"""
        try:
            return self._asked(texts, kind), True
        except RefusedError as refusal:
            return self._smaller(texts, first, kind, refusal), False

    def _smaller(
        self, texts: Sequence[str], first: int, kind: _Kind, refusal: RefusedError
    ) -> list[Numbers]:
        """Return vectors of texts that were refused together."""
        if not refusal.may_be_too_much:
            raise refusal
        if len(texts) == 1:
            return self._shortened(texts[0], first, kind, refusal)
        middle = len(texts) // 2
        found, were_taken = self._taken(texts[:middle], first, kind)
        others, were_too = self._taken(texts[middle:], first + middle, kind)
        if were_taken and were_too:  # so there had been too many, and none too long
            self._batch = min(self._batch, len(texts) - middle)
        return found + others

    def _shortened(
        self, text: str, place: int, kind: _Kind, refusal: RefusedError
    ) -> list[Numbers]:
        length = len(text)
        while length > SHORTEST:
            length //= 2
            try:
                found = self._asked([text[:length]], kind)
            except RefusedError:
                continue
            _log.warning(
                "text %d has %d characters, of which %s takes the first %d",
                place + 1, len(text), self.name, length,
            )  # fmt: skip
            return found
        raise EmbeddingError(f"Text {place + 1} was refused: {refusal}") from refusal

    def _asked(self, texts: Sequence[str], kind: _Kind) -> list[Numbers]:
        """Return a vector for each text; those that an answer leaves out are sent again."""
        found: dict[int, Numbers] = {}
        while missing := [place for place in range(len(texts)) if place not in found]:
            sent = [kind.prefix + texts[place] for place in missing]
            given = self._given(sent, kind)
            if not given:
                raise self._error(f"gave no vector for {len(missing)} texts")
            found |= {missing[place]: vector for place, vector in given.items()}
        return [found[place] for place in range(len(texts))]

    def _given(self, sent: list[str], kind: _Kind) -> dict[int, Numbers]:
        body: dict[str, object] = {"model": self._model, **kind.fields}
        if self._dimensions is not None:
            body["dimensions"] = self._dimensions
        answer = self._endpoint.ask(body, sent)
        try:
            return vectors_of(answer, len(sent))
        except EmbeddingError as error:
            message = f"The embedder {self.name!r} cannot be used: {error}"
            raise EmbeddingError(message) from error

    def _checked(self, found: list[Numbers]) -> Vectors:
        sizes = sorted({len(vector) for vector in found})
        if len(sizes) > 1 or self._dimensions not in {None, *sizes}:
            wanted = "one dimension" if self._dimensions is None else f"{self._dimensions} numbers"
            raise self._error(f"was asked for vectors of {wanted}, and gave such of {sizes}")
        try:
            vectors = np.asarray(found, np.float32)
        except (TypeError, ValueError) as error:
            raise self._error(f"gave a vector with what is no number: {error}") from error
        if len(empty := np.flatnonzero(~vectors.any(axis=1))):
            # No model means that; a server does it where its memory or its model is damaged.
            raise self._error(f"gave a vector of zeros for text {empty[0] + 1} of {len(vectors)}")
        return vectors

    def _error(self, what: str) -> EmbeddingError:
        return EmbeddingError(f"The embedder {self.name!r} {what}.")


def _check_numbers(counts: Mapping[str, object], timeout: object) -> None:
    for option, value in counts.items():
        if value is not None and not (type(value) is int and value > 0):
            raise InvalidInputError(f"{option} is a whole number of at least 1, not {value!r}.")
    if not (isinstance(timeout, int | float) and 0 < timeout < math.inf):
        raise InvalidInputError(f"timeout is a number of seconds above 0, not {timeout!r}.")
