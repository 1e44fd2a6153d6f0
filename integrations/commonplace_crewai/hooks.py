"""A memory for crews that have none of CrewAI's: by the hooks that CrewAI offers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from crewai.crews.crew_output import CrewOutput
from crewai.hooks.llm_hooks import LLMCallHookContext

from commonplace import Memory, Source
from commonplace.adapting import OnError, checked_memory, checked_on_error, guarded, query_text
from commonplace.recall.packing import RELEVANT
from commonplace_crewai.mapping import named
from commonplace_crewai.running import kickoff_inputs, listen
from commonplace_crewai.shelf import abort
from commonplace_crewai.storage import MemoryOrChoice


class MemoryHooks:
    """A memory as CrewAI's hooks. Give a crew those that it needs.

    `before_kickoff` puts what is known about the inputs under ``memories``, for tasks that name
    ``{memories}``. `before_llm_call` puts what is known about a task into its prompt. Once
    registered, it does so for every agent of the process whose crew has no memory.
    `after_kickoff` stores the result.

    Args:
        memory: As for `crew_memory`.
        max_tokens: The most tokens of what is recalled.
        min_confidence: Leave out matches below this, from 0 to 1.
        on_error: As for `crew_memory`.

    >>> hooks = MemoryHooks(memory.scope("user", "alice"))
    >>> hooks.before_kickoff({"question": "Who keeps the key?"})["memories"]
    ''
    """

    def __init__(
        self,
        memory: MemoryOrChoice,
        *,
        max_tokens: int = 400,
        min_confidence: float = RELEVANT,
        on_error: OnError = "log",
    ) -> None:
        """Use a memory, or a function that chooses one by the inputs of a kickoff."""
        self._memory = memory if callable(memory) else checked_memory(memory)
        self._max_tokens = max_tokens
        self._min_confidence = min_confidence
        self._on_error: OnError = checked_on_error(on_error)
        self._inputs: ContextVar[Mapping[str, Any] | None] = ContextVar("inputs", default=None)
        listen()

    def before_kickoff(self, inputs: dict[str, Any] | None) -> dict[str, Any]:
        """Return the inputs with ``memories``. For `Crew(before_kickoff_callbacks=[...])`."""
        given = dict(inputs or {})
        in_all = {**kickoff_inputs(), **given}
        self._inputs.set(in_all)
        asked = "\n".join(str(value) for value in given.values())
        return {**given, "memories": self._block(asked, in_all)}

    def after_kickoff(self, output: CrewOutput) -> CrewOutput:
        """Store a crew's result. For `Crew(after_kickoff_callbacks=[...])`."""
        agent = output.tasks_output[-1].agent if output.tasks_output else None
        if output.raw.strip():
            with self._kept_from_crew("saving for the crew"):
                source = Source(framework="crewai", agent=named(agent), origin="agent")
                self._chosen(self._inputs.get() or {}).remember(output.raw, source=source)
        return output

    def before_llm_call(self, context: LLMCallHookContext) -> None:
        """Add memories to a task's prompt. For CrewAI's `register_before_llm_call_hook`."""
        task, first = context.task, context.iterations == 0
        if context.executor is None or task is None or not first or _has_memory(context):
            return
        block = self._block(task.description, kickoff_inputs())
        if block:
            _add(block, context.messages[-1])

    def _block(self, asked: str, inputs: Mapping[str, Any]) -> str:
        block = ""
        with self._kept_from_crew("recalling for the crew"):
            if asked.strip():
                block = self._chosen(inputs).context(
                    query_text(asked),
                    max_tokens=self._max_tokens,
                    min_confidence=self._min_confidence,
                )
        return block

    def _chosen(self, inputs: Mapping[str, Any]) -> Memory:
        if isinstance(self._memory, Memory):
            return self._memory
        return checked_memory(self._memory(inputs))

    @contextmanager
    def _kept_from_crew(self, doing: str) -> Iterator[None]:
        try:
            with guarded(doing, self._on_error):
                yield
        except Exception as error:
            raise abort(doing, error) from error


def _add(block: str, message: Any) -> None:
    """Add a block to a message, whose content is a text or has parts, unless it has it already."""
    content = message["content"]
    part = {"type": "text", "text": block}
    if isinstance(content, str):
        message["content"] = content if block in content else f"{content}\n\n{block}"
    elif part not in (content or []):
        message["content"] = [*(content or []), part]


def _has_memory(context: LLMCallHookContext) -> bool:
    return bool(context.agent.memory or (context.crew and context.crew._memory))
