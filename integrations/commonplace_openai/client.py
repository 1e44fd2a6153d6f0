"""`MemoryClient`: an OpenAI client whose requests are told what is known, and are observed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

from typing_extensions import Self

from commonplace import Memory
from commonplace.adapting import OnError
from commonplace.writing.extraction import Extractor
from commonplace_openai.requests import Api, Arguments, ChatCompletions, Responses
from commonplace_openai.turns import Turns

REMEMBERED = ("create", "parse")


class MemoryClient:
    """An ``openai.OpenAI()``, or a client of its form, with a memory.

    ``chat.completions`` and ``responses``, each with ``create`` and ``parse``, streamed or not,
    tell the model what is known about the user's last message: at most `max_tokens` tokens of
    quoted data that end the system message or the instructions. After the reply they observe
    what the caller's request and the reply say, as messages of `session`, of the agent `agent`,
    and with an `extractor` facts. What was recalled is never observed. All else of the client is
    as it is.

    With ``in_background=True`` turns are observed in a thread, in their order; `close` waits for
    it. A memory that fails is logged and the client goes on, unless ``on_error="raise"``. Raises
    InvalidInputError for what is no memory.

    >>> class Completions:
    ...     def create(self, **request):
    ...         message = {"role": "assistant", "content": "Noted."}
    ...         return SimpleNamespace(choices=[SimpleNamespace(message=message)])
    >>> from types import SimpleNamespace
    >>> openai = SimpleNamespace(chat=SimpleNamespace(completions=Completions()))
    >>> client = MemoryClient(openai, memory.scope("user", "alice"), session="monday")
    >>> asked = [{"role": "user", "content": "I am allergic to peanuts"}]
    >>> _ = client.chat.completions.create(model="gpt-4o", messages=asked)
    >>> sorted(record.text for record in memory.records())
    ['I am allergic to peanuts', 'Noted.']
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

    def close(self) -> None:
        """Wait for what is being observed. Client and memory stay open. May be called again."""
        self._turns.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

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

    def _remembering(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def asked(**arguments: Any) -> Any:
            arguments = lasting(arguments)
            said = self._api.said(arguments)
            response = method(**self._turns.informed(self._api, arguments))
            if arguments.get("stream"):
                return MemoryStream(response, self._turns, self._api, arguments)
            kept = self._api.kept_there(arguments, getattr(response, "id", None))
            self._turns.observe(said, self._api.replied(response), kept)
            return response

        return asked


class MemoryStream:
    """A stream of the client's that is observed when it ends or is closed."""

    def __init__(self, stream: Any, turns: Turns, api: Api, arguments: Arguments) -> None:
        """Pass on `stream`."""
        self._stream = stream
        self._turns = turns
        self._api = api
        self._arguments: Arguments | None = arguments
        self._reply = api.reply()
        self._pieces = self._passed_on()

    def __iter__(self) -> Iterator[Any]:
        return self._pieces

    def __next__(self) -> Any:
        return next(self._pieces)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def close(self) -> None:
        """Close the stream, and observe what has come of it."""
        self._stream.close()
        self._end()

    def _passed_on(self) -> Iterator[Any]:
        for piece in self._stream:
            self._reply.take(piece)
            yield piece
        self._end()

    def _end(self) -> None:
        arguments, self._arguments = self._arguments, None
        if arguments is not None:
            kept = self._api.kept_there(arguments, self._reply.id)
            self._turns.observe(self._api.said(arguments), self._reply.said(), kept)


def lasting(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a request with lists in the place of iterators, which end."""
    return {
        name: list(given) if name in ("messages", "input") and hasattr(given, "__next__") else given
        for name, given in arguments.items()
    }
