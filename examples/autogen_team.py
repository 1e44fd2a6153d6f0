"""Two AutoGen teams, one memory: what the first hears, the second knows.

Run it with ``python examples/autogen_team.py [directory]``. It needs no key and no network: the
replies are scripted, the memory is real. Give a directory to keep what was learnt.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.messages import MemoryQueryEvent, TextMessage
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core.models import ChatCompletionClient
from autogen_ext.models.replay import ReplayChatCompletionClient

import commonplace
from commonplace_autogen import SharedMemory


def model(*replies: str) -> ChatCompletionClient:
    """Return the language model of a team.

    For a real one: ``return OpenAIChatCompletionClient(model="gpt-4.1")``, of
    ``autogen_ext.models.openai``.
    """
    return ReplayChatCompletionClient(list(replies))


def team(memory: SharedMemory, *replies: str) -> RoundRobinGroupChat:
    """Return a new team of two that shares the memory and nothing else with earlier teams."""
    client = model(*replies)
    planner = AssistantAgent("planner", client, memory=[memory])
    critic = AssistantAgent("critic", client, memory=[memory])
    return RoundRobinGroupChat([planner, critic], max_turns=2)


async def run(memory: SharedMemory, task: str, *replies: str) -> None:
    """Run a new team on the task, print what happens, and remember what was said."""
    print(f"\nuser: {task}")
    async for message in memory.capture(team(memory, *replies).run_stream(task=task)):
        if isinstance(message, MemoryQueryEvent):
            for known in message.content:
                print(f"  ({message.source} is reminded: {known.content!r})")
        elif isinstance(message, TextMessage) and message.source != "user":
            print(f"{message.source}: {message.content}")


def main(directory: str) -> None:
    """Let one team learn, and another, later, use it."""
    with commonplace.open(directory) as store:
        memory = SharedMemory(store.scope("user", "alice"), emit_events=True)
        task = "I am vegetarian and allergic to peanuts. Plan a dinner for tonight."
        asyncio.run(run(memory, task, "A mushroom risotto.", "No meat and no peanuts: good."))

    with commonplace.open(directory) as store:  # as a new process would, on another day
        memory = SharedMemory(store.scope("user", "alice"), emit_events=True)
        task = "Which dinner could I cook with no peanuts and no meat on Friday?"
        asyncio.run(run(memory, task, "Not risotto again: a lentil curry.", "Safe for Alice."))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        with tempfile.TemporaryDirectory() as temporary:
            main(temporary)
