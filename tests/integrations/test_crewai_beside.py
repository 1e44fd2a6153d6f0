"""What a crew can use beside CrewAI's memory: tools, knowledge, hooks."""

from __future__ import annotations

from crewai_offline import CREWAI_WARNINGS, KEY, MARIA, ScriptedLLM, crew_of, scripted

# isort: split
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from crewai import Agent, Crew, Task
from crewai.hooks.dispatch import HookAborted
from crewai.hooks.llm_hooks import (
    register_before_llm_call_hook,
    unregister_before_llm_call_hook,
)
from crewai.knowledge.knowledge import Knowledge
from crewai.knowledge.source.string_knowledge_source import StringKnowledgeSource
from crewai.knowledge.storage.factory import set_knowledge_storage_factory

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder
from commonplace_crewai import CommonplaceKnowledge, MemoryHooks, crew_memory, memory_tools

pytestmark = CREWAI_WARNINGS
DAYS = "Refunds take five days"


@pytest.fixture
def memory() -> Iterator[Memory]:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as opened:
        yield opened


def using(tool: str, **arguments: Any) -> str:
    return f"Thought: use it\nAction: {tool}\nAction Input: {json.dumps(arguments)}"


def crew_with(tools: Any, *answers: str, memory: Any = None) -> Crew:
    llm = scripted(*answers)
    agent = Agent(role="Scribe", goal="Note", backstory="Careful", llm=llm, tools=tools)
    task = Task(description="Take note", expected_output="Done", agent=agent)
    return Crew(agents=[agent], tasks=[task], memory=memory)


def test_an_agent_remembers_recalls_and_forgets_beside_crewais_own_tools(memory: Memory) -> None:
    bob = memory.scope("user", "bob").remember("Bo's key is red")
    maria = memory.scope("user", "alice").remember(MARIA)
    crew = crew_with(
        memory_tools(lambda inputs: memory.scope("user", inputs["user"])),
        using("remember", text="Alice likes tea"),
        using("recall", query=KEY),
        using("search_memory", queries=[KEY]),
        using("forget", ids=[maria.id]),
        using("forget", ids=[bob.id]),
        "Done",
        memory=crew_memory(memory.scope("team")),
    )

    crew.kickoff({"user": "alice"})

    llm: Any = crew.agents[0].llm
    assert f'[{maria.id}] "{MARIA}" (fact, ' in llm.seen[2]
    assert "No relevant memories found" in llm.seen[3]
    assert "Removed 1 records" in llm.seen[4]
    assert "Nothing was removed" in llm.seen[5]
    [kept] = memory.scope("user", "alice").records()
    assert (kept.text, kept.source.agent) == ("Alice likes tea", "Scribe")
    assert memory.scope("user", "bob").count() == 1


@pytest.mark.parametrize("tool", ["recall", "search_memory"])
def test_what_one_user_was_told_is_not_kept_for_the_next(memory: Memory, tool: str) -> None:
    """As CrewAI's cache of tools would keep it."""
    for user in ("alice", "bob"):
        memory.scope(user).remember(f"The door code of Zephyr is with the keeper of {user}")

    def chosen(inputs: Any) -> Memory:
        return memory.scope(inputs["user"])

    asked: Any = {"query": KEY} if tool == "recall" else {"queries": [KEY]}
    asking = using(tool, **asked)
    crew = crew_with(memory_tools(chosen), asking, "Done", asking, "Done")
    cached = Crew(agents=crew.agents, tasks=crew.tasks, cache=True, memory=crew_memory(chosen))

    for user in ("alice", "bob"):
        cached.kickoff({"user": user})

    llm: Any = crew.agents[0].llm
    told = [[user for user in ("alice", "bob") if f"of {user}" in one] for one in llm.seen]
    assert (told[1], told[3]) == (["alice"], ["bob"])


def test_a_tool_hears_the_same_words_again(memory: Memory) -> None:
    asking, saying = using("recall", query=KEY), using("remember", text=MARIA)
    crew = crew_with(memory_tools(memory), asking, saying, asking, saying, "Done")
    Crew(agents=crew.agents, tasks=crew.tasks, cache=True).kickoff()

    llm: Any = crew.agents[0].llm
    assert [f'"{MARIA}" (fact' in prompt for prompt in llm.seen] == [False] * 3 + [True] * 2
    assert memory.records()[0].mentions == 2


def test_tools_for_reading_alone_are_one(memory: Memory) -> None:
    [recall] = memory_tools(memory, read_only=True, min_confidence=1)
    memory.remember(MARIA)

    assert recall.name == "recall"
    assert recall.run(query="Who likes tea?") == "Nothing is remembered about this."


def test_a_crews_documents_lie_in_the_store_and_are_found(memory: Memory) -> None:
    handbook = CommonplaceKnowledge(memory=memory.scope("handbook"))
    memory.scope("handbook").remember(MARIA)
    for _ in range(2):
        source = StringKnowledgeSource(content=DAYS)
        knowledge = Knowledge(collection_name="handbook", sources=[source], storage=handbook)
        knowledge.add_sources()

    [kept] = [one for one in memory.records() if one.source.origin == "document"]
    assert (kept.text, str(kept.scope), kept.mentions) == (DAYS, "handbook", 1)
    [found] = knowledge.query(["How long do refunds take?"], results_limit=1, score_threshold=0.99)
    assert (found["content"], found["id"]) == (DAYS, kept.id)
    assert handbook.search([" "]) == handbook.search(["refunds"], limit=0) == []
    assert handbook.search(["refunds"], metadata_filter={"page": 1}) == []

    knowledge.reset()

    assert [one.text for one in memory.records()] == [MARIA]


async def test_knowledge_is_awaited_as_well(memory: Memory) -> None:
    handbook = CommonplaceKnowledge(memory=memory)

    await handbook.asave([DAYS, DAYS, " "])

    assert [one["content"] for one in await handbook.asearch(["refunds take?"])] == [DAYS]
    await handbook.areset()
    assert memory.count() == 0


def test_a_crew_is_shown_its_knowledge(memory: Memory) -> None:
    set_knowledge_storage_factory(lambda *_: CommonplaceKnowledge(memory=memory))
    try:
        one = crew_of(scripted("How long do refunds take?", "Five days."), "Refunds?")
        crew = Crew(
            agents=one.agents,
            tasks=one.tasks,
            knowledge_sources=[StringKnowledgeSource(content=DAYS)],
        )
        crew.kickoff()
        crew.kickoff_for_each([{"n": 1}])
    finally:
        set_knowledge_storage_factory(None)

    llm: Any = crew.agents[0].llm
    # CrewAI has the model put the question into words before each task.
    assert [DAYS in prompt for prompt in llm.seen] == [False, True] * 2
    assert [one.text for one in memory.records()] == [DAYS]


def test_callbacks_show_and_keep_without_a_memory_of_crewais(memory: Memory) -> None:
    hooks = MemoryHooks(lambda inputs: memory.scope("user", inputs["user"]))
    memory.scope("user", "alice").remember(MARIA)
    llm = scripted("It is Maria.")
    crew = crew_of(llm, "{question}\n{memories}")
    crew.before_kickoff_callbacks.append(hooks.before_kickoff)
    crew.after_kickoff_callbacks.append(hooks.after_kickoff)

    crew.kickoff({"user": "alice", "question": KEY})
    crew.kickoff({"user": "bob", "question": KEY})

    assert f'"{MARIA}" (fact, ' in llm.seen[0]
    assert MARIA not in llm.seen[1]
    for user, count in (("alice", 2), ("bob", 1)):
        kept = memory.scope("user", user).records()
        assert (len(kept), kept[0].text, kept[0].source.agent) == (count, "It is Maria.", "Clerk")


def test_a_hook_of_model_calls_shows_memories_once_and_only_without_a_memory(
    memory: Memory,
) -> None:
    memory.remember(MARIA)
    hooks = MemoryHooks(memory)
    tools = memory_tools(memory, read_only=True)
    crew = crew_with(tools, using("recall", query="tea"), "Maria")
    crew.tasks[0].description = KEY
    remembering = crew_of(scripted("Maria"), KEY, memory=crew_memory(memory))
    register_before_llm_call_hook(hooks.before_llm_call)
    try:
        crew.kickoff()
        remembering.kickoff()
    finally:
        unregister_before_llm_call_hook(hooks.before_llm_call)

    for llm in (crew.agents[0].llm, remembering.agents[0].llm):
        assert isinstance(llm, ScriptedLLM)
        assert [prompt.count(f'- "{MARIA}"') for prompt in llm.seen] == [1] * len(llm.seen)


def test_a_message_with_parts_gets_another_part(memory: Memory) -> None:
    memory.remember(MARIA)
    context: Any = SimpleNamespace(
        executor=object(),
        task=SimpleNamespace(description=KEY),
        iterations=0,
        agent=SimpleNamespace(memory=None),
        crew=None,
        messages=[{"role": "user", "content": [{"type": "text", "text": KEY}]}],
    )

    for _ in range(2):
        MemoryHooks(memory).before_llm_call(context)

    asked, added = context.messages[0]["content"]
    assert asked["text"] == KEY
    assert f'- "{MARIA}"' in added["text"]


def test_a_failing_memory_is_logged_or_ends_the_run(
    memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    memory.close()
    crew = crew_of(scripted("Maria"), KEY)
    crew.after_kickoff_callbacks.append(MemoryHooks(memory).after_kickoff)

    crew.kickoff()

    assert "The memory failed while saving for the crew" in caplog.text
    with pytest.raises(HookAborted, match="recalling for the crew"):
        MemoryHooks(memory, on_error="raise").before_kickoff({"question": KEY})
