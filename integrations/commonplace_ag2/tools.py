"""A memory as tools of an agent of AG2."""

from __future__ import annotations

from ag2.tools import tool
from ag2.tools.final import FunctionTool

from commonplace import Memory, Source
from commonplace.adapters.model_tools import model_tools
from commonplace_ag2.middleware import FRAMEWORK


def memory_tools(
    memory: Memory,
    *,
    agent: str | None = None,
    session: str | None = None,
    read_only: bool = False,
) -> list[FunctionTool]:
    """Return the tools remember, recall and forget for a model.

    A tool never ends a turn: if the memory fails, it tells the model so and logs the reason.

    Args:
        memory: The memory.
        agent: The name of who remembers. The origin of what is remembered is ``agent``.
        session: The name of the conversation.
        read_only: Return the tool recall alone.

    >>> [one.name for one in memory_tools(memory.scope("user", "alice"), agent="helper")]
    ['remember', 'recall', 'forget']
    """
    source = Source(framework=FRAMEWORK, agent=agent, session=session, origin="agent")
    return [
        tool(one.call, name=one.name, description=one.description, schema=one.parameters)
        for one in model_tools(memory, source, read_only=read_only)
    ]
