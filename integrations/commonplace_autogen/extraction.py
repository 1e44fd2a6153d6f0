"""An AutoGen model client as what `Memory.observe` asks."""

from __future__ import annotations

import asyncio
import weakref
from functools import cached_property
from threading import Lock

from anyio import from_thread
from autogen_core.models import ChatCompletionClient, UserMessage

from commonplace.errors import InvalidInputError
from commonplace.writing.extraction import Extractor


def extractor(client: ChatCompletionClient) -> Extractor:
    """Return `client` for ``observe(messages, extractor=...)``. Its errors pass through.

    Where an event loop runs, write ``await AsyncMemory(memory).observe(...)``: the client is
    called on that loop. Without a loop, the client is called on one of its own.

    >>> from autogen_ext.models.replay import ReplayChatCompletionClient
    >>> extractor(ReplayChatCompletionClient(['{"operations": []}']))("What is new?")
    '{"operations": []}'
    """
    return _Extractor(client)


class _Extractor:
    def __init__(self, client: ChatCompletionClient) -> None:
        self._client = client
        self._lock = Lock()

    @cached_property
    def _own_loop(self) -> asyncio.AbstractEventLoop:
        """One for all calls: a client's open connections belong to the loop that opened them."""
        loop = asyncio.new_event_loop()
        weakref.finalize(self, loop.close)
        return loop

    def __call__(self, prompt: str) -> str:
        if _is_worker_of_loop():
            return from_thread.run(self._answer, prompt)
        if _is_loop():
            raise InvalidInputError(
                "An event loop runs in this thread and would wait for itself: "
                "await AsyncMemory(memory).observe(...) instead."
            )
        with self._lock:
            return self._own_loop.run_until_complete(self._answer(prompt))

    async def _answer(self, prompt: str) -> str:
        result = await self._client.create([UserMessage(content=prompt, source="user")])
        return result.content if isinstance(result.content, str) else ""


def _is_worker_of_loop() -> bool:
    """Tell whether an event loop waits for this thread, and can run a coroutine for it."""
    try:
        from_thread.check_cancelled()
    except RuntimeError:
        return False
    return True


def _is_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
