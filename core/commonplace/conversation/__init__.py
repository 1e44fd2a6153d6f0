"""The running conversation: a session as messages that fit a budget of tokens."""

from commonplace.conversation.aio import AsyncConversation
from commonplace.conversation.conversation import Conversation
from commonplace.conversation.window import Truncated, Window

__all__ = ["AsyncConversation", "Conversation", "Truncated", "Window"]
