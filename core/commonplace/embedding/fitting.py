"""Embeds for one store: vectors that it can hold beside its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from commonplace.embedding.adapters import CheckedEmbedder
from commonplace.embedding.entries import embedded
from commonplace.errors import EmbedderMismatchError
from commonplace.ports import Entry, Vectors
from commonplace.values.records import Record


class FittingEmbedder:
    """An embedder whose vectors, and those sent in their place, have the store's dimension.

    Raises EmbedderMismatchError for any other.
    """

    def __init__(self, embedder: CheckedEmbedder, dimension: Callable[[], int | None]) -> None:
        """Compare with `dimension`, which is None as long as the store holds nothing."""
        self._embedder = embedder
        self._dimension = dimension

    @property
    def name(self) -> str:
        """Identity of the model."""
        return self._embedder.name

    def texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts to be found: float32, shape (len(texts), dimension)."""
        return self._embedder.embed_documents(texts)

    def query(self, text: str, sent: Vectors | None = None) -> Vectors:
        """Embed a question, or take the vector that was sent with it."""
        return self.checked(self._embedder.embed_query(text) if sent is None else sent)

    def entries(self, records: Collection[Record], sent: Sequence[Vectors] | None) -> list[Entry]:
        """Embed records, or take the vectors that were sent with them."""
        if sent is None:
            entries = embedded(records, self._embedder)
        else:
            entries = [Entry(*pair) for pair in zip(records, sent, strict=True)]
        for entry in entries[:1]:
            self.checked(entry.vectors)
        return entries

    def checked(self, vectors: Vectors) -> Vectors:
        """Return vectors that the store can hold."""
        given, kept = vectors.shape[-1], self._dimension()
        if kept is not None and given != kept:
            raise EmbedderMismatchError(
                f"The store holds vectors of dimension {kept}, and the embedder "
                f"{self._embedder.name!r} gave dimension {given}. Open the store with the embedder "
                "it was built with."
            )
        return vectors
