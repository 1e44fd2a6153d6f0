"""Commonplace in Microsoft Agent Framework: a context provider."""

try:
    from commonplace_agent_framework.provider import SharedMemoryProvider
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "agent_framework":
        raise
    raise ModuleNotFoundError(
        "commonplace_agent_framework needs Microsoft Agent Framework: "
        'pip install "commonplace-memory[agent-framework]"',
        name=error.name,
    ) from error

__all__ = ["SharedMemoryProvider"]


def __dir__() -> list[str]:
    return list(__all__)
