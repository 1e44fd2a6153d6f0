"""Real agents of Microsoft Agent Framework, on a scripted client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from agent_framework import (
    Agent,
    AgentSession,
    BaseChatClient,
    ChatResponse,
    ChatResponseUpdate,
    Content,
    FunctionInvocationLayer,
    Message,
    ResponseStream,
    WorkflowBuilder,
)

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder
from commonplace_agent_framework import ConversationHistory, SharedMemoryProvider, memory_tools
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


class Scripted(FunctionInvocationLayer, BaseChatClient):
    """Gives its replies in turn, then "Noted.", and keeps what it was sent."""

    def __init__(self, *replies: str | Content) -> None:
        super().__init__()
        self.replies = list(replies)
        self.seen: list[list[str]] = []
        self.messages: list[list[Message]] = []
        self.options: list[Mapping[str, Any]] = []

    def _inner_get_response(
        self,
        *,
        messages: Sequence[Message],
        stream: bool,
        options: Mapping[str, Any],
        **kwargs: Any,
    ) -> Awaitable[ChatResponse] | ResponseStream[ChatResponseUpdate, ChatResponse]:
        self.seen.append([message.text for message in messages])
        self.messages.append(list(messages))
        self.options.append(options)
        reply = self.replies.pop(0) if self.replies else "Noted."

        async def answer() -> ChatResponse:
            return ChatResponse(messages=[Message(role="assistant", contents=[reply])])

        async def updates() -> AsyncIterator[ChatResponseUpdate]:
            pieces = reply.split(" ") if isinstance(reply, str) else [reply]
            for at, one in enumerate(pieces):
                piece = f"{' ' if at else ''}{one}" if isinstance(one, str) else one
                content = Content.from_text(piece) if isinstance(piece, str) else piece
                yield ChatResponseUpdate(role="assistant", contents=[content])

        return self._build_response_stream(updates()) if stream else answer()


def call(name: str, number: str, /, **arguments: object) -> Content:
    return Content.from_function_call(number, name, arguments=arguments)


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


async def test_a_streamed_run_is_remembered_once_it_has_ended(memory: Memory) -> None:
    memory.remember(PEANUTS)
    client = Scripted("No peanuts, then.")
    provider = SharedMemoryProvider(memory, on_error="raise")
    agent = Agent(client, name="helper", context_providers=[provider])
    stream = agent.run(ALLERGIC, session=agent.create_session(), stream=True)
    assert [update.text async for update in stream] == ["No", " peanuts,", " then."]

    assert PEANUTS in str(client.seen[0])
    assert said(memory) == {("user", None, ALLERGIC), ("agent", "helper", "No peanuts, then.")}


async def test_a_model_remembers_recalls_and_forgets_by_tools(memory: Memory) -> None:
    client = Scripted(
        call("remember", "1", text=PEANUTS), call("recall", "2", query=ALLERGIC), "Done."
    )
    agent = Agent(client, name="helper", tools=memory_tools(memory, agent="helper"))
    assert (await agent.run("Remember what I told you")).text == "Done."

    [record] = memory.records()
    assert (record.text, record.source.origin, record.source.agent) == (PEANUTS, "agent", "helper")
    results = [one.result for message in client.messages[-1] for one in message.contents]
    assert "Remembered." in results
    assert any(record.id in str(one) for one in results)

    client.replies = [call("forget", "3", id=record.id), call("forget", "4", id="none"), "Done."]
    await agent.run("Forget it")
    assert memory.count() == 0
    assert "Nothing was done" in str([one.result for one in client.messages[-1][-1].contents])


async def test_what_an_agent_asks_of_another_comes_from_the_agent(memory: Memory) -> None:
    provider = SharedMemoryProvider(memory, on_error="raise")
    writer = Agent(Scripted("A poem."), name="writer", context_providers=[provider])
    client = Scripted(call("writer", "1", task="Write of tides"), "Here it is.")
    chief = Agent(client, name="chief", context_providers=[provider], tools=[writer.as_tool()])
    await chief.run("I want a poem of tides")
    await writer.run("Write of geese")

    assert said(memory) == {
        ("user", None, "I want a poem of tides"),
        ("agent", "chief", "Write of tides"),
        ("agent", "writer", "A poem."),
        ("agent", "chief", "Here it is."),
        ("user", None, "Write of geese"),
        ("agent", "writer", "Noted."),
    }


async def test_the_members_of_a_workflow_remember_each_message_once(memory: Memory) -> None:
    memory.remember(PEANUTS)
    provider = SharedMemoryProvider(memory, on_error="raise")
    clients = [Scripted("A draft."), Scripted("A review.")]
    writer, critic = (
        Agent(client, name=name, context_providers=[provider])
        for name, client in zip(("writer", "critic"), clients, strict=True)
    )
    await WorkflowBuilder(start_executor=writer).add_edge(writer, critic).build().run(ALLERGIC)

    assert sorted(one.text for one in memory.records(kind="message")) == [
        "A draft.",
        "A review.",
        ALLERGIC,
    ]
    assert PEANUTS in str(clients[1].seen)


async def test_the_tools_of_a_session_reach_its_own_memory_alone(memory: Memory) -> None:
    def own(session: AgentSession) -> Memory:
        return memory.scope("session", session.session_id)

    provider = SharedMemoryProvider(own, tools=True, on_error="raise")
    client = Scripted(call("remember", "1", text=PEANUTS))
    agent = Agent(client, name="helper", context_providers=[provider])
    ours, others = agent.create_session(), agent.create_session()
    await agent.run("Remember what I told you", session=ours)
    client.replies = [call("recall", "2", query=ALLERGIC)]
    await agent.run("What do you know?", session=others)

    [kept] = own(ours).records(kind="fact")
    assert (kept.text, kept.source.session) == (PEANUTS, ours.session_id)
    assert "Nothing is remembered" in str([one.result for one in client.messages[-1][-1].contents])
    assert PEANUTS not in str(others.to_dict())


async def test_a_tool_whose_memory_fails_says_so_to_the_model(memory: Memory) -> None:
    memory.close()
    client = Scripted(call("recall", "1", query=ALLERGIC), "I cannot say.")
    agent = Agent(client, tools=memory_tools(memory, read_only=True))
    assert (await agent.run(ALLERGIC)).text == "I cannot say."
    assert "not available" in str([one.result for one in client.messages[-1][-1].contents])


async def test_another_process_goes_on_with_a_session_by_its_id(memory: Memory) -> None:
    """History and calls of tools are in the memory, and nothing of them in the session."""
    client = Scripted(call("recall", "1", query=ALLERGIC), "Peanuts.")

    def agent() -> Agent:
        history = ConversationHistory(memory, max_tokens=2000, on_error="raise")
        tools = memory_tools(memory, read_only=True)
        return Agent(client, "Be kind.", name="helper", tools=tools, context_providers=[history])

    begun = agent()
    session = begun.create_session()
    await begun.run(ALLERGIC, session=session)
    assert ALLERGIC not in str(session.to_dict())

    going_on = agent()
    later = AgentSession(session_id=session.session_id)
    stream = going_on.run("And what did I ask?", session=later, stream=True)
    assert "".join([update.text async for update in stream]) == "Noted."
    roles = [message.role for message in client.messages[-1]]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]
    assert client.seen[-1].count(ALLERGIC) == 1
    [called] = [one for one in client.messages[-1][1].contents if one.type == "function_call"]
    assert (called.call_id, called.name, called.parse_arguments()) == (
        "1",
        "recall",
        {"query": ALLERGIC},
    )
    roles = [
        one["role"] for one in memory.conversation(session.session_id).messages(max_tokens=2000)
    ]
    assert roles == ["user", "assistant", "tool", "assistant", "user", "assistant"]


async def test_a_long_history_stays_in_its_budget_and_recalls_what_fell_out(
    memory: Memory,
) -> None:
    client = Scripted()
    history = ConversationHistory(memory, max_tokens=1000, on_error="raise")
    agent = Agent(client, "Be kind.", name="helper", context_providers=[history])
    session = agent.create_session()
    await agent.run(PEANUTS, session=session)
    for number in range(50):
        await agent.run(f"Tell me something about the number {number}, please", session=session)
    await agent.run(ALLERGIC, session=session)

    assert len(client.seen[-1]) < 50
    assert PEANUTS not in str(client.seen[-1])
    instructions = client.options[-1]["instructions"]
    assert instructions.startswith("Be kind.")
    assert instructions.count("<memory>") == 1
    assert PEANUTS in instructions
    assert len(await history.get_messages(session.session_id)) < 50
    await history.save_messages(session.session_id, [Message("user", ["Goodbye"])])
    assert (await history.get_messages(session.session_id))[-1].text == "Goodbye"


async def test_pictures_are_part_of_the_history_and_unknown_contents_are_told(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    client = Scripted()
    history = ConversationHistory(memory, max_tokens=4000, on_error="raise")
    agent = Agent(client, context_providers=[history])
    session = agent.create_session()
    picture = Content.from_uri("https://example.org/cat.png", media_type="image/png")
    song = Content.from_uri("https://example.org/song.mp3", media_type="audio/mpeg")
    await agent.run(Message("user", ["Who is this?", picture, song]), session=session)
    await agent.run("And now?", session=session)

    shown = client.messages[-1][0].contents
    assert [(one.type, one.text or one.uri) for one in shown] == [
        ("text", "Who is this?"),
        ("uri", "https://example.org/cat.png"),
    ]
    assert "Contents of type 'uri'" in caplog.text


async def test_a_history_that_fails_ends_no_run_unless_asked(memory: Memory) -> None:
    memory.close()
    agent = Agent(Scripted(), context_providers=[ConversationHistory(memory, max_tokens=500)])
    assert (await agent.run(ALLERGIC)).text == "Noted."

    strict = ConversationHistory(memory, max_tokens=500, on_error="raise")
    with pytest.raises(commonplace.MemoryClosedError):
        await Agent(Scripted(), context_providers=[strict]).run(ALLERGIC)


async def test_no_event_loop_waits_for_the_memory() -> None:
    with commonplace.open(":memory:", embedder=OffLoopEmbedder()) as memory:
        provider = SharedMemoryProvider(memory, tools=True, on_error="raise")
        history = ConversationHistory(memory, max_tokens=1000, on_error="raise")
        client = Scripted(call("remember", "1", text=PEANUTS), call("recall", "2", query=ALLERGIC))
        agent = Agent(client, context_providers=[provider, history])
        await agent.run("Remember what I told you", session=agent.create_session())
        assert PEANUTS in str([one.result for one in client.messages[-1][-1].contents])


@pytest.mark.parametrize("make", [SharedMemoryProvider, memory_tools, ConversationHistory])
def test_what_is_no_memory_is_refused_at_once(make: Any) -> None:
    options = {"max_tokens": 500} if make is ConversationHistory else {}
    with pytest.raises(commonplace.errors.InvalidInputError, match="takes a Memory"):
        make("./memory", **options)
