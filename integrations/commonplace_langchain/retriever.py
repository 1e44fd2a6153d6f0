"""A memory where LangChain expects a retriever."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever, LangSmithRetrieverParams
from pydantic import Field

from commonplace import AsyncMemory, Match, Memory
from commonplace.adapting import OnError, guarded, query_text
from commonplace.values.validation import checked_limit

_RECALLING = "recalling for the LangChain retriever"


class MemoryRetriever(BaseRetriever):
    """Finds what a memory knows about a query, as documents, best first.

    `k` is how many documents are found at most, ``invoke(query, k=3)`` asks for another number
    once; documents of a confidence below `min_confidence`, in 0..1, are left out. A blank query
    finds nothing. A failing memory finds nothing and is logged, unless ``on_error="raise"``; a `k`
    that cannot be used raises InvalidInputError.

    A document's `page_content` is the record's text and its `id` the record's id. The `metadata`
    has always the same keys: kind, confidence, scope, framework, agent, session, origin, created_at
    (ISO 8601) and, as a dict of its own so that nothing can hide anything, the record's metadata.

    >>> _ = memory.remember("She is allergic to peanuts", metadata={"topic": "food"})
    >>> retriever = MemoryRetriever(memory=memory, k=1)
    >>> [document] = retriever.invoke("allergic to what?")
    >>> document.page_content, document.metadata["kind"], document.metadata["metadata"]
    ('She is allergic to peanuts', 'fact', {'topic': 'food'})
    """

    memory: Memory = Field(exclude=True)
    k: int = Field(default=8, ge=0)
    min_confidence: float = Field(default=0.0, ge=0, le=1)
    on_error: OnError = "log"

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002  # LangChain passes it by name
        k: int | None = None,
    ) -> list[Document]:
        limit = self._limit(k)
        if not query.strip():
            return []
        matches: list[Match] = []
        with guarded(_RECALLING, self.on_error):
            matches = self.memory.recall(
                query_text(query), limit=limit, min_confidence=self.min_confidence
            )
        return [_document(match) for match in matches]

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,  # noqa: ARG002  # as above
        k: int | None = None,
    ) -> list[Document]:
        limit = self._limit(k)
        if not query.strip():
            return []
        matches: list[Match] = []
        with guarded(_RECALLING, self.on_error):
            matches = await AsyncMemory(self.memory).recall(
                query_text(query), limit=limit, min_confidence=self.min_confidence
            )
        return [_document(match) for match in matches]

    def _limit(self, k: int | None) -> int:
        return checked_limit(self.k if k is None else k, "k")

    def _get_ls_params(self, **kwargs: Any) -> LangSmithRetrieverParams:
        described = super()._get_ls_params(**kwargs)
        described["ls_vector_store_provider"] = "commonplace"
        return described


def _document(match: Match) -> Document:
    record = match.record
    return Document(
        record.text,
        id=record.id,
        metadata={
            "kind": record.kind,
            "confidence": match.confidence,
            "scope": str(record.scope),
            "framework": record.source.framework,
            "agent": record.source.agent,
            "session": record.source.session,
            "origin": record.source.origin,
            "created_at": record.created_at.isoformat(),
            "metadata": deepcopy(dict(record.metadata)),
        },
    )
