"""CrewAI's hooks, each registered once in a process however many memories need it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from crewai.hooks.dispatch import InterceptionPoint, get_global_hook_list, register


def hear(point: InterceptionPoint, hook: Callable[[Any], None]) -> None:
    """Have CrewAI call `hook` at a point of each run; to ask again changes nothing."""
    if hook not in get_global_hook_list(point):
        register(point, hook)
