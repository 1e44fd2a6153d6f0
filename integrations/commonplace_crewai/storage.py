"""CrewAI's storage protocol over a memory: records are found by vectors and lie at paths."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeAlias

from crewai.memory.storage.backend import EmbeddingDimensionMismatchError
from crewai.memory.types import MemoryRecord, ScopeInfo
from typing_extensions import Self, override

from commonplace import Memory, Record, RecordNotFoundError, Scope
from commonplace.adapters.by_vector import (
    dimension,
    discard,
    embedded,
    entries,
    nearest,
    own,
    stated,
)
from commonplace.adapting import checked_memory, count_shown
from commonplace.ports import Vectors
from commonplace.recall.filters import Selection
from commonplace.values.records import JSON, KINDS
from commonplace_crewai.awaited import AwaitedStorage
from commonplace_crewai.mapping import (
    categories_of,
    changed,
    matching,
    naive,
    to_memory_record,
    to_record,
    until_before,
)
from commonplace_crewai.paths import names_in, path_of
from commonplace_crewai.running import kickoff_inputs, listen
from commonplace_crewai.touching import Touched

# The memory of all runs, or what chooses that of one run by the inputs of its kickoff.
MemoryOrChoice: TypeAlias = Memory | Callable[[Mapping[str, Any]], Memory]

_logger = logging.getLogger("commonplace")
_agent: ContextVar[str | None] = ContextVar("commonplace_crewai_agent", default=None)


@contextmanager
def writing_as(agent: str | None) -> Iterator[None]:
    """Name the agent of all records saved within, on whatever thread CrewAI saves them."""
    token = _agent.set(agent)
    try:
        yield
    finally:
        _agent.reset(token)


def text_id(text: str) -> str:
    """Return what names a text in a log that should not hold it.

    >>> text_id("Ann")
    '17239b6e25011033'
    """
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class CommonplaceStorage(AwaitedStorage):
    """A CrewAI `StorageBackend` on a memory's scope. `crew_memory` uses it.

    CrewAI's path "/" is the memory's own scope, and "/a/b" the scope a, b below it. Nothing
    outside can be reached, and `reset` ends there too. Records of other frameworks lie at their
    paths beside CrewAI's. The memory embeds what is saved; given vectors are used for searching
    only.

    >>> from crewai.memory.types import MemoryRecord
    >>> storage = CommonplaceStorage(memory.scope("user", "alice"))
    >>> storage.save([MemoryRecord(content="Likes tea", scope="/drinks")])
    >>> storage.list_scopes("/"), memory.records()[0].scope.names
    (['/drinks'], ('user', 'alice', 'drinks'))
    """

    # Neither a dataclass nor a pydantic model: CrewAI's copies would make a dict of those.
    def __init__(self, memory: MemoryOrChoice) -> None:
        """Store in the scope of `memory`, or of what a function of the kickoff's inputs returns."""
        self._memory = memory if callable(memory) else checked_memory(memory)
        self._touched = Touched()
        listen()

    @property
    def memory(self) -> Memory:
        """The memory of this run; raises what the choosing function raises."""
        if isinstance(self._memory, Memory):
            return self._memory
        return checked_memory(self._memory(kickoff_inputs()))

    @property
    def _own(self) -> Memory:
        return own(self.memory)

    @property
    def _scope(self) -> Scope:
        return self.memory.path

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Embed texts as the memory does: CrewAI's embedder for this storage."""
        vectors: list[list[float]] = embedded(self.memory, texts).tolist()
        return vectors

    def save(self, records: list[MemoryRecord]) -> None:
        self._check_dimension(record.embedding for record in records)
        if empty := [record.id for record in records if not record.content.strip()]:
            _logger.warning("Nothing to remember in the empty CrewAI records %s.", empty)
        self._own.remember_many(
            self._record_of(record) for record in records if record.content.strip()
        )

    @override
    def search(
        self,
        query_embedding: list[float],
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        metadata_filter: dict[str, Any] | None = None,
        limit: int = 10,
        min_score: float = 0.0,
    ) -> list[tuple[MemoryRecord, float]]:
        self._check_dimension([query_embedding])
        # Consolidation rewrites what it finds here, and an exact value is no prose.
        prose = tuple(kind for kind in KINDS if kind != "value")
        found = nearest(
            self.at(scope_prefix),
            query_embedding,
            Selection(prose, matching(categories, metadata_filter)),
            max(limit, 0),
        )
        return [
            (self._shown_as(entry.record, entry.vectors), cosine)
            for entry, cosine in found
            if cosine >= min_score
        ]

    def delete(
        self,
        scope_prefix: str | None = None,
        categories: list[str] | None = None,
        record_ids: list[str] | None = None,
        older_than: datetime | None = None,
        metadata_filter: dict[str, Any] | None = None,
    ) -> int:
        records = self._records(
            scope_prefix,
            where=matching(categories, metadata_filter),
            until=None if older_than is None else until_before(older_than),
        )
        wanted = None if record_ids is None else set(record_ids)
        return discard(self._own, [one for one in records if wanted is None or one.id in wanted])

    def update(self, record: MemoryRecord) -> None:
        self._check_dimension([record.embedding])
        old = self._found(record.id)
        if old is None:
            self.save([record])
            return
        new = changed(old, record, self._place(record.scope))
        self._own.remember_many([new])
        if new.scope != old.scope:
            discard(self._own, [old])

    def get_record(self, record_id: str) -> MemoryRecord | None:
        try:
            entry = entries(self._own, [record_id])[0]
        except RecordNotFoundError:
            return None
        return self._shown_as(entry.record, entry.vectors)

    def list_records(
        self, scope_prefix: str | None = None, limit: int = 200, offset: int = 0
    ) -> list[MemoryRecord]:
        if limit <= 0 or offset < 0:
            return []
        page = self.at(scope_prefix).records(limit=limit, offset=offset)
        found = entries(self._own, [record.id for record in page])
        vectors = {(entry.record.scope, entry.record.id): entry.vectors for entry in found}
        return [self._shown_as(record, vectors[record.scope, record.id]) for record in page]

    def get_scope_info(self, scope: str) -> ScopeInfo:
        records = self._records(scope)
        times = [naive(record.created_at) for record in records]
        return ScopeInfo(
            path=path_of(names_in(scope)),
            record_count=len(records),
            categories=sorted({one for record in records for one in categories_of(record)}),
            oldest_record=min(times, default=None),
            newest_record=max(times, default=None),
            child_scopes=self._children(scope, records),
        )

    def list_scopes(self, parent: str = "/") -> list[str]:
        return self._children(parent, self._records(parent))

    def list_categories(self, scope_prefix: str | None = None) -> dict[str, int]:
        records = self._records(scope_prefix)
        return dict(Counter(one for record in records for one in categories_of(record)))

    def count(self, scope_prefix: str | None = None) -> int:
        return self.at(scope_prefix).count()

    def reset(self, scope_prefix: str | None = None) -> None:
        self.delete(scope_prefix)

    def touch_records(self, record_ids: list[str]) -> None:
        """Note that records were recalled, as CrewAI's memory does; unknown ids are passed over."""
        self.shown([one for one in map(self._found, record_ids) if one is not None])

    def shown(self, records: Sequence[Record]) -> None:
        """Count records as used, and note it for `last_accessed`, which the core writes later."""
        count_shown(self.memory, records)
        self._touched.note(records)

    def close(self) -> None:
        """Do nothing: others use the memory too, and who opened it closes it."""

    def state(self, records: list[MemoryRecord]) -> list[MemoryRecord]:
        """Save what is said as a statement: one that is known gets another mention."""
        # Its metadata would take the place of what is known of it.
        said = [replace(self._record_of(record), metadata={}) for record in records]
        kept = stated(self._own, said)
        return [self._shown_as(record) for record in kept]

    def at(self, path: str | None) -> Memory:
        """Return the memory confined to the scope at this path."""
        names = names_in(path)
        return self._own.scope(names) if names else self._own

    def known(self, texts: Sequence[str], path: str, source: str | None) -> dict[str, MemoryRecord]:
        """Return, by text, what this source has said to all word for word at or below this path."""
        wanted = set(texts)
        found = [self._shown_as(one) for one in self._records(path) if one.text in wanted]
        return {one.content: one for one in found if one.source == source and not one.private}

    def _place(self, path: str) -> Scope:
        return Scope(self._scope.names + names_in(path))

    def _record_of(self, given: MemoryRecord) -> Record:
        return to_record(given, self._place(given.scope), _agent.get())

    def _shown_as(self, record: Record, vectors: Vectors | None = None) -> MemoryRecord:
        return to_memory_record(record, self._scope, vectors, self._touched.last(record))

    def _found(self, id: str) -> Record | None:
        try:
            return self._own.record(id)
        except RecordNotFoundError:
            return None

    def _records(
        self,
        path: str | None,
        where: dict[str, JSON] | None = None,
        until: datetime | None = None,
    ) -> list[Record]:
        return self.at(path).records(where=where, until=until, limit=sys.maxsize)

    def _children(self, parent: str, records: list[Record]) -> list[str]:
        depth = len(self._place(parent).names)
        below = {one.scope.names[: depth + 1] for one in records if len(one.scope.names) > depth}
        return sorted(path_of(names[len(self._scope.names) :]) for names in below)

    def _check_dimension(self, vectors: Iterable[Sequence[float] | None]) -> None:
        given = {len(vector) for vector in vectors if vector is not None}
        expected = dimension(self.memory) if given else None
        for other in given - {expected}:
            raise EmbeddingDimensionMismatchError(expected or other, other)
