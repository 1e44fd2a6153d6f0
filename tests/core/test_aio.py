"""`AsyncMemory` has the verbs of `Memory`, and nothing runs on the event loop."""

from __future__ import annotations

import asyncio
import inspect
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence

import pytest

import commonplace
from commonplace import AsyncMemory, InvalidInputError, Memory
from commonplace.ports import Vectors
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


class HeldEmbedder(HashingEmbedder):
    """Embeds a document when it may."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.may = threading.Event(), threading.Event()
        self.thread = threading.current_thread()

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        self.thread = threading.current_thread()
        self.begun.set()
        assert self.may.wait(20)
        return super().embed_documents(texts)


def test_a_cancelled_call_is_not_waited_for_and_its_work_is_completed() -> None:
    embedder = HeldEmbedder()
    with commonplace.open(":memory:", embedder=embedder) as memory:

        async def cancelled() -> None:
            call = asyncio.create_task(AsyncMemory(memory).remember("Likes tea"))
            await asyncio.to_thread(embedder.begun.wait, 20)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            assert memory.count() == 0
            embedder.may.set()

        asyncio.run(cancelled())
        embedder.thread.join(20)

        assert [one.text for one in memory.records()] == ["Likes tea"]


IMPORTING = """
import asyncio, sys
import commonplace
from commonplace.ports import Vectors
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
