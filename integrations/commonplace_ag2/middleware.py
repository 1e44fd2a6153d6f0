"""A memory where AG2 expects a middleware."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from ag2.annotations import Context
from ag2.events import BaseEvent, ModelRequest, ModelResponse, TextInput, ToolCallEvent
from ag2.middleware import BaseMiddleware
from ag2.middleware.base import AgentTurn, LLMCall, ToolExecution, ToolResultType

from commonplace import AsyncMemory, Memory, Record, Source
from commonplace.adapters.calling import Caller, caller, calling
from commonplace.adapting import (
    OnError,
    checked_memory,
    checked_on_error,
    guarded,
    message_record,
    query_text,
)
from commonplace.values.validation import checked_limit

FRAMEWORK = "ag2"


class SharedMemory:
    """Gives an agent a memory: ``Agent("helper", middleware=[SharedMemory(alice)], ...)``.

    Once a turn it recalls what is known about the user's text. Each model call of the turn sees
    it at the end of the prompt; the history never holds it. After the turn it remembers the
    user's text and the answer.

    >>> SharedMemory(memory.scope("user", "alice"))
    SharedMemory(<Memory user/alice>)
    """

    def __init__(
        self,
        memory: Memory,
        *,
        max_tokens: int = 400,
        agent: str | None = None,
        session: str | None = None,
        on_error: OnError = "log",
    ) -> None:
        """Recall from `memory` and write to it.

        Args:
            memory: The memory.
            max_tokens: The most tokens of what is recalled.
            agent: The name of who answers.
            session: The name of the conversation.
            on_error: With "log" a failing memory is logged and the turn goes on; "raise" raises.

        Raises:
            InvalidInputError: An argument cannot be used.
        """
        self.memory = AsyncMemory(checked_memory(memory))
        self.max_tokens = checked_limit(max_tokens, "max_tokens")
        self.agent = agent
        self.session = session
        self.on_error: OnError = checked_on_error(on_error)

    def __call__(self, event: BaseEvent, context: Context) -> BaseMiddleware:
        """Return the middleware of one turn. AG2 calls this."""
        return _Turn(self, event, context)

    def __repr__(self) -> str:
        return f"SharedMemory({self.memory.memory!r})"


class _Turn(BaseMiddleware):
    def __init__(self, shared: SharedMemory, event: BaseEvent, context: Context) -> None:
        super().__init__(event, context)
        self._shared = shared
        self._block = ""

    async def on_turn(
        self, call_next: AgentTurn, event: BaseEvent, context: Context
    ) -> ModelResponse:
        asked = _text(event)
        shared = self._shared
        with guarded("recalling for the AG2 agent", shared.on_error):
            if asked.strip():
                self._block = await shared.memory.context(
                    query_text(asked), max_tokens=shared.max_tokens, known=[asked]
                )
        response = await call_next(event, context)
        with guarded("remembering what the AG2 agent heard and said", shared.on_error):
            records = [
                self._record(asked, caller()),
                self._record(response.content or "", Caller(shared.agent)),
            ]
            await shared.memory.remember_many([one for one in records if one is not None])
        return response

    async def on_llm_call(
        self, call_next: LLMCall, events: Sequence[BaseEvent], context: Context
    ) -> ModelResponse:
        if not self._block:
            return await call_next(events, context)
        prompt = context.prompt
        context.prompt = [*prompt, self._block]
        try:
            return await call_next(events, context)
        finally:
            context.prompt = prompt

    async def on_tool_execution(
        self, call_next: ToolExecution, event: ToolCallEvent, context: Context
    ) -> ToolResultType:
        with calling(self._shared.agent):  # the tool may be another agent
            return await call_next(event, context)

    def _record(self, text: str, agent: Caller | None) -> Record | None:
        """Return what an agent said, or, without one, a user."""
        source = Source(
            framework=FRAMEWORK,
            agent=None if agent is None else agent.name,
            session=self._shared.session,
            origin="user" if agent is None else "agent",
        )
        return message_record(text, source=source, message_id=str(uuid4()))


def _text(event: BaseEvent) -> str:
    """Return the text of what the user said, without images and files."""
    if not isinstance(event, ModelRequest):
        return ""
    return "\n".join(part.content for part in event.parts if isinstance(part, TextInput))
