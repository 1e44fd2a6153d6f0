"""Real agents of classic AutoGen, whose replies are scripted."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from autogen import ConversableAgent, GroupChat, GroupChatManager
from autogen.tools import Tool

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder
from commonplace_autogen_classic import SharedMemory, memory_tools
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


def agent(
    name: str, shown: list[list[dict[str, Any]]], says: str = "No peanuts."
) -> ConversableAgent:
    made = ConversableAgent(name, llm_config=False, human_input_mode="NEVER")

    def reply(
        recipient: ConversableAgent, messages: list[dict[str, Any]], sender: Any, config: Any
    ) -> tuple[bool, str]:
        shown.append(messages)
        return True, says

    made.register_reply([ConversableAgent, None], reply, position=0)
    return made


def test_what_is_known_is_shown_and_never_kept(memory: Memory) -> None:
    memory.remember(PEANUTS)
    shown: list[list[dict[str, Any]]] = []
    helper, user = agent("helper", shown), agent("user", [], ALLERGIC)
    shared = SharedMemory(memory, session="monday", on_error="raise")
    shared.add_to_agent(helper)
    shared.add_to_agent(helper)
    user.initiate_chat(helper, message=ALLERGIC, max_turns=3, silent=True)

    assert [sum("<memory>" in str(one) for one in turn) for turn in shown] == [1] * 3
    assert PEANUTS in shown[0][0]["content"]
    assert "<memory>" not in str(helper.chat_messages[user])
    assert ("user", None, ALLERGIC) in said(memory)
    assert ("agent", "helper", "No peanuts.") in said(memory)

    shared.remove_from_agent(helper)
    assert not any(helper.hook_lists.values())


@pytest.mark.parametrize(
    "message",
    [
        {"role": "tool", "content": "42", "tool_responses": [{"content": "42"}]},
        {"role": "user", "content": None},
        {"role": "user", "content": ""},
    ],
)
def test_what_nobody_said_is_neither_asked_nor_kept(
    memory: Memory, message: dict[str, Any]
) -> None:
    helper = agent("helper", [])
    SharedMemory(memory, on_error="raise").add_to_agent(helper)

    assert helper.process_all_messages_before_reply([message]) == [message]
    assert memory.count() == 0


def test_text_beside_an_image_is_what_was_asked(memory: Memory) -> None:
    memory.remember(PEANUTS)
    helper = agent("helper", [])
    SharedMemory(memory, on_error="raise").add_to_agent(helper)
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}
    asked = [{"role": "user", "content": [{"type": "text", "text": ALLERGIC}, image]}]

    shown = helper.process_all_messages_before_reply(asked)
    assert [len(asked), len(shown)] == [1, 2]
    assert PEANUTS in shown[0]["content"]


def test_a_failing_memory_ends_no_chat(memory: Memory) -> None:
    memory.close()
    helper = agent("helper", [])
    SharedMemory(memory).add_to_agent(helper)
    asked = [{"role": "user", "content": ALLERGIC}]
    assert helper.process_all_messages_before_reply(asked) == asked


async def test_an_async_chat_is_informed_and_remembered_off_the_loop() -> None:
    with commonplace.open(":memory:", embedder=OffLoopEmbedder()) as memory:
        await asyncio.to_thread(memory.remember, PEANUTS)
        shown: list[list[dict[str, Any]]] = []
        helper, user = agent("helper", shown), agent("user", [], ALLERGIC)
        shared = SharedMemory(memory, session="monday", on_error="raise")
        shared.add_to_agent(helper)
        await user.a_initiate_chat(helper, message=ALLERGIC, max_turns=3, silent=True)
        await asyncio.gather(*shared._writing)

        assert [sum("<memory>" in str(one) for one in turn) for turn in shown] == [1] * 3
        assert "<memory>" not in str(helper.chat_messages[user])
        assert said(memory) >= {("user", None, ALLERGIC), ("agent", "helper", "No peanuts.")}

        shared.remove_from_agent(helper)
        shared.add_to_agent(helper)
        await user.a_initiate_chat(helper, message=ALLERGIC, max_turns=1, silent=True)
        assert sum("<memory>" in str(one) for one in shown[-1]) == 1
        shared.remove_from_agent(helper)
        await user.a_initiate_chat(helper, message=ALLERGIC, max_turns=1, silent=True)
        assert "<memory>" not in str(shown[-1])
        await asyncio.gather(*shared._writing)


async def test_an_agent_that_was_detached_is_left_alone_whatever_others_wait_for(
    memory: Memory,
) -> None:
    memory.remember(PEANUTS)
    shared = SharedMemory(memory, on_error="raise")
    attached, detached, user = agent("a", []), agent("b", []), agent("user", [], ALLERGIC)
    for one in (attached, detached):
        shared.add_to_agent(one)
    shared.remove_from_agent(detached)
    attached.register_reply([ConversableAgent, None], lambda *_, **__: (True, "Mine."), position=0)
    for one in (attached, detached):
        await user.a_initiate_chat(one, message=ALLERGIC, max_turns=2, silent=True)
        assert "<memory>" not in str(one.chat_messages)
    await asyncio.gather(*shared._writing)


async def test_a_chat_that_is_not_async_is_informed_on_a_loop_as_in_jupyter(memory: Memory) -> None:
    memory.remember(PEANUTS)
    shown: list[list[dict[str, Any]]] = []
    helper, user = agent("helper", shown), agent("user", [], ALLERGIC)
    shared = SharedMemory(memory, on_error="raise")
    shared.add_to_agent(helper)
    user.initiate_chat(helper, message=ALLERGIC, max_turns=1, silent=True)
    await asyncio.gather(*shared._writing)

    assert sum("<memory>" in str(one) for one in shown[0]) == 1
    assert ("agent", "helper", "No peanuts.") in said(memory)


async def test_what_an_agent_said_before_is_known_at_its_next_async_reply(memory: Memory) -> None:
    """A new chat with another agent of the same memory."""
    shown: list[list[dict[str, Any]]] = []
    teller, helper = agent("teller", [], PEANUTS), agent("helper", shown)
    shared = SharedMemory(memory, on_error="raise")
    for one in (teller, helper):
        shared.add_to_agent(one)
    user = agent("user", [], ALLERGIC)
    await user.a_initiate_chat(teller, message="Who is allergic?", max_turns=1, silent=True)
    await user.a_initiate_chat(helper, message=ALLERGIC, max_turns=1, silent=True)
    assert PEANUTS in str(shown[-1])
    await asyncio.gather(*shared._writing)


def group(names: list[str], shown: list[list[dict[str, Any]]]) -> tuple[list[Any], Any]:
    agents = [agent(name, shown, f"I am {name}.") for name in names]
    chat = GroupChat(
        agents=agents, messages=[], max_round=len(names) + 1, speaker_selection_method="round_robin"
    )
    return agents, GroupChatManager(groupchat=chat, llm_config=False)


def test_each_speaker_of_a_group_recalls_for_the_users_task(memory: Memory) -> None:
    memory.remember(PEANUTS)
    shown: list[list[dict[str, Any]]] = []
    agents, manager = group(["a", "b", "c"], shown)
    shared = SharedMemory(memory, session="group", on_error="raise")
    for one in agents:
        shared.add_to_agent(one)
    agent("user", []).initiate_chat(manager, message=ALLERGIC, max_turns=1, silent=True)

    assert [sum("<memory>" in str(one) for one in turn) for turn in shown] == [1] * 3
    assert all(PEANUTS in str(turn) for turn in shown)
    assert all("<memory>" not in str(one.chat_messages) for one in agents)
    kept = sorted(one.text for one in memory.records(kind="message"))
    assert kept == sorted([ALLERGIC, "I am a.", "I am b.", "I am c."])


async def test_an_async_group_is_remembered_once(memory: Memory) -> None:
    shown: list[list[dict[str, Any]]] = []
    agents, manager = group(["a", "b"], shown)
    shared = SharedMemory(memory, session="group", on_error="raise")
    for one in agents:
        shared.add_to_agent(one)
    user = agent("user", [])
    await user.a_initiate_chat(manager, message=ALLERGIC, max_turns=1, silent=True)
    await asyncio.gather(*shared._writing)
    kept = sorted(one.text for one in memory.records(kind="message"))
    assert kept == sorted([ALLERGIC, "I am a.", "I am b."])


def test_agents_of_one_name_each_have_the_memory(memory: Memory) -> None:
    """A program makes its agent anew for each request."""
    memory.remember(PEANUTS)
    shared = SharedMemory(memory, on_error="raise")
    asked = [{"role": "user", "content": ALLERGIC}]
    for _ in range(2):
        helper = agent("helper", [])
        shared.add_to_agent(helper)
        assert len(helper.process_all_messages_before_reply(asked)) == 2


def test_many_threads_share_one_memory(memory: Memory) -> None:
    memory.remember(PEANUTS)
    shared = SharedMemory(memory, on_error="raise")
    shown: list[list[dict[str, Any]]] = []

    def chat(number: int) -> None:
        helper = agent("helper", shown, f"Answer {number}.")
        shared.add_to_agent(helper)
        user = agent("user", [])
        user.initiate_chat(helper, message=f"{ALLERGIC} ({number})", max_turns=1, silent=True)

    threads = [threading.Thread(target=chat, args=[number]) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert all(sum("<memory>" in str(one) for one in turn) == 1 for turn in shown)
    assert len(said(memory)) == 16


def test_twenty_turns_show_one_block_and_save_none(memory: Memory) -> None:
    facts = memory.scope("facts")
    facts.remember_many([f"{PEANUTS} of sort {number}" for number in range(8)])
    shown: list[list[dict[str, Any]]] = []
    helper, user = agent("helper", shown), agent("user", [], ALLERGIC)
    heard = memory.scope("heard").including(facts)
    SharedMemory(heard, max_tokens=200, on_error="raise").add_to_agent(helper)
    user.initiate_chat(helper, message=ALLERGIC, max_turns=20, silent=True)

    blocks = [[str(one["content"]) for one in turn if "<memory>" in str(one)] for turn in shown]
    assert [len(one) for one in blocks] == [1] * 20
    assert len({len(block) for [block] in blocks}) == 1
    assert "<memory>" not in str(helper.chat_messages[user])


class Scripted:
    """A model as classic AutoGen takes one: calls a tool in each turn, and keeps the results."""

    calls: ClassVar[list[dict[str, str]]] = []
    seen: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, config: dict[str, Any], **_: Any) -> None:
        """As AutoGen makes it."""

    def create(self, params: dict[str, Any]) -> Any:
        Scripted.seen.append(params)
        called = Scripted.calls.pop(0) if Scripted.calls else None
        call = {"id": f"call {len(Scripted.seen)}", "type": "function", "function": called}
        said: dict[str, Any] = {"content": "Done.", "role": "assistant"}
        if called:
            said = {"content": None, "role": "assistant", "tool_calls": [call]}
        choice = SimpleNamespace(message=said)
        return SimpleNamespace(id=call["id"], choices=[choice], model="scripted", cost=0)

    def message_retrieval(self, response: Any) -> list[Any]:
        return [choice.message for choice in response.choices]

    def cost(self, response: Any) -> float:
        return 0

    @staticmethod
    def get_usage(response: Any) -> dict[str, Any]:
        return {}


@pytest.fixture(params=["sync", "async"])
def run(request: pytest.FixtureRequest) -> Callable[..., str]:
    """Let a model call tools in a chat; return what the tools answered."""

    def ran(tools: list[Tool], *calls: tuple[str, str]) -> str:
        Scripted.calls[:] = [{"name": name, "arguments": given} for name, given in calls]
        Scripted.seen.clear()
        config = {"config_list": [{"model": "m", "model_client_cls": "Scripted"}]}
        helper = ConversableAgent("helper", llm_config=config, human_input_mode="NEVER")
        user = ConversableAgent("user", llm_config=False, human_input_mode="NEVER")
        for tool in tools:
            tool.register_for_llm(helper)
            tool.register_for_execution(user)
        helper.register_model_client(Scripted)  # each tool makes the clients anew
        turns = {"message": "Use your tools", "max_turns": len(calls) + 1, "silent": True}
        if request.param == "sync":
            user.initiate_chat(helper, **turns)
        else:
            asyncio.run(user.a_initiate_chat(helper, **turns))
        return str(
            [one["content"] for one in Scripted.seen[-1]["messages"] if "tool_call_id" in one]
        )

    return ran


def test_a_model_remembers_recalls_and_forgets_by_tools(
    memory: Memory, run: Callable[..., str]
) -> None:
    tools = memory_tools(memory, agent="helper", session="monday")
    told = run(
        tools, ("remember", f'{{"text": "{PEANUTS}"}}'), ("recall", f'{{"query": "{ALLERGIC}"}}')
    )
    [record] = memory.records()
    assert (record.source.origin, record.source.agent) == ("agent", "helper")
    assert "Remembered." in told
    assert record.id in told
    schemas = {one["function"]["name"]: one["function"] for one in Scripted.seen[0]["tools"]}
    assert set(schemas) == {"remember", "recall", "forget"}
    assert schemas["recall"]["parameters"]["properties"]["query"]["description"]

    told = run(tools, ("forget", f'{{"id": "{record.id}"}}'), ("forget", '{"id": "none"}'))
    assert "Forgotten." in told
    assert "Nothing was done" in told
    assert memory.count() == 0


def test_a_tool_whose_memory_fails_says_so_to_the_model(
    memory: Memory, run: Callable[..., str]
) -> None:
    tools = memory_tools(memory, read_only=True)
    memory.close()
    assert "not available" in run(tools, ("recall", f'{{"query": "{ALLERGIC}"}}'))


def test_what_names_no_users_and_what_is_no_agent_is_refused(memory: Memory) -> None:
    with pytest.raises(commonplace.errors.InvalidInputError, match=r"users is a list.*\['ann'\]"):
        SharedMemory(memory, users="ann")
    with pytest.raises(commonplace.errors.InvalidInputError, match="ConversableAgent"):
        SharedMemory(memory).add_to_agent("helper")


@pytest.mark.parametrize("make", [SharedMemory, memory_tools])
def test_what_is_no_memory_is_refused_at_once(make: Any) -> None:
    with pytest.raises(commonplace.errors.InvalidInputError, match="takes a Memory"):
        make("./memory")
