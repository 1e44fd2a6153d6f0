"""A memory where LangChain expects a vector store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance
from typing_extensions import Self, override

from commonplace import InvalidInputError, Memory, Record, Source
from commonplace.adapters.by_vector import discard, embedded, nearest, own, present
from commonplace.adapting import checked_memory, query_text
from commonplace.recall.filters import Selection
from commonplace.values.records import new_id
from commonplace.values.validation import checked_limit

_SOURCE = Source(framework="langchain", origin="document")


class MemoryVectorStore(VectorStore):
    """A LangChain `VectorStore` on a memory, for everything that takes a vector store.

    A document is a record of the origin ``document``, with the document's id and metadata. A
    search also finds what was remembered by other means. The memory embeds by itself. Scores are
    confidences from 0 to 1; the highest is best. A document with an id that is stored already
    replaces it. `filter` is the `where` of `Memory.recall`.

    Args:
        memory: The memory to search and to write to.

    >>> store = MemoryVectorStore(memory)
    >>> store.add_texts(["Refunds take five days"], [{"page": 7}], ids=["refunds"])
    ['refunds']
    >>> [(document, score)] = store.similarity_search_with_relevance_scores("refunds?", k=1)
    >>> document.page_content, document.metadata, 0 <= score <= 1
    ('Refunds take five days', {'page': 7}, True)
    """

    def __init__(self, memory: Memory) -> None:
        """Search `memory` and write to it. Raises InvalidInputError if it is no Memory."""
        self._memory = checked_memory(memory)

    @property
    def memory(self) -> Memory:
        """The memory that holds the documents."""
        return self._memory

    @classmethod
    @override
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings | None = None,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        memory: Memory | None = None,
        **kwargs: Any,
    ) -> Self:
        """Add texts to `memory`, which embeds them itself: `embedding` is None."""
        if memory is None or embedding is not None:
            raise InvalidInputError(
                "A memory embeds by itself: give embedding=None and memory=commonplace.open(..., "
                "embedder=...), which takes LangChain's Embeddings."
            )
        store = cls(memory)
        store.add_texts(texts, metadatas, ids=ids, **kwargs)
        return store

    @override
    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        batch_size: int | None = None,  # all are one batch
        **kwargs: Any,
    ) -> list[str]:
        """Remember texts; return their ids. Raises as `Memory.remember_many` does.

        `batch_size` is what LangChain's `index` gives: here all texts are written or none.
        """
        given = list(texts)
        _check_none(kwargs)
        described: Sequence[dict[str, Any]] = metadatas or [{} for _ in given]
        named: Sequence[str | None] = ids or [None for _ in given]
        if not len(given) == len(described) == len(named):
            raise InvalidInputError(
                f"{len(given)} texts have {len(described)} metadatas and {len(named)} ids: give "
                "one of each for each text."
            )
        records = [
            Record(text, metadata=metadata, source=_SOURCE, id=id or new_id())
            for text, metadata, id in zip(given, described, named, strict=True)
        ]
        own(self._memory).remember_many(records)
        return [record.id for record in records]

    @override
    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Remove the documents with these ids. Unknown ids are ignored."""
        _check_none(kwargs)
        if ids is None:
            raise InvalidInputError("delete takes ids: memory.erase(reason=...) removes all.")
        discard(self._memory, present(own(self._memory), ids))
        return True

    @override
    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the documents with these ids, in this order. Unknown ids are ignored."""
        return [_document(record) for record in present(self._memory, ids)]

    @override
    def similarity_search(
        self, query: str, k: int = 4, filter: dict[str, Any] | None = None, **kwargs: Any
    ) -> list[Document]:
        return [one for one, _ in self.similarity_search_with_score(query, k, filter, **kwargs)]

    @override
    def similarity_search_with_score(
        self, query: str, k: int = 4, filter: dict[str, Any] | None = None, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        _check_none(kwargs)
        checked_limit(k, "k")
        if not query.strip():
            return []
        matches = self._memory.recall(query_text(query), limit=k, where=filter)
        return [(_document(one.record), one.confidence) for one in matches]

    @override
    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        """Return what leaves a confidence as it is: it is in 0..1, and higher is better."""
        return float

    @override
    def similarity_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        filter: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """Return the documents nearest to a vector of the memory's own embedder."""
        _check_none(kwargs)
        selection = Selection(where=filter)
        found = nearest(self._memory, embedding, selection, checked_limit(k, "k"))
        return [_document(entry.record) for entry, _ in found]

    @override
    def max_marginal_relevance_search(
        self,
        query: str,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        vector = embedded(self._memory, [query_text(query)])[0]
        return self.max_marginal_relevance_search_by_vector(
            vector.tolist(), k, fetch_k, lambda_mult, filter, **kwargs
        )

    @override
    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        filter: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> list[Document]:
        """Return documents that are near to a vector and differ from one another."""
        _check_none(kwargs)
        many = max(checked_limit(k, "k"), checked_limit(fetch_k, "fetch_k"))
        found = [
            entry for entry, _ in nearest(self._memory, embedding, Selection(where=filter), many)
        ]
        vectors = [entry.vectors[0] for entry in found]
        asked = np.asarray(embedding, np.float32)
        chosen = maximal_marginal_relevance(asked, vectors, lambda_mult, k) if found else []
        return [_document(found[place].record) for place in chosen]


def _document(record: Record) -> Document:
    return Document(record.text, id=record.id, metadata=deepcopy(dict(record.metadata)))


def _check_none(unknown: dict[str, Any]) -> None:
    """Refuse options of other stores, which would change nothing here."""
    if unknown:
        raise InvalidInputError(f"A memory has no option {min(unknown)!r} here.")
