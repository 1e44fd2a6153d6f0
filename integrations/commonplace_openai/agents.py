"""A conversation where the OpenAI Agents SDK expects a session, and recall for its agents.

Nothing of the SDK is imported: its `Session` is a protocol.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from commonplace import AsyncMemory, Memory
from commonplace.adapting import OnError, checked_memory, checked_on_error, guarded, query_text
from commonplace.conversation import AsyncConversation, Conversation
from commonplace.errors import InvalidInputError
from commonplace.values.validation import checked_limit
from commonplace_openai.items import Item, is_result, items_of, opened, without_id
from commonplace_openai.requests import question, text_of

_RECALLING = "recalling for an agent of the OpenAI Agents SDK"

_logger = logging.getLogger("commonplace")


class AgentSession:
    """A conversation of the memory as a session of the OpenAI Agents SDK.

    `get_items` returns the system message with the summary as one item, then the last turns,
    without ids and reasoning. If a run failed and left a user's message without a reply, that
    message is not returned; a next run that begins with it does not add it again. A session is
    not told the question, so nothing is recalled here: use `recalling` for that.

    Args:
        conversation: What ``memory.conversation(session)`` returns.
        max_tokens: The most tokens of the items.

    Raises:
        InvalidInputError: `conversation` is no Conversation.

    >>> import asyncio
    >>> session = AgentSession(memory.conversation("monday"), max_tokens=2000)
    >>> said = [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Hi"}]
    >>> asyncio.run(session.add_items(said))
    >>> asyncio.run(session.get_items()) == said
    True
    """

    session_settings: Any = None

    def __init__(self, conversation: Conversation, *, max_tokens: int) -> None:
        """Be the session of `conversation`."""
        if not isinstance(conversation, Conversation):
            raise InvalidInputError(
                "An AgentSession takes a conversation, such as memory.conversation(...) returns, "
                f"not {conversation!r:.80}."
            )
        self._conversation = AsyncConversation(conversation)
        self._max_tokens = checked_limit(max_tokens, "max_tokens")
        self.session_id = conversation.session

    async def get_items(self, limit: int | None = None) -> list[Any]:
        """Return the items, or the newest `limit` of them.

        A tool's result never comes without its call.
        """
        window = await self._conversation.messages(max_tokens=self._max_tokens, about="")
        if limit is None:
            while window and window[-1]["role"] == "user":
                window.pop()
            return items_of(window)
        said = [one for one, id in zip(window, window.ids, strict=True) if id is not None]
        items = items_of(said)
        newest = items[max(len(items) - limit, 0) :]
        while newest and is_result(newest[0]):
            newest = newest[1:]
        return newest

    async def add_items(self, items: list[Any]) -> None:
        """Add what was said and called. Reasoning is left out."""
        kept = [without_id(step) for item in items for step in opened(item)]
        for item in items:
            if not opened(item) and item.get("type") != "reasoning":
                _say_once(str(item.get("type")))
        if kept and not await self._is_waiting(kept[0]):
            await self._conversation.extend(kept)
        else:
            await self._conversation.extend(kept[1:])

    async def pop_item(self) -> Any:
        """Remove the newest item and return it, or None if there is none."""
        popped = await self._conversation.pop()
        return items_of([popped])[-1] if popped is not None else None

    async def clear_session(self) -> None:
        """Remove all messages of the session."""
        await self._conversation.clear()

    async def _is_waiting(self, item: Item) -> bool:
        """Tell whether this is the user's message that still waits for a reply."""
        if item.get("role") != "user":
            return False
        last = await self.get_items(limit=1)
        return bool(last) and last[0].get("role") == "user" and text_of(last[0]) == text_of(item)


def recalling(
    memory: Memory, *, max_tokens: int = 400, on_error: OnError = "log"
) -> Callable[[Any], Awaitable[Any]]:
    """Return a ``call_model_input_filter`` that tells agents what is known about the question.

    It appends quoted data to the instructions. No session keeps it.

    Args:
        memory: The memory to recall from.
        max_tokens: The most tokens of the quoted data.
        on_error: With "log" a failing memory is logged and the run goes on; "raise" raises.

    Raises:
        InvalidInputError: `memory` is no Memory.

    >>> import asyncio
    >>> from dataclasses import dataclass
    >>> from types import SimpleNamespace
    >>> @dataclass
    ... class ModelInputData:
    ...     input: list
    ...     instructions: str
    >>> alice = memory.scope("user", "alice")
    >>> _ = alice.remember("She is allergic to peanuts")
    >>> asked = ModelInputData([{"role": "user", "content": "allergic to what?"}], "Be kind.")
    >>> told = asyncio.run(recalling(alice)(SimpleNamespace(model_data=asked)))
    >>> told.instructions.startswith("Be kind."), "peanuts" in told.instructions
    (True, True)
    """
    awaited = AsyncMemory(checked_memory(memory))
    checked_limit(max_tokens, "max_tokens")
    checked_on_error(on_error)

    async def informed(call: Any) -> Any:
        data, block = call.model_data, ""
        asked = query_text(question(data.input))
        if asked.strip():
            with guarded(_RECALLING, on_error):
                known = [text_of(one) for one in data.input]
                block = await awaited.context(asked, max_tokens=max_tokens, known=known)
        if not block:
            return data
        given = data.instructions
        return replace(data, instructions=f"{given}\n\n{block}" if given else block)

    return informed


@lru_cache(maxsize=64)
def _say_once(type: str) -> None:
    _logger.warning("Items of type %r are not kept in a conversation.", type)
