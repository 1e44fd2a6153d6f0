"""`AsyncMemory`: the verbs of `Memory`, awaited. Holds no logic."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from functools import cache, partial, wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

import anyio
from anyio import to_thread

from commonplace.conversation.aio import AsyncConversation
from commonplace.conversation.summarising import Summariser
from commonplace.memory import Memory
from commonplace.values.newer_typing import Self
from commonplace.values.records import Source
from commonplace.values.rendering import Tokenizer
from commonplace.values.scope import Scope

P = ParamSpec("P")
R = TypeVar("R")


def _in_thread(
    method: Callable[Concatenate[Memory, P], R],
) -> Callable[Concatenate[AsyncMemory, P], Coroutine[Any, Any, R]]:
    @wraps(method)
    async def awaited(self: AsyncMemory, *args: P.args, **kwargs: P.kwargs) -> R:
        return await to_thread.run_sync(partial(method, self.memory, *args, **kwargs))

    return cast("Callable[Concatenate[AsyncMemory, P], Coroutine[Any, Any, R]]", awaited)


@cache
def _import_beforehand() -> None:
    """Have anyio import what it needs for asyncio: else it does at the first await, on the loop."""
    thread = threading.Thread(target=anyio.run, args=(anyio.sleep, 0))
    thread.start()
    thread.join()


class AsyncMemory:
    """The verbs of a `Memory`, awaited. Each runs in a worker thread, so no event loop waits.

    Arguments, results and errors are those of `Memory`. The examples of the verbs are its
    examples too: with an AsyncMemory, write ``await`` before each call. `scope`, `including` and
    `conversation` are not awaited. One instance serves several event loops and threads. Work that
    has begun is completed though its call is cancelled: asyncio (`wait_for`, `Task.cancel`) then
    goes on at once, a cancel scope of anyio when the work is done.

    >>> import asyncio
    >>> async def main():
    ...     alice = AsyncMemory(memory.scope("user", "alice"))
    ...     await alice.remember("Likes tea")
    ...     return [match.record.text for match in await alice.recall("What does she like?")]
    >>> asyncio.run(main())
    ['Likes tea']
    """

    def __init__(self, memory: Memory) -> None:
        """Await the verbs of `memory`."""
        self.memory = memory
        _import_beforehand()

    remember = _in_thread(Memory.remember)
    remember_many = _in_thread(Memory.remember_many)
    observe = _in_thread(Memory.observe)
    recall = _in_thread(Memory.recall)
    context = _in_thread(Memory.context)
    flush = _in_thread(Memory.flush)
    scopes = _in_thread(Memory.scopes)
    explain = _in_thread(Memory.explain)
    preview = _in_thread(Memory.preview)
    record = _in_thread(Memory.record)
    records = _in_thread(Memory.records)
    update = _in_thread(Memory.update)
    history = _in_thread(Memory.history)
    quarantined = _in_thread(Memory.quarantined)
    release = _in_thread(Memory.release)
    sweep = _in_thread(Memory.sweep)
    erase = _in_thread(Memory.erase)
    audit = _in_thread(Memory.audit)
    backup = _in_thread(Memory.backup)
    unfinished = _in_thread(Memory.unfinished)
    verify_audit = _in_thread(Memory.verify_audit)
    used = _in_thread(Memory.used)
    forget = _in_thread(Memory.forget)
    count = _in_thread(Memory.count)
    set = _in_thread(Memory.set)
    get = _in_thread(Memory.get)
    keys = _in_thread(Memory.keys)
    delete = _in_thread(Memory.delete)
    stats = _in_thread(Memory.stats)
    export = _in_thread(Memory.export)
    import_ = _in_thread(Memory.import_)
    close = _in_thread(Memory.close)

    @property
    def path(self) -> Scope:
        """The scope this memory is confined to."""
        return self.memory.path

    @property
    def also(self) -> tuple[Scope, ...]:
        """The scopes that this memory includes. It reads them and never writes them."""
        return self.memory.also

    @property
    def directory(self) -> str | None:
        """The directory that the store was opened from, or None if it is in none."""
        return self.memory.directory

    def scope(self, *names: str | tuple[str, ...]) -> AsyncMemory:
        """Return an AsyncMemory confined to the scope below this one.

        Args:
            *names: As in `Memory.scope`.

        >>> AsyncMemory(memory).scope("user", "alice")
        <AsyncMemory user/alice>
        """
        return AsyncMemory(self.memory.scope(*names))

    def including(self, *others: AsyncMemory) -> AsyncMemory:
        """Return this memory with what `others` see added for reading. See `Memory.including`.

        >>> awaited = AsyncMemory(memory)
        >>> desk = awaited.scope("user", "alice").including(awaited.scope("team", "handbook"))
        >>> [str(scope) for scope in desk.also]
        ['team/handbook']
        """
        return AsyncMemory(self.memory.including(*(other.memory for other in others)))

    def conversation(
        self,
        session: str,
        *,
        summariser: Summariser | None = None,
        model: str | None = None,
        tokenizer: Tokenizer | None = None,
        source: Source | None = None,
    ) -> AsyncConversation:
        """Return the conversation of a session. Its verbs are awaited.

        Args:
            session: As in `Memory.conversation`.
            summariser: As in `Memory.conversation`.
            model: As in `Memory.conversation`.
            tokenizer: As in `Memory.conversation`.
            source: As in `Memory.conversation`.

        >>> import asyncio
        >>> chat = AsyncMemory(memory).conversation("session-7")
        >>> asyncio.run(chat.add({"role": "user", "content": "Hello"})).text
        'Hello'
        """
        held = self.memory.conversation(
            session, summariser=summariser, model=model, tokenizer=tokenizer, source=source
        )
        return AsyncConversation(held)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<Async{repr(self.memory)[1:]}"
