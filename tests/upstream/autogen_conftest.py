"""Put our memory in the place of AutoGen's own, for the tests that AutoGen runs on its own.

`.ci/autogen-memory-tests` copies this beside a copy of those tests. Who asks for a `ListMemory`, a
`ChromaDBVectorMemory` or the tests' own `MockMemory` gets a `SharedMemory`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

import autogen_core.memory
import autogen_ext.memory.chromadb
import pytest
from autogen_core.memory import MemoryContent

import commonplace
from commonplace.testing import HashingEmbedder
from commonplace_autogen import SharedMemory

_CONFIGURATION = "of the reference's configuration: ours names a directory and a scope"
REASONS = {
    "test_component_serialization": _CONFIGURATION,
    "test_memory_component_load_config_from_base_model": _CONFIGURATION,
    "test_memory_component_dump_config_to_base_model": _CONFIGURATION,
    "test_to_config_agent_with_memory": "of the name of the tests' own mock",
    "test_embedding_function_error_handling": "wants it at the first use: ours fails when opened",
    "test_list_memory_add_and_query": "wants the order of adding: ours is that of relevance",
    "test_list_memory_content_types": "wants bytes: ours keeps text and JSON; bytes are an error",
    "test_list_memory_update_context": "wants all that is kept: ours recalls what a user asks for",
}


class Ours(SharedMemory):
    """Our memory on a store of its own, which is closed with it."""

    def __init__(self, store: commonplace.Memory, scope: str, **options: Any) -> None:
        super().__init__(store.scope(scope), min_confidence=0, on_error="raise", **options)
        self._opened_here = True


class AsList(Ours):
    """Made as a `ListMemory`."""

    def __init__(
        self, name: str | None = None, memory_contents: Iterable[MemoryContent] = ()
    ) -> None:
        store = commonplace.open(":memory:", embedder=HashingEmbedder())
        super().__init__(store, name or "list")
        store.scope(name or "list").remember_many([str(one.content) for one in memory_contents])


class AsMock(Ours):
    """Made as the `MockMemory` of the tests of agents, in a directory."""

    def __init__(self, directory: Path, contents: Iterable[str] | None = None) -> None:
        store = commonplace.open(directory, embedder=HashingEmbedder())
        super().__init__(store, "mock", emit_events=True)
        store.scope("mock").remember_many(list(contents or ()))


class AsChroma(Ours):
    """Made as a `ChromaDBVectorMemory`, on the model that ships or a function of one's own."""

    def __init__(self, config: Any = None) -> None:
        embedding = config.embedding_function_config
        self.collection_name = config.collection_name
        self._threshold = config.score_threshold or 0.0
        self._limit = config.k
        is_own = embedding.function_type == "custom"
        made = embedding.function(**embedding.params) if is_own else None
        store = commonplace.open(config.persistence_path, embedder=made)
        super().__init__(store, config.collection_name, emit_events=True)

    async def query(self, query: Any, cancellation_token: Any = None, **options: Any) -> Any:
        asked = {"limit": self._limit, "min_confidence": self._threshold, **options}
        return await super().query(query, cancellation_token, **asked)

    async def reset(self) -> None:
        await self.clear()


autogen_core.memory.ListMemory = AsList  # type: ignore[misc, assignment]  # the point
autogen_ext.memory.chromadb.ChromaDBVectorMemory = AsChroma  # type: ignore[misc, assignment]  # the point


@pytest.fixture(autouse=True)
def our_mock_memory(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if hasattr(request.module, "MockMemory"):
        monkeypatch.setattr(request.module, "MockMemory", partial(AsMock, tmp_path / "memory"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        name = getattr(item, "originalname", None) or item.name
        if name in REASONS:
            item.add_marker(pytest.mark.skip(reason=REASONS[name]))
