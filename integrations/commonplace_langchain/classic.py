"""A conversation where chains and agents of `langchain_classic` expect their memory.

For compatibility: LangChain advises against this interface, and new code uses `MemoryMiddleware`,
`ConversationHistory` or `with_memory`. It needs `langchain-classic`, and is imported from here.
"""

from __future__ import annotations

from typing import Any

from anyio import to_thread
from langchain_core.messages import BaseMessage, get_buffer_string
from typing_extensions import override

from commonplace.adapting import OnError, checked_on_error, guarded, query_text
from commonplace.conversation import Conversation
from commonplace_langchain.history import ConversationHistory, shown

try:
    from langchain_classic.memory.chat_memory import BaseChatMemory
    from langchain_classic.memory.utils import get_prompt_input_key
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "langchain_classic":
        raise
    raise ModuleNotFoundError(
        "commonplace_langchain.classic needs langchain_classic: pip install langchain-classic",
        name=error.name,
    ) from error

_READING = "reading the conversation for the chain"
_WRITING = "adding to the conversation of the chain"


class ConversationMemory(BaseChatMemory):
    """A conversation as the memory of a chain of `langchain_classic`.

    It replaces `ConversationBufferMemory`, `ConversationSummaryBufferMemory` and
    `VectorStoreRetrieverMemory`. The chain's prompt finds under `memory_key` the summary and what
    is recalled for the question, then the last turns.

    Args:
        conversation: What ``memory.conversation(session)`` returns.
        max_tokens: The most tokens under `memory_key`.
        memory_key: The name in the prompt.
        human_prefix: What stands before a user's text.
        ai_prefix: What stands before a model's text.
        on_error: With "log" a failing memory is logged and the chain goes on; "raise" raises.
        **options: Those of LangChain's class: `input_key`, `output_key`, `return_messages`.

    Raises:
        InvalidInputError: `conversation` is no Conversation, or `max_tokens` no whole number.

    >>> kept = ConversationMemory(memory.conversation("monday"), max_tokens=1000)
    >>> kept.save_context({"input": "Hello"}, {"output": "Hi"})
    >>> print(kept.load_memory_variables({})["history"])
    Human: Hello
    AI: Hi
    """

    conversation: Any
    max_tokens: int
    memory_key: str = "history"
    human_prefix: str = "Human"
    ai_prefix: str = "AI"
    on_error: OnError = "log"

    def __init__(self, conversation: Conversation, *, max_tokens: int, **options: Any) -> None:
        """Read and add to `conversation`."""
        checked_on_error(options.get("on_error", "log"))
        history = ConversationHistory(conversation, max_tokens=max_tokens)
        super().__init__(
            conversation=conversation, max_tokens=max_tokens, chat_memory=history, **options
        )

    @property
    @override
    def memory_variables(self) -> list[str]:
        return [self.memory_key]

    @override
    def load_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        messages: list[BaseMessage] = []
        with guarded(_READING, self.on_error):
            about = query_text(str(self._asked(inputs))) if inputs else None
            messages = shown(self.conversation.messages(max_tokens=self.max_tokens, about=about))
        return {self.memory_key: messages if self.return_messages else self._text(messages)}

    @override
    async def aload_memory_variables(self, inputs: dict[str, Any]) -> dict[str, Any]:
        return await to_thread.run_sync(self.load_memory_variables, inputs)

    @override
    def save_context(self, inputs: dict[str, Any], outputs: dict[str, str]) -> None:
        with guarded(_WRITING, self.on_error):
            super().save_context(inputs, outputs)

    @override
    async def asave_context(self, inputs: dict[str, Any], outputs: dict[str, str]) -> None:
        await to_thread.run_sync(self.save_context, inputs, outputs)

    @override
    async def aclear(self) -> None:
        await to_thread.run_sync(self.clear)

    def _asked(self, inputs: dict[str, Any]) -> Any:
        return inputs[self.input_key or get_prompt_input_key(inputs, self.memory_variables)]

    def _text(self, messages: list[BaseMessage]) -> str:
        return get_buffer_string(messages, self.human_prefix, self.ai_prefix)
