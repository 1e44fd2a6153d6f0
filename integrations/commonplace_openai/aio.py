"""`AsyncMemoryClient`: what `MemoryClient` does, for an ``openai.AsyncOpenAI()``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any

from anyio import to_thread
from typing_extensions import Self

from commonplace_openai.remembering import (
    FINAL,
    Entered,
    Observed,
    Remembering,
    Resource,
    check_fits,
    lasting,
)
from commonplace_openai.requests import Api, Arguments
from commonplace_openai.turns import Turns


class AsyncMemoryStream(Observed):
    """A stream of the client's that is observed when it ends or is closed."""

    def __init__(self, stream: Any, turns: Turns, api: Api, arguments: Arguments) -> None:
        """Pass on `stream`."""
        super().__init__(stream, turns, api, arguments)
        self._pieces = self._passed_on()

    def __aiter__(self) -> AsyncIterator[Any]:
        return self._pieces

    async def __anext__(self) -> Any:
        return await anext(self._pieces)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __getattr__(self, name: str) -> Any:
        method = super().__getattr__(name)
        if not name.startswith(FINAL):
            return method

        async def final() -> Any:
            await self.until_done()
            return await method()

        return final

    async def until_done(self) -> Self:
        """Read the stream to its end."""
        async for _ in self:
            pass
        return self

    async def close(self) -> None:
        """Close the stream, and observe what has come of it."""
        await self._stream.close()
        await self._end()

    async def _passed_on(self) -> AsyncIterator[Any]:
        async for piece in self._stream:
            self._reply.take(piece)
            yield piece
        await self._end()

    async def _end(self) -> None:
        arguments, self._arguments = self._arguments, None
        if arguments is not None:
            kept = self._api.kept_there(arguments, self._reply.id)
            said = self._api.said(arguments)
            await to_thread.run_sync(self._turns.observe, said, self._reply.said(), kept)


class AsyncMemoryStreamManager(Entered):
    """What the client's ``stream`` returns: it is entered for a stream, which is observed."""

    async def __aenter__(self) -> AsyncMemoryStream:
        told = await to_thread.run_sync(self._turns.informed, self._api, self._arguments)
        entered = await self._method(**told).__aenter__()
        self._stream = AsyncMemoryStream(entered, self._turns, self._api, self._arguments)
        return self._stream

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stream.close()


class _AwaitedCalls(Resource):
    """A resource of a client whose calls are awaited."""

    def _streaming(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def asked(**arguments: Any) -> AsyncMemoryStreamManager:
            return AsyncMemoryStreamManager(method, self._turns, self._api, lasting(arguments))

        return asked

    def _remembering(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def asked(**arguments: Any) -> Any:
            arguments = lasting(arguments)
            said = self._api.said(arguments)
            told = await to_thread.run_sync(self._turns.informed, self._api, arguments)
            answer = method(**told)
            check_fits(answer, awaited=True, name="MemoryClient")
            response = await answer
            if arguments.get("stream"):
                return AsyncMemoryStream(response, self._turns, self._api, arguments)
            kept = self._api.kept_there(arguments, getattr(response, "id", None))
            await to_thread.run_sync(self._turns.observe, said, self._api.replied(response), kept)
            return response

        return asked


class AsyncMemoryClient(Remembering):
    """An ``openai.AsyncOpenAI()``, or a client of its form, with a memory.

    It is a `MemoryClient` whose calls are awaited. The memory works in a thread, so no event loop
    waits.

    >>> import asyncio
    >>> from types import SimpleNamespace
    >>> class Completions:
    ...     async def create(self, **request):
    ...         message = {"role": "assistant", "content": "Noted."}
    ...         return SimpleNamespace(choices=[SimpleNamespace(message=message)])
    >>> openai = SimpleNamespace(chat=SimpleNamespace(completions=Completions()))
    >>> client = AsyncMemoryClient(openai, memory.scope("user", "alice"))
    >>> asked = [{"role": "user", "content": "I am allergic to peanuts"}]
    >>> _ = asyncio.run(client.chat.completions.create(model="gpt-4o", messages=asked))
    >>> sorted(record.text for record in memory.records())
    ['I am allergic to peanuts', 'Noted.']
    """

    _calls = _AwaitedCalls

    async def close(self) -> None:
        """Wait until everything is observed. Client and memory stay open. You may call it again."""
        await to_thread.run_sync(self._turns.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()
