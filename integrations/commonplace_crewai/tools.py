"""Tools with which agents of CrewAI use a memory, beside those that CrewAI itself makes."""

from __future__ import annotations

from typing import Any

from crewai.tools.base_tool import BaseTool
from pydantic import BaseModel, Field

from commonplace import Memory, RecordNotFoundError, Source
from commonplace.adapting import count_shown, query_text
from commonplace.recall.packing import RELEVANT
from commonplace_crewai.caching import never
from commonplace_crewai.mapping import named
from commonplace_crewai.recalling import line_of
from commonplace_crewai.running import saving_agent
from commonplace_crewai.storage import CommonplaceStorage, MemoryOrChoice


def memory_tools(
    memory: MemoryOrChoice, *, read_only: bool = False, min_confidence: float = RELEVANT
) -> list[BaseTool]:
    """Return the tools `remember`, `recall` and `forget`, for ``Agent(tools=...)``.

    Their names differ from CrewAI's `search_memory` and `save_to_memory`: an agent can have both.

    Args:
        memory: A memory, or a function from the inputs of the kickoff to a memory.
        read_only: Return `recall` alone.
        min_confidence: Leave out matches below this, from 0 to 1.

    >>> remember, recall, forget = memory_tools(memory.scope("user", "alice"))
    >>> remember.run(text="Likes tea")
    'Remembered.'
    >>> recall.run(query="What does she drink, tea?")
    '[...] "Likes tea" (fact, ...'
    """
    storage = CommonplaceStorage(memory)
    recall = RecallTool(storage=storage, min_confidence=min_confidence)
    if read_only:
        return [recall]
    return [RememberTool(storage=storage), recall, ForgetTool(storage=storage)]


class _Remembered(BaseModel):
    text: str = Field(description="One statement that will be understood without this conversation")


class _Asked(BaseModel):
    query: str = Field(description="A question or key words")
    limit: int = Field(default=5, description="The most records to return", ge=1, le=50)


class _Forgotten(BaseModel):
    ids: list[str] = Field(description="Ids of records, as recall shows them in brackets")


class _MemoryTool(BaseTool):
    """A tool of one memory, or of the one that is chosen for a run."""

    storage: Any = Field(exclude=True)
    cache_function: Any = never

    @property
    def _memory(self) -> Memory:
        chosen: Memory = self.storage.memory
        return chosen


class RememberTool(_MemoryTool):
    """Stores a statement, by whose agent it is."""

    name: str = "remember"
    description: str = "Keep a fact, decision or preference for later conversations."
    args_schema: type[BaseModel] = _Remembered

    def _run(self, text: str) -> str:
        source = Source(framework="crewai", agent=named(saving_agent()), origin="agent")
        self._memory.remember(text, source=source)
        return "Remembered."


class RecallTool(_MemoryTool):
    """Finds what was remembered; each line begins with the record's id."""

    name: str = "recall"
    description: str = "Find what was remembered in earlier conversations. Its ids serve forget."
    args_schema: type[BaseModel] = _Asked

    min_confidence: float = RELEVANT

    def _run(self, query: str, limit: int = 5) -> str:
        memory, asked = self._memory, query_text(query)
        matches = memory.recall(asked, limit=limit, min_confidence=self.min_confidence)
        count_shown(memory, [match.record for match in matches])
        lines = [
            f"[{match.record.id}] {line_of(match, asked).removeprefix('- ')}" for match in matches
        ]
        return "\n".join(lines) or "Nothing is remembered about this."


class ForgetTool(_MemoryTool):
    """Removes records by their ids; what the memory only includes cannot be removed."""

    name: str = "forget"
    description: str = "Remove what was remembered and is wrong or no longer wanted."
    args_schema: type[BaseModel] = _Forgotten

    def _run(self, ids: list[str]) -> str:
        try:
            count = self._memory.forget(*ids)
        except RecordNotFoundError as error:
            return f"Nothing was removed: {error}"
        return f"Removed {count} records."
