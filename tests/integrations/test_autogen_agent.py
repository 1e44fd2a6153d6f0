"""AutoGen's agents and teams with a `SharedMemory`, run for real on scripted models."""

from __future__ import annotations

import asyncio
import copy
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import pytest
from autogen_agentchat.agents import AssistantAgent, UserProxyAgent
from autogen_agentchat.base import TaskResult
from autogen_agentchat.messages import (
    BaseAgentEvent,
    BaseChatMessage,
    HandoffMessage,
    MemoryQueryEvent,
    MultiModalMessage,
    StructuredMessage,
    TextMessage,
    ThoughtEvent,
    ToolCallRequestEvent,
    ToolCallSummaryMessage,
)
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import FunctionCall
from autogen_core.memory import MemoryContent, MemoryMimeType
from autogen_core.model_context import BufferedChatCompletionContext, ChatCompletionContext
from autogen_core.models import (
    AssistantMessage,
    ChatCompletionClient,
    CreateResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    ModelInfo,
    RequestUsage,
    SystemMessage,
    UserMessage,
)
from autogen_ext.models.openai import OpenAIChatCompletionClient
from autogen_ext.models.replay import ReplayChatCompletionClient
from pydantic import BaseModel

import commonplace
import letter
from commonplace import InvalidInputError, Memory, MemoryClosedError
from commonplace.values.rendering import estimated_tokens
from commonplace_autogen import SharedMemory
from letter import ANSWER, LETTER
from off_loop import OffLoopEmbedder
from openai_server import Call, scripted

PEANUTS = "She is allergic to peanuts"
ALLERGIC = "What is she allergic to?"
WITH_TOOLS = ModelInfo(
    vision=False, function_calling=True, json_output=False, family="unknown", structured_output=True
)


def model(*replies: str | CreateResult) -> ReplayChatCompletionClient:
    return ReplayChatCompletionClient(list(replies), model_info=WITH_TOOLS)


def call(name: str, thought: str | None = None) -> CreateResult:
    return CreateResult(
        finish_reason="function_calls",
        content=[FunctionCall(id="1", name=name, arguments="{}")],
        usage=RequestUsage(prompt_tokens=0, completion_tokens=0),
        cached=False,
        thought=thought,
    )


def agent(
    client: ChatCompletionClient,
    *memories: SharedMemory,
    name: str = "helper",
    **options: Any,
) -> AssistantAgent:
    return AssistantAgent(name, client, memory=list(memories), system_message="Be kind.", **options)


def seen(client: ReplayChatCompletionClient, turn: int = -1) -> Sequence[LLMMessage]:
    messages: Sequence[LLMMessage] = client.create_calls[turn]["messages"]
    return messages


def blocks(messages: Sequence[LLMMessage]) -> list[str]:
    return [
        str(message.content)
        for message in messages
        if isinstance(message, UserMessage) and message.source == "memory"
    ]


def check_order(messages: Sequence[LLMMessage]) -> None:
    """Check what the strictest clients demand: one system message, first; calls with results."""
    assert [isinstance(one, SystemMessage) for one in messages] == [True] + [False] * (
        len(messages) - 1
    )
    for before, message in pairwise(messages):
        called = isinstance(before, AssistantMessage) and isinstance(before.content, list)
        assert called == isinstance(message, FunctionExecutionResultMessage)


def lookup() -> str:
    """Look the menu up."""
    return "The menu: kites, gardens and invoices"


class TestRecall:
    async def test_what_is_known_reaches_the_model(self, memory: Memory) -> None:
        memory.remember(PEANUTS)
        client = model("Peanuts.")

        shared = SharedMemory(memory, emit_events=True)
        result = await agent(client, shared).run(task=ALLERGIC)

        messages = seen(client)
        check_order(messages)
        assert [getattr(one, "source", "system") for one in messages] == [
            "system",
            "memory",
            "user",
        ]
        assert PEANUTS in blocks(messages)[0]
        [event] = [one for one in result.messages if isinstance(one, MemoryQueryEvent)]
        assert [content.content for content in event.content] == [PEANUTS]

    async def test_of_a_long_letter_the_part_that_answers_reaches_the_model(
        self, memory: Memory
    ) -> None:
        client = model("Noted.", "On Thursday.")
        shared = SharedMemory(memory, max_tokens=120, on_error="raise")
        await shared.remember_result(await agent(client, shared).run(task=LETTER), session="1")

        await agent(client, shared).run(task=letter.QUESTION)

        [block] = blocks(seen(client))
        assert ANSWER in block
        assert "shortened" in block
        assert estimated_tokens(block) <= 120

    async def test_twenty_turns_show_one_block_of_flat_size_and_save_none(
        self, memory: Memory
    ) -> None:
        shared = SharedMemory(memory, max_tokens=120)
        memory.remember_many(f"{PEANUTS}, says note {number}" for number in range(30))
        client = model(*["Peanuts."] * 20)
        helper = agent(client, shared)

        for turn in range(20):
            await shared.remember_result(await helper.run(task=f"{ALLERGIC} ({turn})"))

        for turn in range(20):
            messages = seen(client, turn)
            check_order(messages)
            assert len(messages) == 3 + 2 * turn
            [block] = blocks(messages)
            assert estimated_tokens(block) <= 120
        state = await helper.save_state()
        assert len(state["llm_context"]["messages"]) == 40
        assert "says note" not in str(state)
        assert "<memory>" not in str(state)

    @pytest.mark.allow_hosts(["127.0.0.1"])
    async def test_a_client_for_one_system_message_alone_accepts_it(self, memory: Memory) -> None:
        """It refuses what AutoGen's own memories add, before it sends anything."""
        memory.remember_many(f"{PEANUTS}, says note {number}" for number in range(8))
        with scripted("Peanuts.", Call("lookup", "{}"), "Kites.", "Peanuts.") as server:
            info = ModelInfo(**WITH_TOOLS, multiple_system_messages=False)
            client = OpenAIChatCompletionClient(
                model="m", api_key="none", base_url=server.address, model_info=info
            )
            shared = SharedMemory(memory, on_error="raise")
            helper = agent(client, shared, tools=[lookup], reflect_on_tool_use=True)
            for _ in range(3):
                await helper.run(task=ALLERGIC)
            await client.close()

        assert len(server.asked) == 4
        for asked in server.asked:
            assert [one["role"] for one in asked["messages"]].count("system") == 1
            assert sum("<memory>" in str(one["content"]) for one in asked["messages"]) == 1

    async def test_a_loaded_agent_recalls_anew(self, memory: Memory) -> None:
        note = memory.remember(PEANUTS)
        first = agent(model("Peanuts."), SharedMemory(memory))
        await first.run(task=ALLERGIC)
        memory.update(note.id, text="She is allergic to shellfish")
        client = model("Shellfish.")
        second = agent(client, SharedMemory(memory))
        await second.load_state(await first.save_state())

        await second.run(task=ALLERGIC)

        [block] = blocks(seen(client))
        assert "shellfish" in block
        assert "peanuts" not in block

    async def test_a_tool_loop_recalls_for_the_user_throughout(self, memory: Memory) -> None:
        memory.remember_many([PEANUTS, "Kites, gardens and invoices are on the menu"])
        client = model(call("lookup"), call("lookup"), "Peanuts.")
        helper = agent(
            client, SharedMemory(memory, max_tokens=45), tools=[lookup], max_tool_iterations=3
        )

        await helper.run(task=ALLERGIC)

        assert len(client.create_calls) == 3
        for turn in range(3):
            check_order(seen(client, turn))
            [block] = blocks(seen(client, turn))
            assert PEANUTS in block

    async def test_a_small_window_holds_the_block_and_its_question(self, memory: Memory) -> None:
        memory.remember(PEANUTS)
        client = model(*["Peanuts."] * 3)
        window = BufferedChatCompletionContext(buffer_size=1)
        helper = agent(client, SharedMemory(memory), model_context=window)
        for _ in range(3):
            await helper.run(task=ALLERGIC)
            assert [getattr(one, "source", "system") for one in seen(client)] == [
                "system",
                "memory",
                "user",
            ]

    async def test_in_a_team_each_agent_recalls_for_the_users_task(self, memory: Memory) -> None:
        memory.remember_many([PEANUTS, "Kites fly best in the wind of March"])
        shared = SharedMemory(memory, max_tokens=45)
        first, second = model("Kites fly best in March"), model("Kites fly in the wind")
        team = RoundRobinGroupChat(
            [agent(first, shared, name="a"), agent(second, shared, name="b")], max_turns=2
        )

        await team.run(task=ALLERGIC)

        assert [getattr(one, "source", "system") for one in seen(second)] == [
            "system",
            "memory",
            "user",
            "a",
        ]
        for client in (first, second):
            [block] = blocks(seen(client))
            assert PEANUTS in block
            assert "Kites" not in block

    async def test_a_human_in_a_team_is_a_user(self, memory: Memory) -> None:
        memory.remember_many([PEANUTS, "Kites fly best in the wind of March"])
        shared = SharedMemory(memory, max_tokens=45)
        client = model("Which one?", "March.")
        human = UserProxyAgent("user_proxy", input_func=lambda _: "When do kites fly best?")
        team = RoundRobinGroupChat([agent(client, shared), human], max_turns=3)

        await shared.remember_result(await team.run(task=ALLERGIC))

        assert "Kites" in blocks(seen(client))[0]
        said = {record.text: record.source for record in memory.records(kind="message")}
        assert said["When do kites fly best?"].origin == "user"
        assert said["Which one?"].agent == "helper"

    async def test_a_team_saves_nothing_of_the_memory(self, memory: Memory) -> None:
        memory.remember(PEANUTS)
        shared = SharedMemory(memory)
        client = model(*["Noted."] * 20)
        team = RoundRobinGroupChat(
            [agent(client, shared, name="a"), agent(client, shared, name="b")], max_turns=2
        )
        for _ in range(10):
            await team.run(task=ALLERGIC)
        assert PEANUTS not in str(await team.save_state())
        assert all(len(blocks(seen(client, turn))) == 1 for turn in range(20))

    async def test_a_copied_context_shows_its_own_messages(self, memory: Memory) -> None:
        memory.remember(PEANUTS)
        helper = agent(model("Peanuts."), SharedMemory(memory))
        await helper.run(task=ALLERGIC)

        context: ChatCompletionContext = copy.deepcopy(helper.model_context)
        await context.add_message(UserMessage(content="And nuts?", source="user"))

        assert len(await context.get_messages()) == 4
        assert len(await helper.model_context.get_messages()) == 3

    async def test_agents_of_two_users_share_nothing(self, memory: Memory) -> None:
        alice, bob = memory.scope("user", "alice"), memory.scope("user", "bob")
        shared = SharedMemory(alice)
        await shared.remember_result(
            await agent(model("Noted."), shared).run(task="I am allergic to peanuts")
        )
        client = model("I do not know.")

        await agent(client, SharedMemory(bob)).run(task="What am I allergic to?")

        assert blocks(seen(client)) == []
        assert bob.count() == 0


class TestFailure:
    async def test_a_failing_memory_does_not_end_the_run(
        self, memory: Memory, caplog: pytest.LogCaptureFixture
    ) -> None:
        shared = SharedMemory(memory)
        memory.close()
        client = model("Hello.", "Hello.", "Hello.")
        team = RoundRobinGroupChat(
            [agent(client, shared, name="a"), agent(client, shared, name="b")], max_turns=2
        )
        with caplog.at_level(logging.ERROR, logger="commonplace"):
            single = await agent(client, shared).run(task=ALLERGIC)
            result = await team.run(task=ALLERGIC)
            await shared.remember_result(result)

        assert [one.to_model_text() for one in single.messages if isinstance(one, TextMessage)] == [
            ALLERGIC,
            "Hello.",
        ]
        assert len(result.messages) == 3
        assert "recalling for the AutoGen agent" in caplog.text
        assert "remembering what was said in an AutoGen run" in caplog.text
        assert all(record.exc_info for record in caplog.records)

    async def test_errors_are_raised_if_wanted(self, memory: Memory) -> None:
        shared = SharedMemory(memory, on_error="raise")
        memory.close()
        with pytest.raises(MemoryClosedError):
            await agent(model("Hello."), shared).run(task=ALLERGIC)
        with pytest.raises(MemoryClosedError):
            await shared.remember_result(
                TaskResult(messages=[TextMessage(content="Hello", source="user")])
            )

    async def test_an_agent_whose_memory_cannot_be_dumped_still_runs(self) -> None:
        client = model("Hello.")
        with commonplace.open(":memory:", embedder=OffLoopEmbedder()) as memory:
            helper = agent(client, SharedMemory(memory))
            with pytest.raises(InvalidInputError, match="named by nothing"):
                helper.dump_component()
            await helper.run(task=ALLERGIC)
        assert len(client.create_calls) == 1


class TestWriteBack:
    async def test_a_run_is_remembered_once(self, memory: Memory) -> None:
        shared = SharedMemory(memory)
        result = await agent(model("Noted."), shared).run(task="I moved to Oslo")

        for _ in range(2):
            await shared.remember_result(result, session="s7")

        said = {record.text: record for record in memory.records()}
        assert said.keys() == {"I moved to Oslo", "Noted."}
        sources = {
            text: (one.source.framework, one.source.agent, one.source.session, one.source.origin)
            for text, one in said.items()
        }
        assert sources == {
            "I moved to Oslo": ("autogen", None, "s7", "user"),
            "Noted.": ("autogen", "helper", "s7", "agent"),
        }
        assert {record.kind for record in said.values()} == {"message"}
        assert said["Noted."].created_at == result.messages[-1].created_at

    async def test_the_second_yes_of_a_session_is_a_turn_of_its_own(self, memory: Memory) -> None:
        shared = SharedMemory(memory, on_error="raise")
        said = [TextMessage(content=text, source="user") for text in ("yes", "Book it", "yes")]

        for number in (1, 2, 3, 3):
            await shared.remember_result(TaskResult(messages=said[:number]), session="s7")

        assert sorted(one.text for one in memory.records()) == ["Book it", "yes", "yes"]

    async def test_an_edited_message_takes_its_own_place(self, memory: Memory) -> None:
        shared = SharedMemory(memory, on_error="raise")
        message = TextMessage(content="I live in Oslo", source="user")
        edited = message.model_copy(update={"content": "I live in Bergen"})

        for one in (message, edited, edited):
            await shared.remember_result(TaskResult(messages=[one]), session="s7")

        [kept] = memory.records()
        assert kept.text == "I live in Bergen"
        assert [one.text for one in memory.history(kept.id)] == ["I live in Oslo", kept.text]

    async def test_half_a_character_is_mended(self, memory: Memory) -> None:
        shared = SharedMemory(memory, on_error="raise")
        half = TextMessage(content="Well done \ud83d", source="user")

        await shared.remember_result(TaskResult(messages=[half]))
        for content, mime_type in (
            ("Likes tea \ud83d", MemoryMimeType.TEXT),
            ({"tea\ud83d": "\ud83d"}, MemoryMimeType.JSON),
        ):
            await shared.add(MemoryContent(content=content, mime_type=mime_type))

        assert sorted(one.text for one in memory.records()) == [
            "Likes tea \ufffd",
            "Well done \ufffd",
            '{"tea\ufffd": "\ufffd"}',
        ]
        assert (await shared.query("tea \ud83d")).results[0].content
        helper = agent(model("Peanuts \ud83d"), shared)
        assert (await helper.run(task=f"{ALLERGIC} \ud83d")).messages

    async def test_a_captured_stream_is_remembered_and_unchanged(self, memory: Memory) -> None:
        memory.remember(PEANUTS)
        shared = SharedMemory(memory)
        client = model("It is noted.", "So it is.")
        team = RoundRobinGroupChat(
            [agent(client, shared, name="a"), agent(client, shared, name="b")], max_turns=2
        )

        items = [item async for item in shared.capture(team.run_stream(task="I moved to Oslo"))]

        result = items[-1]
        assert isinstance(result, TaskResult)
        assert items[:-1] == list(result.messages)
        await shared.remember_result(result)
        assert sorted(record.text for record in memory.records(kind="message")) == [
            "I moved to Oslo",
            "It is noted.",
            "So it is.",
        ]

    async def test_what_was_said_before_a_run_failed_is_kept(self, memory: Memory) -> None:
        shared = SharedMemory(memory)
        stream = agent(model(), shared).run_stream(task="I moved to Oslo")
        with pytest.raises(ValueError, match="No more mock responses"):
            _ = [item async for item in shared.capture(stream)]
        assert [record.text for record in memory.records()] == ["I moved to Oslo"]

    async def test_leaving_a_captured_stream_closes_it(self, memory: Memory) -> None:
        shared = SharedMemory(memory)
        stream = agent(model("Noted."), shared).run_stream(task="I moved to Oslo")
        captured = shared.capture(stream)
        await anext(captured)
        await captured.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
        assert [record.text for record in memory.records()] == ["I moved to Oslo"]

    async def test_a_captured_task_is_not_recalled_for_itself(self, memory: Memory) -> None:
        shared = SharedMemory(memory)
        client = model("Noted.")
        stream = shared.capture(agent(client, shared).run_stream(task="I moved to Oslo"))
        assert [type(item).__name__ async for item in stream] == [
            "TextMessage",
            "TextMessage",
            "TaskResult",
        ]
        assert blocks(seen(client)) == []

    async def test_only_what_someone_said_is_remembered(self, memory: Memory) -> None:
        class Answer(BaseModel):
            city: str

        call_of_tool = FunctionCall(id="1", name="lookup", arguments="{}")
        messages: list[BaseAgentEvent | BaseChatMessage] = [
            TextMessage(content="I moved", source="user"),
            MultiModalMessage(content=["to", "Oslo"], source="user"),
            MemoryQueryEvent(content=[], source="a"),
            ThoughtEvent(content="Hm.", source="a"),
            ToolCallRequestEvent(content=[call_of_tool], source="a"),
            ToolCallSummaryMessage(
                content="Looked up", source="a", tool_calls=[call_of_tool], results=[]
            ),
            HandoffMessage(content="Over to b", source="a", target="b"),
            TextMessage(content="  ", source="a"),
            StructuredMessage[Answer](content=Answer(city="Oslo"), source="b"),
        ]

        await SharedMemory(memory).remember_result(TaskResult(messages=messages))

        assert sorted(record.text for record in memory.records()) == [
            "I moved",
            "to\nOslo",
            '{"city":"Oslo"}',
        ]

    async def test_a_run_in_which_nobody_spoke_leaves_nothing(self, memory: Memory) -> None:
        shared = SharedMemory(memory, on_error="raise")
        await shared.remember_result(TaskResult(messages=[ThoughtEvent(content="Hm.", source="a")]))
        assert memory.count() == 0

    async def test_thoughts_and_tool_calls_of_a_real_run_are_not_remembered(
        self, memory: Memory
    ) -> None:
        shared = SharedMemory(memory)
        client = model(call("lookup", thought="I should look."), "Kites.")
        helper = agent(client, shared, tools=[lookup], reflect_on_tool_use=True)
        await shared.remember_result(await helper.run(task="What is on the menu?"))
        assert sorted(record.text for record in memory.records()) == [
            "Kites.",
            "What is on the menu?",
        ]


class TestConcurrency:
    async def test_agents_of_one_memory_run_at_once(self, memory: Memory) -> None:
        memory.remember(PEANUTS)
        shared = SharedMemory(memory)
        clients = [model("Peanuts.") for _ in range(8)]

        results = await asyncio.gather(
            *(agent(client, shared).run(task=ALLERGIC) for client in clients)
        )
        await asyncio.gather(*(shared.remember_result(result) for result in results))

        assert all(len(blocks(seen(client))) == 1 for client in clients)
        assert memory.count(kind="message") == 16

    def test_one_agent_runs_in_several_event_loops_and_threads(self, memory: Memory) -> None:
        memory.remember(PEANUTS)
        shared = SharedMemory(memory)

        def run(number: int) -> int:
            client = model("Peanuts.", "Peanuts.")
            helper = agent(client, shared)
            for _ in range(2):
                result = asyncio.run(helper.run(task=f"{ALLERGIC} ({number})"))
                asyncio.run(shared.remember_result(result))
            return len(blocks(seen(client)))

        with ThreadPoolExecutor(4) as threads:
            assert list(threads.map(run, range(8))) == [1] * 8
        assert memory.count(kind="message") == 32


async def test_a_run_never_blocks_the_event_loop() -> None:
    with commonplace.open(":memory:", embedder=OffLoopEmbedder()) as memory:
        shared = SharedMemory(memory, on_error="raise")
        client = model("Noted.", "Peanuts.")
        helper = agent(client, shared)
        stream = shared.capture(helper.run_stream(task="She is allergic to peanuts"))
        assert len([item async for item in stream]) == 3
        await agent(client, shared).run(task=ALLERGIC)
        assert len(blocks(seen(client))) == 1
