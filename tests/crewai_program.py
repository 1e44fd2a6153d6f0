"""A process in which crews work on a shared memory, and which says what their models were shown.

`learn DIRECTORY` and `ask DIRECTORY` run three agents each way that CrewAI has; `work DIRECTORY
NUMBER` runs fifty tasks for five users. What is said is one line of JSON.
"""

from __future__ import annotations

from crewai_offline import ScriptedLLM, agent_with, crew_of, shown

# isort: split
import json
import re
import sys
from typing import Any

from crewai import Crew, Process, Task
from crewai.flow.flow import Flow, start

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder
from commonplace_crewai import crew_memory

WAYS = ("sequential", "hierarchical", "flow")
ROLES = ("Scout", "Clerk", "Scribe")
TASKS = 50
USERS = 5


class Delegating(ScriptedLLM):
    """A manager that has each coworker work in turn."""

    def call(self, messages: Any, *args: Any, **options: Any) -> str:
        said = super().call(messages, *args, **options)
        if len(self.seen) > len(ROLES):
            return said
        work = {"coworker": ROLES[len(self.seen) - 1], "task": self.answers[1], "context": "all"}
        return f"Thought: ask\nAction: delegate_work_to_coworker\nAction Input: {json.dumps(work)}"


def three(memory: Memory, question: str, answer: str, way: str) -> list[list[str]]:
    """Run three agents; return the lines of memories that each was shown at first."""
    agents: list[Any] = [agent_with(None, f"{answer} {role}.") for role in ROLES]
    for agent, role in zip(agents, ROLES, strict=True):
        agent.role = role
    if way == "hierarchical":
        task = Task(description=f"Manage: {question}", expected_output="A name")
        manager = Delegating(model="manager", answers=["Managed.", question])
        crew = Crew(
            agents=agents,
            tasks=[task],
            process=Process.hierarchical,
            manager_llm=manager,
            memory=crew_memory(memory),
        )
    else:
        tasks = [Task(description=question, expected_output="A name", agent=one) for one in agents]
        crew = Crew(agents=agents, tasks=tasks, memory=crew_memory(memory))
    kickoff(crew, way)
    models: list[Any] = [agent.llm for agent in agents]
    return [shown(model.seen[0]) for model in models]


def kickoff(crew: Crew, way: str) -> None:
    class Running(Flow[Any]):
        @start()
        def run(self) -> None:
            crew.kickoff()

    if way == "flow":
        Running(memory=crew.memory).kickoff()
    else:
        crew.kickoff()


def learn(memory: Memory) -> None:
    for way in WAYS:
        found = f"The {way} key is kept by Maria, says"
        three(memory.scope(way), f"Find the {way} key", found, way)


def ask(memory: Memory) -> dict[str, list[list[str]]]:
    return {
        way: three(memory.scope(way), f"Who keeps the {way} key?", "Asked:", way) for way in WAYS
    }


class Echoing(ScriptedLLM):
    """Answers with the fact that its task names."""

    def call(self, messages: Any, *args: Any, **options: Any) -> str:
        super().call(messages, *args, **options)
        fact = re.findall(r"Note: ([^.]*)\.", self.seen[-1])[-1]
        return f"Thought: done\nFinal Answer: {fact}"


def work(memory: Memory, number: str) -> list[str]:
    """Run the tasks; return the lines that were shown to another user than theirs."""
    kept = crew_memory(lambda inputs: memory.scope("user", inputs["user"]))
    llm = Echoing(model="echoing", answers=["x"])
    crew = crew_of(llm, "Note: {fact}.", memory=kept)
    leaked: list[str] = []
    for task in range(TASKS):
        user = f"{number}-{task % USERS}"
        crew.kickoff({"user": user, "fact": f"user {user} learned fact {task}"})
        leaked += [line for line in shown(llm.seen[-1]) if f"user {user} " not in line]
    return leaked


def main(verb: str, directory: str, *arguments: str) -> None:
    verbs: dict[str, Any] = {"learn": learn, "ask": ask, "work": work}
    memory = commonplace.open(directory, shared=True, embedder=HashingEmbedder())
    said = verbs[verb](memory, *arguments)
    sys.__stdout__.write(f"\n{json.dumps(said)}\n")  # type: ignore[union-attr]


if __name__ == "__main__":
    main(*sys.argv[1:])
