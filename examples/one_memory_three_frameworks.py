"""One memory, three frameworks: what each one's agent learns, the agents of the others know.

    python examples/one_memory_three_frameworks.py [directory]

Six processes run one after another. First an agent of each framework learns one fact; then an
agent of each is asked, in a new process, for what the two others learned. It runs offline: the
memory and its embeddings are real, and a script stands in for the language model, which answers
from nothing but its prompt. With a directory, what was learned is kept there.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

import commonplace
from commonplace import Memory

Reply = Callable[[str], str]

FACTS = {
    "langchain": "The deploy key of Zephyr is kept by Maria Lopez.",
    "crewai": "The release of Zephyr is planned for the fourteenth of March.",
    "autogen": "The servers of Zephyr stand in the cellar of the Oslo office.",
}
QUESTIONS = {
    "langchain": "Who keeps the deploy key of Zephyr?",
    "crewai": "When is the release of Zephyr planned?",
    "autogen": "Where do the servers of Zephyr stand?",
}


def langchain_agent(memory: Memory, text: str, reply: Reply) -> str:
    """Say something to a LangChain agent and return its answer."""
    from langchain.agents import create_agent
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_core.outputs import ChatGeneration, ChatResult

    from commonplace_langchain import MemoryMiddleware

    class Scripted(BaseChatModel):
        @property
        def _llm_type(self) -> str:
            return "scripted"

        def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
            answer = AIMessage(reply("\n".join(str(message.text) for message in messages)))
            return ChatResult(generations=[ChatGeneration(message=answer)])

    model = Scripted()  # a real one: model = "openai:gpt-5-mini"
    agent: Any = create_agent(model, middleware=[MemoryMiddleware(memory, agent="desk")])
    return str(agent.invoke({"messages": [("user", text)]})["messages"][-1].text)


def crewai_agent(memory: Memory, text: str, reply: Reply) -> str:
    """Give a CrewAI crew a task and return its result."""
    # CrewAI reports to its makers unless these are set before it is imported.
    os.environ.update(CREWAI_DISABLE_TELEMETRY="true", CREWAI_TRACING_ENABLED="false")
    from crewai import Agent, Crew, Task
    from crewai.llms.base_llm import BaseLLM

    from commonplace_crewai import crew_memory

    class Scripted(BaseLLM):
        def call(self, messages: Any, *_: Any, **__: Any) -> str:
            return f"Final Answer: {reply(messages[-1]['content'])}"

        def get_input_tokens_count(self, messages: Any, *_: Any, **__: Any) -> int:
            return len(str(messages)) // 4  # CrewAI would log a warning that it has to guess

    llm = Scripted(model="scripted")  # a real one: llm = "openai/gpt-5-mini"
    agent = Agent(role="Planner", goal="Answer briefly", backstory="Knows the team", llm=llm)
    task = Task(description=text, expected_output="One sentence", agent=agent)
    return str(Crew(agents=[agent], tasks=[task], memory=crew_memory(memory)).kickoff())


def autogen_agent(memory: Memory, text: str, reply: Reply) -> str:
    """Give an AutoGen team a task and return its last message."""
    from autogen_agentchat.agents import AssistantAgent
    from autogen_agentchat.teams import RoundRobinGroupChat
    from autogen_core.models import CreateResult, LLMMessage, RequestUsage
    from autogen_ext.models.replay import ReplayChatCompletionClient

    from commonplace_autogen import SharedMemory

    class Scripted(ReplayChatCompletionClient):
        async def create(self, messages: Sequence[LLMMessage], **_: Any) -> CreateResult:
            return CreateResult(
                content=reply("\n".join(str(message.content) for message in messages)),
                finish_reason="stop",
                usage=RequestUsage(prompt_tokens=0, completion_tokens=0),
                cached=False,
            )

    client = Scripted([])  # a real one: client = OpenAIChatCompletionClient(model="gpt-5-mini")
    shared = SharedMemory(memory)
    team = RoundRobinGroupChat([AssistantAgent("helper", client, memory=[shared])], max_turns=1)

    async def run() -> str:
        result = await team.run(task=text)
        await shared.remember_result(result)
        return str(result.messages[-1].to_text())

    return asyncio.run(run())


AGENTS: Mapping[str, Callable[[Memory, str, Reply], str]] = {
    "langchain": langchain_agent,
    "crewai": crewai_agent,
    "autogen": autogen_agent,
}


def from_memory(prompt: str) -> str:
    """Answer as a model would that knows only its prompt: with the first statement quoted there."""
    note = re.search(r'^- "([^"?]+)"', prompt, re.MULTILINE)
    return note[1] if note else "I do not know."


def learn(memory: Memory, framework: str) -> None:
    """Let an agent of the framework learn its fact: a crew finds it out, the others are told."""
    fact = FACTS[framework]
    told = "Find out when Zephyr is released." if framework == "crewai" else fact
    answer = fact if framework == "crewai" else "I will remember that."
    AGENTS[framework](memory, told, lambda _: answer)
    say({"learns": fact})


def ask(memory: Memory, framework: str) -> None:
    """Ask an agent of the framework for what the others learned, and say what it was shown."""
    for writer in [name for name in AGENTS if name != framework]:
        matches = memory.recall(QUESTIONS[writer], limit=20)
        found = [
            match.confidence
            for match in matches
            if match.record.source.framework == writer and match.record.text == FACTS[writer]
        ]
        answer = AGENTS[framework](memory, QUESTIONS[writer], from_memory)
        say({"answer": answer, "writer": writer, "found": found})


def say(what: dict[str, Any]) -> None:
    """Tell the process that started this one."""
    print(json.dumps(what), flush=True)


NAMES = {"langchain": "LangChain", "crewai": "CrewAI", "autogen": "AutoGen"}
NEXT = """
What to try next, with the programs of .venv/bin:
  python examples/one_memory_three_frameworks.py ./memory   keep what is learned,
  commonplace list --dir ./memory                           and see what is kept
  python examples/langchain_agent.py ./alice                run this one twice
  the program of README.md, and docs/start/index.md, which takes fifteen minutes
"""


def main(directory: str) -> int:
    """Run each step in a process of its own, as on different days; return the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    console.print("An agent of each framework learns a fact, in a process of its own.")
    for number, framework in enumerate(AGENTS, start=1):
        step(console, number, directory, "learn", framework)
    console.print("An agent of each is asked, in a new process, what the two others learned.")
    told = {
        framework: step(console, number, directory, "ask", framework)
        for number, framework in enumerate(AGENTS, start=4)
    }
    console.print(table(told))
    answered = [one["answer"] == FACTS[one["writer"]] for said in told.values() for one in said]
    console.print(f"{sum(answered)} of 6 questions were answered from what another had learned.")
    console.print(NEXT)
    return 0 if all(answered) and len(answered) == 6 else 1


def step(
    console: Console, number: int, directory: str, verb: str, framework: str
) -> list[dict[str, Any]]:
    """Run one process, and show that it runs; return what it said."""
    what = f"{number}/6 {NAMES[framework]} {'learns' if verb == 'learn' else 'is asked'}"
    command = [sys.executable, __file__, directory, verb, framework]
    begun = monotonic()
    with console.status(f"{what} …"):
        run = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    said = [json.loads(line) for line in run.stdout.splitlines() if line.startswith("{")]
    learned = "".join(f": {one['learns']}" for one in said if verb == "learn")
    console.print(f"  {what}{learned} ({monotonic() - begun:.0f} s)")
    return said


def table(told: Mapping[str, Sequence[Mapping[str, Any]]]) -> Table:
    """Return what each agent answered, whose knowledge that was, and how sure the memory is."""
    shown = Table("asked", "answer", "learned by", "confidence", box=SIMPLE)
    for framework, said in told.items():
        for one in said:
            confidence = f"{max(one['found']):.2f}" if one["found"] else "not found"
            shown.add_row(NAMES[framework], one["answer"], NAMES[one["writer"]], confidence)
    return shown


if __name__ == "__main__":
    if len(sys.argv) == 4:
        with commonplace.open(sys.argv[1]) as store:
            {"learn": learn, "ask": ask}[sys.argv[2]](store.scope("team", "zephyr"), sys.argv[3])
    elif len(sys.argv) == 2:
        sys.exit(main(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as temporary:
            sys.exit(main(temporary))
