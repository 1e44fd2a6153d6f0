"""Commonplace for CrewAI: the memory of a crew, an agent or a flow."""

from __future__ import annotations

try:
    from commonplace_crewai.awaiting import AwaitingAgent
    from commonplace_crewai.extraction import extractor
    from commonplace_crewai.hooks import MemoryHooks
    from commonplace_crewai.installing import install
    from commonplace_crewai.knowledge import CommonplaceKnowledge
    from commonplace_crewai.memory import crew_memory
    from commonplace_crewai.storage import CommonplaceStorage
    from commonplace_crewai.tools import memory_tools
except ModuleNotFoundError as error:
    if (error.name or "").partition(".")[0] != "crewai":
        raise
    raise ModuleNotFoundError(
        'crewai is not installed. Run: pip install "commonplace-memory[crewai]"', name=error.name
    ) from error

__all__ = [
    "AwaitingAgent",
    "CommonplaceKnowledge",
    "CommonplaceStorage",
    "MemoryHooks",
    "crew_memory",
    "extractor",
    "install",
    "memory_tools",
]


def __dir__() -> list[str]:
    return list(__all__)
