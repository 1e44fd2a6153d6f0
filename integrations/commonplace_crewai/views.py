"""CrewAI's view of several paths of a memory, which heeds what it is told."""

from __future__ import annotations

from typing import Any

from crewai.memory.memory_scope import MemorySlice
from crewai.memory.types import MemoryMatch, MemoryRecord
from crewai.memory.unified_memory import Memory as CrewAIMemory

from commonplace_crewai.paths import names_in


class HeedingSlice(MemorySlice):
    """What lies at and below several paths of a memory; what is saved goes to the first."""

    def recall(self, query: str, *args: Any, **kwargs: Any) -> list[MemoryMatch]:
        """Recall from all paths, or from what of them lies at or below ``scope``."""
        scope, *others = args or (kwargs.pop("scope", None),)
        within = [part for one in self.scopes if (part := _shared(one, scope)) is not None]
        narrowed = MemorySlice(scopes=within, categories=self.categories)
        return narrowed.bind(self._require_memory()).recall(query, None, *others, **kwargs)

    def remember(
        self, content: str, scope: str | None = None, *args: Any, **kwargs: Any
    ) -> MemoryRecord | None:
        """Store one text in `scope`, else in the first path; nothing if this is read-only."""
        return super().remember(content, self._target(scope), *args, **kwargs)

    def remember_many(
        self, contents: list[str], scope: str | None = None, *args: Any, **kwargs: Any
    ) -> list[MemoryRecord]:
        """Store texts in `scope`, else in the first path; nothing if this is read-only."""
        if self.read_only:
            return []
        memory = self._require_memory()
        return memory.remember_many(contents, self._target(scope), *args, **kwargs)

    def _target(self, scope: str | None) -> str:
        return scope or next(iter(self.scopes), "/")


def slice_of(memory: CrewAIMemory, scopes: list[str], **options: Any) -> HeedingSlice:
    """Return a view of what lies at and below several paths."""
    return HeedingSlice(scopes=scopes, **options).bind(memory)


def _shared(one: str, other: str | None) -> str | None:
    """Return the narrower of two paths if it lies within the wider, else None."""
    wide, narrow = sorted([one, other or "/"], key=lambda path: len(names_in(path)))
    is_within = names_in(narrow)[: len(names_in(wide))] == names_in(wide)
    return narrow if is_within else None
