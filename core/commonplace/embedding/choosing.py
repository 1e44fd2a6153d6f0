"""Which embedder a store is opened with, where nobody names one: the one that it was made with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from commonplace.embedding.adapters import CheckedEmbedder, as_embedder
from commonplace.embedding.minilm import MiniLM
from commonplace.embedding.naming import is_shipped
from commonplace.errors import EmbedderMismatchError

Opened = TypeVar("Opened")


def opened_with(
    embedder: object, opening: Callable[[str], Opened]
) -> tuple[Opened, CheckedEmbedder]:
    """Return what `opening` gives for the name of an embedder, and the embedder.

    Without one that is the default, or another model that ships, if the store is of that one. One
    behind an address is not taken from a store: whoever opens it says where texts are sent. Raises
    InvalidInputError, EmbedderMismatchError.
    """
    adapted = as_embedder(MiniLM() if embedder is None else embedder)
    try:
        return opening(adapted.name), adapted
    except EmbedderMismatchError as mismatch:
        if embedder is not None or not is_shipped(mismatch.stored):
            raise
        stored = as_embedder(mismatch.stored)
        return opening(stored.name), stored
