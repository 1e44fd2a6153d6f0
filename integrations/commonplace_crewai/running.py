"""What the run in progress says: the inputs of its kickoff, and which agent uses a tool.

CrewAI tells a memory neither, but tells its hooks both, on the thread and in the context in which
the crew goes on. Context variables carry them to all threads that recall and save.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from crewai.hooks.contexts import ExecutionEndContext, InputContext
from crewai.hooks.dispatch import InterceptionPoint
from crewai.hooks.tool_hooks import ToolCallHookContext

from commonplace_crewai.listening import hear

_SAVE_TOOLS = ("save_to_memory", "remember")

# One entry for each kickoff in progress, an inner one after the outer: who runs, with which inputs.
_kickoffs: ContextVar[tuple[tuple[object, Mapping[str, Any]], ...]] = ContextVar(
    "commonplace_crewai_kickoffs", default=()
)
_saving_agent: ContextVar[str | None] = ContextVar("commonplace_crewai_saving_agent", default=None)


def listen() -> None:
    """Have CrewAI's hooks note what runs; to call it again changes nothing."""
    hear(InterceptionPoint.INPUT, _note_inputs)
    hear(InterceptionPoint.EXECUTION_END, _forget_inputs)
    hear(InterceptionPoint.PRE_TOOL_CALL, _note_agent)


def kickoff_inputs() -> Mapping[str, Any]:
    """Return the inputs of the kickoffs in progress; an inner one's take an outer one's place."""
    kickoffs = _kickoffs.get()
    return kickoffs[-1][1] if kickoffs else {}


def saving_agent() -> str | None:
    """Return the role of the agent that saves by its tool, once."""
    role = _saving_agent.get()
    _saving_agent.set(None)
    return role


def _note_inputs(context: InputContext) -> None:
    runner = context.crew or context.flow
    # CrewAI's memory saves by a flow of its own, whose inputs are no user's.
    if context.payload and not type(runner).__module__.startswith("crewai.memory"):
        inputs = {**kickoff_inputs(), **context.payload}
        _kickoffs.set((*_kickoffs.get(), (runner, inputs)))


def _forget_inputs(context: ExecutionEndContext) -> None:
    runner = context.crew or context.flow
    kickoffs = _kickoffs.get()
    for depth in reversed(range(len(kickoffs))):
        if kickoffs[depth][0] is runner:
            _kickoffs.set(kickoffs[:depth])
            return


def _note_agent(context: ToolCallHookContext) -> None:
    role = getattr(context.agent, "role", None)
    _saving_agent.set(role if context.tool_name in _SAVE_TOOLS else None)
