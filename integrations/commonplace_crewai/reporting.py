"""CrewAI's events of what a memory does."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from crewai.events.event_bus import crewai_event_bus
from crewai.events.types.memory_events import (
    MemoryQueryCompletedEvent,
    MemoryQueryFailedEvent,
    MemoryQueryStartedEvent,
)
from crewai.memory.types import MemoryMatch
from crewai.memory.unified_memory import Memory as CrewAIMemory

_KIND = "unified_memory"


@contextmanager
def reported(
    memory: CrewAIMemory, query: str, matches: Sequence[MemoryMatch], limit: int
) -> Iterator[None]:
    """Emit the events of a recall, which fills `matches` within."""
    about: dict[str, Any] = {"query": query, "limit": limit, "source_type": _KIND}
    crewai_event_bus.emit(memory, MemoryQueryStartedEvent(score_threshold=None, **about))
    started = time.perf_counter()
    try:
        yield
    except Exception as error:
        failed = MemoryQueryFailedEvent(score_threshold=None, error=str(error), **about)
        crewai_event_bus.emit(memory, failed)
        raise
    spent = (time.perf_counter() - started) * 1000
    done = MemoryQueryCompletedEvent(
        results=list(matches), score_threshold=None, query_time_ms=spent, **about
    )
    crewai_event_bus.emit(memory, done)
