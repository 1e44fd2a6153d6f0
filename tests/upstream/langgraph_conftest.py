"""Put our store in the place of LangGraph's, for the tests that LangGraph runs on its own.

`.ci/langgraph-store-tests` copies this beside a copy of those tests. Whoever asks for an
`InMemoryStore`, an `SqliteStore` or an `AsyncSqliteStore` gets a `MemoryStore` on a new memory.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import langgraph.store.memory
import langgraph.store.sqlite
import langgraph.store.sqlite.aio
import pytest

import commonplace
from commonplace.testing import HashingEmbedder
from commonplace_langchain import MemoryStore

_SCORE = "wants cosines of single fields as scores: ours are confidences of the whole text"
REASONS = {
    "test_scores": _SCORE,
    "test_embed_with_path": _SCORE,
    "test_vector_store_initialization": "of an attribute of the reference, index_config",
    "test_nonnull_migrations": "of the reference's SQL",
    "test_sql_injection_vulnerability": "wants an error for a quoted name: ours finds nothing",
    "test_numeric_filter_safety": "wants NaN in a filter to find nothing: ours is an error",
    "test_no_running_loop": "wants sync methods to fail within an event loop: ours work",
}


class Store(MemoryStore):
    """Our store as the reference stores are made."""

    def __init__(self, *, index: Any = None, ttl: Any = None, **_: Any) -> None:
        config = dict(index or {})
        self._opened = commonplace.open(":memory:", embedder=config.get("embed", HashingEmbedder()))
        fields = config.get("fields") or config.get("text_fields") or ["$"]
        super().__init__(self._opened, fields=fields, ttl=ttl)

    def setup(self) -> Any:
        """Need nothing; may be awaited."""
        return _nothing()

    @classmethod
    @contextmanager
    def from_conn_string(cls, _: str, **options: Any) -> Iterator[Store]:
        yield cls(**options)


class AsyncStore(Store):
    """The same, as an asynchronous context."""

    @classmethod
    @asynccontextmanager
    async def from_conn_string(cls, _: str, **options: Any) -> AsyncIterator[AsyncStore]:  # type: ignore[override]  # as the reference
        yield cls(**options)


class _nothing:  # noqa: N801  # awaited or not
    def __await__(self) -> Iterator[None]:
        return iter(())


langgraph.store.memory.InMemoryStore = Store  # type: ignore[misc, assignment]  # the point
langgraph.store.sqlite.SqliteStore = Store
langgraph.store.sqlite.AsyncSqliteStore = AsyncStore


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = getattr(item, "originalname", None) or item.name
        if name in REASONS:
            item.add_marker(pytest.mark.skip(reason=REASONS[name]))
