"""A conversation of the memory where Agent Framework expects a history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from agent_framework import AgentSession, HistoryProvider, Message, SessionContext

from commonplace import AsyncMemory, Source
from commonplace.adapting import OnError, checked_on_error, guarded, query_text
from commonplace.conversation import AsyncConversation
from commonplace.values.validation import checked_limit
from commonplace_agent_framework.choosing import FRAMEWORK, ForSession, checked_choice, chosen
from commonplace_agent_framework.messages import shown, told


class ConversationHistory(HistoryProvider):
    """Keeps each session as a conversation: ``Agent(client, context_providers=[...])``.

    Before each run the model is given the last messages, with tool calls and their results. The
    instructions end with the summary of what is older and with what the memory knows about the
    question. After the run, what was said is added. The session's state holds none of it: any
    process can continue a session by its id.

    >>> ConversationHistory(memory.scope("user", "alice"), max_tokens=2000).source_id
    'commonplace-history'
    """

    def __init__(
        self,
        memory: ForSession,
        *,
        max_tokens: int,
        summariser: Callable[[str], str] | None = None,
        model: str | None = None,
        tokenizer: Callable[[str], int] | None = None,
        on_error: OnError = "log",
        source_id: str = "commonplace-history",
    ) -> None:
        """Keep sessions in a memory.

        Args:
            memory: A memory, or a function from the session to a memory.
            max_tokens: The most tokens for the model.
            summariser: As in `Memory.conversation`.
            model: As in `Memory.conversation`.
            tokenizer: As in `Memory.conversation`.
            on_error: With "log" a failing memory is logged and the run goes on; "raise" raises.
            source_id: Tells several providers of one agent apart.

        Raises:
            InvalidInputError: An argument cannot be used.
        """
        super().__init__(source_id)
        self._memory = checked_choice(memory)
        self._max_tokens = checked_limit(max_tokens, "max_tokens")
        self._on_error: OnError = checked_on_error(on_error)
        self._options: dict[str, Any] = {
            "summariser": summariser,
            "model": model,
            "tokenizer": tokenizer,
            "source": Source(framework=FRAMEWORK),
        }

    async def before_run(
        self,
        *,
        agent: Any,  # noqa: ARG002  # the framework passes all four by name
        session: AgentSession,
        context: SessionContext,
        state: dict[str, Any],  # noqa: ARG002  # what is put there is saved
    ) -> None:
        with guarded("reading the history of the Agent Framework agent", self._on_error):
            asked = [one.text for one in context.input_messages if one.role == "user"]
            window = await self._conversation(session).messages(
                max_tokens=self._max_tokens, about=query_text(asked[-1]) if asked else None
            )
            head = [one["content"] for one in window if one["role"] == "system"]
            context.extend_instructions(self.source_id, head)
            said = [one for one in window if one["role"] != "system"]
            context.extend_messages(self, shown(said))

    async def after_run(
        self,
        *,
        agent: Any,
        session: AgentSession,
        context: SessionContext,
        state: dict[str, Any],  # noqa: ARG002  # as above
    ) -> None:
        with guarded("keeping the history of the Agent Framework agent", self._on_error):
            answers = context.response.messages if context.response else []
            said = told([*context.input_messages, *answers], getattr(agent, "name", None))
            await self._conversation(session).extend(said)

    async def get_messages(
        self,
        session_id: str | None,
        *,
        state: dict[str, Any] | None = None,  # noqa: ARG002  # what is put there is saved
        **kwargs: Any,  # noqa: ARG002  # the framework's own
    ) -> list[Message]:
        """Return the last messages of a session that fit; recalls nothing."""
        window = await self._conversation(AgentSession(session_id=session_id)).messages(
            max_tokens=self._max_tokens, about=""
        )
        return shown([one for one in window if one["role"] != "system"])

    async def save_messages(
        self,
        session_id: str | None,
        messages: Sequence[Message],
        *,
        state: dict[str, Any] | None = None,  # noqa: ARG002  # as above
        **kwargs: Any,  # noqa: ARG002  # as above
    ) -> None:
        """Add messages to a session."""
        await self._conversation(AgentSession(session_id=session_id)).extend(told(messages, None))

    def _conversation(self, session: AgentSession) -> AsyncConversation:
        memory = AsyncMemory(chosen(self._memory, session))
        return memory.conversation(session.session_id, **self._options)
