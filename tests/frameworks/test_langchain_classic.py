"""Real chains of `langchain_classic`, on scripted models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_classic.agents import AgentExecutor, create_react_agent
from langchain_classic.chains import ConversationChain, LLMChain
from langchain_core.language_models import FakeListLLM
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder, PromptTemplate
from langchain_core.tools import tool

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder
from commonplace_langchain.classic import ConversationMemory
from off_loop import OffLoopEmbedder

PEANUTS = "I am Alice, and allergic to peanuts"
ALLERGIC = "What is Alice allergic to?"
REACT = PromptTemplate.from_template(
    "{history}\nTools: {tools} {tool_names}\nQuestion: {input}\n{agent_scratchpad}"
)

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def memory() -> Iterator[Memory]:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as opened:
        yield opened


class Model(FakeListLLM):
    """Keeps what it was sent."""

    seen: list[str] = []  # noqa: RUF012  # a field: each has its own

    def _call(self, prompt: str, *args: Any, **kwargs: Any) -> str:
        self.seen.append(prompt)
        return super()._call(prompt, *args, **kwargs)

    async def _acall(self, prompt: str, *args: Any, **kwargs: Any) -> str:
        self.seen.append(prompt)
        return await super()._acall(prompt, *args, **kwargs)


def test_a_conversation_chain_goes_on_where_another_process_left_it(memory: Memory) -> None:
    model = Model(responses=["Noted.", "Peanuts."])
    for asked in (PEANUTS, ALLERGIC):
        kept = ConversationMemory(memory.conversation("monday"), max_tokens=1000, on_error="raise")
        ConversationChain(llm=model, memory=kept).invoke({"input": asked})

    assert f"Human: {PEANUTS}\nAI: Noted." in model.seen[-1]
    assert model.seen[-1].count(PEANUTS) == 1
    roles = [one["role"] for one in memory.conversation("monday").messages(max_tokens=1000)]
    assert roles == ["user", "assistant"] * 2


def test_what_fell_out_of_a_long_conversation_is_recalled_for_the_question(memory: Memory) -> None:
    kept = ConversationMemory(
        memory.conversation("monday"), max_tokens=1000, return_messages=True, on_error="raise"
    )
    kept.save_context({"input": PEANUTS}, {"output": "Noted."})
    for number in range(50):
        kept.save_context({"input": f"Tell me of the number {number}"}, {"output": "It is even."})

    [first, *rest] = kept.load_memory_variables({"input": ALLERGIC})["history"]
    assert first.type == "system"
    assert PEANUTS in first.text
    assert PEANUTS not in str(rest)
    assert kept.load_memory_variables({})["history"][-1].text == "It is even."
    kept.clear()
    assert kept.load_memory_variables({"input": "Hello"}) == {"history": []}


def test_a_chat_prompt_takes_messages_and_other_keys(memory: Memory) -> None:
    model = Model(responses=["Noted.", "Peanuts."])
    kept = ConversationMemory(
        memory.conversation("monday"),
        max_tokens=1000,
        memory_key="chat",
        input_key="question",
        return_messages=True,
        on_error="raise",
    )
    prompt = ChatPromptTemplate([MessagesPlaceholder("chat"), ("human", "{question} ({tone})")])
    chain = LLMChain(llm=model, prompt=prompt, memory=kept)
    for asked in (PEANUTS, ALLERGIC):
        chain.invoke({"question": asked, "tone": "kind"})
    assert f"Human: {PEANUTS}\nAI: Noted.\nHuman: {ALLERGIC} (kind)" in model.seen[-1]


def test_an_agent_executor_remembers_its_answers_and_no_steps(memory: Memory) -> None:
    @tool
    def weather(place: str) -> str:
        """Tell the weather."""
        return f"Rain in {place}"

    model = Model(responses=["Action: weather\nAction Input: Oslo", "Final Answer: It rains."])
    kept = ConversationMemory(memory.conversation("monday"), max_tokens=1000, on_error="raise")
    agent = create_react_agent(model, [weather], REACT)
    executor = AgentExecutor(agent=agent, tools=[weather], memory=kept)
    assert executor.invoke({"input": "How is the weather in Oslo?"})["output"] == "It rains."
    said = [record.text for record in memory.conversation("monday").records()]
    assert said == ["How is the weather in Oslo?", "It rains."]


async def test_awaited_chains_leave_the_event_loop_alone() -> None:
    with commonplace.open(":memory:", embedder=OffLoopEmbedder()) as memory:
        model = Model(responses=["Noted.", "Peanuts."])
        kept = ConversationMemory(memory.conversation("monday"), max_tokens=1000, on_error="raise")
        chain = ConversationChain(llm=model, memory=kept)
        await chain.ainvoke({"input": PEANUTS})
        await chain.ainvoke({"input": ALLERGIC})
        assert PEANUTS in model.seen[-1]
        await kept.aclear()
        assert memory.count() == 0


def test_a_failing_memory_ends_no_chain_unless_asked(memory: Memory) -> None:
    memory.close()
    conversation = memory.conversation("monday")
    kept = ConversationMemory(conversation, max_tokens=1000)
    chain = ConversationChain(llm=Model(responses=["Noted."]), memory=kept)
    assert chain.invoke({"input": PEANUTS})["response"] == "Noted."

    strict = ConversationMemory(conversation, max_tokens=1000, on_error="raise")
    with pytest.raises(commonplace.MemoryClosedError):
        ConversationChain(llm=Model(responses=["Noted."]), memory=strict).invoke({"input": PEANUTS})


def test_what_is_no_conversation_is_refused(memory: Memory) -> None:
    with pytest.raises(commonplace.errors.InvalidInputError, match="takes a conversation"):
        ConversationMemory(memory, max_tokens=1000)  # type: ignore[arg-type]  # the point
