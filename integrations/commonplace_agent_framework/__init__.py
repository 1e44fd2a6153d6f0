"""Commonplace in Microsoft Agent Framework: memory, history and tools of an agent."""

try:
    from commonplace_agent_framework.history import ConversationHistory
    from commonplace_agent_framework.provider import SharedMemoryProvider
    from commonplace_agent_framework.tools import memory_tools
except ImportError as error:
    if (error.name or "").partition(".")[0] != "agent_framework":
        raise
    raise ModuleNotFoundError(
        "commonplace_agent_framework needs Microsoft Agent Framework 1.23 or newer: "
        'pip install "commonplace-memory[agent-framework]"',
        name="agent_framework",
    ) from error

__all__ = ["ConversationHistory", "SharedMemoryProvider", "memory_tools"]


def __dir__() -> list[str]:
    return list(__all__)
