"""Commonplace in AutoGen: a memory for agents and teams, and a conversation as model context."""

try:
    from commonplace_autogen.context import ConversationContext
    from commonplace_autogen.extraction import extractor
    from commonplace_autogen.memory import SharedMemory
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] not in {"autogen_core", "autogen_agentchat"}:
        raise
    raise ModuleNotFoundError(
        "commonplace_autogen needs autogen-agentchat 0.7, which pyautogen 0.10 brings: "
        'pip install "commonplace-memory[autogen]". An `autogen` with its ConversableAgent is '
        "served by commonplace_autogen_classic, ag2 1.x by commonplace_ag2.",
        name=error.name,
    ) from error

__all__ = ["ConversationContext", "SharedMemory", "extractor"]


def __dir__() -> list[str]:
    return list(__all__)
