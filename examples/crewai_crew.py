"""Two crews, one memory: what the first finds out, the second knows.

Runs offline: the memory embeds on this machine, and a script stands in for the language model.

    python crewai_crew.py [directory]
"""

from __future__ import annotations

import os
import sys
import tempfile
from typing import Any

# CrewAI reports to its makers unless these are set before it is imported.
os.environ.update(CREWAI_DISABLE_TELEMETRY="true", CREWAI_TRACING_ENABLED="false")

from crewai import Agent, Crew, Task
from crewai.llms.base_llm import BaseLLM

import commonplace
from commonplace_crewai import crew_memory


class Scripted(BaseLLM):
    """Stands in for a language model: shows the memories it was given, and gives one answer."""

    answer: str

    def call(self, messages: Any, *_args: Any, **_options: Any) -> str:
        prompt = messages[-1]["content"]
        _, found, after = prompt.partition("Relevant memories:\n")
        print("  the model is told:", after.partition("\n\n")[0] if found else "nothing yet")
        return f"Final Answer: {self.answer}"

    def get_input_tokens_count(self, messages: Any, *_args: Any, **_options: Any) -> int:
        return len(str(messages)) // 4  # CrewAI would log a warning that it has to guess


def ask(memory: commonplace.Memory, role: str, question: str, answer: str) -> None:
    """Run a new crew of one agent with one task."""
    llm = Scripted(model="scripted", answer=answer)
    # With a real provider, the line above is: llm = "openai/gpt-5-mini"
    agent = Agent(role=role, goal="Answer briefly", backstory="You know the team", llm=llm)
    task = Task(description=question, expected_output="One sentence", agent=agent)

    print(f"{role} is asked: {question}")
    result = Crew(agents=[agent], tasks=[task], memory=crew_memory(memory)).kickoff()
    print(f"  {role} answers: {result}\n")


def main(directory: str) -> None:
    # What the first crew finds out is on disk when its kickoff returns.
    with commonplace.open(directory) as memory:
        ask(
            memory.scope("team", "ops"),
            "Researcher",
            "Find out who keeps the deploy key of Zephyr.",
            "The deploy key of Zephyr is kept by Maria Lopez, in the safe of the Oslo office.",
        )

    # Another day: the directory is opened anew, with another crew on it.
    with commonplace.open(directory) as memory:
        ask(
            memory.scope("team", "ops"),
            "Assistant",
            "Whom do I ask for Zephyr's deploy key?",
            "Ask Maria Lopez in Oslo.",
        )
        for record in memory.records():
            print(f"kept by {record.source.agent}: {record.text}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(temporary)
