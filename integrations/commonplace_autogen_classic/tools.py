"""A memory as tools of a classic AutoGen agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from commonplace import Memory, Source
from commonplace.adapters.model_tools import model_tools

if TYPE_CHECKING:
    from autogen.tools import Tool

FRAMEWORK = "autogen-classic"


def memory_tools(
    memory: Memory,
    *,
    agent: str | None = None,
    session: str | None = None,
    read_only: bool = False,
) -> list[Tool]:
    """Return the tools remember, recall and forget for a model.

    Give them to ``ConversableAgent(functions=...)``, or call ``tool.register_for_llm(agent)`` and
    ``tool.register_for_execution(user)``. A tool never ends a chat: if the memory fails, it tells
    the model so and logs the reason.

    Args:
        memory: The memory.
        agent: The name of who remembers. The origin of what is remembered is ``agent``.
        session: The name of the conversation.
        read_only: Return the tool recall alone.

    Raises:
        ModuleNotFoundError: This AutoGen has no tools, as 0.2.

    >>> [one.name for one in memory_tools(memory.scope("user", "alice"), agent="helper")]
    ['remember', 'recall', 'forget']
    """
    made = _tool_class()
    source = Source(framework=FRAMEWORK, agent=agent, session=session, origin="agent")
    return [
        made(
            name=one.name,
            description=one.description,
            func_or_tool=one.call,
            parameters_json_schema=one.parameters,
        )
        for one in model_tools(memory, source, read_only=read_only)
    ]


def _tool_class() -> Any:
    """Return AutoGen's class of tools, which its hooks are older than."""
    try:
        from autogen.tools import Tool
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "memory_tools needs classic AutoGen 0.14, and the `autogen` installed here has no "
            'tools: pip install "commonplace-memory[autogen-classic]". SharedMemory works without.',
            name="autogen.tools",
        ) from error
    return Tool
