"""Files as the exporters' own packages write them, imported.

Outside of the default run, since most of these packages are no dependency. Install what you want to
check, and run::

    pip install llama-index-core langgraph-checkpoint-sqlite langmem
    python -m pytest -n0 tests/upstream/exporters.py

What is not installed is skipped, and says so.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder
from imported import import_twice, write_json

pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # the packages' own
    pytest.mark.enable_socket,
]


@pytest.fixture
def memory() -> Iterator[Memory]:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as opened:
        yield opened


def installed(module: str, package: str) -> Any:
    found = pytest.importorskip(module, reason=f"{package} is not installed")
    print(f"{package} {version(package)}")  # noqa: T201  # for the table of the docs
    return found


def texts(memory: Memory, format: str, path: Path) -> set[str]:
    assert memory.import_(path, dry_run=True).format == format
    return {one.text for one in import_twice(memory, format, path)[0]}


def test_llamaindex(memory: Memory, tmp_path: Path) -> None:
    said = installed("llama_index.core.llms", "llama-index-core").ChatMessage
    stores = installed("llama_index.core.storage.chat_store", "llama-index-core")
    store = stores.SimpleChatStore()
    store.add_message("alice", said(role="user", content="Tea?"))
    store.add_message("alice", said(role="assistant", content="Green."))
    store.persist(str(tmp_path / "store.json"))

    assert texts(memory, "llamaindex-chat", tmp_path / "store.json") == {"Tea?", "Green."}


def test_langgraph_sqlite(memory: Memory, tmp_path: Path) -> None:
    sqlite = installed("langgraph.store.sqlite", "langgraph-checkpoint-sqlite")
    path = tmp_path / "store.db"
    with sqlite.SqliteStore.from_conn_string(str(path), ttl={"default_ttl": 60}) as store:
        store.setup()
        store.put(("users", "alice"), "tea", {"content": "Likes tea"})

    assert texts(memory, "langgraph-store", path) == {"Likes tea"}
    [record] = memory.records()
    assert record.ttl_on_use == timedelta(hours=1)
    assert record.expires_at is not None


def test_langmem(memory: Memory, tmp_path: Path) -> None:
    langmem = installed("langmem", "langmem")
    from langgraph.store.memory import InMemoryStore

    store = InMemoryStore()
    tool = langmem.create_manage_memory_tool(("memories", "alice"), store=store)
    tool.invoke({"content": "Likes tea", "action": "create"})
    items = [json.loads(json.dumps(one.dict(), default=str)) for one in store.search(())]

    path = write_json(tmp_path / "items.json", items)
    assert texts(memory, "langgraph-store", path) == {"Likes tea"}


def test_langchain_file_history(memory: Memory, tmp_path: Path) -> None:
    installed("langchain_core", "langchain-core")
    from langchain_core.load import dumpd
    from langchain_core.messages import AIMessage, HumanMessage, messages_to_dict

    said = [HumanMessage("Tea?"), AIMessage("Green.")]
    path = write_json(tmp_path / "talk.json", messages_to_dict(said))
    dumped = write_json(tmp_path / "dumped" / "talk.json", [dumpd(one) for one in said])

    assert texts(memory, "langchain-messages", path) == {"Tea?", "Green."}
    assert memory.import_(dumped).unchanged == 2


def test_graphiti(memory: Memory, tmp_path: Path) -> None:
    edges = installed("graphiti_core.edges", "graphiti-core")
    now = datetime.now(timezone.utc)
    edge = edges.EntityEdge(
        group_id="alice",
        source_node_uuid="a",
        target_node_uuid="b",
        created_at=now,
        name="LIKES",
        fact="Alice likes tea",
        valid_at=now,
    )
    path = write_json(tmp_path / "edges.json", [edge.model_dump(mode="json")])

    assert texts(memory, "graphiti", path) == {"Alice likes tea"}
