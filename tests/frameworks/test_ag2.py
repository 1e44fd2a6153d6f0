"""Real agents of AG2 1.x, on its scripted model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ag2 import Agent, KnowledgeConfig
from ag2.events import ToolCallEvent, ToolResultEvent
from ag2.knowledge import KnowledgeStore, MemoryKnowledgeStore
from ag2.policies import SlidingWindowPolicy, WorkingMemoryPolicy
from ag2.testing import TestConfig, TrackingConfig

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder
from commonplace_ag2 import SharedKnowledge, SharedMemory, memory_tools
from off_loop import OffLoopEmbedder

PEANUTS = "Alice is allergic to peanuts"
ALLERGIC = "What is Alice allergic to?"


@pytest.fixture
def memory() -> Iterator[Memory]:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as opened:
        yield opened


def said(memory: Memory) -> set[tuple[str | None, str | None, str]]:
    return {
        (one.source.origin, one.source.agent, one.text) for one in memory.records(kind="message")
    }


async def test_what_is_known_reaches_the_model_and_not_the_history(memory: Memory) -> None:
    memory.remember(PEANUTS)
    model = TrackingConfig(TestConfig("No peanuts, then.", "None."))
    shared = SharedMemory(memory, agent="helper", session="monday", on_error="raise")
    agent = Agent("helper", "Be kind.", config=model, middleware=[shared])
    reply = await agent.ask(ALLERGIC)
    assert reply.body == "No peanuts, then."
    again = await reply.ask("Anything else she is allergic to?")

    assert "<memory>" not in str(list(await again.history.get_events()))
    assert said(memory) == {
        ("user", None, ALLERGIC),
        ("agent", "helper", "No peanuts, then."),
        ("user", None, "Anything else she is allergic to?"),
        ("agent", "helper", "None."),
    }
    assert {one.source.session for one in memory.records(kind="message")} == {"monday"}


async def test_a_failing_memory_ends_no_turn_unless_asked(memory: Memory) -> None:
    memory.close()
    agent = Agent("a", config=TestConfig("Noted."), middleware=[SharedMemory(memory)])
    assert (await agent.ask(ALLERGIC)).body == "Noted."

    shared = SharedMemory(memory, on_error="raise")
    strict = Agent("a", config=TestConfig("Noted."), middleware=[shared])
    with pytest.raises(commonplace.MemoryClosedError):
        await strict.ask(ALLERGIC)


def call(name: str, **arguments: object) -> ToolCallEvent:
    return ToolCallEvent(name=name, arguments=json.dumps(arguments))


def results(events: Any) -> str:
    return str([one for one in events if isinstance(one, ToolResultEvent)])


async def test_twenty_turns_show_one_block_and_save_none(memory: Memory) -> None:
    facts = memory.scope("facts")
    facts.remember_many([f"{PEANUTS} of sort {number}" for number in range(8)])
    model = TrackingConfig(TestConfig(*["Noted."] * 20))
    heard = SharedMemory(
        memory.scope("heard").including(facts), max_tokens=200, on_error="raise", agent="helper"
    )
    reply = await Agent("helper", "Be kind.", config=model, middleware=[heard]).ask(ALLERGIC)
    for _ in range(19):
        reply = await reply.ask(ALLERGIC)

    shown = [[one for one in called.prompt if "<memory>" in one] for called in model.calls]
    assert [len(blocks) for blocks in shown] == [1] * 20
    assert all(PEANUTS in block for [block] in shown)
    assert len({len(block) for [block] in shown}) == 1
    assert "<memory>" not in str(list(await reply.history.get_events()))
    assert {one.prompt[0] for one in model.calls} == {"Be kind."}


async def test_policies_see_what_was_recalled_and_leave_it(memory: Memory) -> None:
    """AG2 assembles a prompt from the one that middleware hands on."""
    memory.remember(PEANUTS)
    model = TrackingConfig(TestConfig("No peanuts.", "None."))
    seen: list[list[str]] = []

    class Looking:
        name = "looking"

        async def apply(self, prompts: list[str], events: list[Any], context: Any) -> Any:
            seen.append(prompts)
            return prompts, events

    policies = [Looking(), SlidingWindowPolicy(max_events=1)]
    agent = Agent("helper", config=model, middleware=[SharedMemory(memory)], assembly=policies)
    reply = await agent.ask("Hello")
    await reply.ask(ALLERGIC)

    assert PEANUTS in str(seen[-1])
    assert PEANUTS in str(model.calls[-1].prompt)


async def test_a_model_remembers_recalls_and_forgets_by_tools(memory: Memory) -> None:
    model = TrackingConfig(
        TestConfig(call("remember", text=PEANUTS), call("recall", query=ALLERGIC), "Done.")
    )
    tools = memory_tools(memory, agent="helper", session="monday")
    agent = Agent("helper", config=model, tools=tools)
    reply = await agent.ask("Remember what I told you")
    assert reply.body == "Done."

    [record] = memory.records()
    assert (record.text, record.source.origin) == (PEANUTS, "agent")
    assert (record.source.agent, record.source.session) == ("helper", "monday")
    told = results(await reply.history.get_events())
    assert "Remembered." in told
    assert record.id in told
    schemas = {one.function.name: one.function.parameters for one in model.calls[0].tools}
    assert schemas["remember"]["properties"]["text"]["description"]

    forgetting = TestConfig(call("forget", id=record.id), call("forget", id="none"), "Done.")
    reply = await Agent("helper", config=forgetting, tools=tools).ask("Forget it")
    assert "Nothing was done" in results(await reply.history.get_events())
    assert memory.count() == 0


async def test_what_an_agent_asks_of_another_comes_from_the_agent(memory: Memory) -> None:
    writer = Agent("writer", config=TestConfig("A poem."), middleware=[SharedMemory(memory)])
    chief = Agent(
        "chief",
        config=TestConfig(call("task_writer", objective="Write of tides"), "Here it is."),
        middleware=[SharedMemory(memory, agent="chief", on_error="raise")],
        tools=[writer.as_tool(description="writes")],
    )
    await chief.ask("I want a poem of tides")
    await writer.ask("Write of geese")

    assert said(memory) == {
        ("user", None, "I want a poem of tides"),
        ("agent", "chief", "Write of tides"),
        ("agent", None, "A poem."),
        ("agent", "chief", "Here it is."),
        ("user", None, "Write of geese"),
    }


async def test_a_tool_whose_memory_fails_says_so_to_the_model(memory: Memory) -> None:
    memory.close()
    config = TestConfig(call("recall", query=ALLERGIC), "I cannot say.")
    agent = Agent("helper", config=config, tools=memory_tools(memory, read_only=True))
    reply = await agent.ask(ALLERGIC)
    assert reply.body == "I cannot say."
    assert "not available" in results(await reply.history.get_events())


@pytest.fixture(params=["AG2's own", "ours"])
def files(request: pytest.FixtureRequest, memory: Memory) -> KnowledgeStore:
    """AG2's own store is the oracle of ours."""
    ours = request.param == "ours"
    store: KnowledgeStore = SharedKnowledge(memory) if ours else MemoryKnowledgeStore()
    return store


async def test_files_are_kept_under_paths(files: KnowledgeStore) -> None:
    assert isinstance(files, KnowledgeStore)
    await files.write("/memory/a.md", "First")
    await files.write("memory//deep/b.md", "Ünder")
    await files.write("/memory/a.md", "Second")

    assert await files.read("/memory/a.md") == "Second"
    assert await files.read("/memory/deep/b.md/") == "Ünder"
    assert await files.read("/memory") is None
    assert await files.list("/") == ["memory/"]
    assert await files.list("/memory") == ["a.md", "deep/"]
    assert await files.list("/nowhere") == []
    assert [await files.exists(one) for one in ("/memory", "/memory/a.md", "/mem")] == [
        True,
        True,
        False,
    ]
    await files.write("/empty", "")
    assert await files.read("/empty") == ""
    assert await files.exists("/empty")


async def test_files_grow_and_are_read_in_parts(files: KnowledgeStore) -> None:
    assert await files.append("/wal", "één\n") == 0
    assert await files.append("/wal", "two\n") == 6
    assert await files.read_range("/wal", 6) == "two\n"
    assert await files.read_range("/wal", 0, 6) == "één\n"
    assert await files.read_range("/wal", 100) == ""
    assert await files.read_range("/none", 0) == ""
    assert await files.list("/wal") == []


async def test_a_folder_is_deleted_with_what_is_in_it(files: KnowledgeStore) -> None:
    for path in ("/a/1", "/a/b/2", "/ab"):
        await files.write(path, "Text")
    await files.delete("/a")
    await files.delete("/nowhere")
    assert await files.list("/") == ["ab"]


async def test_an_agents_files_are_in_the_memory(memory: Memory) -> None:
    """AG2 writes its own files as well: what they say is not recalled."""
    store = SharedKnowledge(memory.scope("knowledge"))
    await store.write("/memory/working.md", PEANUTS)
    model = TrackingConfig(TestConfig("No peanuts."))
    agent = Agent(
        "helper",
        config=model,
        knowledge=KnowledgeConfig(store=store, expose_tool=False),
        assembly=[WorkingMemoryPolicy()],
    )
    await agent.ask(ALLERGIC)

    assert PEANUTS in str(model.calls[0].prompt)
    assert memory.scope("knowledge").get("/memory/working.md") == PEANUTS
    assert PEANUTS in memory.context(ALLERGIC)
    assert await store.list("/log")
    own = memory.scope("knowledge").get("/artifacts/SKILL.md")
    assert str(own) not in memory.context(str(own))


async def test_no_event_loop_waits_for_the_memory() -> None:
    with commonplace.open(":memory:", embedder=OffLoopEmbedder()) as memory:
        shared = SharedMemory(memory, on_error="raise")
        config = TestConfig(
            call("remember", text=PEANUTS), call("recall", query=ALLERGIC), "No peanuts."
        )
        agent = Agent("a", config=config, middleware=[shared], tools=memory_tools(memory))
        assert (await agent.ask(ALLERGIC)).body == "No peanuts."
        await SharedKnowledge(memory).write("/a", PEANUTS)
        assert memory.count() == 4


@pytest.mark.parametrize("make", [SharedMemory, SharedKnowledge, memory_tools])
def test_what_is_no_memory_is_refused_at_once(make: Any) -> None:
    with pytest.raises(commonplace.errors.InvalidInputError, match="takes a Memory"):
        make("./memory")
