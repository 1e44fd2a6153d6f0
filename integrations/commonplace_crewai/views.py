"""CrewAI's views of paths of a memory: they stay themselves in copies, and heed what is told."""

from __future__ import annotations

from collections import UserString
from typing import Annotated, Any

from crewai.memory.memory_scope import MemoryScope, MemorySlice
from crewai.memory.types import MemoryMatch, MemoryRecord
from crewai.memory.unified_memory import Memory as CrewAIMemory
from pydantic import PlainSerializer

from commonplace_crewai.copying import Whole
from commonplace_crewai.paths import names_in
from commonplace_crewai.recalled import taken


class KeptScope(Whole, MemoryScope):
    """What lies at and below a path of a memory, also for the copies of an agent that has it.

    Where a field of CrewAI's takes a view, pydantic dumps a subclass's instance as one of the base
    class, unless a value is not of the base class's type: hence no `str` here, and a tuple below.
    """

    root_path: Annotated[Any, PlainSerializer(str)] = "/"

    def model_post_init(self, context: Any) -> None:
        """Hold the path as text that is no `str`."""
        super().model_post_init(context)
        self.root_path = UserString(self.root_path)

    def recall(self, query: str, *args: Any, **kwargs: Any) -> list[MemoryMatch]:
        """Recall from this path and below."""
        before = taken(self, query, kwargs.get("limit", 0))
        return super().recall(query, *args, **kwargs) if before is None else before

    def subscope(self, path: str) -> KeptScope:
        """Return a view of what lies at and below a path of this one."""
        return scope_of(self._require_memory(), self._scope_path(path))


class HeedingSlice(Whole, MemorySlice):
    """What lies at and below several paths of a memory; what is saved goes to the first."""

    scopes: Any

    def model_post_init(self, context: Any) -> None:
        """Hold the paths in a tuple; see above."""
        super().model_post_init(context)
        self.scopes = tuple(self.scopes)

    def recall(self, query: str, *args: Any, **kwargs: Any) -> list[MemoryMatch]:
        """Recall from all paths, or from what of them lies at or below ``scope``."""
        if (before := taken(self, query, kwargs.get("limit", 0))) is not None:
            return before
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


def scope_of(memory: CrewAIMemory, path: str) -> KeptScope:
    """Return a view of what lies at and below a path."""
    return KeptScope.model_validate({"memory": memory, "root_path": path})


def slice_of(memory: CrewAIMemory, scopes: list[str], **options: Any) -> HeedingSlice:
    """Return a view of what lies at and below several paths."""
    return HeedingSlice(scopes=scopes, **options).bind(memory)


def _shared(one: str, other: str | None) -> str | None:
    """Return the narrower of two paths if it lies within the wider, else None."""
    wide, narrow = sorted([one, other or "/"], key=lambda path: len(names_in(path)))
    is_within = names_in(narrow)[: len(names_in(wide))] == names_in(wide)
    return narrow if is_within else None
