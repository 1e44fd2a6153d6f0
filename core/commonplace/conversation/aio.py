"""`AsyncConversation`: the verbs of `Conversation`, awaited. Holds no logic."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial, wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from anyio import to_thread

from commonplace.conversation.conversation import Conversation

P = ParamSpec("P")
R = TypeVar("R")


def _in_thread(
    method: Callable[Concatenate[Conversation, P], R],
) -> Callable[Concatenate[AsyncConversation, P], Coroutine[Any, Any, R]]:
    @wraps(method)
    async def awaited(self: AsyncConversation, *args: P.args, **kwargs: P.kwargs) -> R:
        return await to_thread.run_sync(partial(method, self.conversation, *args, **kwargs))

    return cast("Callable[Concatenate[AsyncConversation, P], Coroutine[Any, Any, R]]", awaited)


class AsyncConversation:
    """A conversation whose verbs are awaited; each runs in a worker thread.

    >>> import asyncio
    >>> chat = AsyncMemory(memory).conversation("session-7")
    >>> asyncio.run(chat.add({"role": "user", "content": "Hello"})).text
    'Hello'
    """

    def __init__(self, conversation: Conversation) -> None:
        """Await the verbs of `conversation`."""
        self.conversation = conversation

    add = _in_thread(Conversation.add)
    extend = _in_thread(Conversation.extend)
    messages = _in_thread(Conversation.messages)
    records = _in_thread(Conversation.records)
    edit = _in_thread(Conversation.edit)
    delete = _in_thread(Conversation.delete)
    undo = _in_thread(Conversation.undo)
    pop = _in_thread(Conversation.pop)
    clear = _in_thread(Conversation.clear)

    @property
    def session(self) -> str:
        """The name of the session."""
        return self.conversation.session

    async def branch(self, session: str, *, through: str) -> AsyncConversation:
        """Return a new conversation that begins as this one does, as `Conversation.branch` does."""
        branched = partial(self.conversation.branch, session, through=through)
        return AsyncConversation(await to_thread.run_sync(branched))

    def __repr__(self) -> str:
        return f"<Async{repr(self.conversation)[1:]}"
