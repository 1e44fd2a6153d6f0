"""Whose memory it is: one, or the one that is chosen for a session."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from agent_framework import AgentSession

from commonplace import Memory
from commonplace.adapting import checked_memory

FRAMEWORK = "agent-framework"

ForSession: TypeAlias = Memory | Callable[[AgentSession], Memory]


def checked_choice(memory: ForSession) -> ForSession:
    """Return `memory` if it is one, or a function that chooses one."""
    return memory if callable(memory) else checked_memory(memory)


def chosen(memory: ForSession, session: AgentSession) -> Memory:
    """Return the memory of a session."""
    return memory if isinstance(memory, Memory) else checked_memory(memory(session))
