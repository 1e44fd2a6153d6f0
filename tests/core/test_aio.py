"""`AsyncMemory` has the verbs of `Memory`, and nothing runs on the event loop."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
from collections.abc import Callable

import pytest

import commonplace
from commonplace import AsyncMemory, InvalidInputError, Memory
from commonplace.testing import HashingEmbedder
from off_loop import OffLoopEmbedder


def public(kind: type) -> dict[str, object]:
    return {name: getattr(kind, name) for name in dir(kind) if not name.startswith("_")}


def test_both_have_the_same_verbs_with_the_same_parameters() -> None:
    assert public(AsyncMemory).keys() == public(Memory).keys()
    for name in public(Memory).keys() - {
        "scope",
        "including",
        "conversation",
        "path",
        "also",
        "directory",
    }:
        sync, awaited = getattr(Memory, name), getattr(AsyncMemory, name)
        assert inspect.signature(awaited) == inspect.signature(sync)
        assert inspect.iscoroutinefunction(awaited)
        assert awaited.__doc__ == sync.__doc__


async def test_every_verb_works_off_the_loop(open_memory: Callable[..., Memory]) -> None:
    async with AsyncMemory(open_memory(embedder=OffLoopEmbedder())) as memory:
        alice = memory.scope("user", "alice").including(memory.scope("team"))
        record = await alice.remember("Likes tea")
        await alice.remember_many(["Lives in Oslo"])
        await alice.set("timezone", "Europe/Oslo")

        assert (await alice.recall("tea", limit=1))[0].record == record
        assert "Likes tea" in await alice.context("tea", min_confidence=0)
        assert await alice.record(record.id) == record
        assert await alice.count() == len(await alice.records()) == 3
        assert (await alice.update(record.id, text="Likes coffee")).text == "Likes coffee"
        assert await alice.get("timezone") == "Europe/Oslo"
        assert await alice.keys() == ["timezone"]
        assert await alice.delete("timezone")
        assert await alice.forget(record.id) == 1
        assert (await alice.stats()).records == 1


async def test_errors_arrive_as_they_are() -> None:
    async with AsyncMemory(commonplace.open(":memory:", embedder=HashingEmbedder())) as memory:
        with pytest.raises(InvalidInputError):
            await memory.remember("")


def test_one_instance_serves_one_loop_after_another() -> None:
    memory = AsyncMemory(commonplace.open(":memory:", embedder=HashingEmbedder()))
    asyncio.run(memory.remember("Likes tea"))

    assert asyncio.run(memory.count()) == 1


async def test_many_tasks_at_once_lose_nothing(open_memory: Callable[..., Memory]) -> None:
    async with AsyncMemory(open_memory()) as memory:
        await asyncio.gather(*(memory.remember(f"fact {number}") for number in range(30)))

        assert await memory.count() == 30


IMPORTING = """
import asyncio, sys
import commonplace
from commonplace.testing import HashingEmbedder

async def imported(awaited):
    before = set(sys.modules)
    await awaited
    return set(sys.modules) - before

with commonplace.open(":memory:", embedder=HashingEmbedder()) as memory:
    counting = commonplace.AsyncMemory(memory).count()
    print([one for one in asyncio.run(imported(counting)) if one.startswith("anyio")])
"""


def test_the_first_await_imports_nothing_on_the_loop() -> None:
    run = subprocess.run([sys.executable, "-c", IMPORTING], capture_output=True, check=True)

    assert run.stdout.strip() == b"[]"
