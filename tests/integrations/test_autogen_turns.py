"""Write-back without a wrapper, tools, sub-agents and groups, on AutoGen's own agents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import TextMessage
from autogen_agentchat.teams import MagenticOneGroupChat, RoundRobinGroupChat
from autogen_agentchat.tools import AgentTool
from autogen_core import CancellationToken, FunctionCall
from autogen_core.model_context import BufferedChatCompletionContext
from autogen_core.models import CreateResult, ModelInfo, RequestUsage, SystemMessage, UserMessage
from autogen_ext.models.replay import ReplayChatCompletionClient

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder
from commonplace_autogen import SharedMemory

WITH_TOOLS = ModelInfo(
    vision=False, function_calling=True, json_output=True, family="unknown", structured_output=True
)


@pytest.fixture
def memory() -> Iterator[Memory]:
    """A memory on the store that is fastest: what is tested here is the same on every other."""
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as opened:
        yield opened


def model(*replies: str | CreateResult) -> ReplayChatCompletionClient:
    return ReplayChatCompletionClient(list(replies), model_info=WITH_TOOLS)


def call(name: str, **arguments: str) -> CreateResult:
    return CreateResult(
        finish_reason="function_calls",
        content=[FunctionCall(id="1", name=name, arguments=json.dumps(arguments))],
        usage=RequestUsage(prompt_tokens=0, completion_tokens=0),
        cached=False,
    )


def said(memory: Memory) -> set[tuple[str | None, str | None, str]]:
    """Return origin, agent and text of each record."""
    return {
        (one.source.origin, one.source.agent, one.text) for one in memory.records(kind="message")
    }


async def test_what_is_heard_and_said_is_remembered_without_a_wrapper(memory: Memory) -> None:
    shared = SharedMemory(memory, write_back=True, session="monday", on_error="raise")
    agent = AssistantAgent("helper", model("Noted.", "To Oslo."), memory=[shared])
    await agent.run(task="I moved to Oslo")
    await agent.run(task="Where did I move to?")

    assert said(memory) == {
        ("user", None, "I moved to Oslo"),
        ("agent", "helper", "Noted."),
        ("user", None, "Where did I move to?"),
        ("agent", "helper", "To Oslo."),
    }
    assert {one.source.session for one in memory.records()} == {"monday"}


async def test_a_team_writes_what_a_user_said_once(memory: Memory) -> None:
    shared = SharedMemory(memory, write_back=True, on_error="raise")
    client = model("First.", "Second.", "Third.")
    members: list[Any] = [AssistantAgent(name, client, memory=[shared]) for name in ("a", "b", "c")]
    await RoundRobinGroupChat(members, max_turns=3).run(task="I moved to Oslo")

    assert memory.count() == 4
    assert said(memory) == {
        ("user", None, "I moved to Oslo"),
        ("agent", "a", "First."),
        ("agent", "b", "Second."),
        ("agent", "c", "Third."),
    }


@pytest.mark.parametrize("way", ["write_back", "capture"])
async def test_the_task_of_a_sub_agent_is_the_agents(memory: Memory, way: str) -> None:
    shared = SharedMemory(memory, write_back=way == "write_back", on_error="raise")
    writer = AssistantAgent("writer", model("The sea sings."), memory=[shared])
    chief = AssistantAgent(
        "chief",
        model(call("writer", task="Write a line about the sea"), "Here it is."),
        tools=[AgentTool(writer)],
        memory=[shared],
        reflect_on_tool_use=True,
    )
    stream = chief.run_stream(task="I want a poem")
    async for _ in shared.capture(stream) if way == "capture" else stream:
        pass

    assert said(memory) == {
        ("user", None, "I want a poem"),
        ("agent", "chief", "Write a line about the sea"),
        ("agent", "writer", "The sea sings."),
        ("agent", "chief", "Here it is."),
    }


async def test_what_an_orchestrator_plans_is_no_message_of_the_user(memory: Memory) -> None:
    def ledger(*, done: bool) -> str:
        return json.dumps(
            {
                "is_request_satisfied": {"reason": "r", "answer": done},
                "is_in_loop": {"reason": "r", "answer": False},
                "is_progress_being_made": {"reason": "r", "answer": True},
                "instruction_or_question": {"reason": "r", "answer": "Look at the map"},
                "next_speaker": {"reason": "r", "answer": "worker"},
            }
        )

    shared = SharedMemory(memory, write_back=True, on_error="raise")
    worker = AssistantAgent("worker", model("The map says north."), memory=[shared])
    chief = model("FACTS", "PLAN", ledger(done=False), ledger(done=True), "North.")
    team = MagenticOneGroupChat([worker], chief, max_turns=4)
    result = await team.run(task="Where is the harbour?")
    assert said(memory) == {("agent", "worker", "The map says north.")}

    await shared.remember_result(result)
    users = [text for origin, _, text in said(memory) if origin == "user"]
    assert users == ["Where is the harbour?"]


async def test_a_block_is_shown_though_the_context_shows_nothing(memory: Memory) -> None:
    memory.remember("She is allergic to peanuts")
    context = BufferedChatCompletionContext(
        buffer_size=1, initial_messages=[UserMessage(content="Allergic to what?", source="user")]
    )
    context.get_messages = _nothing  # type: ignore[method-assign]
    await SharedMemory(memory, on_error="raise").update_context(context)

    [shown] = await context.get_messages()
    assert not isinstance(shown, SystemMessage)
    assert "allergic to peanuts" in str(shown.content)


async def _nothing() -> list[Any]:
    return []


async def test_an_agent_remembers_recalls_and_forgets_by_itself(memory: Memory) -> None:
    own, group = memory.scope("agent", "helper"), memory.scope("team")
    tools = {tool.name: tool for tool in SharedMemory(own, group=group).tools("helper")}

    async def use(name: str, **arguments: str) -> str:
        tool = tools[name]
        return tool.return_value_as_string(await tool.run_json(arguments, CancellationToken()))

    await use("remember", text="Alice likes green tea", kind="preference")
    await use("remember_for_group", text="The tea room opens at nine")
    [tea] = own.records()
    assert (tea.source.agent, tea.source.origin, tea.kind) == ("helper", "agent", "preference")
    found = json.loads(await use("recall", query="tea"))
    assert {one["text"] for one in found} == {tea.text, "The tea room opens at nine"}

    [shared] = group.records()
    assert "no record" in await use("forget", id=shared.id)
    assert await use("forget", id=tea.id) == "Forgotten."
    assert (own.count(), group.count()) == (0, 1)


async def test_a_group_shares_what_is_said_and_each_keeps_its_own(memory: Memory) -> None:
    group = memory.scope("team", "desk")
    own = {name: memory.scope("agent", name) for name in ("a", "b")}
    own["a"].remember("Agent a answers in verse")
    members: list[Any] = []
    clients = {name: model("Oslo, then.") for name in own}
    for name, mine in own.items():
        shared = SharedMemory(mine, group=group, write_back=True, on_error="raise")
        members.append(AssistantAgent(name, clients[name], memory=[shared]))
    await RoundRobinGroupChat(members, max_turns=2).run(task="How does agent a answer?")

    assert {one.source.agent for one in group.records()} == {None, "a", "b"}
    assert (own["a"].count(), own["b"].count()) == (1, 0)
    [asked_a], [asked_b] = (client.create_calls for client in clients.values())
    assert "in verse" in str(asked_a["messages"])
    assert "in verse" not in str(asked_b["messages"])


async def test_a_memory_that_fails_to_write_does_not_end_the_run(memory: Memory) -> None:
    agent = AssistantAgent(
        "helper", model("Noted."), memory=[SharedMemory(memory, write_back=True)]
    )
    memory.close()
    result = await agent.run(task="I moved to Oslo")

    assert isinstance(result.messages[-1], TextMessage)
    assert result.messages[-1].content == "Noted."
