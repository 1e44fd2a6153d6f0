"""How a CrewAI memory recalls: as the core does, whatever CrewAI's `depth` says."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, Literal

from anyio import to_thread
from crewai.memory.types import MemoryMatch
from crewai.memory.utils import join_scope_paths
from pydantic import Field
from typing_extensions import override

from commonplace import Match, Memory
from commonplace.recall.excerpts import excerpt
from commonplace.values.rendering import rendered_part, rendered_record
from commonplace.values.validation import MAX_TEXT_CHARACTERS
from commonplace_crewai.mapping import matching, to_memory_record, visible_to
from commonplace_crewai.paths import names_in
from commonplace_crewai.recalled import taken
from commonplace_crewai.reporting import reported
from commonplace_crewai.shelf import Shelved

# A task's result can be a report. What a prompt holds of one record stays about this long.
_SHOWN_CHARACTERS = 1_000


class QuotedMatch(MemoryMatch):
    """A match that a model is shown as quoted, attributed data, one line of bounded length."""

    line: str = Field(exclude=True, repr=False)

    def format(self) -> str:
        """Return the line, as `Memory.context` of the core renders it."""
        return self.line


class Recalling(Shelved):
    """A memory whose recall is the core's and waits for what is being saved."""

    @override
    def recall(
        self,
        query: str,
        scope: str | None = None,
        categories: list[str] | None = None,
        limit: int = 10,
        depth: Literal["shallow", "deep"] = "deep",
        source: str | None = None,
        include_private: bool = False,
    ) -> list[MemoryMatch]:
        """Return what answers `query`, best first; a private record only to its source."""
        if (before := taken(self, query, limit)) is not None:
            return before
        self._wait_for_writes()
        where = matching(categories)
        if not include_private:
            where = {"$and": [visible_to(source), where]}
        matches: list[MemoryMatch] = []
        with self._kept_from_crew("recalling for the crew"), reported(self, query, matches, limit):
            matches += self._matches(query, scope, where, limit)
        return matches

    async def arecall(self, *args: Any, **kwargs: Any) -> list[MemoryMatch]:
        """Recall in a worker thread."""
        return await to_thread.run_sync(partial(self.recall, *args, **kwargs))

    def _wait_for_writes(self) -> None:
        super().drain_writes()

    def _matches(
        self, query: str, scope: str | None, where: dict[str, Any], limit: int
    ) -> Iterator[MemoryMatch]:
        if not query.strip() or limit <= 0:
            return
        matches = self._seen_from(scope).recall(
            query[-MAX_TEXT_CHARACTERS:],  # of a conversation, its end
            limit=limit,
            where=where,
            min_confidence=self.min_confidence,
        )
        if not self.read_only:  # what CrewAI recalls, it shows to a model
            self._shelf.shown([match.record for match in matches])
        within = self._shelf.memory.path
        for match in matches:
            yield QuotedMatch(
                record=to_memory_record(match.record, within),
                score=match.confidence,
                match_reasons=[name for name, value in match.signals.items() if value > 0],
                line=line_of(match, query),
            )

    def _seen_from(self, scope: str | None) -> Memory:
        """Return the memory to recall from; what it includes belongs to no narrower path."""
        if names_in(scope):
            return self._shelf.at(join_scope_paths(self.root_scope, scope))
        names = names_in(self.root_scope)
        return self._shelf.memory.scope(names) if names else self._shelf.memory


def line_of(match: Match, query: str) -> str:
    """Return the line that shows a match: quoted, attributed, of bounded length."""
    record = match.record
    if len(record.text) <= _SHOWN_CHARACTERS:
        return rendered_record(record)
    part = excerpt(record.text, query, lambda part: len(part) <= _SHOWN_CHARACTERS)
    return rendered_part(record, part)
