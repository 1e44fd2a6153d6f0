"""One memory, every AutoGen: what an agent of each kind learns, the agents of all others know.

    python examples/one_memory_every_autogen.py [--python KIND=PYTHON ...] [directory]

KIND is agentchat, agent-framework, ag2, autogen-classic, langchain or crewai. Some releases of
these exclude each other, so each may have a Python of its own, with Commonplace, its extra and the
extra "server" installed; a kind without one is run by this Python, if it is installed there. Each
kind learns one fact in a process; then each is asked, in a new process, for what all others
learned. The processes share one directory through its server. It runs offline: the memory and its
embeddings are real, and a script stands in for the language model, which answers from nothing but
its prompt.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any

from one_memory_three_frameworks import (
    Reply,
    autogen_agent,
    crewai_agent,
    from_memory,
    langchain_agent,
)

import commonplace
from commonplace import Memory

FACTS = {
    "agentchat": "The servers of Zephyr stand in the cellar of the Oslo office.",
    "agent-framework": "The deploy key of Zephyr is kept by Maria Lopez.",
    "ag2": "The logo of Zephyr was drawn by Chidi Okafor.",
    "autogen-classic": "The budget of Zephyr is forty thousand crowns.",
    "langchain": "The mascot of Zephyr is a grey heron.",
    "crewai": "The release of Zephyr is planned for the fourteenth of March.",
}
QUESTIONS = {
    "agentchat": "Where do the servers of Zephyr stand?",
    "agent-framework": "Who keeps the deploy key of Zephyr?",
    "ag2": "Who drew the logo of Zephyr?",
    "autogen-classic": "How much is the budget of Zephyr?",
    "langchain": "Which animal is the mascot of Zephyr?",
    "crewai": "When is the release of Zephyr planned?",
}


def agent_framework_agent(memory: Memory, text: str, reply: Reply) -> str:
    """Say something to an agent of Microsoft Agent Framework and return its answer."""
    from agent_framework import (
        Agent,
        BaseChatClient,
        ChatResponse,
        FunctionInvocationLayer,
        Message,
    )

    from commonplace_agent_framework import SharedMemoryProvider

    class Scripted(FunctionInvocationLayer, BaseChatClient):
        def _inner_get_response(self, *, messages: Any, **_: Any) -> Any:
            async def answer() -> ChatResponse:
                said = reply("\n".join(message.text for message in messages))
                return ChatResponse(messages=[Message("assistant", [said])])

            return answer()

    provider = SharedMemoryProvider(memory)
    agent = Agent(Scripted(), "Be brief.", name="helper", context_providers=[provider])
    return str(asyncio.run(agent.run(text)).text)


def ag2_agent(memory: Memory, text: str, reply: Reply) -> str:
    """Say something to an agent of AG2 1.x and return its answer."""
    from ag2 import Agent
    from ag2.events import ModelMessage, ModelResponse
    from ag2.testing import TestConfig

    from commonplace_ag2 import SharedMemory

    class Scripted(TestConfig):
        def create(self) -> Any:
            async def answer(messages: Any, context: Any, **_: Any) -> ModelResponse:
                said = ModelMessage(reply("\n".join(map(str, [*context.prompt, *messages]))))
                await context.send(said)
                return ModelResponse(said)

            return answer

    shared = SharedMemory(memory, agent="helper")
    agent = Agent("helper", "Be brief.", config=Scripted(), middleware=[shared])
    return str(asyncio.run(agent.ask(text)).body)


def autogen_classic_agent(memory: Memory, text: str, reply: Reply) -> str:
    """Say something to a ConversableAgent of classic AutoGen and return its answer."""
    from autogen import ConversableAgent

    from commonplace_autogen_classic import SharedMemory

    def answer(_: Any, messages: Any, **__: Any) -> tuple[bool, str]:
        return True, reply("\n".join(str(message["content"]) for message in messages))

    helper = ConversableAgent("helper", llm_config=False, human_input_mode="NEVER")
    helper.register_reply([ConversableAgent, None], answer, position=0)
    SharedMemory(memory).add_to_agent(helper)
    user = ConversableAgent("user", llm_config=False, human_input_mode="NEVER")
    chat = user.initiate_chat(helper, message=text, max_turns=1, silent=True)
    return str(chat.chat_history[-1]["content"])


AGENTS = {
    "agentchat": autogen_agent,
    "agent-framework": agent_framework_agent,
    "ag2": ag2_agent,
    "autogen-classic": autogen_classic_agent,
    "langchain": langchain_agent,
    "crewai": crewai_agent,
}
PACKAGES = {
    "agentchat": "autogen_agentchat",
    "agent-framework": "agent_framework",
    "autogen-classic": "autogen",
}


def learn(memory: Memory, kind: str) -> None:
    """Let an agent learn its fact: a crew finds it out, the others are told."""
    found_out = kind == "crewai"
    told = "Find out when Zephyr is released." if found_out else FACTS[kind]
    AGENTS[kind](memory, told, lambda _: FACTS[kind] if found_out else "I will remember that.")


def ask(memory: Memory, kind: str, others: list[str]) -> None:
    """Ask an agent for what each of the others learned, and say what it answered."""
    for other in others:
        answer = AGENTS[kind](memory, QUESTIONS[other], from_memory)
        print(json.dumps({"asked": other, "answer": answer}), flush=True)


def main(directory: str, pythons: Mapping[str, str]) -> int:
    """Run each step in a process of its own; return the exit code."""
    for kind, python in pythons.items():
        run(python, directory, "learn", kind)
        print(f"{kind} learned: {FACTS[kind]}", flush=True)
    right = 0
    for kind, python in pythons.items():
        others = [other for other in pythons if other != kind]
        said = run(python, directory, "ask", kind, *others)
        wrong = [one for one in said if one["answer"] != FACTS[one["asked"]]]
        right += len(said) - len(wrong)
        print(f"{kind} was asked what {len(others)} others learned: {len(wrong)} wrong {wrong}")
    asked = len(pythons) * (len(pythons) - 1)
    print(f"{right} of {asked} questions were answered from what another had learned.")
    return 0 if right == asked > 0 else 1


def run(python: str, *arguments: str) -> list[dict[str, str]]:
    """Run one step; return what it said."""
    step = [python, "-W", "ignore", __file__, "--step", *arguments]
    done = subprocess.run(step, check=True, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"asked"')]


def chosen(given: list[str]) -> dict[str, str]:
    """Return the Python of each kind that is to be run."""
    named = dict(one.split("=", 1) for one in given)
    if unknown := set(named) - set(AGENTS):
        raise SystemExit(f"No such kind: {', '.join(unknown)}. There are {', '.join(AGENTS)}.")
    here = [kind for kind in AGENTS if find_spec(PACKAGES.get(kind, kind)) is not None]
    if missing := [kind for kind in AGENTS if kind not in here and kind not in named]:
        print(f"Not installed here, and left out: {', '.join(missing)}")
    return {
        kind: named.get(kind, sys.executable) for kind in AGENTS if kind in here or kind in named
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", action="append", default=[], metavar="KIND=PYTHON")
    parser.add_argument("--step", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("arguments", nargs="*")
    given = parser.parse_args()
    if given.step:
        directory, verb, kind, *others = given.arguments
        with commonplace.open(directory, shared=True) as store:
            memory = store.scope("team", "zephyr")
            learn(memory, kind) if verb == "learn" else ask(memory, kind, others)
    else:
        pythons = chosen(given.python)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as temporary:
            sys.exit(main(given.arguments[0] if given.arguments else temporary, pythons))
