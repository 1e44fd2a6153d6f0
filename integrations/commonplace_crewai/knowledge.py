"""A crew's documents in the same store as its memory."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from anyio import to_thread
from crewai.knowledge.storage.base_knowledge_storage import BaseKnowledgeStorage
from crewai.rag.types import SearchResult
from pydantic import Field
from typing_extensions import override

from commonplace import Match, Memory, Record, Source
from commonplace.adapters.by_vector import discard, own, stated
from commonplace.adapting import query_text
from commonplace.recall.packing import RELEVANT
from commonplace.values.characters import mended

_DOCUMENT = Source(framework="crewai", origin="document")


class CommonplaceKnowledge(BaseKnowledgeStorage):
    """CrewAI's knowledge in a memory, for ``Knowledge(..., storage=...)``.

    A search reads everything that the memory reads, by words and meaning. A document that is
    stored already is not stored again. `reset` removes the documents of this scope and nothing
    else.

    Args:
        memory: The memory to store in.
        min_confidence: Leave out results below this, from 0 to 1. It replaces CrewAI's
            `score_threshold`, which is for cosines.

    >>> handbook = CommonplaceKnowledge(memory=memory.scope("handbook"))
    >>> handbook.save(["Refunds take five days"])
    >>> [found["content"] for found in handbook.search(["How long do refunds take?"])]
    ['Refunds take five days']
    """

    memory: Memory = Field(exclude=True, repr=False)
    min_confidence: float = RELEVANT

    @override
    def search(
        self,
        query: list[str],
        limit: int = 5,
        metadata_filter: dict[str, Any] | None = None,
        score_threshold: float = 0.6,
    ) -> list[SearchResult]:
        asked = query_text("\n".join(query))
        if not asked.strip() or limit <= 0:
            return []
        where = {key: {"$eq": value} for key, value in (metadata_filter or {}).items()}
        matches = self.memory.recall(
            asked, limit=limit, where=where, min_confidence=self.min_confidence
        )
        return [_result(match) for match in matches]

    @override
    def save(self, documents: list[str]) -> None:
        known = {record.text for record in self._documents()}
        fresh = [
            one for one in dict.fromkeys(map(mended, documents)) if one.strip() and one not in known
        ]
        stated(own(self.memory), [Record(text, source=_DOCUMENT) for text in fresh])

    @override
    def reset(self) -> None:
        discard(own(self.memory), self._documents())

    @override
    async def asearch(
        self,
        query: list[str],
        limit: int = 5,
        metadata_filter: dict[str, Any] | None = None,
        score_threshold: float = 0.6,
    ) -> list[SearchResult]:
        return await to_thread.run_sync(partial(self.search, query, limit, metadata_filter))

    @override
    async def asave(self, documents: list[str]) -> None:
        await to_thread.run_sync(self.save, documents)

    @override
    async def areset(self) -> None:
        await to_thread.run_sync(self.reset)

    def _documents(self) -> list[Record]:
        records = own(self.memory).records(limit=sys.maxsize)
        return [one for one in records if one.source == _DOCUMENT]


def _result(match: Match) -> SearchResult:
    record = match.record
    return SearchResult(
        id=record.id, content=record.text, metadata=dict(record.metadata), score=match.confidence
    )
