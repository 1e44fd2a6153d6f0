"""Commonplace in AG2 1.x: a memory as middleware, as tools, as a knowledge store."""

try:
    from commonplace_ag2.knowledge import SharedKnowledge
    from commonplace_ag2.middleware import SharedMemory
    from commonplace_ag2.tools import memory_tools
except ImportError as error:
    if (error.name or "").partition(".")[0] != "ag2":
        raise
    raise ModuleNotFoundError(
        'commonplace_ag2 needs AG2 1.2 or newer: pip install "commonplace-memory[ag2]". '
        "The classic `autogen` with its ConversableAgent, which ag2 below 1.0 was too, is served "
        "by commonplace_autogen_classic.",
        name="ag2",
    ) from error

__all__ = ["SharedKnowledge", "SharedMemory", "memory_tools"]


def __dir__() -> list[str]:
    return list(__all__)
