"""A memory where Agent Framework expects a context provider."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from agent_framework import (
    AgentSession,
    ContextProvider,
    FunctionInvocationContext,
    FunctionMiddleware,
    Message,
    SessionContext,
)

from commonplace import AsyncMemory, Source
from commonplace.adapters.calling import Caller, caller, calling
from commonplace.adapting import OnError, checked_on_error, guarded, query_text
from commonplace.values.validation import checked_limit
from commonplace_agent_framework.choosing import FRAMEWORK, ForSession, checked_choice, chosen
from commonplace_agent_framework.tools import memory_tools


class SharedMemoryProvider(ContextProvider):
    """Gives an agent a memory: ``Agent(client, context_providers=[...])``.

    Before each run the model is shown what is known about the user's last text, as one quoted
    message. Neither a history nor the session's state holds it. After the run it remembers the
    user's text and the agent's answer.

    >>> SharedMemoryProvider(memory.scope("user", "alice")).source_id
    'commonplace'
    """

    def __init__(
        self,
        memory: ForSession,
        *,
        write_to: ForSession | None = None,
        max_tokens: int = 400,
        tools: bool = False,
        on_error: OnError = "log",
        source_id: str = "commonplace",
    ) -> None:
        """Recall from a memory and write to one.

        Args:
            memory: Where to recall from: a memory, or a function from the session to a memory.
            write_to: Where to write to. The default is `memory`.
            max_tokens: The most tokens of the quoted message.
            tools: Also give the agent the tools remember, recall and forget, on `write_to`.
            on_error: With "log" a failing memory is logged and the run goes on; "raise" raises.
            source_id: Tells several providers of one agent apart.

        Raises:
            InvalidInputError: An argument cannot be used.
        """
        super().__init__(source_id)
        self._read = checked_choice(memory)
        self._written = checked_choice(memory if write_to is None else write_to)
        self._tools = tools
        self._max_tokens = checked_limit(max_tokens, "max_tokens")
        self._on_error: OnError = checked_on_error(on_error)

    async def before_run(
        self,
        *,
        agent: Any,
        session: AgentSession,
        context: SessionContext,
        state: dict[str, Any],  # noqa: ARG002  # what is put there is saved
    ) -> None:
        context.extend_middleware(self.source_id, _Calling(getattr(agent, "name", None)))
        with guarded("giving the Agent Framework agent its tools", self._on_error):
            if self._tools:
                written, name = chosen(self._written, session), getattr(agent, "name", None)
                made = memory_tools(written, agent=name, session=session.session_id)
                context.extend_tools(self.source_id, made)
        with guarded("recalling for the Agent Framework agent", self._on_error):
            asked = [one.text for one in context.input_messages if _is_users(one)]
            if asked:
                block = await AsyncMemory(chosen(self._read, session)).context(
                    query_text(asked[-1]),
                    max_tokens=self._max_tokens,
                    known=_known(context, session),
                )
                if block:
                    context.extend_messages(self, [Message(role="user", contents=[block])])

    async def after_run(
        self,
        *,
        agent: Any,
        session: AgentSession,
        context: SessionContext,
        state: dict[str, Any],  # noqa: ARG002  # as above
    ) -> None:
        with guarded("remembering what the Agent Framework agent said", self._on_error):
            name = getattr(agent, "name", None)
            answers = context.response.messages if context.response else []
            asked = _told(_new(context.input_messages), caller())
            told = [*asked, *_told(answers, Caller(name))]
            source = Source(framework=FRAMEWORK, session=session.session_id)
            if told:
                await AsyncMemory(chosen(self._written, session)).observe(told, source=source)


def _known(context: SessionContext, session: AgentSession) -> list[str]:
    """Return what the model is shown anyway.

    The history that the framework keeps in a session by default is loaded after this provider has
    its turn; what other providers load is here already if they stand before it.
    """
    kept = [
        message
        for state in session.state.values()
        if isinstance(state, dict)
        for message in state.get("messages", ())
        if isinstance(message, Message)
    ]
    return [one.text for one in (*kept, *context.get_messages(include_input=True))]


def _is_users(message: Message) -> bool:
    return message.role == "user" and bool(message.text.strip())


def _new(messages: Sequence[Message]) -> Sequence[Message]:
    """Return what follows the last message of an agent.

    In a workflow an agent is given what was said before: it is left to those who heard and said it.
    """
    said = [at for at, one in enumerate(messages) if one.role == "assistant"]
    return messages[said[-1] + 1 :] if said else messages


def _told(messages: Iterable[Message], agent: Caller | None) -> list[dict[str, Any]]:
    """Return what an agent said, or, without one, a user, as the core observes.

    Tool calls, their results and instructions are left out.
    """
    return [
        {
            "role": "user" if agent is None else "assistant",
            "content": message.text,
            "name": None if agent is None else message.author_name or agent.name,
            "id": message.message_id,
        }
        for message in messages
        if message.role in ("user", "assistant") and message.text.strip()
    ]


class _Calling(FunctionMiddleware):
    """Lets the tools of a run know whose they are: one may be another agent."""

    def __init__(self, agent: str | None) -> None:
        self._agent = agent

    async def process(
        self,
        context: FunctionInvocationContext,  # noqa: ARG002  # what the framework asks of it
        call_next: Callable[[], Awaitable[None]],
    ) -> None:
        with calling(self._agent):
            await call_next()
