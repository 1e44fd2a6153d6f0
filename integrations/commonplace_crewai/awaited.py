"""The half of CrewAI's storage protocol that is awaited: the other half in worker threads."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from anyio import to_thread
from crewai.memory.storage.backend import StorageBackend
from crewai.memory.types import MemoryRecord
from typing_extensions import override


class AwaitedStorage(StorageBackend):
    """A storage backend whose awaited methods leave the event loop alone."""

    @override
    async def asave(self, records: list[MemoryRecord]) -> None:
        await to_thread.run_sync(self.save, records)

    @override
    async def asearch(
        self,
        query_embedding: list[float],
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        metadata_filter: dict[str, Any] | None = None,
        limit: int = 10,
        min_score: float = 0.0,
    ) -> list[tuple[MemoryRecord, float]]:
        search = partial(self.search, query_embedding, scope_prefix, categories)
        return await to_thread.run_sync(search, metadata_filter, limit, min_score)

    @override
    async def adelete(
        self,
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        record_ids: list[str] | None = None,
        older_than: datetime | None = None,
        metadata_filter: dict[str, Any] | None = None,
    ) -> int:
        delete = partial(self.delete, scope_prefix, categories, record_ids)
        return await to_thread.run_sync(delete, older_than, metadata_filter)
