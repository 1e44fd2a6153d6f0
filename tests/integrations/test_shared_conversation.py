"""One conversation of several frameworks: LangChain's history, AutoGen's context, plain clients."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import openai
import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core import FunctionCall, Image
from autogen_core.models import (
    AssistantMessage,
    CreateResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    RequestUsage,
    SystemMessage,
    UserMessage,
)
from autogen_ext.models.replay import ReplayChatCompletionClient
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import RunnableLambda
from langchain_core.runnables.history import RunnableWithMessageHistory
from pydantic import Field

import commonplace
from commonplace import InvalidInputError, Memory
from commonplace.testing import HashingEmbedder
from commonplace_autogen import ConversationContext
from commonplace_langchain import ConversationHistory
from openai_server import HERE, scripted

pytestmark = [
    pytest.mark.allow_hosts([HERE]),
    # RunnableWithMessageHistory is deprecated, and what programs of today have.
    pytest.mark.filterwarnings("ignore::langchain_core._api.LangChainDeprecationWarning"),
]

AMPLE = 10_000
PEANUTS = "I am allergic to peanuts"


class Replies(BaseChatModel):
    """Answers by a script, and keeps what it was asked."""

    answers: list[AIMessage]
    seen: list[list[BaseMessage]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, *_: Any, **__: Any) -> Replies:
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        self.seen.append(list(messages))
        answer = self.answers.pop(0).model_copy(deep=True)
        return ChatResult(generations=[ChatGeneration(message=answer)])


@pytest.fixture
def alice() -> Iterator[Memory]:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as memory:
        yield memory.scope("user", "alice")


def weather(city: str) -> str:
    """Tell the weather."""
    return f"It rains in {city}"


def replaying(*replies: str | CreateResult) -> ReplayChatCompletionClient:
    info: Any = {
        "vision": True,
        "function_calling": True,
        "json_output": False,
        "family": "unknown",
        "structured_output": False,
    }
    return ReplayChatCompletionClient(list(replies), model_info=info)


def asked(client: ReplayChatCompletionClient, turn: int = -1) -> Sequence[LLMMessage]:
    messages: Sequence[LLMMessage] = client.create_calls[turn]["messages"]
    return messages


async def test_langchain_begins_a_plain_client_goes_on_a_team_of_autogen_ends(
    alice: Memory,
) -> None:
    call = {"name": "weather", "args": {"city": "Bergen"}, "id": "c1"}
    model = Replies(answers=[AIMessage("", tool_calls=[call]), AIMessage("It rains in Bergen.")])
    agent: Any = create_agent(model, [weather], system_prompt="You plan dinners.")
    history = ConversationHistory(alice.conversation("dinner"), max_tokens=AMPLE)
    history.add_messages([HumanMessage(f"{PEANUTS}. How is the weather in Bergen?")])
    history.add_messages(agent.invoke({"messages": history.messages})["messages"])

    chat = alice.conversation("dinner")
    chat.add({"role": "user", "content": "Then we stay in. What could I cook?"})
    with (
        scripted("A stew of fish.") as server,
        openai.OpenAI(api_key="none", base_url=server.address) as client,
    ):
        window: Any = chat.messages(max_tokens=AMPLE)
        reply = client.chat.completions.create(model="m", messages=window)
    chat.add(reply.choices[0].message)
    sent = server.asked[0]["messages"]
    assert [one["role"] for one in sent] == ["user", "assistant", "tool", "assistant", "user"]

    cook, taster = replaying("Take cod and leek."), replaying("No peanuts in it: fine.")
    context = ConversationContext(alice.conversation("dinner"), max_tokens=AMPLE, agent="cook")
    team = RoundRobinGroupChat(
        [
            AssistantAgent("cook", cook, model_context=context),
            AssistantAgent("taster", taster, model_context=context.beside("taster")),
        ],
        termination_condition=MaxMessageTermination(3),
    )
    await team.run(task="Which fish?")
    assert PEANUTS in str(asked(taster))

    assert [one["content"] for one in chat.messages(max_tokens=AMPLE)] == [
        f"{PEANUTS}. How is the weather in Bergen?",
        None,
        "It rains in Bergen",
        "It rains in Bergen.",
        "Then we stay in. What could I cook?",
        "A stew of fish.",
        "Which fish?",
        "Take cod and leek.",
        "No peanuts in it: fine.",
    ]


class TestHistory:
    def test_langchains_own_runnable_adds_each_message_once(self, alice: Memory) -> None:
        model = Replies(answers=[AIMessage("Noted."), AIMessage("To peanuts.")])
        talking: Any = RunnableWithMessageHistory(
            RunnableLambda(model.invoke),
            lambda session: ConversationHistory(alice.conversation(session), max_tokens=AMPLE),
        )
        here: Any = {"configurable": {"session_id": "monday"}}
        talking.invoke([HumanMessage(PEANUTS)], here)
        talking.invoke([HumanMessage("To what am I allergic?")], here)

        assert [one.text for one in model.seen[-1]] == [PEANUTS, "Noted.", "To what am I allergic?"]
        assert [one.text for one in alice.conversation("monday").records()] == [
            PEANUTS,
            "Noted.",
            "To what am I allergic?",
            "To peanuts.",
        ]

    def test_what_was_recalled_and_a_models_reasoning_are_never_added(self, alice: Memory) -> None:
        alice.remember("The user plays the violin")
        history = ConversationHistory(alice.conversation("monday"), max_tokens=AMPLE)
        history.add_user_message("What does the user play?")
        thought = {"type": "reasoning", "reasoning": "A violin, they said"}
        shown = history.messages
        assert "violin" in shown[0].text
        history.add_messages([*shown, AIMessage([thought, {"type": "text", "text": "Strings."}])])

        records = alice.conversation("monday").records()
        assert [one.text for one in records] == ["What does the user play?", "Strings."]
        assert alice.quarantined() == []
        history.clear()
        assert alice.conversation("monday").records() == []

    def test_it_is_within_its_tokens_and_parts_no_call(self, alice: Memory) -> None:
        history = ConversationHistory(alice.conversation("monday"), max_tokens=400)
        call = {"name": "weather", "args": {}, "id": "c1"}
        for number in range(30):
            history.add_user_message(f"And in town number {number}?")
            history.add_messages([AIMessage("", tool_calls=[call])])
        messages = history.messages
        calls = [one for one in messages if isinstance(one, AIMessage) and one.tool_calls]
        results = [one for one in messages if one.type == "tool"]
        assert 0 < len(messages) < 60
        assert len(calls) - 1 == len(results)

    def test_what_is_no_conversation_is_refused(self, alice: Memory) -> None:
        with pytest.raises(InvalidInputError):
            ConversationHistory(alice, max_tokens=10)  # type: ignore[arg-type]
        with pytest.raises(InvalidInputError):
            ConversationContext(alice, max_tokens=10, agent="desk")  # type: ignore[arg-type]


class TestContext:
    async def test_an_agent_with_tools_reads_and_adds(self, alice: Memory) -> None:
        calling = CreateResult(
            finish_reason="function_calls",
            content=[FunctionCall("c1", '{"city": "Oslo"}', "weather")],
            usage=RequestUsage(prompt_tokens=1, completion_tokens=1),
            cached=False,
            thought="Where is Oslo?",
        )
        client = replaying(calling, "It rains.", "In Oslo.")
        context = ConversationContext(alice.conversation("x"), max_tokens=AMPLE, agent="desk")
        desk = AssistantAgent(
            "desk", client, tools=[weather], model_context=context, reflect_on_tool_use=True
        )
        await desk.run(task="How is the weather in Oslo?")
        await desk.run(task="Where?")

        roles = [type(one) for one in asked(client)]
        assert roles == [
            SystemMessage,
            UserMessage,
            AssistantMessage,
            FunctionExecutionResultMessage,
            AssistantMessage,
            UserMessage,
        ]
        assert "Where is Oslo" not in str(alice.records())
        resumed = ConversationContext(alice.conversation("x"), max_tokens=AMPLE, agent="desk")
        assert len(await resumed.get_messages()) == 6

    async def test_the_same_words_in_two_turns_are_two_messages(self, alice: Memory) -> None:
        context = ConversationContext(alice.conversation("x"), max_tokens=AMPLE, agent="a")
        other = context.beside("b")
        for _ in range(2):
            for each in (context, other):
                await each.add_message(UserMessage(content="Yes", source="user"))
            await context.add_message(AssistantMessage(content="Go on", source="a"))
            await other.add_message(UserMessage(content="Go on", source="a"))

        said = [one.text for one in alice.conversation("x").records()]
        assert said == ["Yes", "Go on"] * 2
        assert [type(one) for one in await other.get_messages()] == [UserMessage] * 4

    async def test_a_state_has_no_messages_and_a_foreign_one_is_taken_over(
        self, alice: Memory
    ) -> None:
        picture = Image.from_base64(
            "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        )
        context = ConversationContext(alice.conversation("x"), max_tokens=AMPLE, agent="a")
        said = UserMessage(content=["Look", picture], source="user").model_dump()
        await context.load_state({"messages": [said]})
        assert (await context.save_state())["messages"] == []
        [shown] = await context.get_messages()
        assert isinstance(shown.content[1], Image)
        with pytest.raises(InvalidInputError, match="already"):
            await context.load_state({"messages": [said]})
        await context.load_state(await context.save_state())
        await context.clear()
        assert await context.get_messages() == []

    async def test_an_agent_that_is_dumped_is_told_where_its_conversation_is(
        self, alice: Memory
    ) -> None:
        context = ConversationContext(alice.conversation("x"), max_tokens=AMPLE, agent="a")
        agent = AssistantAgent("a", ReplayChatCompletionClient(["Yes"]), model_context=context)
        with pytest.raises(InvalidInputError, match=r"'x' is in its memory.*when it is loaded"):
            agent.dump_component()
