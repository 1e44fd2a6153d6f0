"""Commonplace in classic AutoGen (`autogen` 0.14): capability and tools of a ConversableAgent."""

try:
    from commonplace_autogen_classic.capability import SharedMemory
    from commonplace_autogen_classic.tools import memory_tools
except ImportError as error:
    if (error.name or "").partition(".")[0] != "autogen":
        raise
    raise ModuleNotFoundError(
        "commonplace_autogen_classic needs classic AutoGen, which has ConversableAgent: "
        'pip install "commonplace-memory[autogen-classic]". If an `autogen` is installed, it is '
        "what another distribution left of it: reinstall autogen. pyautogen 0.10 and "
        "autogen-agentchat are served by commonplace_autogen, ag2 1.x by commonplace_ag2.",
        name="autogen",
    ) from error

__all__ = ["SharedMemory", "memory_tools"]


def __dir__() -> list[str]:
    return list(__all__)
