"""A memory as a capability: hooks on the messages of a ConversableAgent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from uuid import uuid4

from autogen import ConversableAgent

from commonplace import Memory, Source
from commonplace.adapting import (
    OnError,
    checked_memory,
    checked_on_error,
    guarded,
    message_record,
    query_text,
)
from commonplace.validation import checked_limit

FRAMEWORK = "autogen-classic"


class SharedMemory:
    """Gives agents a memory: ``SharedMemory(alice).add_to_agent(agent)``.

    Before each reply the model is shown what the memory knows about the last text it was sent, as
    one quoted message that the agent's history never holds. What a user tells the agent and what
    it says is remembered. One instance serves several agents and threads.

    >>> SharedMemory(memory.scope("user", "alice"))
    SharedMemory(<Memory user/alice>)
    """

    def __init__(
        self,
        memory: Memory,
        *,
        max_tokens: int = 400,
        session: str | None = None,
        users: tuple[str, ...] = ("user", "user_proxy"),
        on_error: OnError = "log",
    ) -> None:
        """Recall from `memory` and write to it.

        The block has at most `max_tokens` tokens. `session` names the conversation. `users` are
        the names under which a person writes; a message without a name is a person's too. With
        ``on_error="log"`` a memory that fails is logged and the chat goes on.
        """
        self._memory = checked_memory(memory)
        self._max_tokens = checked_limit(max_tokens, "max_tokens")
        self._session = session
        self._users = users
        self._on_error: OnError = checked_on_error(on_error)
        self._hooks: dict[str, list[tuple[str, Callable[..., Any]]]] = {}

    def add_to_agent(self, agent: ConversableAgent) -> None:
        """Attach to `agent`; again changes nothing."""
        if agent.name in self._hooks:
            return
        hooks: list[tuple[str, Callable[..., Any]]] = [
            ("process_all_messages_before_reply", self._heard),
            ("process_message_before_send", partial(self._sent, agent.name)),
        ]
        for name, hook in hooks:
            agent.register_hook(name, hook)
        self._hooks[agent.name] = hooks

    def remove_from_agent(self, agent: ConversableAgent) -> None:
        """Detach from `agent`; one that was never attached stays as it is."""
        for name, hook in self._hooks.pop(agent.name, []):
            agent.hook_lists[name].remove(hook)

    def _heard(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return a new list with the block before what was asked; remember what a user said."""
        asked = next((at for at in reversed(range(len(messages))) if _is_said(messages[at])), None)
        if asked is None:
            return messages
        message, shown = messages[asked], messages
        with guarded("recalling for the classic AutoGen agent", self._on_error):
            block = self._memory.context(
                query_text(text_of(message)),
                max_tokens=self._max_tokens,
                known=[text_of(one) for one in messages],
            )
            if block:
                told = {"role": "user", "name": "memory", "content": block}
                shown = [*messages[:asked], told, *messages[asked:]]
        if message.get("name", "user") in self._users and asked == len(messages) - 1:
            before = sum(text_of(one) == text_of(message) for one in messages[:asked])
            self._remember(text_of(message), None, f"user {before} {text_of(message)}")
        return shown

    def _sent(self, agent: str, *, message: Any, **_: object) -> Any:
        """Remember what the agent says, and pass it on as it is."""
        said = message if isinstance(message, Mapping) else {"content": message}
        if agent not in self._users and _is_said(said):
            self._remember(text_of(said), agent, str(uuid4()))
        return message

    def _remember(self, text: str, agent: str | None, message_id: str) -> None:
        with guarded("remembering what was said in a classic AutoGen chat", self._on_error):
            source = Source(
                framework=FRAMEWORK,
                agent=agent,
                session=self._session,
                origin="agent" if agent else "user",
            )
            record = message_record(text, source=source, message_id=message_id)
            if record is not None:
                self._memory.remember_many([record])

    def __repr__(self) -> str:
        return f"SharedMemory({self._memory!r})"


def text_of(message: Mapping[str, Any]) -> str:
    """Return the text of a message, without images; "" if it has none."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = [one.get("text") if isinstance(one, Mapping) else one for one in parts]
    return "\n".join(one for one in texts if isinstance(one, str))


def _is_said(message: Mapping[str, Any]) -> bool:
    """Tell whether a message holds what someone said: no call of a tool, and no result of one."""
    is_tools = message.get("role") in ("tool", "function", "system") or any(
        message.get(field) for field in ("tool_calls", "function_call", "tool_responses")
    )
    return not is_tools and bool(text_of(message).strip())
