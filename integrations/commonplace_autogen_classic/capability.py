"""A memory as a capability: hooks on the messages of a ConversableAgent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from contextvars import ContextVar
from functools import partial
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary, WeakSet

from anyio import to_thread
from autogen import Agent, ConversableAgent

from commonplace import InvalidInputError, Memory, Record, Source
from commonplace.adapting import (
    OnError,
    checked_memory,
    checked_on_error,
    guarded,
    message_record,
    query_text,
)
from commonplace.values.validation import checked_limit, checked_names
from commonplace_autogen_classic.messages import asking, is_said, is_users, text_of
from commonplace_autogen_classic.tools import FRAMEWORK

Messages = list[dict[str, Any]]
_Hooks = list[tuple[str, Callable[..., Any]]]

_waiting: ContextVar[frozenset[SharedMemory]] = ContextVar("_waiting", default=frozenset())
"""Those that are still to inform the reply that is being made on an event loop."""


class SharedMemory:
    """Gives agents a memory: ``SharedMemory(alice).add_to_agent(agent)``.

    Before each reply the model is shown what is known about the user's last text, as one quoted
    message. The agent's history never holds it. What users tell the agent and what the agent says
    is remembered. One instance serves several agents, threads and async chats. No event loop
    waits.

    >>> SharedMemory(memory.scope("user", "alice"))
    SharedMemory(<Memory user/alice>)
    """

    def __init__(
        self,
        memory: Memory,
        *,
        max_tokens: int = 400,
        session: str | None = None,
        users: Collection[str] = ("user", "user_proxy"),
        on_error: OnError = "log",
    ) -> None:
        """Recall from `memory` and write to it.

        Args:
            memory: The memory.
            max_tokens: The most tokens of the quoted message.
            session: The name of the conversation.
            users: The names under which a person writes. A message without a name is a person's
                too.
            on_error: With "log" a failing memory is logged and the chat goes on. "raise" raises;
                an error while writing what an agent said in an async chat is raised at the next
                reply.

        Raises:
            InvalidInputError: An argument cannot be used.
        """
        self._memory = checked_memory(memory)
        self._max_tokens = checked_limit(max_tokens, "max_tokens")
        self._session = session
        self._users = checked_names(users, "users")
        self._on_error: OnError = checked_on_error(on_error)
        self._hooks: WeakKeyDictionary[ConversableAgent, _Hooks] = WeakKeyDictionary()
        self._replying: WeakSet[ConversableAgent] = WeakSet()
        self._writing: set[asyncio.Future[None]] = set()

    def add_to_agent(self, agent: ConversableAgent) -> None:
        """Attach to `agent`. Attaching again changes nothing.

        If you register reply functions of your own with ``position=0`` that give final answers,
        register them before. Otherwise async chats do not ask the memory.

        Raises:
            InvalidInputError: It is no ConversableAgent.
        """
        if not isinstance(agent, ConversableAgent):
            raise InvalidInputError(
                f"The memory is added to a ConversableAgent, not {agent!r:.80}."
            )
        if agent in self._hooks:
            return
        hooks: _Hooks = [
            ("process_all_messages_before_reply", self._heard),
            ("process_message_before_send", partial(self._sent, agent.name)),
        ]
        # AutoGen 0.2.36 to 0.2.40 run hooks of these names, and no others, in async chats.
        awaited: _Hooks = [
            ("a_process_all_messages_before_reply", self._heard_async),
            ("a_process_message_before_send", partial(self._sent_async, agent.name)),
        ]
        hooks += [one for one in awaited if one[0] in agent.hook_lists]
        for name, hook in hooks:
            agent.register_hook(name, hook)
        self._hooks[agent] = hooks
        if agent not in self._replying:
            self._replying.add(agent)
            triggers = [Agent, None]
            agent.register_reply(triggers, self._inform, position=0)
            agent.register_reply(
                triggers, self._inform_async, position=0, ignore_async_in_sync_chat=True
            )

    def remove_from_agent(self, agent: ConversableAgent) -> None:
        """Detach from `agent`. An agent that was never attached stays as it is."""
        for name, hook in self._hooks.pop(agent, []):
            agent.hook_lists[name].remove(hook)

    def _heard(self, messages: Messages) -> Messages:
        """Return a new list with the block before what was asked; remember what a user said."""
        if asking(messages, self._users) is None:
            return messages
        shown = list(messages)
        if _is_on_event_loop():
            _waiting.set(_waiting.get() | {self})
        else:
            self._fill(shown)
        return shown

    async def _heard_async(self, messages: Messages) -> Messages:
        """Return what `_heard` returns, filled in a worker thread."""
        shown = list(messages)
        await self._fill_async(shown)
        return shown

    async def _fill_async(self, messages: Messages) -> None:
        await asyncio.gather(*self._writing)
        await to_thread.run_sync(self._fill, messages)

    async def _inform_async(
        self, agent: ConversableAgent, *, messages: Messages, **_: object
    ) -> tuple[bool, None]:
        """Inform a reply of an async chat, in a worker thread."""
        if self._takes_its_turn(agent):
            await self._fill_async(messages)
        return False, None

    def _inform(
        self, agent: ConversableAgent, *, messages: Messages, **_: object
    ) -> tuple[bool, None]:
        """Inform a reply of a chat that is not async, and made on an event loop, as in Jupyter."""
        if self._takes_its_turn(agent):
            self._fill(messages)
        return False, None

    def _takes_its_turn(self, agent: ConversableAgent) -> bool:
        """Tell whether the hook has left a copy of this reply's messages to be filled."""
        waiting = _waiting.get()
        _waiting.set(waiting - {self})
        return self in waiting and agent in self._hooks

    def _fill(self, messages: Messages) -> None:
        """Put the block into a list that is no agent's history."""
        asked = asking(messages, self._users)
        if asked is None:
            return
        message = messages[asked]
        before = sum(text_of(one) == text_of(message) for one in messages[:asked])
        is_new = asked == len(messages) - 1 and is_users(message, self._users)
        with guarded("recalling for the classic AutoGen agent", self._on_error):
            block = self._memory.context(
                query_text(text_of(message)),
                max_tokens=self._max_tokens,
                known=[text_of(one) for one in messages],
            )
            if block:
                messages.insert(asked, {"role": "user", "name": "memory", "content": block})
        if is_new:
            self._write(self._record(text_of(message), None, f"user {before} {text_of(message)}"))

    def _sent(self, agent: str, *, message: Any, **_: object) -> Any:
        """Remember what the agent says, and pass it on as it is."""
        said = message if isinstance(message, Mapping) else {"content": message}
        if agent in self._users or not is_said(said):
            return message
        record = self._record(text_of(said), agent, str(uuid4()))
        if _is_on_event_loop():
            loop = asyncio.get_running_loop()
            written = loop.run_in_executor(None, self._write, record)
            self._writing.add(written)
            written.add_done_callback(self._writing.discard)
        else:
            self._write(record)
        return message

    async def _sent_async(self, agent: str, *, message: Any, **_: object) -> Any:
        """Do what `_sent` does, which makes no event loop wait."""
        return self._sent(agent, message=message)

    def _record(self, text: str, agent: str | None, message_id: str) -> Record | None:
        source = Source(
            framework=FRAMEWORK,
            agent=agent,
            session=self._session,
            origin="agent" if agent else "user",
        )
        return message_record(text, source=source, message_id=message_id)

    def _write(self, record: Record | None) -> None:
        with guarded("remembering what was said in a classic AutoGen chat", self._on_error):
            if record is not None:
                self._memory.remember_many([record])

    def __repr__(self) -> str:
        return f"SharedMemory({self._memory!r})"


def _is_on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
