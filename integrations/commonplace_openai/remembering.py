"""What the clients for calls and for awaited calls share: which resources remember."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from inspect import isawaitable, iscoroutine
from typing import Any, ClassVar

from typing_extensions import Self

from commonplace import Memory
from commonplace.adapting import OnError
from commonplace.errors import InvalidInputError
from commonplace.writing.extraction import Extractor
from commonplace_openai.requests import Api, Arguments, ChatCompletions, Responses
from commonplace_openai.turns import Turns

REMEMBERED = ("create", "parse")
STREAMED = "stream"
FINAL = "get_final_"
"""How the methods of a stream begin that read it to its end."""


class Resource(ABC):
    """A resource of the client whose calls that ask a model remember."""

    def __init__(self, resource: Any, turns: Turns, api: Api) -> None:
        """Remember the calls of `resource`, which has the form of `api`."""
        self._resource = resource
        self._turns = turns
        self._api = api

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._resource, name)
        if name == STREAMED:
            return self._streaming(method)
        return self._remembering(method) if name in REMEMBERED else method

    @abstractmethod
    def _streaming(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return the method whose result, once it is entered, recalls, and observes at its end."""

    @abstractmethod
    def _remembering(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Return the method that recalls before the call and observes after it."""


class Chat:
    """The part of a client that has its completions."""

    def __init__(self, chat: Any, turns: Turns, resource: type[Resource]) -> None:
        """Remember the completions of `chat`."""
        self._chat = chat
        self._turns = turns
        self._kind = resource

    @property
    def completions(self) -> Any:
        """Its completions, with the memory."""
        return self._kind(self._chat.completions, self._turns, ChatCompletions())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chat, name)


class Remembering:
    """A client with a memory; a subclass says how its calls are made."""

    _calls: ClassVar[type[Resource]]

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
    def chat(self) -> Chat:
        """Chat Completions, with the memory."""
        return Chat(self._client.chat, self._turns, self._calls)

    @property
    def responses(self) -> Any:
        """Responses, with the memory."""
        return self._calls(self._client.responses, self._turns, Responses())

    def with_options(self, **options: Any) -> Self:
        """Return a client with other options, and the same memory."""
        other = object.__new__(type(self))
        other._client, other._turns = self._client.with_options(**options), self._turns
        return other

    copy = with_options

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class Observed:
    """A stream of a client of which the reply is put together while it passes."""

    def __init__(self, stream: Any, turns: Turns, api: Api, arguments: Arguments) -> None:
        """Pass on `stream`, the answer to a request with these `arguments`."""
        self._stream = stream
        self._turns = turns
        self._api = api
        self._arguments: Arguments | None = arguments
        self._reply = api.reply()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Entered:
    """A call of a client that asks when it is entered."""

    def __init__(
        self, method: Callable[..., Any], turns: Turns, api: Api, arguments: Arguments
    ) -> None:
        """Ask by `method`."""
        self._method, self._turns, self._api = method, turns, api
        self._arguments = arguments


def check_fits(response: Any, *, awaited: bool, name: str) -> None:
    """Raise InvalidInputError if a client's answer is to be awaited and is not, or the reverse."""
    if isawaitable(response) == awaited:
        return
    if iscoroutine(response):
        response.close()
    kind = "calls" if awaited else "coroutines"
    raise InvalidInputError(f"The methods of this client are {kind}: wrap it in {name}.")


def lasting(arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a request with lists in the place of iterators, which end."""
    return {
        name: list(given) if name in ("messages", "input") and hasattr(given, "__next__") else given
        for name, given in arguments.items()
    }
