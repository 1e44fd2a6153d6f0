from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from langchain_core.load import dumps
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableParallel, RunnablePassthrough
from langchain_core.tools import create_retriever_tool
from langchain_core.tracers.run_collector import RunCollectorCallbackHandler
from langchain_tests.integration_tests import RetrieversIntegrationTests
from pydantic import ValidationError

import commonplace
from commonplace import InvalidInputError, Memory, MemoryClosedError, Record, Source
from commonplace.testing import HashingEmbedder
from commonplace_langchain import MemoryRetriever
from off_loop import OffLoopEmbedder

PEANUTS = "She is allergic to peanuts"


class TestStandard(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def seeded(self) -> Iterator[None]:
        self.memory = commonplace.open(":memory:", embedder=HashingEmbedder())
        self.memory.remember_many([PEANUTS, "She lives in Oslo", "She likes tea", "She is 41"])
        yield
        self.memory.close()

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return MemoryRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"memory": self.memory}

    @property
    def retriever_query_example(self) -> str:
        return "What is she allergic to?"

    @property
    def num_results_arg_name(self) -> str:
        return "k"


def test_documents_come_best_first(memory: Memory) -> None:
    memory.remember_many(["The invoice is overdue", PEANUTS])
    found = MemoryRetriever(memory=memory).invoke("allergic to peanuts?")
    assert [document.page_content for document in found] == [PEANUTS, "The invoice is overdue"]


def test_a_document_says_what_the_record_is(memory: Memory) -> None:
    source = Source(framework="crewai", agent="nurse", session="7", origin="user")
    record = memory.scope("user", "ann").remember(PEANUTS, kind="fact", source=source)
    [document] = MemoryRetriever(memory=memory).invoke("allergic to peanuts?")
    confidence = document.metadata.pop("confidence")
    assert 0.5 < confidence <= 1.0
    assert document.id == record.id
    assert datetime.fromisoformat(document.metadata.pop("created_at")) == record.created_at
    assert document.metadata == {
        "kind": "fact",
        "scope": "user/ann",
        "framework": "crewai",
        "agent": "nurse",
        "session": "7",
        "origin": "user",
        "metadata": {},
    }


def test_a_records_own_metadata_hides_nothing_and_stays_its_own(memory: Memory) -> None:
    own = {"kind": "forged", "confidence": 2, "tags": ["food"]}
    record = memory.remember(PEANUTS, metadata=own)
    [document] = MemoryRetriever(memory=memory).invoke("allergic to peanuts?")
    assert document.metadata["kind"] == "fact"
    assert document.metadata["metadata"] == own
    document.metadata["metadata"]["tags"].append("changed")
    assert memory.record(record.id).metadata == own


def test_documents_below_the_confidence_are_left_out(memory: Memory) -> None:
    memory.remember_many([PEANUTS, "Quarterly budget review"])
    found = MemoryRetriever(memory=memory, min_confidence=0.5).invoke("allergic to peanuts")
    assert [document.page_content for document in found] == [PEANUTS]


@pytest.mark.parametrize("query", ["", " \n"])
async def test_a_blank_query_finds_nothing(memory: Memory, query: str) -> None:
    memory.remember(PEANUTS)
    retriever = MemoryRetriever(memory=memory, on_error="raise")
    assert retriever.invoke(query) == []
    assert await retriever.ainvoke(query) == []


async def test_settings_that_cannot_be_used_are_errors(memory: Memory) -> None:
    with pytest.raises(ValidationError):
        MemoryRetriever(memory=memory, min_confidence=1.5)
    with pytest.raises(ValidationError):
        MemoryRetriever(memory="./memory")  # type: ignore[arg-type]  # the mistake
    with pytest.raises(InvalidInputError, match="k is a whole number"):
        MemoryRetriever(memory=memory).invoke("peanuts", k=-1)
    with pytest.raises(InvalidInputError, match="k is a whole number"):
        await MemoryRetriever(memory=memory).ainvoke("peanuts", k=-1)


async def test_a_failing_memory_finds_nothing_and_is_logged(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    memory.close()
    retriever = MemoryRetriever(memory=memory)
    assert retriever.invoke("peanuts") == []
    assert await retriever.ainvoke("peanuts") == []
    errors = [entry.exc_info for entry in caplog.records if entry.levelno == logging.ERROR]
    assert [error[0] for error in errors if error] == [MemoryClosedError, MemoryClosedError]


async def test_a_failing_memory_raises_when_asked_to(memory: Memory) -> None:
    memory.close()
    retriever = MemoryRetriever(memory=memory, on_error="raise")
    with pytest.raises(MemoryClosedError):
        retriever.invoke("peanuts")
    with pytest.raises(MemoryClosedError):
        await retriever.ainvoke("peanuts", k=2)


async def test_the_event_loop_is_never_blocked(open_memory: Callable[..., Memory]) -> None:
    memory = open_memory(embedder=OffLoopEmbedder())
    await commonplace.AsyncMemory(memory).remember(PEANUTS)
    [document] = await MemoryRetriever(memory=memory, on_error="raise").ainvoke("peanuts", k=1)
    assert document.page_content == PEANUTS


def test_retrievers_on_two_scopes_share_nothing(memory: Memory) -> None:
    ann, bob = memory.scope("user", "1"), memory.scope("user", "10")
    ann.remember(PEANUTS)
    assert MemoryRetriever(memory=bob).invoke("allergic to peanuts") == []
    assert len(MemoryRetriever(memory=ann).invoke("allergic to peanuts")) == 1


async def test_concurrent_calls_find_what_each_asked_for(memory: Memory) -> None:
    texts = [f"Drawer {word} holds keys" for word in ("alpha", "bravo", "delta", "foxtrot")]
    memory.remember_many(texts)
    retriever = MemoryRetriever(memory=memory, k=1, on_error="raise")
    with ThreadPoolExecutor() as threads:
        in_threads = list(threads.map(retriever.invoke, texts * 4))
    in_tasks = await retriever.abatch(texts * 4)
    assert [found[0].page_content for found in in_threads] == texts * 4
    assert [found[0].page_content for found in in_tasks] == texts * 4


def test_a_chain_is_given_the_documents(memory: Memory) -> None:
    memory.remember(PEANUTS)
    prompt = ChatPromptTemplate.from_template("{notes} {question}")
    retriever = MemoryRetriever(memory=memory)
    chain = RunnableParallel(notes=retriever, question=RunnablePassthrough()) | prompt
    assert PEANUTS in chain.invoke("allergic to what?").to_string()


def test_a_tool_is_made_of_it(memory: Memory) -> None:
    memory.remember(PEANUTS)
    tool = create_retriever_tool(MemoryRetriever(memory=memory), "recall", "What is known")
    assert tool.invoke({"query": "allergic to what?"}) == PEANUTS


def test_copies_see_the_same_memory_and_no_dump_holds_it(memory: Memory) -> None:
    memory.remember(PEANUTS)
    retriever = MemoryRetriever(memory=memory)
    assert retriever.model_copy(update={"k": 1}).invoke("peanuts")[0].page_content == PEANUTS
    assert "memory" not in retriever.model_dump()
    assert "peanuts" not in dumps(retriever)


def test_traces_name_the_retriever(memory: Memory) -> None:
    collector = RunCollectorCallbackHandler()
    MemoryRetriever(memory=memory).invoke("peanuts", {"callbacks": [collector]})
    [run] = collector.traced_runs
    assert run.run_type == "retriever"
    assert run.extra["metadata"]["ls_retriever_name"] == "memory"
    assert run.extra["metadata"]["ls_vector_store_provider"] == "commonplace"


def test_a_record_of_another_framework_is_found(memory: Memory) -> None:
    memory.remember_many([Record(PEANUTS, source=Source(framework="autogen"))])
    [document] = MemoryRetriever(memory=memory).invoke("allergic to what?")
    assert document.metadata["framework"] == "autogen"


BLOCKING = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if (name + ".").startswith({blocked!r} + "."):
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocker())
"""


def run_without(blocked: str, code: str) -> subprocess.CompletedProcess[str]:
    script = BLOCKING.format(blocked=blocked) + code
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("blocked", "name"),
    [
        ("langchain_core", "MemoryRetriever"),
        ("langchain", "MemoryMiddleware"),
        ("langgraph", "MemoryMiddleware"),
    ],
)
def test_a_missing_framework_says_what_to_install(blocked: str, name: str) -> None:
    done = run_without(blocked, f"from commonplace_langchain import {name}")
    assert done.stderr.splitlines()[-1] == (
        f"ModuleNotFoundError: {blocked} is not installed. "
        'Run: pip install "commonplace-memory[langchain]"'
    )


def test_the_retriever_needs_langchain_core_alone() -> None:
    code = "from commonplace_langchain import MemoryRetriever; print(MemoryRetriever.__name__)"
    assert run_without("langchain", code).stdout == "MemoryRetriever\n"


def test_a_bug_within_is_not_taken_for_a_missing_framework() -> None:
    missing = "commonplace_langchain.messages"
    done = run_without(missing, "from commonplace_langchain import MemoryMiddleware")
    assert done.stderr.splitlines()[-1] == f"ModuleNotFoundError: No module named {missing!r}"


def test_the_package_has_no_other_names() -> None:
    import commonplace_langchain

    with pytest.raises(AttributeError, match="has no attribute 'Memory'"):
        _ = commonplace_langchain.Memory  # type: ignore[attr-defined]  # the point
    for name in commonplace_langchain.__all__:
        assert getattr(commonplace_langchain, name).__name__ == name
