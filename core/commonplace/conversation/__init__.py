"""The running conversation: a session as messages that fit a budget of tokens."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commonplace.conversation.aio import AsyncConversation
    from commonplace.conversation.conversation import Conversation
    from commonplace.conversation.window import Truncated, Window

__all__ = ["AsyncConversation", "Conversation", "Truncated", "Window"]

_PLACES = {
    "AsyncConversation": "aio",
    "Conversation": "conversation",
    "Truncated": "window",
    "Window": "window",
}


def __getattr__(name: str) -> Any:
    """Import what is asked for: opening a memory, which can begin a conversation, needs none."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
