"""Attempts at a task that a guardrail judges: what it rejects is not worth keeping.

CrewAI saves the result of each attempt before the guardrail has seen it. Its hooks tell when the
task begins and when it is done, in the context in which all its attempts are made.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from crewai.context import get_current_task_id
from crewai.hooks.contexts import StepContext
from crewai.hooks.dispatch import InterceptionPoint

from commonplace_crewai.listening import hear


class Judged:
    """A task under judgement, and how the result that is accepted will be kept."""

    def __init__(self, task: Any, role: str | None) -> None:
        self.task = task
        # A manager may delegate in the words of its own task: the agent's role tells them apart.
        self.said = (
            f"Task: {task.description}\nAgent: {role}\nExpected result: {task.expected_output}\n"
        )
        self.keep: Callable[..., Any] | None = None

    def run_with(self, result: str) -> str:
        """Return a run of the task as CrewAI describes it."""
        return f"{self.said}Result: {result}"


# One entry for each task in progress that has guardrails, an inner one after the outer.
_judged: ContextVar[tuple[Judged, ...]] = ContextVar("commonplace_crewai_judged", default=())


def listen() -> None:
    """Have CrewAI's hooks tell of tasks; to call it again changes nothing."""
    hear(InterceptionPoint.PRE_STEP, _begin)
    hear(InterceptionPoint.POST_STEP, _accept)


def judged(run: str) -> Judged | None:
    """Return the task under judgement that a run, as CrewAI describes it, is an attempt at."""
    # What a failed task has left behind here is in progress no more.
    in_progress = get_current_task_id()
    for one in reversed(_judged.get()):
        if str(one.task.id) == in_progress and run.startswith(one.said):
            return one
    return None


def _begin(context: StepContext) -> None:
    task = context.task
    if task is not None and (task.guardrail or task.guardrails):
        _judged.set((*_without(task), Judged(task, context.agent_role)))


def _accept(context: StepContext) -> None:
    ended = [one for one in _judged.get() if one.task is context.task]
    if ended:
        _judged.set(_without(context.task))
    for one in ended:
        if one.keep is not None:
            one.keep(accepted=context.output.raw)


def _without(task: Any) -> tuple[Judged, ...]:
    return tuple(one for one in _judged.get() if one.task is not task)
