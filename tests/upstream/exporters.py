"""Files as the exporters' own packages write them, imported.

Outside of the default run, since most of these packages are no dependency. Install what you want to
check, and run::

    pip install "pydantic<2.13" llama-index-core langgraph-checkpoint-sqlite langmem graphiti-core \
        mem0ai openai-agents aiosqlite
    python -m pytest -n0 tests/upstream/exporters.py

Letta's server, whose package brings the schema of agent files, needs an environment of its own, and
a driver that it imports and does not ask for::

    pip install letta==0.16.8 asyncpg

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
    memories = installed("llama_index.core.memory", "llama-index-core")
    buffer = memories.ChatMemoryBuffer.from_defaults(chat_store=store, chat_store_key="alice")
    (tmp_path / "buffer.json").write_text(buffer.to_string())
    report = memory.import_(tmp_path / "buffer.json")
    assert (report.format, report.unchanged) == ("llamaindex-chat", 2)


def test_llamaindex_in_a_database(memory: Memory, tmp_path: Path) -> None:
    said = installed("llama_index.core.llms", "llama-index-core").ChatMessage
    memories = installed("llama_index.core.memory", "llama-index-core")
    path = tmp_path / "memory.db"
    kept = memories.Memory.from_defaults("alice", async_database_uri=f"sqlite+aiosqlite:///{path}")
    kept.put_messages([said(role="user", content="Tea?"), said(role="assistant", content="Green.")])

    assert texts(memory, "llamaindex-chat", path) == {"Tea?", "Green."}
    assert {one.source.session for one in memory.records()} == {"alice"}


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


def test_mem0(memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEM0_DIR", str(tmp_path / "home"))
    monkeypatch.setenv("MEM0_TELEMETRY", "False")
    monkeypatch.setenv("OPENAI_API_KEY", "none is asked")
    mem0 = installed("mem0", "mem0ai")
    store = {"path": str(tmp_path / "qdrant"), "embedding_model_dims": 8, "on_disk": True}
    theirs = mem0.Memory.from_config(
        {"vector_store": {"provider": "qdrant", "config": store},
         "history_db_path": str(tmp_path / "history.db")})  # fmt: skip
    theirs.embedding_model.embed = lambda *_, **__: [0.1] * 8
    theirs.embedding_model.embed_batch = lambda texts, *_, **__: [[0.1] * 8 for _ in texts]
    theirs.add("I like tea", user_id="alice", infer=False, expiration_date="2099-01-01")
    theirs.add("She likes coffee", user_id="bob", metadata={"n": 1}, infer=False)
    by_user = {user: theirs.get_all(filters={"user_id": user}) for user in ("alice", "bob")}

    path = write_json(tmp_path / "mem0.json", by_user)
    assert texts(memory, "mem0", path) == {"I like tea", "She likes coffee"}
    [record] = memory.scope("user", "alice").records()
    assert record.expires_at == datetime(2099, 1, 2, tzinfo=timezone.utc)
    assert record.source.origin == "user"
    [coffee] = memory.scope("user", "bob").records()
    assert coffee.metadata == {"n": 1}


async def test_openai_agents(memory: Memory, tmp_path: Path) -> None:
    agents = installed("agents", "openai-agents")
    path = tmp_path / "sessions.db"
    session = agents.SQLiteSession("talk", path)
    await session.add_items([
        {"role": "assistant", "content": "Welcome"}, {"role": "user", "content": "Tea?"},
        {"type": "function_call", "call_id": "c", "name": "shop", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "None left"},
        {"role": "user", "content": "Tea?"},
    ])  # fmt: skip
    items = await session.get_items()
    session.close()

    assert texts(memory, "openai-conversations", path) == {"Welcome", "Tea?", "None left"}
    told = sorted(memory.records(), key=lambda one: one.created_at)
    assert [(one.source.agent, one.source.session, one.text) for one in told] == [
        ("assistant", "talk", "Welcome"), ("user", "talk", "Tea?"), ("shop", "talk", "None left"),
        ("user", "talk", "Tea?"),
    ]  # fmt: skip
    items_of = write_json(tmp_path / "items.json", items)
    assert memory.scope("b").import_(items_of, format="openai-conversations").written == 4


def test_letta(memory: Memory, tmp_path: Path) -> None:
    schemas = installed("letta.schemas.agent_file", "letta")
    from letta.schemas.letta_message_content import TextContent

    def said(id: str, role: str, text: str) -> Any:
        return schemas.MessageSchema(id=id, role=role, content=[TextContent(text=text)],
                                     agent_id="agent-0")  # fmt: skip

    packed = json.dumps({"type": "user_message", "message": "Tea?", "time": "now"})
    agent = schemas.AgentSchema.model_construct(
        id="agent-0", name="desk", block_ids=["block-0"],
        messages=[said("message-0", "user", packed), said("message-1", "assistant", "Green.")],
    )  # fmt: skip
    block = schemas.BlockSchema(id="block-0", label="human", value="Likes tea")
    whole = schemas.AgentFileSchema.model_construct(
        agents=[agent], groups=[], blocks=[block], files=[], sources=[], tools=[], mcp_servers=[],
        metadata={}, created_at=datetime.now(timezone.utc),
    )  # fmt: skip

    path = write_json(tmp_path / "desk.af", whole.model_dump(mode="json"))
    assert texts(memory, "letta", path) == {"Tea?", "Green.", "Likes tea"}
