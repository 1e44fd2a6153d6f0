"""LangChain's other doors: vector store, key-value stores, tools, chains."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.indexing import InMemoryRecordManager, index
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import BaseTool
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import (
    BaseStoreAsyncTests,
    BaseStoreSyncTests,
    ToolsIntegrationTests,
    VectorStoreIntegrationTests,
)
from langchain_tests.unit_tests import ToolsUnitTests

import commonplace
from commonplace import InvalidInputError, Memory
from commonplace.testing import HashingEmbedder
from commonplace_langchain import (
    MemoryByteStore,
    MemoryKeyValueStore,
    MemoryStore,
    MemoryVectorStore,
    memory_tools,
    with_memory,
)
from langchain_models import scripted

PEANUTS = "The user is allergic to peanuts"
QUESTION = "Is the user allergic to peanuts?"


@pytest.fixture
def memory() -> Iterator[Memory]:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as opened:
        yield opened


class TestVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, memory: Memory) -> VectorStore:
        return MemoryVectorStore(memory)


class TestJsonValues(BaseStoreSyncTests[Any]):
    @pytest.fixture
    def kv_store(self, memory: Memory) -> MemoryKeyValueStore:
        return MemoryKeyValueStore(memory)

    @pytest.fixture
    def three_values(self) -> tuple[Any, Any, Any]:
        return {"a": 1}, "two", [3.0, None]


class TestBytes(BaseStoreAsyncTests[bytes]):
    @pytest.fixture
    async def kv_store(self, memory: Memory) -> MemoryByteStore:
        return MemoryByteStore(memory)

    @pytest.fixture
    def three_values(self) -> tuple[bytes, bytes, bytes]:
        return b"", b"\x00\xff", b"three"


class _OfTool:
    """One of the tools, and how it is called."""

    place: int
    example: dict[str, Any]

    @pytest.fixture(autouse=True)
    def opened(self, memory: Memory) -> None:
        self.memory = memory

    @property
    def tool_constructor(self) -> BaseTool:
        with commonplace.open(":memory:", embedder=HashingEmbedder()) as closed:
            memory = getattr(self, "memory", closed)
            return memory_tools(memory)[self.place]

    @property
    def tool_invoke_params_example(self) -> dict[str, Any]:
        return self.example


class _Remember(_OfTool):
    place, example = 0, {"text": PEANUTS}


class _Recall(_OfTool):
    place, example = 1, {"query": QUESTION, "limit": 3}


class _Forget(_OfTool):
    place, example = 2, {"id": "unknown"}


class TestRemember(_Remember, ToolsUnitTests): ...


class TestRememberInvoked(_Remember, ToolsIntegrationTests): ...


class TestRecall(_Recall, ToolsUnitTests): ...


class TestRecallInvoked(_Recall, ToolsIntegrationTests): ...


class TestForget(_Forget, ToolsUnitTests): ...


class TestForgetInvoked(_Forget, ToolsIntegrationTests): ...


# The vector store


def test_documents_and_facts_are_found_by_both_doors(memory: Memory) -> None:
    store = MemoryVectorStore(memory)
    memory.remember(PEANUTS, metadata={"topic": "food"})
    store.add_documents([Document("Peanuts are in the red box", id="box", metadata={"page": 7})])
    found = store.similarity_search_with_relevance_scores(QUESTION, k=2)
    assert {document.page_content for document, _ in found} == {
        PEANUTS,
        "Peanuts are in the red box",
    }
    assert all(0 <= score <= 1 for _, score in found)
    assert found[0][1] >= found[1][1]
    assert store.similarity_search("peanuts", filter={"page": {"$gt": 5}})[0].id == "box"
    assert memory.record("box").source.origin == "document"
    assert store.similarity_search(" ") == []


async def test_scores_and_thresholds_are_the_same_awaited(memory: Memory) -> None:
    store = MemoryVectorStore(memory)
    store.add_texts([PEANUTS, "The car is red"])
    scored = store.similarity_search_with_relevance_scores(QUESTION, k=2)
    assert await store.asimilarity_search_with_relevance_scores(QUESTION, k=2) == scored
    retriever = store.as_retriever(
        search_type="similarity_score_threshold", search_kwargs={"score_threshold": scored[0][1]}
    )
    assert await retriever.ainvoke(QUESTION) == retriever.invoke(QUESTION) == [scored[0][0]]


def test_an_index_follows_its_documents(memory: Memory) -> None:
    store, told = MemoryVectorStore(memory), InMemoryRecordManager("memory")
    told.create_schema()
    given = [Document(text, metadata={"source": "faq"}) for text in ("one tea", "two cars")]

    def indexed(documents: list[Document]) -> tuple[int, int]:
        done = index(
            documents, told, store, cleanup="full", source_id_key="source", key_encoder="sha256"
        )
        return done["num_added"], done["num_deleted"]

    assert [indexed(given), indexed(given), indexed(given[1:])] == [(2, 0), (0, 0), (0, 1)]
    assert [record.text for record in memory.records()] == ["two cars"]


def test_documents_are_got_in_the_order_asked_and_replaced_whole(memory: Memory) -> None:
    store = MemoryVectorStore(memory)
    store.add_texts(["one", "two"], [{"n": 1, "old": True}, {"n": 2}], ids=["1", "2"])
    store.add_documents([Document("one again", id="1", metadata={"n": 3})])
    assert store.get_by_ids(["2", "missing", "1"]) == [
        Document("two", id="2", metadata={"n": 2}),
        Document("one again", id="1", metadata={"n": 3}),
    ]


def test_diverse_documents_are_found_too(memory: Memory) -> None:
    store = MemoryVectorStore.from_texts(
        ["green tea leaf", "green tea cup", "a red car"], memory=memory
    )
    retriever = store.as_retriever(search_type="mmr", search_kwargs={"k": 2, "lambda_mult": 0.1})
    found = [document.page_content for document in retriever.invoke("green tea leaf")]
    assert found == ["green tea leaf", "a red car"]


def test_what_a_vector_store_cannot_do_is_an_error(memory: Memory) -> None:
    store = MemoryVectorStore(memory)
    with pytest.raises(InvalidInputError, match=r"memory\.erase"):
        store.delete()
    with pytest.raises(InvalidInputError, match="1 texts have 2 metadatas"):
        store.add_texts(["one"], [{}, {}])
    with pytest.raises(InvalidInputError, match="no option 'where_document'"):
        store.similarity_search("tea", where_document={})
    with pytest.raises(InvalidInputError, match="embeds by itself"):
        MemoryVectorStore.from_texts(["one"])


# Key-value stores


def test_a_key_value_store_sees_its_own_scope_alone(memory: Memory) -> None:
    store = MemoryKeyValueStore(memory.scope("cache"))
    memory.scope("cache", "below").set("k", 1)
    MemoryStore(memory).put(("cache",), "item", {"v": 1})
    store.mset([("k", {"v": 2}), ("k", {"v": 3})])
    assert sorted(store.yield_keys()) == ["item", "k"]
    assert store.mget(["k", "item"]) == [{"v": 3}, {"v": 1}]
    assert memory.scope("cache").get("k") == {"v": 3}
    with pytest.raises(InvalidInputError):
        store.mset([("good", 1), ("bad", {1, 2})])
    assert store.mget(["good"]) == [None]


# Chains


PROMPT = ChatPromptTemplate([("system", "You serve food.\n{memory}"), ("user", "{input}")])


def said(memory: Memory) -> list[tuple[str, str | None, str | None]]:
    kept = sorted(memory.records(kind="message"), key=lambda one: (one.created_at, one.id))
    return [(one.text, one.source.origin, one.source.session) for one in kept]


def test_a_chain_recalls_and_remembers(memory: Memory) -> None:
    memory.remember(PEANUTS)
    model = scripted("Yes.")
    chain = with_memory(PROMPT | model | StrOutputParser(), memory)
    config: Any = {"configurable": {"session_id": "7"}}
    assert chain.invoke({"input": QUESTION}, config) == "Yes."
    assert PEANUTS in model.systems[0]
    assert said(memory) == [(QUESTION, "user", "7"), ("Yes.", "agent", "7")]


async def test_a_chain_is_streamed_awaited_and_batched(memory: Memory) -> None:
    def choose(run: Any) -> Memory:
        return memory.scope("user", run.configurable["user"])

    def of(user: str) -> Any:
        return {"configurable": {"user": user}}

    chain = with_memory(PROMPT | FakeListChatModel(responses=["Noted."]), choose)
    chunks = list(chain.stream({"input": "I am Ann"}, of("ann")))
    assert len(chunks) > 1
    assert [one async for one in chain.astream({"input": "I am Ben"}, of("ben"))]
    assert (await chain.ainvoke({"input": "I am Cem"}, of("cem"))).text == "Noted."
    users = [f"user {number}" for number in range(50)]
    inputs = [{"input": f"I am {user}"} for user in users]
    await chain.abatch(inputs[:25], [of(user) for user in users[:25]])
    await asyncio.to_thread(chain.batch, inputs[25:], [of(user) for user in users[25:]])
    for user, name in [
        ("ann", "Ann"),
        ("ben", "Ben"),
        ("cem", "Cem"),
        *zip(users, users, strict=True),
    ]:
        kept = {text for text, _, _ in said(memory.scope("user", user))}
        assert kept == {f"I am {name}", "Noted."}
    with pytest.raises(InvalidInputError, match="No memory was chosen"):
        chain.invoke({"input": "Who am I?"})


@pytest.mark.parametrize("how", ["invoke", "stream"])
def test_a_failing_memory_ends_no_chain_and_is_logged_once_a_turn(
    memory: Memory, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    chain = with_memory(scripted("Yes.", "Yes."), memory)
    memory.close()
    for _ in range(2):
        list(chain.stream(QUESTION)) if how == "stream" else chain.invoke(QUESTION)

    errors = [one for one in caplog.records if one.levelname == "ERROR"]
    assert len(errors) == 2
    assert all("recalling for the LangChain chain" in one.getMessage() for one in errors)


def test_a_chat_model_has_the_block_in_its_system_message(memory: Memory) -> None:
    memory.remember(PEANUTS)
    model = scripted("Yes.")
    chat = with_memory(model, memory)
    chat.invoke(QUESTION)
    chat.invoke([SystemMessage("You serve food."), HumanMessage(QUESTION)])
    assert PEANUTS in model.systems[0]
    assert model.systems[1].startswith("You serve food.\n\n")
    assert PEANUTS in model.systems[1]


def test_an_abandoned_stream_remembers_nothing(memory: Memory) -> None:
    stream = with_memory(FakeListChatModel(responses=["Noted."]), memory).stream("Hello")
    next(stream)
    stream.close()  # type: ignore[attr-defined]  # a generator
    assert memory.count() == 0
