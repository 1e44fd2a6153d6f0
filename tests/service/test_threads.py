"""One shared memory in many threads and on an event loop at once."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import threadpoolctl

import commonplace
from agent_processes import background
from clock import Clock
from commonplace import AsyncMemory
from commonplace.client.joining import joined
from commonplace.testing import HashingEmbedder
from serving import serving

EACH = 8


async def test_threads_and_tasks_use_one_shared_memory_at_once(tmp_path: Path) -> None:
    with background(tmp_path, 60.0):
        await asyncio.to_thread(joined, tmp_path, None)
        with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
            awaited = AsyncMemory(memory)
            loop = asyncio.get_running_loop()

            def in_thread(number: int) -> str:
                text = f"thread {number} likes dish {number}"
                memory.remember(text)
                return memory.recall(text)[0].record.text

            async def in_task(number: int) -> str:
                text = f"task {number} lives in street {number}"
                await awaited.remember(text)
                return (await awaited.recall(text))[0].record.text

            with ThreadPoolExecutor(EACH) as pool:
                found = await asyncio.gather(
                    *(loop.run_in_executor(pool, in_thread, number) for number in range(EACH)),
                    *(in_task(number) for number in range(EACH)),
                )

            assert len(set(found)) == 2 * EACH
            assert sorted(found) == sorted(record.text for record in memory.records())


def test_a_server_leaves_the_other_processors_to_its_clients(tmp_path: Path) -> None:
    def threads() -> set[int]:
        pools = threadpoolctl.threadpool_info()
        return {pool["num_threads"] for pool in pools if pool["user_api"] == "blas"}

    before = threads()
    with serving(tmp_path, HashingEmbedder(), Clock()), commonplace.open(tmp_path) as memory:
        memory.remember("Likes tea")
        assert threads() == {1}
    assert threads() == before
