"""Agents of each framework that are told a few facts, and then asked for them again and again.

The agents, adapters and embeddings are real; a script stands in for the language model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import uuid4

import commonplace
from askings import DEEPEST, FILLERS, WORDINGS, ask
from commonplace import Memory
from embedders import Remembering
from metrics import Tally

Say: TypeAlias = Callable[[Memory, str, str], None]
"""Tells an agent with this memory a text, in a session of its own; the script's answer is given."""


@dataclass(frozen=True, slots=True)
class Fact:
    """What a user tells, and later asks for."""

    told: str
    question: str


FACTS = (
    Fact("My dentist is Dr. Okafor on Mill Lane.", "Who is my dentist?"),
    Fact("I work as a surveyor for the harbour of Esbjerg.", "What is my job?"),
    Fact("I can't eat walnuts, they make my throat swell.", "Which food must I avoid?"),
    Fact("My sister Ellen is getting married on 21 August.", "When is my sister's wedding?"),
    Fact("We named the new puppy Bosun.", "What is my dog called?"),
    Fact("The boiler's serial number is KX-4471.", "What is the serial number of the boiler?"),
    Fact("I park in bay 17 of the north garage.", "Where is my parking space?"),
    Fact("I'd rather have the aisle when I fly.", "Which seat do I like on a plane?"),
    Fact("Project Lantern ships at the end of May.", "When does Lantern ship?"),
    Fact("My laptop runs Debian with a German keyboard.", "Which system is on my computer?"),
    Fact("The landlord, Mr. Vance, wants the rent by the third.", "Who is my landlord?"),
    Fact("I'm learning Portuguese with Rita on Thursdays.", "Which language am I learning?"),
)


def langchain_agent(memory: Memory, text: str, answer: str) -> None:
    """Say something to a LangChain agent in a thread of its own."""
    from langchain.agents import create_agent
    from langchain_core.language_models import FakeListChatModel
    from langgraph.checkpoint.memory import InMemorySaver

    from commonplace_langchain import MemoryMiddleware

    agent: Any = create_agent(
        FakeListChatModel(responses=[answer]),
        middleware=[MemoryMiddleware(memory, agent="desk", on_error="raise")],
        checkpointer=InMemorySaver(),
    )
    thread = {"configurable": {"thread_id": str(uuid4())}}
    agent.invoke({"messages": [("user", text)]}, thread)


def crewai_crew(memory: Memory, text: str, answer: str) -> None:
    """Give a CrewAI crew a task. CrewAI keeps the result alone."""
    from crewai import Agent, Crew, Task
    from crewai.llms.base_llm import BaseLLM

    from commonplace_crewai import crew_memory

    class Scripted(BaseLLM):
        def call(self, *_: Any, **__: Any) -> str:
            return f"Final Answer: {answer}"

    clerk = Agent(role="Clerk", goal="Answer", backstory="Careful", llm=Scripted(model="scripted"))
    task = Task(description=text, expected_output="One sentence", agent=clerk)
    kept = crew_memory(memory, on_error="raise")
    Crew(agents=[clerk], tasks=[task], memory=kept).kickoff()


def autogen_agent(memory: Memory, text: str, answer: str) -> None:
    """Say something to an AutoGen agent in a run of its own."""
    from autogen_agentchat.agents import AssistantAgent
    from autogen_ext.models.replay import ReplayChatCompletionClient

    from commonplace_autogen import SharedMemory

    shared = SharedMemory(memory, on_error="raise")
    agent = AssistantAgent("helper", ReplayChatCompletionClient([answer]), memory=[shared])

    async def run() -> None:
        await shared.remember_result(await agent.run(task=text), session=str(uuid4()))

    asyncio.run(run())


AGENTS: Mapping[str, Say] = {
    "LangChain middleware": langchain_agent,
    "CrewAI crew_memory": crewai_crew,
    "AutoGen SharedMemory": autogen_agent,
}


def through_agents(rounds: Sequence[int]) -> dict[int, dict[str, Tally]]:
    """Tell the facts to an agent of each framework, and measure after so many rounds of asking."""
    tallies: dict[int, dict[str, Tally]] = {k: {} for k in rounds}
    for name, say in AGENTS.items():
        with commonplace.open(":memory:", embedder=Remembering()) as memory:
            for fact in FACTS:
                say(memory, *_telling(fact, name))
            told = {record.text: record.id for record in memory.records()}
            wanted = [(fact.question, {told[fact.told]}) for fact in FACTS]
            for number in range(max(rounds) + 1):
                for place, fact in enumerate(FACTS if number else ()):
                    say(memory, *_asking(fact, number, place))
                if number in tallies:
                    tally = tallies[number].setdefault(name, Tally())
                    ask(_ranking(memory), wanted, {one for _, ids in wanted for one in ids}, tally)
    return tallies


def _telling(fact: Fact, agent: str) -> tuple[str, str]:
    """Return what is said and answered when a fact is told: a crew finds it out by its task."""
    if agent == "CrewAI crew_memory":
        return f"Find out: {fact.question}", fact.told
    return fact.told, "Noted."


def _asking(fact: Fact, number: int, place: int) -> tuple[str, str]:
    wording = WORDINGS[(number - 1 + place) % len(WORDINGS)]
    return wording.format(question=fact.question), FILLERS[(5 * number + place) % len(FILLERS)]


def _ranking(memory: Memory) -> Callable[[str], list[str]]:
    return lambda query: [match.record.id for match in memory.recall(query, limit=DEEPEST)]
