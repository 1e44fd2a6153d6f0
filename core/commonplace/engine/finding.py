"""What an open store answers to a question, from its arrays. The caller holds the engine's lock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime

from commonplace.embedding.fitting import FittingEmbedder
from commonplace.ports import Entry, Vectors
from commonplace.recall.dates import periods
from commonplace.recall.explaining import Asked, explained
from commonplace.recall.explanation import Explanation
from commonplace.recall.filters import Selection
from commonplace.recall.focus import focus
from commonplace.recall.hot import HotScope
from commonplace.recall.question import Question
from commonplace.recall.ranking import ranked, ranking
from commonplace.stores.warm_store import WarmStore
from commonplace.values.records import Match, Record
from commonplace.values.scope import Scope

_ENTRIES_PER_READ = 500


class Finding:
    """Ranks the records of one store, and explains the ranking."""

    def __init__(
        self, store: WarmStore, embedder: FittingEmbedder, clock: Callable[[], datetime]
    ) -> None:
        """Read from `store`. `clock` tells the time in UTC."""
        self._store, self._embedder, self._clock = store, embedder, clock

    def asked(
        self,
        scopes: Sequence[Scope],
        query: str,
        selection: Selection,
        limit: int,
        vector: Vectors | None,
    ) -> Asked:
        """Return what is asked; embeds it without a `vector`, so the lock is not held here."""
        asking = focus(query)
        vector = self._embedder.query(asking.text, vector)
        at = self._clock()
        named = periods(asking.text, selection.asked(at))
        question = Question(query, asking, vector, named, at.timestamp(), self._embedder.name)
        return Asked(question, selection, scopes, limit, at)

    def begin(self, asked: Asked) -> None:
        """Multiply vectors, of use whatever comes in before `rank`, which then does not."""
        for scope in asked.scopes if asked.selection.as_of is None else ():
            hot = self._arrays(scope, asked)
            if len(hot):
                hot.arrays.cosines(asked.question.vector)

    def rank(self, asked: Asked) -> list[Match]:
        """Return the records that answer, best first."""
        admitted, question = asked.selection.condition(), asked.question
        matches = [
            match
            for scope in asked.scopes
            for match in ranked(self._arrays(scope, asked), question, admitted, asked.limit)
        ]
        return sorted(matches, key=lambda match: -match.confidence)[: asked.limit]

    def explain(self, asked: Asked) -> Explanation:
        """Return the same matches, with why they are found and others are not."""
        admitted, question = asked.selection.condition(), asked.question
        rankings = [
            ranking(self._arrays(scope, asked), question, admitted, asked.limit)
            for scope in asked.scopes
        ]
        records = (one for scope in asked.scopes for one in self._store.store.records(scope))
        return explained(asked, [one for one in rankings if one], records, self._entries)

    def nearest(
        self, scopes: Sequence[Scope], vector: Vectors, selection: Selection, limit: int
    ) -> list[tuple[Entry, float]]:
        """Return the selected entries most like a unit vector, best first, with cosines."""
        admitted = selection.condition()
        found = [
            pair
            for scope in scopes
            for arrays in [self._store.arrays_for(scope, vector, limit, self._clock(), selection)]
            for pair in arrays.nearest(vector, admitted, limit)
        ]
        return sorted(found, key=lambda pair: -pair[1])[:limit]

    def _arrays(self, scope: Scope, asked: Asked) -> HotScope:
        vector = asked.question.vector
        return self._store.arrays_for(scope, vector, asked.limit, self._clock(), asked.selection)

    def _entries(self, records: Sequence[Record]) -> Iterator[Entry]:
        for start in range(0, len(records), _ENTRIES_PER_READ):
            part: Iterable[Record] = records[start : start + _ENTRIES_PER_READ]
            yield from self._store.stored(part).values()
