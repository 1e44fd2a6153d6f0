"""Agents that recall beside the event loop in awaited crews."""

from __future__ import annotations

from functools import partial
from typing import Any

from anyio import to_thread
from crewai import Agent, Task

from commonplace_crewai.copying import Whole
from commonplace_crewai.recalled import recalled_before

_LIMIT = 5
"""How many memories CrewAI asks for before a task."""


class AwaitingAgent(Agent):
    """CrewAI's agent for ``await crew.akickoff()``: the event loop does not wait for its memory.

    CrewAI itself recalls on the event loop. This agent recalls in a worker thread before.
    Everything else is CrewAI's.

    >>> agent = AwaitingAgent(role="clerk", goal="Help", backstory="Careful", llm="openai/gpt-5")
    >>> agent.role
    'clerk'
    """

    async def aexecute_task(
        self, task: Task, context: str | None = None, tools: list[Any] | None = None
    ) -> Any:
        """Recall in a worker thread, then execute the task as CrewAI does."""
        memory: Any = self.memory or getattr(self.crew, "_memory", None)
        if not isinstance(memory, Whole):
            return await super().aexecute_task(task, context, tools)
        recall = partial(memory.recall, task.description, limit=_LIMIT)  # type: ignore[attr-defined]  # a memory, or a view of one
        matches = await to_thread.run_sync(recall)
        with recalled_before(memory, task.description, _LIMIT, matches):
            return await super().aexecute_task(task, context, tools)
