"""One memory for all crews and flows that ask CrewAI for a memory of its own making."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import Any

from crewai.events.event_bus import crewai_event_bus
from crewai.events.types.memory_events import MemoryQueryFailedEvent, MemorySaveFailedEvent
from crewai.hooks.contexts import ExecutionStartContext
from crewai.hooks.dispatch import InterceptionPoint, register, unregister
from crewai.llms.base_llm import BaseLLM
from crewai.memory.storage.factory import resolve_memory_storage, set_memory_storage_factory
from typing_extensions import Self

from commonplace.adapting import OnError
from commonplace.recall.packing import RELEVANT
from commonplace_crewai.memory import CrewMemory, crew_memory
from commonplace_crewai.storage import MemoryOrChoice


def install(
    memory: MemoryOrChoice,
    *,
    llm: BaseLLM | str | None = None,
    read_only: bool = False,
    min_confidence: float = RELEVANT,
    on_error: OnError = "log",
    in_transcripts: bool = True,
) -> Installed:
    """Let every ``Crew(memory=True)``, and every flow without a memory, use `memory`.

    They share one `crew_memory`, from the first kickoff on. Agents of such crews with
    ``memory=True`` use it too. It holds for the whole process and replaces another
    `set_memory_storage_factory`. Crews and flows that were made before keep CrewAI's own memory.
    So does an agent with ``memory=True`` outside of crews: give that one a `crew_memory`.

    Args:
        memory: As for `crew_memory`, like all other arguments.
        llm: As for `crew_memory`.
        read_only: As for `crew_memory`.
        min_confidence: As for `crew_memory`.
        on_error: As for `crew_memory`.
        in_transcripts: As for `crew_memory`.

    Returns:
        An object whose `remove` undoes this. Or use it in a ``with`` block.

    >>> from crewai.memory.unified_memory import Memory as CrewAIMemory
    >>> with install(memory.scope("team")) as installed:
    ...     CrewAIMemory()._storage is installed.memory.storage
    True
    """
    kept = crew_memory(
        memory,
        llm=llm,
        read_only=read_only,
        min_confidence=min_confidence,
        on_error=on_error,
        in_transcripts=in_transcripts,
    )
    return Installed(kept)


class Installed:
    """The effect of `install`, until `remove` or the end of its ``with`` block."""

    def __init__(self, memory: CrewMemory) -> None:
        """Install a memory."""
        self.memory = memory
        self._storage = memory._shelf
        set_memory_storage_factory(lambda spec: self._storage if spec == _DEFAULT else None)
        register(InterceptionPoint.EXECUTION_START, self._hand_over)
        for event in _FAILURES:
            crewai_event_bus.register_handler(event, self._tell)

    def remove(self) -> None:
        """Let CrewAI make its own memories again; crews that ran keep this one."""
        if resolve_memory_storage(_DEFAULT) is self._storage:  # and not what came after
            set_memory_storage_factory(None)
        unregister(InterceptionPoint.EXECUTION_START, self._hand_over)
        for event in _FAILURES:
            crewai_event_bus.off(event, self._tell)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()

    def _hand_over(self, context: ExecutionStartContext) -> None:
        crew, flow = context.crew, context.flow
        if flow is not None and self._is_ours(flow.memory):
            flow.memory = self.memory
        if crew is None:
            return
        if self._is_ours(crew._memory):
            crew.memory = crew._memory = self.memory
        for agent in crew.agents:
            if self._is_ours(agent.memory):
                agent.memory = self.memory

    def _tell(self, source: Any, event: Any) -> None:
        """Log what CrewAI keeps silent about: its own memory, on a storage of ours, failed."""
        if self._is_ours(source):
            _logger.error(
                "A memory that CrewAI made outside of a crew or a flow failed: %s "
                "Give the agent a crew_memory(...) instead of memory=True.",
                event.error,
            )

    def _is_ours(self, memory: Any) -> bool:
        """Tell whether CrewAI made this memory on the storage that it was given."""
        return memory is not self.memory and getattr(memory, "_storage", None) is self._storage


_logger = logging.getLogger("commonplace")
_FAILURES = (MemoryQueryFailedEvent, MemorySaveFailedEvent)
# What CrewAI asks for where nobody has named a store.
_DEFAULT = "lancedb"
