"""CrewAI's cache of what tools return, kept away from a memory: what it knows changes.

With ``Crew(cache=True)`` a tool that is called in the same words again is not run. What one user
was told would be told to the next, and a second `remember` would not be heard.
"""

from __future__ import annotations

from typing import Any

from crewai.hooks.dispatch import InterceptionPoint
from crewai.hooks.tool_hooks import ToolCallHookContext

from commonplace_crewai.copying import Whole
from commonplace_crewai.listening import hear


def listen() -> None:
    """Have CrewAI's hooks tell of tools that are called; to call it again changes nothing."""
    hear(InterceptionPoint.PRE_TOOL_CALL, _keep_out)


def never(_arguments: Any = None, _result: Any = None) -> bool:
    """Tell CrewAI not to keep a result."""
    return False


def _keep_out(context: ToolCallHookContext) -> None:
    made = getattr(context.tool, "_original_tool", None) or context.tool
    memory = getattr(made, "memory", None)
    if isinstance(getattr(memory, "_memory", memory), Whole):
        made.cache_function = never
