"""A memory as tools of a classic AutoGen agent."""

from __future__ import annotations

from autogen.tools import Tool

from commonplace import Memory, Source
from commonplace.adapters.model_tools import model_tools

FRAMEWORK = "autogen-classic"


def memory_tools(
    memory: Memory,
    *,
    agent: str | None = None,
    session: str | None = None,
    read_only: bool = False,
) -> list[Tool]:
    """Return the tools remember, recall and forget, or with `read_only` recall alone.

    For ``ConversableAgent(functions=...)``, or ``tool.register_for_llm(agent)`` and
    ``tool.register_for_execution(user)``. What is remembered is the word of `agent` in `session`,
    with origin ``agent``. A tool never ends a chat: of a memory that fails it tells the model, and
    logs the reason.

    >>> [one.name for one in memory_tools(memory.scope("user", "alice"), agent="helper")]
    ['remember', 'recall', 'forget']
    """
    source = Source(framework=FRAMEWORK, agent=agent, session=session, origin="agent")
    return [
        Tool(
            name=one.name,
            description=one.description,
            func_or_tool=one.call,
            parameters_json_schema=one.parameters,
        )
        for one in model_tools(memory, source, read_only=read_only)
    ]
