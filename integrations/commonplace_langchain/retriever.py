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
    """A LangChain retriever on a memory. It returns documents, the best first.

    A document has the record's text as `page_content` and the record's id as `id`. Its `metadata`
    always has the same keys: kind, confidence, scope, framework, agent, session, origin,
    created_at (ISO 8601), and `metadata`, a dict with the record's own metadata. A blank query
    finds nothing.

    Args:
        memory: The memory to recall from.
        k: The most documents. ``invoke(query, k=3)`` asks for another number once.
        min_confidence: Leave out documents below this, from 0 to 1.
        on_error: With "log" a failing memory is logged and finds nothing; "raise" raises its
            error.

    Raises:
        InvalidInputError: `k` is no whole number of at least 0.

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
