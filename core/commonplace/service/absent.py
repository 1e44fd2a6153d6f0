"""The embedder of a server whose clients embed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from commonplace.embedding.naming import SERVED, is_shipped
from commonplace.errors import EmbeddingError


class Absent:
    """A model that is known by name and is not here."""

    def __init__(self, name: str) -> None:
        """Stand for the model `name`."""
        self.name = name

    def embed_documents(self, _: Sequence[str]) -> NoReturn:
        raise self._error()

    def embed_query(self, _: str) -> NoReturn:
        raise self._error()

    def _error(self) -> EmbeddingError:
        return EmbeddingError(
            f"This server keeps vectors of {self.name!r} and has no such model: send vectors."
        )


def model_of(name: str | None) -> str | Absent | None:
    """Return what a server opens its store with: a model that it can make, or only its name."""
    if name is None or is_shipped(name) or name.startswith(SERVED):
        return name
    return Absent(name)
