"""Two processes, each with one agent for 25 users at once, on one shared memory.

    python benchmarks/langgraph_processes.py [--turns 4]

Prints what was lost, what leaked from one user to another, and how late the event loops were.
Ends with an error if anything was lost or leaked. It takes the extras langchain and server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "tests"))

import numpy as np
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, HumanMessage

import commonplace
from commonplace import Memory
from commonplace_langchain import MemoryMiddleware, MemoryStore
from langchain_models import ScriptedModel

USERS = 25
PROCESSES = 2


def word(user: int) -> str:
    return f"secret{user:03}x"


async def late(into: list[float]) -> None:
    """Note, in milliseconds, how much later than asked the event loop comes back."""
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        into.append(1_000 * (time.perf_counter() - began) - 5)


async def use(memory: Memory, first: int, turns: int) -> tuple[int, list[float]]:
    """Return how many blocks had another user's word, and how late the loop was."""
    model = ScriptedModel(answer=lambda messages: AIMessage(f"To: {messages[-1].text}"))
    choice = MemoryMiddleware(
        lambda run: memory.scope("user", str(run.context["user"])), on_error="raise"
    )
    store = MemoryStore(memory.scope("graph"))
    agent: Any = create_agent(model, middleware=[choice], context_schema=dict, store=store)
    lags: list[float] = []
    watching = asyncio.create_task(late(lags))

    async def talk(user: int) -> None:
        for turn in range(turns):
            said = {"messages": [HumanMessage(f"Turn {turn}: my word is {word(user)}")]}
            await agent.ainvoke(said, context={"user": user})
            await store.aput((str(user),), str(turn), {"text": word(user)})

    await asyncio.gather(*(talk(user) for user in range(first, first + USERS)))
    watching.cancel()
    leaked = sum(_leaks(call) for call in model.seen)
    return leaked, lags


def _leaks(call: list[Any]) -> bool:
    own = str(call[-1].text).split()[-1]
    told = str(call[0].text) if call[0].type == "system" else ""
    return told.count("secret") != told.count(own)


def child(directory: str, first: int, turns: int) -> None:
    with commonplace.open(directory, shared=True) as memory:
        memory.scope("warm").recall("word")
        leaked, lags = asyncio.run(use(memory, first, turns))
    print(json.dumps({"leaked": leaked, "lags": lags}))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=4)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child[0], int(given.child[1]), given.turns)
        return
    again = [sys.executable, __file__, "--turns", str(given.turns)]
    with tempfile.TemporaryDirectory() as directory:
        with commonplace.open(directory, shared=True) as memory:
            began = time.perf_counter()
            started = [
                subprocess.Popen(  # noqa: S603  # this file
                    [*again, "--child", directory, str(number * USERS)],
                    stdout=subprocess.PIPE,
                    text=True,
                )
                for number in range(PROCESSES)
            ]
            told = [json.loads(one.communicate()[0].splitlines()[-1]) for one in started]
            spent = time.perf_counter() - began
            lost = sum(_lost(memory, user, given.turns) for user in range(PROCESSES * USERS))
        lags = np.concatenate([one["lags"] for one in told])
        leaked = sum(one["leaked"] for one in told)
        print(
            f"{PROCESSES} processes, {PROCESSES * USERS} users, {given.turns} turns: {spent:.1f} s"
        )
        print(f"lost {lost}, leaked {leaked}")
        p50, p99 = np.percentile(lags, [50, 99])
        print(f"event loops late by {p50:.1f} ms (p50), {p99:.1f} ms (p99)")
    sys.exit(bool(lost or leaked))


def _lost(memory: Memory, user: int, turns: int) -> int:
    """Return how many messages and items of a user are not there, or are another's."""
    own = memory.scope("user", str(user)).records(limit=1_000)
    items = MemoryStore(memory.scope("graph")).search((str(user),), limit=1_000)
    there = [record.text for record in own] + [item.value["text"] for item in items]
    return 3 * turns - sum(word(user) in text for text in there)


if __name__ == "__main__":
    main()
