"""A memory where LangChain expects a middleware of `create_agent`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, cast

from anyio import to_thread
from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse
from langchain.agents.middleware.types import PrivateStateAttr
from langchain_core.messages import HumanMessage
from langgraph.channels import UntrackedValue
from langgraph.runtime import Runtime
from typing_extensions import NotRequired, Self

from commonplace import AsyncMemory, Memory, Source
from commonplace.adapting import (
    OnError,
    checked_memory,
    guarded,
    keep_conversation,
    query_text,
)
from commonplace.validation import checked_limit
from commonplace_langchain.messages import (
    first_unwritten,
    last_question,
    said,
    text_of,
    told,
    with_block,
)

_RECALLING = "recalling for the LangChain agent"
_WRITING = "remembering what the LangChain agent heard and said"


class Recalled(str):
    """The id of a message of the user, carrying what the memory said to it.

    LangGraph streams and traces the whole state, private parts too. Being text, this is shown and
    serialised as the id alone.
    """

    __slots__ = ("block",)

    block: str

    def __new__(cls, message_id: str, block: str = "") -> Self:
        recalled = super().__new__(cls, message_id)
        recalled.block = block
        return recalled


class MemoryState(AgentState[Any]):
    """What the middleware notes beside the messages, each instance under its name.

    What was recalled lives as long as the run and is never saved. What is saved is the id of the
    last message that was written back.
    """

    commonplace_recalled: NotRequired[Annotated[dict[str, str], UntrackedValue, PrivateStateAttr]]
    commonplace_written: NotRequired[Annotated[dict[str, str | None], PrivateStateAttr]]


class MemoryMiddleware(AgentMiddleware[AgentState[Any], Any, Any]):
    """Gives an agent made by `create_agent` a memory that outlives its threads.

    Once per turn it recalls what is known about the user's last message and ends the system message
    of the turn's model calls with it: at most `max_tokens` tokens of quoted data that are never
    saved with the agent's state. After the turn it remembers what the user said and the agent's
    final answer, as records of kind ``message`` with the thread as session and `agent` as who
    answered (default: the name of the agent). Remembering a message twice leaves one record; one
    that is edited in its thread takes its own place, after the next turn.

    A failing memory is logged and the agent goes on, unless ``on_error="raise"``; what could not
    be written is written after a later turn of the thread. `name` tells apart several instances
    in one agent. Raises InvalidInputError for what is no memory and for a
    `max_tokens` that is not a whole number.

    >>> from langchain.agents import create_agent
    >>> from langchain_core.language_models import FakeListChatModel
    >>> agent = create_agent(
    ...     FakeListChatModel(responses=["Noted."]),
    ...     middleware=[MemoryMiddleware(memory.scope("user", "alice"), agent="desk")],
    ... )
    >>> _ = agent.invoke({"messages": [("user", "I am allergic to peanuts")]})
    >>> sorted(record.text for record in memory.records())
    ['I am allergic to peanuts', 'Noted.']
    """

    state_schema = MemoryState

    def __init__(
        self,
        memory: Memory,
        *,
        max_tokens: int = 400,
        agent: str | None = None,
        on_error: OnError = "log",
        name: str = "MemoryMiddleware",
    ) -> None:
        """Recall from `memory` and write to it; whose memory it is, its scope says."""
        self._memory = checked_memory(memory)
        self._max_tokens = checked_limit(max_tokens, "max_tokens")
        self._agent = agent
        self._on_error: OnError = on_error
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def before_model(
        self,
        state: AgentState[Any],
        runtime: Runtime[Any],  # noqa: ARG002  # LangGraph passes it by name
    ) -> dict[str, Any] | None:
        question = self._new_question(state)
        if question is None:
            return None
        block = ""
        with guarded(_RECALLING, self._on_error):
            block = self._memory.context(
                query_text(text_of(question)),
                max_tokens=self._max_tokens,
                known=[text_of(message) for message in state["messages"]],
            )
        return self._noted(state, question, block)

    async def abefore_model(
        self,
        state: AgentState[Any],
        runtime: Runtime[Any],  # noqa: ARG002  # as above
    ) -> dict[str, Any] | None:
        question = self._new_question(state)
        if question is None:
            return None
        block = ""
        with guarded(_RECALLING, self._on_error):
            block = await AsyncMemory(self._memory).context(
                query_text(text_of(question)),
                max_tokens=self._max_tokens,
                known=[text_of(message) for message in state["messages"]],
            )
        return self._noted(state, question, block)

    def wrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], ModelResponse[Any]],
    ) -> ModelResponse[Any]:
        return handler(self._informed(request))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ModelResponse[Any]:
        return await handler(self._informed(request))

    def after_agent(self, state: AgentState[Any], runtime: Runtime[Any]) -> dict[str, Any]:
        start = self._first_unwritten(state)
        with guarded(_WRITING, self._on_error):
            earlier, new = self._told(state, start)
            source = _source(runtime)
            keep_conversation(self._memory, earlier, new, source)
            start = len(state["messages"])
        return self._written(state, start)

    async def aafter_agent(self, state: AgentState[Any], runtime: Runtime[Any]) -> dict[str, Any]:
        start = self._first_unwritten(state)
        with guarded(_WRITING, self._on_error):
            earlier, new = self._told(state, start)
            source = _source(runtime)
            await to_thread.run_sync(keep_conversation, self._memory, earlier, new, source)
            start = len(state["messages"])
        return self._written(state, start)

    def _new_question(self, state: AgentState[Any]) -> HumanMessage | None:
        """Return the user's last message if this run has not recalled for it yet."""
        question = last_question(state["messages"])
        recalled = self._recalled(state)
        if question is None or (recalled is not None and recalled == str(question.id)):
            return None
        return question

    def _noted(self, state: AgentState[Any], question: HumanMessage, block: str) -> dict[str, Any]:
        recalled = Recalled(str(question.id), block)
        return {
            "commonplace_recalled": {**_recalled_in(state), self.name: recalled},
            # A run that never reaches its end leaves behind where the unwritten messages start.
            **self._written(state, self._first_unwritten(state)),
        }

    def _recalled(self, state: AgentState[Any]) -> Recalled | None:
        recalled = _recalled_in(state).get(self.name)
        return recalled if isinstance(recalled, Recalled) else None

    def _informed(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        recalled = self._recalled(request.state)
        if recalled is None or not recalled.block:
            return request
        return request.override(system_message=with_block(request.system_message, recalled.block))

    def _first_unwritten(self, state: AgentState[Any]) -> int:
        return first_unwritten(state["messages"], _written_in(state).get(self.name))

    def _written(self, state: AgentState[Any], count: int) -> dict[str, Any]:
        """Note that the first `count` messages are written: the id of the last of them, or ""."""
        through = state["messages"][count - 1].id if count else ""
        return {"commonplace_written": {**_written_in(state), self.name: through}}

    def _told(
        self, state: AgentState[Any], start: int
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return what was written before, which may have been edited since, and what is new."""
        messages = state["messages"]
        earlier, new = said(messages[:start]), said(messages[start:])
        return [told(one, self._agent) for one in earlier], [told(one, self._agent) for one in new]


def _recalled_in(state: AgentState[Any]) -> dict[str, str]:
    return cast("MemoryState", state).get("commonplace_recalled", {})


def _written_in(state: AgentState[Any]) -> dict[str, str | None]:
    return cast("MemoryState", state).get("commonplace_written", {})


def _source(runtime: Runtime[Any]) -> Source:
    thread_id = runtime.execution_info.thread_id if runtime.execution_info else None
    return Source(framework="langchain", session=None if thread_id is None else str(thread_id))
