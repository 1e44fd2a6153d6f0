"""Whose tool is running: what another agent is asked meanwhile comes from an agent, not a user."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class Caller(NamedTuple):
    """An agent whose model called a tool; None if it has no name."""

    name: str | None


_caller: ContextVar[Caller | None] = ContextVar("commonplace_caller", default=None)


@contextmanager
def calling(agent: str | None) -> Iterator[None]:
    """Let the body run a tool for this agent. Tasks and worker threads of the body know of it.

    >>> with calling("planner"):
    ...     caller().name
    'planner'
    >>> caller() is None
    True
    """
    token = _caller.set(Caller(agent))
    try:
        yield
    finally:
        _caller.reset(token)


def caller() -> Caller | None:
    """Return the agent whose tool is running here, or None if none is."""
    return _caller.get()
