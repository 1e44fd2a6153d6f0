"""A crew that is given another memory uses it, though CrewAI itself looks at its first one."""

from __future__ import annotations

from typing import Any

from crewai.hooks.contexts import ExecutionStartContext
from crewai.hooks.dispatch import InterceptionPoint

from commonplace_crewai.copying import Whole
from commonplace_crewai.listening import hear


def listen() -> None:
    """Have CrewAI's hooks tell of crews that start; to call it again changes nothing."""
    hear(InterceptionPoint.EXECUTION_START, _follow)


def _follow(context: ExecutionStartContext) -> None:
    crew: Any = context.crew
    memory = getattr(crew, "memory", None)
    if isinstance(getattr(memory, "_memory", memory), Whole):  # of a view, what it is a view of
        crew._memory = memory
