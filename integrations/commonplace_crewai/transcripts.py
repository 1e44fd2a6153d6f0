"""The block of memories, taken out of the messages that CrewAI keeps of a task."""

from __future__ import annotations

import re
from typing import Any

from crewai.hooks.contexts import StepContext
from crewai.hooks.dispatch import InterceptionPoint
from crewai.utilities.i18n import I18N_DEFAULT

from commonplace_crewai.listening import hear

_BEFORE, _, _AFTER = I18N_DEFAULT.slice("memory").partition("{memory}")
# A line of ours is quoted and holds no end of line, so that no memory can end its block.
_BLOCK = re.compile(re.escape(_BEFORE) + ".*?" + re.escape(_AFTER), re.DOTALL)


def listen() -> None:
    """Have CrewAI's hooks tell of tasks that are done; to call it again changes nothing."""
    hear(InterceptionPoint.POST_STEP, _clear)


def without_memories(messages: list[Any]) -> list[Any]:
    """Return messages without the block of memories that CrewAI put into their texts."""
    return [
        {**one, "content": _BLOCK.sub("", one["content"])}
        if isinstance(one.get("content"), str)
        else one
        for one in messages
    ]


def _clear(context: StepContext) -> None:
    if context.task is None or _memory_of(context.agent).in_transcripts:
        return
    context.output.messages = without_memories(context.output.messages)


class _Elsewhere:
    in_transcripts = True


def _memory_of(agent: Any) -> Any:
    memory = getattr(agent, "memory", None) or getattr(agent.crew, "_memory", None)
    whole = getattr(memory, "_memory", memory)  # of a view, what it is a view of
    return whole if hasattr(whole, "in_transcripts") else _Elsewhere
