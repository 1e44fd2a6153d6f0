"""Whose memory a run uses, and what of it is kept: real agents, a scripted model."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import (
    AgentMiddleware,
    ModelCallLimitMiddleware,
    ToolCallLimitMiddleware,
    dynamic_prompt,
)
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt
from pydantic import BaseModel

import commonplace
from commonplace import InvalidInputError, Memory
from commonplace.testing import HashingEmbedder
from commonplace_langchain import MemoryMiddleware, Run, memory_tools
from langchain_models import ScriptedModel, scripted

PEANUTS = "The user is allergic to peanuts"
QUESTION = "Is the user allergic to peanuts?"


@pytest.fixture
def memory() -> Iterator[Memory]:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as opened:
        yield opened


def asking(text: str) -> Any:
    return {"messages": [HumanMessage(text)]}


def thread(id: str, **configurable: Any) -> Any:
    return {"configurable": {"thread_id": id, **configurable}}


def by_context(memory: Memory) -> Any:
    return lambda run: memory.scope("user", run.context["user_id"])


def told(memory: Memory) -> list[tuple[str, str | None]]:
    kept = sorted(memory.records(), key=lambda record: record.created_at)
    return [(record.text, record.source.origin) for record in kept]


def agent_with(middleware: Any, model: ScriptedModel, **options: Any) -> Any:
    options.setdefault("checkpointer", InMemorySaver())
    return create_agent(model, middleware=[middleware], context_schema=dict, **options)


def call(name: str, /, **arguments: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": "1"}])


# Whose memory


async def test_fifty_users_at_once_share_nothing(memory: Memory) -> None:
    model = ScriptedModel(answer=lambda messages: AIMessage(f"To: {messages[-1].text}"))
    agent = agent_with(MemoryMiddleware(by_context(memory), on_error="raise"), model)
    users = [f"user {number}" for number in range(50)]
    for turn in ("The word is {0}", "Which word is {0}?"):
        await asyncio.gather(
            *(
                agent.ainvoke(
                    asking(turn.format(f"secret{user[5:]}x")),
                    thread(f"{user} {turn}"),
                    context={"user_id": user},
                )
                for user in users
            )
        )
    for number, user in enumerate(users):
        own = memory.scope("user", user).records()
        assert len(own) == 4
        assert all(f"secret{number}x" in record.text for record in own)
    asked = [call for call in model.seen if "Which" in call[-1].text]
    assert len(asked) == 50
    for messages in asked:
        word = messages[-1].text.split()[-1].rstrip("?")
        block = messages[0].text
        assert word in block
        assert block.count("secret") == block.count(word)


def test_the_configuration_can_say_whose_memory_it_is(memory: Memory) -> None:
    seen: list[Run] = []

    def choose(run: Run) -> Memory:
        seen.append(run)
        return memory.scope("user", run.configurable["user"])

    agent = agent_with(MemoryMiddleware(choose), scripted("Noted."))
    agent.invoke(asking(PEANUTS), thread("7", user="ann"))
    assert told(memory.scope("user", "ann")) == [(PEANUTS, "user"), ("Noted.", "agent")]
    assert seen[0] == Run(None, {"user": "ann"}, None, "7")


@pytest.mark.parametrize("on_error", ["log", "raise"])
async def test_a_run_without_a_user_is_an_error(memory: Memory, on_error: Any) -> None:
    agent = agent_with(MemoryMiddleware(by_context(memory), on_error=on_error), scripted("Yes."))
    with pytest.raises(InvalidInputError, match=r"No memory was chosen.*context is None"):
        agent.invoke(asking(PEANUTS), thread("1"))
    with pytest.raises(InvalidInputError, match="context="):
        await agent.ainvoke(asking(PEANUTS), thread("2"), context={"session": "x"})
    assert memory.count() == 0


def test_a_run_without_a_user_has_the_default_memory(memory: Memory) -> None:
    guests = memory.scope("guests")
    agent = agent_with(MemoryMiddleware(by_context(memory), default=guests), scripted("Yes."))
    agent.invoke(asking(PEANUTS), thread("1"))
    assert guests.count() == memory.count() == 2
    with pytest.raises(InvalidInputError, match="user_id"):
        agent.invoke(asking(PEANUTS), thread("2"), context={"session": "x"})


def test_what_returns_no_memory_is_an_error() -> None:
    agent = agent_with(MemoryMiddleware(lambda run: run.context), scripted("Yes."))
    with pytest.raises(InvalidInputError, match="it returns a Memory"):
        agent.invoke(asking(PEANUTS), thread("1"), context={"user_id": "ann"})
    with pytest.raises(InvalidInputError, match="An adapter takes a Memory"):
        MemoryMiddleware("user/ann")  # type: ignore[arg-type]  # the point


def test_a_memory_given_as_store_is_an_error(memory: Memory) -> None:
    agent = agent_with(MemoryMiddleware(memory), scripted("Yes."), store=memory)
    with pytest.raises(InvalidInputError, match=r"store=MemoryStore\(memory\)"):
        agent.invoke(asking(PEANUTS), thread("1"))


def test_a_thread_that_another_user_goes_on_with_gives_nothing_away(memory: Memory) -> None:
    model = scripted("One.", TimeoutError(), "Three.")
    agent = agent_with(MemoryMiddleware(by_context(memory)), model)
    agent.invoke(asking("Ann's first"), thread("1"), context={"user_id": "ann"})
    with pytest.raises(TimeoutError):
        agent.invoke(asking("Ann's second"), thread("1"), context={"user_id": "ann"})
    agent.invoke(asking("Ben's first"), thread("1"), context={"user_id": "ben"})
    assert told(memory.scope("user", "ben")) == [("Ben's first", "user"), ("Three.", "agent")]
    assert told(memory.scope("user", "ann")) == [("Ann's first", "user"), ("One.", "agent")]


def test_a_resumed_run_keeps_its_user(memory: Memory) -> None:
    @tool
    def confirm(what: str) -> str:
        """Ask for leave."""
        return str(interrupt(what))

    model = scripted(call("confirm", what="soup"), "Served.")
    agent = agent_with(MemoryMiddleware(by_context(memory)), model, tools=[confirm])
    agent.invoke(asking("Soup, please"), thread("1"), context={"user_id": "ann"})
    agent.invoke(Command(resume="yes"), thread("1"), context={"user_id": "ann"})
    assert told(memory.scope("user", "ann")) == [("Soup, please", "user"), ("Served.", "agent")]
    assert memory.count() == 2


# What is kept


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({"write": "user"}, [(QUESTION, "user")]),
        ({"write": "none"}, []),
        ({"read_only": True}, []),
        ({"write": lambda message: "peanut" not in message.text}, [("Yes.", "agent")]),
    ],
)
def test_what_is_kept_is_chosen(memory: Memory, options: Any, kept: Any) -> None:
    agent_with(MemoryMiddleware(memory, **options), scripted("Yes.")).invoke(
        asking(QUESTION), thread("1")
    )
    assert told(memory) == kept


def test_options_that_cannot_be_used_are_errors(memory: Memory) -> None:
    with pytest.raises(InvalidInputError, match="write is 'all'"):
        MemoryMiddleware(memory, write="users")  # type: ignore[arg-type]  # the point
    with pytest.raises(InvalidInputError, match="kind 'facts' is unknown"):
        MemoryMiddleware(memory, kinds=["facts"])  # type: ignore[list-item]  # the point
    with pytest.raises(InvalidInputError, match="min_confidence"):
        MemoryMiddleware(memory, min_confidence=2)


def test_only_the_kinds_that_are_wanted_are_recalled(memory: Memory) -> None:
    memory.remember(PEANUTS)
    memory.remember("Says the user: peanuts? allergic!", kind="event")
    memory.remember("Answer in English", kind="instruction")
    model = scripted("Yes.")
    middleware = MemoryMiddleware(memory, kinds=["fact"], min_confidence=0.05)
    agent_with(middleware, model).invoke(asking(QUESTION), thread("1"))
    assert model.systems[0].count('- "') == 1
    assert PEANUTS in model.systems[0]


def test_what_an_agent_tells_its_sub_agent_is_not_the_users_word(memory: Memory) -> None:
    worker = create_agent(scripted("Found."), middleware=[MemoryMiddleware(memory)])

    @tool
    def task(what: str) -> str:
        """Have a sub-agent do something."""
        return str(worker.invoke(asking(what))["messages"][-1].text)

    main = create_agent(scripted(call("task", what="The user hates fish"), "Done."), [task])
    main.invoke(asking("Plan dinner"))
    assert told(memory) == [("The user hates fish", "agent"), ("Found.", "agent")]


def test_whose_word_a_human_message_is_can_be_said(memory: Memory) -> None:
    agent_with(MemoryMiddleware(memory, speaker="tool"), scripted("")).invoke(
        asking("Build 7 failed"), thread("1")
    )
    assert told(memory) == [("Build 7 failed", "tool")]


class Dish(BaseModel):
    """A dish."""

    name: str


@pytest.mark.parametrize(
    ("strategy", "answer"),
    [
        (ToolStrategy(Dish), call("Dish", name="soup")),
        (ProviderStrategy(Dish), AIMessage('{"name": "soup"}')),
    ],
)
def test_an_object_for_a_program_is_no_word_of_a_conversation(
    memory: Memory, strategy: Any, answer: AIMessage
) -> None:
    agent = agent_with(MemoryMiddleware(memory), scripted(answer), response_format=strategy)
    result = agent.invoke(asking("Which dish?"), thread("1"))
    assert result["structured_response"] == Dish(name="soup")
    assert told(memory) == [("Which dish?", "user")]


def test_what_a_tool_returns_directly_is_the_answer(memory: Memory) -> None:
    @tool(return_direct=True)
    def menu(day: str) -> str:
        """Show the menu."""
        return f"Soup on {day}"

    agent = agent_with(MemoryMiddleware(memory), scripted(call("menu", day="Monday")), tools=[menu])
    agent.invoke(asking("What is there?"), thread("1"))
    assert told(memory) == [("What is there?", "user"), ("Soup on Monday", "tool")]


@pytest.mark.parametrize(
    "limit",
    [
        ModelCallLimitMiddleware(run_limit=1),
        ToolCallLimitMiddleware(run_limit=1, exit_behavior="end"),
    ],
)
def test_that_a_limit_was_reached_is_no_answer(memory: Memory, limit: AgentMiddleware) -> None:
    @tool
    def look_up(what: str) -> str:
        """Look something up."""
        return what

    model = scripted(call("look_up", what="nuts"))
    agent: Any = create_agent(model, [look_up], middleware=[limit, MemoryMiddleware(memory)])
    result = agent.invoke(asking("What is there?"))
    assert "limit" in result["messages"][-1].text
    assert told(memory) == [("What is there?", "user")]


async def test_a_dynamic_prompt_keeps_the_block(memory: Memory) -> None:
    memory.remember(PEANUTS)

    @dynamic_prompt
    def prompt(_: Any) -> str:
        return "You serve food."

    for middleware in ([MemoryMiddleware(memory), prompt], [prompt, MemoryMiddleware(memory)]):
        model = scripted("Yes.")
        create_agent(model, middleware=middleware).invoke(asking(QUESTION))
        await create_agent(model, middleware=middleware).ainvoke(asking(QUESTION))
        for system in model.systems:
            assert system.startswith("You serve food.\n\n")
            assert system.count(PEANUTS) == 1


def test_facts_are_extracted_in_the_background_and_drained_at_close(memory: Memory) -> None:
    def extract(prompt: str) -> str:
        assert PEANUTS in prompt
        return '{"operations": [{"operation": "add", "text": "Allergy: peanuts"}]}'

    middleware = MemoryMiddleware(memory, extractor=extract, write="user")
    agent_with(middleware, scripted("Noted.")).invoke(asking(PEANUTS), thread("1"))
    middleware.close()
    assert [(one.text, one.source.origin) for one in memory.records(kind="fact")] == [
        ("Allergy: peanuts", "user")
    ]


# Tools


async def test_the_tools_use_the_memory_of_the_run(memory: Memory) -> None:
    middleware = MemoryMiddleware(by_context(memory), tools=True, write="none", agent="desk")
    model = scripted(
        call("remember", text="Ann has a red car"), call("recall", query="car"), "Red."
    )
    agent = agent_with(middleware, model)
    result = await agent.ainvoke(asking("Remember my car"), thread("1"), context={"user_id": "ann"})
    [record] = memory.scope("user", "ann").records()
    assert result["messages"][-2].text == (
        f'[{{"id": "{record.id}", "text": "Ann has a red car", "kind": "fact"}}]'
    )
    assert (record.source.origin, record.source.agent) == ("agent", "desk")
    assert record.source.session == "1"
    assert memory.count() == 1


def test_a_tool_tells_the_model_what_went_wrong(memory: Memory) -> None:
    remember, recall, forget = memory_tools(memory.scope("user", "ann"))
    other = memory.scope("user", "ben").remember("Ben's own")
    assert forget.invoke({"id": other.id}).startswith("Nothing was done: No record with id")
    assert remember.invoke({"text": " "}).startswith("Nothing was done: text is empty")
    assert recall.invoke({"query": "own"}) == "Nothing is remembered about it."
    memory.close()
    assert remember.invoke({"text": "Tea"}) == "The memory is not available now."
    assert memory_tools(memory, read_only=True)[0].name == "recall"
