"""Real agents of Microsoft Agent Framework, on a scripted client."""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from agent_framework import Agent, AgentSession, BaseChatClient, ChatResponse, Message

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder
from commonplace_agent_framework import SharedMemoryProvider

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


class Scripted(BaseChatClient):
    """Answers "Noted." and keeps what it was sent."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[list[str]] = []

    def _inner_get_response(
        self,
        *,
        messages: Sequence[Message],
        stream: bool,
        options: Mapping[str, Any],
        **kwargs: Any,
    ) -> Awaitable[ChatResponse]:
        self.seen.append([message.text for message in messages])

        async def answer() -> ChatResponse:
            return ChatResponse(messages=[Message(role="assistant", contents=["Noted."])])

        return answer()


async def test_twenty_turns_show_one_block_and_save_none(memory: Memory) -> None:
    facts, heard = memory.scope("facts"), memory.scope("heard")
    facts.remember_many([f"{PEANUTS} of sort {number}" for number in range(8)])
    client = Scripted()
    provider = SharedMemoryProvider(facts, write_to=heard, on_error="raise", max_tokens=200)
    agent = Agent(client, name="helper", context_providers=[provider])
    session = agent.create_session()
    for number in range(20):
        await agent.run(f"{ALLERGIC} Asked {number} times", session=session)

    shown = [[one for one in seen if "<memory>" in one] for seen in client.seen]
    assert [len(blocks) for blocks in shown] == [1] * 20
    assert len({len(block) for [block] in shown}) == 1
    assert "<memory>" not in str(session.to_dict())
    assert sum(origin == "user" for origin, _, _ in said(heard)) == 20


async def test_what_the_session_holds_is_not_shown_twice(memory: Memory) -> None:
    client = Scripted()
    provider = SharedMemoryProvider(memory, on_error="raise")
    agent = Agent(client, name="helper", context_providers=[provider])
    session = agent.create_session()
    for told in (PEANUTS, "Alice lives in Oslo", "What is Alice allergic to, and where?"):
        await agent.run(told, session=session)

    assert sum(PEANUTS in one for one in client.seen[-1]) == 1
    assert PEANUTS in str(client.seen[-1])


async def test_each_session_has_its_own_scopes(memory: Memory) -> None:
    def own(session: AgentSession) -> Memory:
        return memory.scope("session", session.session_id)

    handbook = memory.scope("handbook")
    handbook.remember(PEANUTS)
    client = Scripted()
    provider = SharedMemoryProvider(handbook, write_to=own, on_error="raise")
    agent = Agent(client, name="helper", context_providers=[provider])
    sessions = [agent.create_session() for _ in range(2)]
    for session in sessions:
        await agent.run(ALLERGIC, session=session)

    assert all(PEANUTS in str(seen) for seen in client.seen)
    for session in sessions:
        assert said(own(session)) == {("user", None, ALLERGIC), ("agent", "helper", "Noted.")}


async def test_a_failing_memory_ends_no_run_unless_asked(memory: Memory) -> None:
    memory.close()
    agent = Agent(Scripted(), context_providers=[SharedMemoryProvider(memory)])
    assert (await agent.run(ALLERGIC)).text == "Noted."

    strict = Agent(Scripted(), context_providers=[SharedMemoryProvider(memory, on_error="raise")])
    with pytest.raises(commonplace.MemoryClosedError):
        await strict.run(ALLERGIC)
