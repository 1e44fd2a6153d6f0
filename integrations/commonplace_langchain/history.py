"""A conversation where LangChain expects the history of a chat."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.chat_history import BaseChatMessageHistory
from langchain_core.messages import (
    BaseMessage,
    convert_to_messages,
    convert_to_openai_messages,
)

from commonplace.conversation import Conversation, Window
from commonplace.errors import InvalidInputError
from commonplace.values.validation import checked_limit

WINDOW = "commonplace-window"
"""The id of the message that a window begins with: it is made anew each time, and never added."""


class ConversationHistory(BaseChatMessageHistory):
    """A conversation of the memory as a chat history of LangChain.

    `messages` is what `Conversation.messages` returns: the system message with the summary and
    what is recalled, then the last turns. Each message has its record's id. `add_messages` adds
    only what is new, so you can pass an agent's whole result. Reasoning is left out.

    Args:
        conversation: What ``memory.conversation(session)`` returns.
        max_tokens: The most tokens of `messages`.

    Raises:
        InvalidInputError: `conversation` is no Conversation, or `max_tokens` no whole number.

    >>> history = ConversationHistory(memory.conversation("monday"), max_tokens=1000)
    >>> history.add_user_message("I am allergic to peanuts")
    >>> [message.text for message in history.messages]
    ['I am allergic to peanuts']
    """

    def __init__(self, conversation: Conversation, *, max_tokens: int) -> None:
        """Read and add to `conversation`."""
        super().__init__()
        if not isinstance(conversation, Conversation):
            raise InvalidInputError(
                "A history takes a conversation, such as memory.conversation(...) returns, not "
                f"{conversation!r:.80}."
            )
        self._conversation = conversation
        self._max_tokens = checked_limit(max_tokens, "max_tokens")

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]  # a property, as of theirs
        """The messages to send to a model."""
        return shown(self._conversation.messages(max_tokens=self._max_tokens))

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Add what is new of these messages, in one batch."""
        given = [one for one in messages if one.id != WINDOW]
        self._conversation.extend(convert_to_openai_messages(given, include_id=True))

    def clear(self) -> None:
        """Remove what was said in the session."""
        self._conversation.clear()


def shown(window: Window) -> list[BaseMessage]:
    """Return a window as LangChain's messages, with the ids of their records."""
    ids = zip(window, window.ids, strict=True)
    return convert_to_messages([_with_id(message, id) for message, id in ids])


def _with_id(message: dict[str, Any], id: str | None) -> dict[str, Any]:
    if id is None and message["role"] in ("system", "developer"):
        id = WINDOW
    return message if id is None else {**message, "id": id}
