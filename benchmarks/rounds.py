"""Agents that talk at once, in each AutoGen: is a message lost or doubled, is the event loop late?

    python benchmarks/rounds.py agent-framework --agents 5 --rounds 100

Runs in an environment that has the framework. Each agent is told something in each round and
answers by a script; all share one memory in a directory, with the model that ships. The loop's
lateness is that of a sleep of 5 ms: while nothing else runs, while as many tasks do no more than
embed the same texts in worker threads, without a memory, and while the agents talk.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
from anyio import to_thread

import commonplace
from commonplace import Memory
from commonplace.embedding.gathering import Gathering
from commonplace.embedding.minilm import MiniLM

Say = Callable[[str], Awaitable[object]]
EVERY = 0.005


def answer_to(text: str) -> str:
    """Return what the script says to a text."""
    return f"Noted that {text}"


def agentchat(memory: Memory, name: str) -> Say:
    """Return an AssistantAgent of AutoGen 0.7."""
    from autogen_agentchat.agents import AssistantAgent
    from autogen_core.model_context import BufferedChatCompletionContext
    from autogen_core.models import CreateResult, RequestUsage
    from autogen_ext.models.replay import ReplayChatCompletionClient

    from commonplace_autogen import SharedMemory

    class Scripted(ReplayChatCompletionClient):
        async def create(self, messages: Any, **_: Any) -> CreateResult:
            usage = RequestUsage(prompt_tokens=0, completion_tokens=0)
            said = answer_to(messages[-1].content)
            return CreateResult(content=said, finish_reason="stop", usage=usage, cached=False)

    shared = SharedMemory(memory, write_back=True, session=name, on_error="raise")
    context = BufferedChatCompletionContext(4)
    agent = AssistantAgent(name, Scripted([]), memory=[shared], model_context=context)
    return lambda text: agent.run(task=text)


def agent_framework(memory: Memory, name: str) -> Say:
    """Return an Agent of Microsoft Agent Framework."""
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
                said = answer_to(messages[-1].text)
                return ChatResponse(messages=[Message("assistant", [said])])

            return answer()

    provider = SharedMemoryProvider(memory, on_error="raise")
    agent = Agent(Scripted(), name=name, context_providers=[provider])
    return lambda text: agent.run(text, session=agent.create_session())


def ag2(memory: Memory, name: str) -> Say:
    """Return an Agent of AG2 1.x."""
    from ag2 import Agent
    from ag2.events import ModelMessage, ModelResponse, TextInput
    from ag2.testing import TestConfig

    from commonplace_ag2 import SharedMemory

    class Scripted(TestConfig):
        def create(self) -> Any:
            async def answer(messages: Any, context: Any, **_: Any) -> ModelResponse:
                texts = [one.content for one in messages[-1].parts if isinstance(one, TextInput)]
                said = ModelMessage(answer_to(texts[-1]))
                await context.send(said)
                return ModelResponse(said)

            return answer

    shared = SharedMemory(memory, agent=name, session=name, on_error="raise")
    agent = Agent(name, config=Scripted(), middleware=[shared])
    say: Say = agent.ask
    return say


def autogen_classic(memory: Memory, name: str) -> Say:
    """Return a ConversableAgent of classic AutoGen."""
    from autogen import ConversableAgent

    from commonplace_autogen_classic import SharedMemory

    def answer(_: Any, messages: Any, **__: Any) -> tuple[bool, str]:
        return True, answer_to(messages[-1]["content"])

    helper = ConversableAgent(name, llm_config=False, human_input_mode="NEVER")
    helper.register_reply([ConversableAgent, None], answer, position=0)
    SharedMemory(memory, session=name, on_error="raise").add_to_agent(helper)
    user = ConversableAgent("user", llm_config=False, human_input_mode="NEVER")
    return lambda text: user.a_initiate_chat(helper, message=text, max_turns=1, silent=True)


def embedding(model: Gathering) -> Say:
    """Return what embeds in worker threads what a memory would: a question, and what is kept."""

    async def say(text: str) -> None:
        await to_thread.run_sync(model.embed_query, text)
        await to_thread.run_sync(model.embed_documents, [text, answer_to(text)])

    return say


KINDS = {
    "agentchat": agentchat,
    "agent-framework": agent_framework,
    "ag2": ag2,
    "autogen-classic": autogen_classic,
}


async def lateness(done: asyncio.Event) -> list[float]:
    """Return by how many milliseconds each short sleep was late, until it is done."""
    late = []
    while not done.is_set():
        begun = time.perf_counter()
        await asyncio.sleep(EVERY)
        late.append((time.perf_counter() - begun - EVERY) * 1000)
    return late


async def measured(work: Awaitable[object]) -> list[float]:
    """Return the lateness while this is done."""
    done = asyncio.Event()
    watch = asyncio.create_task(lateness(done))
    await work
    done.set()
    return await watch


async def talk(say: Say, name: str, rounds: int) -> None:
    """Tell one agent something in each round."""
    for number in range(rounds):
        await say(f"{name} saw {number} geese at the {number % 17}th lake")


async def all_at_once(sayers: dict[str, Say], rounds: int, threads: int) -> None:
    """Talk to all agents at once, with at most so many worker threads."""
    to_thread.current_default_thread_limiter().total_tokens = threads
    await asyncio.gather(*(talk(say, name, rounds) for name, say in sayers.items()))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("--agents", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--threads", type=int, default=40, help="anyio's, which are 40 by default")
    given = parser.parse_args()
    names = [f"agent{number}" for number in range(given.agents)]
    late: dict[str, list[float]] = {}

    with tempfile.TemporaryDirectory() as folder, commonplace.open(folder) as memory:
        agents = {name: KINDS[given.kind](memory, name) for name in names}
        memory.context("warm the model")
        model = Gathering(MiniLM())
        alone = dict.fromkeys(names, embedding(model))
        model.embed_query("warm this one too")

        late["idle"] = asyncio.run(measured(asyncio.sleep(2)))
        late["embedding"] = asyncio.run(measured(all_at_once(alone, given.rounds, given.threads)))
        late["talking"] = asyncio.run(measured(all_at_once(agents, given.rounds, given.threads)))
        kept = Counter(one.text for one in memory.records(limit=10**6))

    said = [f"{n} saw {k} geese at the {k % 17}th lake" for n in names for k in range(given.rounds)]
    print(f"{given.kind}: {given.agents} agents, {given.rounds} rounds, {given.threads} threads")
    tell(kept, [*said, *map(answer_to, said)], late)


def tell(kept: Counter[str], expected: list[str], late: dict[str, list[float]]) -> None:
    """Print what was lost and doubled, and how late the loop was."""
    lost = [one for one in expected if one not in kept]
    doubled = [one for one in expected if kept[one] > 1]
    print(f"  messages {len(expected)}, lost {len(lost)}, doubled {len(doubled)}, of {len(kept)}")
    for what, times in late.items():
        p50, p99 = np.percentile(times, [50, 99])
        print(f"  loop late by, {what}: p50 {p50:.1f} ms, p99 {p99:.1f} ms, of {len(times)}")


if __name__ == "__main__":
    main()
