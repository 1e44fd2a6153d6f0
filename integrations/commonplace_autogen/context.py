"""A conversation where AutoGen expects the model context of an agent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

from autogen_core import FunctionCall, Image
from autogen_core.model_context import ChatCompletionContext, ChatCompletionContextState
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)

from commonplace.conversation import AsyncConversation, Conversation, Window
from commonplace.errors import InvalidInputError
from commonplace.values.validation import checked_limit, checked_name, checked_names

Message = dict[str, Any]

_USER = "user"


class ConversationContext(ChatCompletionContext):
    """A conversation of the memory as an AutoGen agent's model context.

    The agent reads the last messages of the conversation, whoever took part in it. What the agent
    hears and says is added. In a team, give each agent a context of its own, made with `beside`,
    so that a message that all of them hear is added once. Saved states of agents and teams hold
    no messages, since the memory does.

    >>> import asyncio
    >>> context = ConversationContext(memory.conversation("monday"), max_tokens=1000, agent="desk")
    >>> asyncio.run(context.add_message(UserMessage(content="Hello", source="user")))
    >>> [message.content for message in asyncio.run(context.get_messages())]
    ['Hello']
    """

    def __init__(
        self,
        conversation: Conversation,
        *,
        max_tokens: int,
        agent: str,
        users: Iterable[str] = (_USER,),
    ) -> None:
        """Make a context for one agent.

        Args:
            conversation: What ``memory.conversation(session)`` returns.
            max_tokens: The most tokens of the messages.
            agent: The agent's name.
            users: The sources of messages that a person wrote.

        Raises:
            InvalidInputError: An argument cannot be used.
        """
        super().__init__()
        if not isinstance(conversation, Conversation):
            raise InvalidInputError(
                "A context takes a conversation, such as memory.conversation(...) returns, not "
                f"{conversation!r:.80}."
            )
        self._conversation = AsyncConversation(conversation)
        self._max_tokens = checked_limit(max_tokens, "max_tokens")
        self._agent = checked_name(agent, "agent")
        self._users = checked_names(users, "users")
        self._heard = Heard()
        self._through = 0

    def beside(self, agent: str) -> ConversationContext:
        """Return the context of another agent of the same team."""
        other = ConversationContext(
            self._conversation.conversation,
            max_tokens=self._max_tokens,
            agent=agent,
            users=self._users,
        )
        other._heard, other._through = self._heard, len(self._heard.said)
        return other

    async def add_message(self, message: LLMMessage) -> None:
        """Add what the agent heard or said, unless another agent of the team added it."""
        for one in _said(message, self._agent, self._users):
            async with self._heard.lock:
                self._through, is_new = self._heard.taken(one, self._through)
                if is_new:
                    await self._conversation.add(one)

    async def get_messages(self) -> list[LLMMessage]:
        """Return the last messages of the conversation, as this agent sees them."""
        window = await self._conversation.messages(max_tokens=self._max_tokens)
        return list(_seen(window, self._agent))

    async def clear(self) -> None:
        """Remove what was said in the session."""
        await self._conversation.clear()

    async def save_state(self) -> Mapping[str, Any]:
        """Return a state without messages: the memory holds them."""
        return ChatCompletionContextState().model_dump()

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Load a state of this class, or of another context if the conversation is empty.

        Raises:
            InvalidInputError: The state and the conversation both have messages.
        """
        messages = ChatCompletionContextState.model_validate(state).messages
        if messages and await self._conversation.records():
            raise InvalidInputError(
                f"Something was said in the session {self._conversation.session!r} already: the "
                f"{len(messages)} messages of the state cannot take its place."
            )
        for message in messages:
            await self.add_message(message)

    def _to_config(self) -> NoReturn:
        raise InvalidInputError(
            f"The conversation {self._conversation.session!r} is in its memory, and no part of a "
            "configuration. Dump the agent without this context, and give it a "
            "ConversationContext of the same session when it is loaded."
        )


class Heard:
    """What the agents of one team heard and said, so that each of it is added once."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.lock = asyncio.Lock()
        self.said: list[Message] = []

    def taken(self, message: Message, through: int) -> tuple[int, bool]:
        """Return through where an agent has heard all, with this message, and whether it is new."""
        for at in range(through, len(self.said)):
            if self.said[at] == message:
                return at + 1, False
        self.said.append(message)
        return len(self.said), True


def _said(message: LLMMessage, agent: str, users: frozenset[str]) -> Iterable[Message]:
    """Yield the messages of Chat Completions that one of AutoGen's stands for."""
    if isinstance(message, SystemMessage):
        yield {"role": "system", "content": message.content}
    elif isinstance(message, UserMessage):
        role = "user" if message.source in users else "assistant"
        name = {} if message.source == _USER else {"name": message.source}
        yield {"role": role, **name, "content": _content(message.content)}
    elif isinstance(message, FunctionExecutionResultMessage):
        for one in message.content:
            yield {"role": "tool", "tool_call_id": one.call_id, "content": one.content}
    elif isinstance(message.content, str):
        yield {"role": "assistant", "name": agent, "content": message.content}
    else:
        calls = [_call(one) for one in message.content]
        yield {"role": "assistant", "name": agent, "content": None, "tool_calls": calls}


def _content(content: str | list[str | Image]) -> str | list[Message]:
    if isinstance(content, str):
        return content
    return [
        {"type": "text", "text": part} if isinstance(part, str) else dict(part.to_openai_format())
        for part in content
    ]


def _call(call: FunctionCall) -> Message:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _seen(window: Window, agent: str) -> Iterable[LLMMessage]:
    """Yield a window's messages as an agent sees them: its own, and those of all others."""
    results: list[FunctionExecutionResult] = []
    names: dict[str, str] = {}
    for message in window:
        if message["role"] == "tool":
            id = message["tool_call_id"]
            results.append(
                FunctionExecutionResult(
                    content=_text(message), call_id=id, name=names.get(id, ""), is_error=False
                )
            )
            continue
        if results:
            yield FunctionExecutionResultMessage(content=results)
            results = []
        names |= {one["id"]: _function(one)["name"] for one in message.get("tool_calls", ())}
        yield from _spoken(message, agent)
    if results:
        yield FunctionExecutionResultMessage(content=results)


def _spoken(message: Message, agent: str) -> Iterable[LLMMessage]:
    name = message.get("name")
    if message["role"] in ("system", "developer"):
        yield SystemMessage(content=_text(message))
    elif message["role"] == "user" or (name not in (None, agent) and "tool_calls" not in message):
        yield UserMessage(content=_parts(message), source=name or _USER)
    elif message["content"]:
        yield AssistantMessage(content=_text(message), source=name or agent)
    if calls := message.get("tool_calls"):
        made = [
            FunctionCall(one["id"], _function(one).get("arguments", ""), _function(one)["name"])
            for one in calls
        ]
        yield AssistantMessage(content=made, source=name or agent)


def _function(call: Message) -> Message:
    function: Message = call[call["type"]]
    return function


def _text(message: Message) -> str:
    parts = _parts(message)
    return (
        parts if isinstance(parts, str) else "\n".join(one for one in parts if isinstance(one, str))
    )


def _parts(message: Message) -> str | list[str | Image]:
    content = message["content"]
    if isinstance(content, list):
        return [_part(one) for one in content]
    return content or ""


def _part(part: Message) -> str | Image:
    if part["type"] == "text":
        return str(part["text"])
    url = str(part["image_url"].get("url")) if part["type"] == "image_url" else ""
    return Image.from_uri(url) if url.startswith("data:") else f"[{part['type']}] {url}".strip()
