"""One memory, three frameworks: what each one's agent learns, the agents of the others know.

    python examples/one_memory_three_frameworks.py [directory]

Six processes run one after another. First an agent of each framework learns one fact; then an
agent of each is asked, in a new process, for what the two others learned. It runs offline: the
memory and its embeddings are real, and a script stands in for the language model, which answers
from nothing but its prompt.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any

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
    print(f"{framework} learns: {fact}")


def ask(memory: Memory, framework: str) -> None:
    """Ask an agent of the framework for what the others learned, and show what it was shown."""
    for writer in [name for name in AGENTS if name != framework]:
        question = QUESTIONS[writer]
        for match in memory.recall(question, limit=20):
            if match.record.source.framework == writer and match.record.text == FACTS[writer]:
                print(f"{framework} is asked: {question}")
                print(f"  answers: {AGENTS[framework](memory, question, from_memory)}")
                print(f"  learned by {writer}, confidence {match.confidence:.2f}")


def main(directory: str) -> None:
    """Run each step in a process of its own, as on different days."""
    for step in ("learn", "ask"):
        for framework in AGENTS:
            command = [sys.executable, __file__, directory, step, framework]
            subprocess.run(command, check=True)
        print()


if __name__ == "__main__":
    if len(sys.argv) == 4:
        with commonplace.open(sys.argv[1]) as store:
            {"learn": learn, "ask": ask}[sys.argv[2]](store.scope("team", "zephyr"), sys.argv[3])
    elif len(sys.argv) == 2:
        main(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(temporary)
