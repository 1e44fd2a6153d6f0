"""The verb that opens a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from commonplace.values.records import Source
from commonplace.values.rendering import Tokenizer
from commonplace.verbs.recalling import Recalling
from commonplace.verbs.remembering import Remembering

if TYPE_CHECKING:
    from commonplace.conversation.conversation import Conversation
    from commonplace.conversation.summarising import Summariser


class Conversing(Remembering, Recalling):
    """Hold conversations."""

    def conversation(
        self,
        session: str,
        *,
        summariser: Summariser | None = None,
        model: str | None = None,
        tokenizer: Tokenizer | None = None,
        source: Source | None = None,
    ) -> Conversation:
        """Return the conversation of a session of this scope. A new session is empty.

        Its messages are records and last as those do. Every process and framework that writes
        messages with this session takes part in the conversation.

        Args:
            session: The name of the session.
            summariser: A language model, as a function from a prompt to its answer. It sums up
                what no longer fits the budget.
            model: The name of a model whose tokenizer counts tokens, if it is on this machine.
            tokenizer: A function that counts the tokens of a text. Without `model` and this, the
                count is never too low, and about twice too high for English.
            source: The framework and agent of what is added.

        Raises:
            InvalidInputError: An argument cannot be used.

        >>> alice = memory.scope("user", "alice")
        >>> chat = alice.conversation("session-7")
        >>> _ = chat.add({"role": "user", "content": "I am allergic to peanuts"})
        >>> chat.messages(max_tokens=1000)
        [{'role': 'user', 'content': 'I am allergic to peanuts'}]
        """
        from commonplace.conversation.conversation import Conversation

        return Conversation(
            self,
            session,
            summariser=summariser,
            model=model,
            tokenizer=tokenizer,
            source=source,
        )
