"""A memory as tools that an agent calls by itself."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from autogen_core.tools import FunctionTool

from commonplace import AsyncMemory, Match, Memory, RecordNotFoundError, Source
from commonplace_autogen.write_back import FRAMEWORK

_Text = Annotated[str, "One statement that is understood without this conversation"]
_Kind = Literal["fact", "preference", "instruction", "event"]


def tools_of(memory: Memory, group: Memory | None, agent: str | None) -> list[FunctionTool]:
    """Return the tools remember, recall and forget; with a `group` also remember_for_group."""
    tools = _Tools(memory, group, agent)
    made = [
        FunctionTool(tools.remember, "Remember something for later conversations."),
        FunctionTool(tools.recall, "Search what is remembered. Returns JSON, best first."),
        FunctionTool(tools.forget, "Forget what recall returned, by its id."),
    ]
    if group is not None:
        made.append(FunctionTool(tools.remember_for_group, "Remember something for all agents."))
    return made


class _Tools:
    def __init__(self, memory: Memory, group: Memory | None, agent: str | None) -> None:
        self._own = AsyncMemory(memory)
        self._group = None if group is None else AsyncMemory(group)
        self._read = self._own if self._group is None else self._own.including(self._group)
        self._source = Source(framework=FRAMEWORK, agent=agent, origin="agent")

    async def remember(self, text: _Text, kind: _Kind = "fact") -> str:
        record = await self._own.remember(text, kind=kind, source=self._source)
        return f"Remembered as {record.id}."

    async def remember_for_group(self, text: _Text, kind: _Kind = "fact") -> str:
        assert self._group is not None
        record = await self._group.remember(text, kind=kind, source=self._source)
        return f"Remembered for all as {record.id}."

    async def recall(self, query: Annotated[str, "What to look for, in words"]) -> str:
        matches = await self._read.recall(query)
        return json.dumps([_shown(match) for match in matches], ensure_ascii=False)

    async def forget(self, id: Annotated[str, "The id that recall returned"]) -> str:
        try:
            await self._own.forget(id)
        except RecordNotFoundError:
            return f"Nothing was forgotten: no record {id!r} is this agent's own."
        return "Forgotten."


def _shown(match: Match) -> dict[str, object]:
    record = match.record
    return {
        "id": record.id,
        "text": record.text,
        "kind": record.kind,
        "said_by": record.source.agent or record.source.origin,
        "said_at": record.created_at.isoformat(timespec="minutes"),
        "confidence": round(match.confidence, 2),
    }
