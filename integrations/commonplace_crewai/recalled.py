"""What an agent has recalled before CrewAI asks its memory for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from crewai.memory.types import MemoryMatch

_Recalled = tuple[object, str, int, list[MemoryMatch]]
_recalled: ContextVar[_Recalled | None] = ContextVar("_recalled", default=None)


def taken(memory: object, query: str, limit: int) -> list[MemoryMatch] | None:
    """Return what was recalled before, once; None if it was not."""
    recalled = _recalled.get()
    if recalled is None or recalled[0] is not memory or recalled[1:3] != (query, limit):
        return None
    _recalled.set(None)
    return recalled[3]


@contextmanager
def recalled_before(
    memory: object, query: str, limit: int, matches: list[MemoryMatch]
) -> Iterator[None]:
    """Have `memory` return these within, when it is asked for them."""
    before = _recalled.set((memory, query, limit, matches))
    try:
        yield
    finally:
        _recalled.reset(before)
