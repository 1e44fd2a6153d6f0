"""Commonplace for OpenAI clients and the OpenAI Agents SDK.

Works with any client of their form, of whatever version or provider: nothing of `openai` is
imported here.
"""

from commonplace_openai.agents import AgentSession, recalling
from commonplace_openai.aio import AsyncMemoryClient
from commonplace_openai.client import MemoryClient
from commonplace_openai.erasing import deletions
from commonplace_openai.extraction import extractor

__all__ = [
    "AgentSession",
    "AsyncMemoryClient",
    "MemoryClient",
    "deletions",
    "extractor",
    "recalling",
]


def __dir__() -> list[str]:
    return list(__all__)
