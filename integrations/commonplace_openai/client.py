"""`MemoryClient`: an OpenAI client whose requests are told what is known, and are observed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

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


class MemoryStream(Observed):
    """A stream of the client's that is observed when it ends or is closed."""

    def __init__(self, stream: Any, turns: Turns, api: Api, arguments: Arguments) -> None:
        """Pass on `stream`."""
        super().__init__(stream, turns, api, arguments)
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
        method = super().__getattr__(name)
        if not name.startswith(FINAL):
            return method

        def final() -> Any:
            self.until_done()
            return method()

        return final

    def until_done(self) -> Self:
        """Read the stream to its end."""
        for _ in self:
            pass
        return self

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


class MemoryStreamManager(Entered):
    """What the client's ``stream`` returns: it is entered for a stream, which is observed."""

    def __enter__(self) -> MemoryStream:
        manager = self._method(**self._turns.informed(self._api, self._arguments))
        entered = manager.__enter__()
        self._stream = MemoryStream(entered, self._turns, self._api, self._arguments)
        return self._stream

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stream.close()


class _Calls(Resource):
    """A resource of a client that is called."""

    def _streaming(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def asked(**arguments: Any) -> MemoryStreamManager:
            return MemoryStreamManager(method, self._turns, self._api, lasting(arguments))

        return asked

    def _remembering(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def asked(**arguments: Any) -> Any:
            arguments = lasting(arguments)
            said = self._api.said(arguments)
            response = method(**self._turns.informed(self._api, arguments))
            check_fits(response, awaited=False, name="AsyncMemoryClient")
            if arguments.get("stream"):
                return MemoryStream(response, self._turns, self._api, arguments)
            kept = self._api.kept_there(arguments, getattr(response, "id", None))
            self._turns.observe(said, self._api.replied(response), kept)
            return response

        return asked


class MemoryClient(Remembering):
    """An ``openai.OpenAI()``, or a client of its form, with a memory.

    Before ``chat.completions`` and ``responses`` (``create``, ``parse`` and ``stream``) it
    recalls what is known about the user's last message, and appends it to the system message or
    the instructions as quoted data. After the reply it observes request and reply as messages.
    What was recalled is never observed. Everything else of the client is unchanged.

    Args:
        client: The client.
        memory: The memory to recall from and to write to.
        session: The name of the conversation.
        agent: The name of who answers.
        max_tokens: The most tokens of the quoted data.
        extractor: A language model, as a function from a prompt to its answer. It makes facts of
            the conversation.
        in_background: Observe in a thread. `close` waits for it.
        on_error: With "log" a failing memory is logged and the client goes on; "raise" raises.

    Raises:
        InvalidInputError: `memory` is no Memory.

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

    _calls = _Calls

    def close(self) -> None:
        """Wait until everything is observed. Client and memory stay open. You may call it again."""
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
