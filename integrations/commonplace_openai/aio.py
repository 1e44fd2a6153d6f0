"""`AsyncMemoryClient`: what `MemoryClient` does, for an ``openai.AsyncOpenAI()``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Any

from anyio import to_thread
from typing_extensions import Self

from commonplace import Memory
from commonplace.adapting import OnError
from commonplace.writing.extraction import Extractor
from commonplace_openai.client import REMEMBERED, lasting
from commonplace_openai.requests import Api, Arguments, ChatCompletions, Responses
from commonplace_openai.turns import Turns


class AsyncMemoryClient:
    """An ``openai.AsyncOpenAI()``, or a client of its form, with a memory.

    As `MemoryClient`, with calls that are awaited; the memory works in a thread, so that no event
    loop waits.
    """

    def __init__(
        self,
        client: Any,
        memory: Memory,
        *,
        session: str | None = None,
        max_tokens: int = 400,
        agent: str | None = None,
        extractor: Extractor | None = None,
        in_background: bool = False,
        on_error: OnError = "log",
    ) -> None:
        """Ask with `client`; recall from `memory` and observe in it."""
        self._client = client
        self._turns = Turns(
            memory,
            session=session,
            max_tokens=max_tokens,
            agent=agent,
            extractor=extractor,
            in_background=in_background,
            on_error=on_error,
        )

    @property
    def chat(self) -> _Chat:
        """Chat Completions, with the memory."""
        return _Chat(self._client.chat, self._turns)

    @property
    def responses(self) -> Any:
        """Responses, with the memory."""
        return _Remembering(self._client.responses, self._turns, Responses())

    async def close(self) -> None:
        """Wait for what is being observed. Client and memory stay open. May be called again."""
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

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class _Chat:
    def __init__(self, chat: Any, turns: Turns) -> None:
        self._chat = chat
        self._turns = turns

    @property
    def completions(self) -> Any:
        return _Remembering(self._chat.completions, self._turns, ChatCompletions())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chat, name)


class _Remembering:
    """A resource of the client whose calls that ask a model remember."""

    def __init__(self, resource: Any, turns: Turns, api: Api) -> None:
        self._resource = resource
        self._turns = turns
        self._api = api

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._resource, name)
        return self._remembering(method) if name in REMEMBERED else method

    def _remembering(self, method: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def asked(**arguments: Any) -> Any:
            arguments = lasting(arguments)
            said = self._api.said(arguments)
            told = await to_thread.run_sync(self._turns.informed, self._api, arguments)
            response = await method(**told)
            if arguments.get("stream"):
                return AsyncMemoryStream(response, self._turns, self._api, arguments)
            kept = self._api.kept_there(arguments, getattr(response, "id", None))
            await to_thread.run_sync(self._turns.observe, said, self._api.replied(response), kept)
            return response

        return asked


class AsyncMemoryStream:
    """A stream of the client's that is observed when it ends or is closed."""

    def __init__(self, stream: Any, turns: Turns, api: Api, arguments: Arguments) -> None:
        """Pass on `stream`."""
        self._stream = stream
        self._turns = turns
        self._api = api
        self._arguments: Arguments | None = arguments
        self._reply = api.reply()
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
        return getattr(self._stream, name)

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
