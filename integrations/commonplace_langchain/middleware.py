"""A memory where LangChain expects a middleware of `create_agent`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Any, Literal, TypeAlias, cast, get_args

from anyio import to_thread
from langchain.agents.middleware import AgentMiddleware, AgentState, ModelRequest, ModelResponse
from langchain.agents.middleware.types import PrivateStateAttr
from langchain_core.messages import AnyMessage, HumanMessage
from langgraph.channels import UntrackedValue
from langgraph.runtime import Runtime
from typing_extensions import NotRequired

from commonplace import AsyncMemory, InvalidInputError, Memory, Source
from commonplace.adapting import OnError, checked_on_error, guarded, keep_conversation, query_text
from commonplace.recall.filters import Selection
from commonplace.recall.packing import RELEVANT
from commonplace.values.records import Kind
from commonplace.values.validation import checked_confidence, checked_limit
from commonplace.writing.extraction import Extractor
from commonplace_langchain.informing import Recalled, informed
from commonplace_langchain.learning import Learning
from commonplace_langchain.messages import (
    Said,
    Speaker,
    first_unwritten,
    is_said_by_user,
    last_question,
    said,
    text_of,
    told,
)
from commonplace_langchain.runs import Chosen, MemoryOrChoice, run_of
from commonplace_langchain.tools import memory_tools

Writing: TypeAlias = Literal["all", "user", "none"] | Callable[[Said], bool]

_WRITES: dict[object, Callable[[Said], bool]] = {
    "all": lambda _: True,
    "user": lambda message: isinstance(message, HumanMessage),
    "none": lambda _: False,
}
_RECALLING = "recalling for the LangChain agent"
_WRITING = "remembering what the LangChain agent heard and said"


class MemoryState(AgentState[Any]):
    """What the middleware notes beside the messages, each instance under its name.

    What was recalled lives as long as the run and is never saved. What is saved is the id of the
    last message that was written back, and in which scope.
    """

    commonplace_recalled: NotRequired[Annotated[dict[str, str], UntrackedValue, PrivateStateAttr]]
    commonplace_written: NotRequired[Annotated[dict[str, str | None], PrivateStateAttr]]
    commonplace_scope: NotRequired[Annotated[dict[str, str], PrivateStateAttr]]


class MemoryMiddleware(AgentMiddleware[AgentState[Any], Any, Any]):
    """Gives an agent of `create_agent` a memory that outlives its threads.

    Before the first model call of a turn it recalls what is known about the user's last message,
    and appends it to the system message as quoted data. The agent's state never holds it. After
    the turn it remembers the user's message and the agent's final answer, as records of kind
    ``message`` with the thread as session. A message that is remembered twice leaves one record;
    an edited one replaces its record after the next turn.

    Args:
        memory: A memory, or a function from the `Run` to a memory. The function sees the run's
            context and configuration, and nothing that a model or a message says.
        default: The memory of runs that say nothing of their user. Without it they are an error.
        max_tokens: The most tokens of the quoted data.
        min_confidence: Leave out matches below this, from 0 to 1.
        kinds: The kinds to recall. None recalls all.
        write: What to remember: "all", what the "user" says, "none", or a function of a message.
        read_only: Remember nothing, and give no tool that writes.
        extractor: A model that makes facts of what was kept, in the background.
        tools: Also give the agent the tools remember, recall and forget.
        agent: The name of who answers. The default is the agent's own name.
        speaker: A function that says whose word a human message is. The default: the user's, or
            another agent's if its tool started this one.
        on_error: With "log" a failing memory is logged once a turn, the agent goes on, and what
            could not be written is written after a later turn. "raise" raises the error.
        name: Tells several instances of one agent apart.

    Raises:
        InvalidInputError: A setting cannot be used.

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
        memory: MemoryOrChoice,
        *,
        default: Memory | None = None,
        max_tokens: int = 400,
        min_confidence: float = RELEVANT,
        kinds: Sequence[Kind] | None = None,
        write: Writing = "all",
        read_only: bool = False,
        extractor: Extractor | None = None,
        tools: bool = False,
        agent: str | None = None,
        speaker: Speaker | None = None,
        on_error: OnError = "log",
        name: str = "MemoryMiddleware",
    ) -> None:
        """Recall from `memory` and write to it. The class describes the arguments."""
        self._chosen = Chosen(memory, default)
        self._recalling = {
            "max_tokens": checked_limit(max_tokens, "max_tokens"),
            "min_confidence": checked_confidence(min_confidence),
            "kinds": checked_kinds(kinds),
        }
        self._keeps = kept_by("none" if read_only else write)
        self._learning = None if extractor is None else Learning(extractor)
        self._agent = agent
        self._speaker = checked_speaker(speaker)
        self._on_error: OnError = checked_on_error(on_error)
        self._name = name
        if tools:
            self.tools = memory_tools(memory, default=default, read_only=read_only, agent=agent)

    def close(self) -> None:
        """Wait until the extractor has been asked about everything. The memory stays open."""
        if self._learning is not None:
            self._learning.drain()

    @property
    def name(self) -> str:
        return self._name

    def before_model(self, state: AgentState[Any], runtime: Runtime[Any]) -> dict[str, Any] | None:
        memory = self._chosen.of(run_of(runtime))
        question = self._new_question(state)
        if question is None:
            return None
        block = None
        with guarded(_RECALLING, self._on_error):
            block = memory.context(query_text(text_of(question)), **self._asked(state))
        return self._noted(state, question, block, memory)

    async def abefore_model(
        self, state: AgentState[Any], runtime: Runtime[Any]
    ) -> dict[str, Any] | None:
        memory = self._chosen.of(run_of(runtime))
        question = self._new_question(state)
        if question is None:
            return None
        block = None
        with guarded(_RECALLING, self._on_error):
            context = AsyncMemory(memory).context
            block = await context(query_text(text_of(question)), **self._asked(state))
        return self._noted(state, question, block, memory)

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
        memory = self._chosen.of(run_of(runtime))
        start = self._first_unwritten(state, memory)
        with self._guarded_writing(state):
            self._keep(memory, state, start, runtime)
            start = len(state["messages"])
        return self._written(state, start, memory)

    async def aafter_agent(self, state: AgentState[Any], runtime: Runtime[Any]) -> dict[str, Any]:
        memory = self._chosen.of(run_of(runtime))
        start = self._first_unwritten(state, memory)
        with self._guarded_writing(state):
            await to_thread.run_sync(self._keep, memory, state, start, runtime)
            start = len(state["messages"])
        return self._written(state, start, memory)

    def _asked(self, state: AgentState[Any]) -> dict[str, Any]:
        return {**self._recalling, "known": [text_of(message) for message in state["messages"]]}

    def _guarded_writing(self, state: AgentState[Any]) -> AbstractContextManager[None]:
        recalled = self._recalled(state)
        failed = recalled is not None and recalled.block is None
        return guarded(_WRITING, self._on_error, again=failed)

    def _keep(
        self, memory: Memory, state: AgentState[Any], start: int, runtime: Runtime[Any]
    ) -> None:
        earlier, new = self._told(state, start, runtime)
        source = _source(runtime)
        keep_conversation(memory, earlier, new, source)
        if self._learning is not None and new:
            self._learning.learn(memory, new, source)

    def _new_question(self, state: AgentState[Any]) -> HumanMessage | None:
        """Return the user's last message if this run has not recalled for it yet."""
        question = last_question(state["messages"])
        recalled = self._recalled(state)
        if question is None or (recalled is not None and recalled == str(question.id)):
            return None
        return question

    def _noted(
        self, state: AgentState[Any], question: HumanMessage, block: str | None, memory: Memory
    ) -> dict[str, Any]:
        recalled = Recalled(str(question.id), block)
        return {
            "commonplace_recalled": {**_recalled_in(state), self.name: recalled},
            # A run that never reaches its end leaves behind where the unwritten messages start.
            **self._written(state, self._first_unwritten(state, memory), memory),
        }

    def _recalled(self, state: AgentState[Any]) -> Recalled | None:
        recalled = _recalled_in(state).get(self.name)
        return recalled if isinstance(recalled, Recalled) else None

    def _informed(self, request: ModelRequest[Any]) -> ModelRequest[Any]:
        recalled = self._recalled(request.state)
        if recalled is None or not recalled.block:
            return request
        return informed(request, recalled.block)

    def _first_unwritten(self, state: AgentState[Any], memory: Memory) -> int:
        messages, written = state["messages"], _written_in(state).get(self.name)
        before = _scopes_in(state).get(self.name, str(memory.path))
        if before == str(memory.path):
            return first_unwritten(messages, written)
        # Another user goes on with the thread: what others said before is not theirs.
        return next(
            (at for at in reversed(range(len(messages))) if is_said_by_user(messages[at])), 0
        )

    def _written(self, state: AgentState[Any], count: int, memory: Memory) -> dict[str, Any]:
        """Note that the first `count` messages are written: the id of the last of them, or ""."""
        through = state["messages"][count - 1].id if count else ""
        return {
            "commonplace_written": {**_written_in(state), self.name: through},
            "commonplace_scope": {**_scopes_in(state), self.name: str(memory.path)},
        }

    def _told(
        self, state: AgentState[Any], start: int, runtime: Runtime[Any]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return what was written before, which may have been edited since, and what is new."""
        is_structured = state.get("structured_response") is not None
        human = self._speaker or _speaker(runtime)

        def of(messages: list[AnyMessage]) -> list[dict[str, Any]]:
            kept = filter(self._keeps, said(messages, is_structured=is_structured))
            return [told(one, self._agent, human) for one in kept]

        return of(state["messages"][:start]), of(state["messages"][start:])


def checked_kinds(kinds: Sequence[Kind] | None) -> tuple[Kind, ...] | None:
    """Return kinds of records, or None for all. Raises InvalidInputError."""
    return None if kinds is None else Selection(tuple(kinds)).kinds


def kept_by(write: Writing) -> Callable[[Said], bool]:
    """Return what tells whether a message is kept. Raises InvalidInputError."""
    if callable(write):
        return write
    if write not in _WRITES:
        raise InvalidInputError(
            f"write is 'all', 'user', 'none' or a function of a message, not {write!r:.80}."
        )
    return _WRITES[write]


def checked_speaker(speaker: Speaker | None) -> Speaker | None:
    """Return whose the human messages are; None if the run says it. Raises InvalidInputError."""
    if speaker is not None and speaker not in get_args(Speaker):
        choices = ", ".join(map(repr, get_args(Speaker)))
        raise InvalidInputError(f"speaker is any of {choices} or None, not {speaker!r:.80}.")
    return speaker


def _recalled_in(state: AgentState[Any]) -> dict[str, str]:
    return cast("MemoryState", state).get("commonplace_recalled", {})


def _written_in(state: AgentState[Any]) -> dict[str, str | None]:
    return cast("MemoryState", state).get("commonplace_written", {})


def _scopes_in(state: AgentState[Any]) -> dict[str, str]:
    return cast("MemoryState", state).get("commonplace_scope", {})


def _speaker(runtime: Runtime[Any]) -> Speaker:
    """Return whose word a human message of this run is: an agent's if its tool started the run."""
    info = runtime.execution_info
    callers = info.checkpoint_ns.split("|")[:-1] if info else []
    return "agent" if any(one.startswith("tools:") for one in callers) else "user"


def _source(runtime: Runtime[Any]) -> Source:
    thread_id = runtime.execution_info.thread_id if runtime.execution_info else None
    return Source(framework="langchain", session=None if thread_id is None else str(thread_id))
