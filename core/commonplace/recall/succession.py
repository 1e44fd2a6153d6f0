"""What holds now: a later statement comes before the earlier one that it replaces, or beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import chain

import numpy as np

from commonplace.recall.arrays import Scores
from commonplace.recall.asking import size
from commonplace.recall.competing import (
    ALIKE,
    BESIDE,
    CHANGED_ALIKE,
    CHANGED_NEARLY,
    NEARLY,
    Statement,
    overtakes,
)
from commonplace.recall.growing import Doubles, Floats, Rows
from commonplace.recall.hot import HotScope
from commonplace.recall.products import between, dots
from commonplace.recall.question import Question
from commonplace.recall.statements import SHORT

MOST_COMPETING = 8
"""Among so many of the first, the newer of two statements about the same comes first."""

MOST_BESIDE = 24
"""Among so many of the first, a later statement of change is put beside the best."""


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """The admitted records of a scope, by their `rows`, as what held at some time.

    `best` below are places in `rows`, best first; `relevance` is by place, and is changed.
    """

    hot: HotScope
    rows: Rows
    scores: Scores
    question: Question

    def beside(self, best: Rows, relevance: Floats) -> tuple[Rows, dict[int, int]]:
        """Return the order in which later statements of change stand right behind the best.

        Also returns by the place of each that of the best.
        """
        first, others = int(best[0]), best[1:MOST_BESIDE]
        if self.question.asks_for_past or relevance[first] <= 0 or not self._may_change(first):
            return best, {}
        moved = list(self._changing(first, others))
        if not moved:
            return best, {}
        relevance[moved] = np.maximum(relevance[moved], relevance[first] - BESIDE)
        rest = best[1:][~np.isin(best[1:], moved)]
        order = np.concatenate([best[:1], np.array(moved, np.int64), rest])
        return order, dict.fromkeys(moved, first)

    def newer_first(self, best: Rows, relevance: Floats) -> tuple[Rows, dict[int, int]]:
        """Return the order in which, of competing records, the wanted one of each pair comes first.

        They change places, and relevance with them. Also returns by the place of each that was put
        behind that of what took its place.
        """
        first = best[:MOST_COMPETING]
        pairs = self._competing(first, relevance[first])
        if not pairs:
            return best, {}
        order = first[_by_time(pairs, len(first))]
        relevance[order] = relevance[first]
        overtaken = {int(first[ahead]): int(first[behind]) for ahead, behind in sorted(pairs)}
        return np.concatenate([order, best[MOST_COMPETING:]]), overtaken

    def _may_change(self, place: int) -> bool:
        """Tell whether it is short and, where the query names a day, whether it is in question."""
        if size(self._text(place)) > SHORT:
            return False
        return not self.question.periods or self._said([place])[place].is_asked

    def _changing(self, first: int, others: Rows) -> Iterator[int]:
        """Yield which others are later statements of change about the same as the first.

        They are alike in meaning, or the later names what held: "I quit Acme and joined Initech".
        """
        arrays = self.hot.arrays
        later = others[arrays.times[self.rows[others]] > arrays.times[self.rows[first]]]
        changes = [place for place in later.tolist() if self._tells_of_change(place)]
        changes = [place for place in changes if not self._are_keyed(first, place)]
        if not changes:
            return
        vectors = arrays.first_vectors(self.rows[[first, *changes]])
        alike = self.scores.scale.of_records(dots(vectors[1:], vectors[0])) >= CHANGED_ALIKE
        said = {} if alike.all() else self._said([first, *changes])
        for place, near in zip(changes, alike.tolist(), strict=True):
            if near or said[place].names_value_of(said[first]):
                yield place

    def _are_keyed(self, *places: int) -> bool:
        """Tell whether each has a key. Two keys are two values, however alike what they hold."""
        return all(self.hot.record(int(self.rows[place])).key is not None for place in places)

    def _tells_of_change(self, place: int) -> bool:
        return self.hot.arrays.utterances.changes(int(self.rows[place]), self._text(place))

    def _states(self, place: int) -> bool:
        return self.hot.arrays.utterances.states(int(self.rows[place]))

    def _competing(self, first: Rows, relevance: Floats) -> AbstractSet[tuple[int, int]]:
        """Return which of the first compete: one ahead, and one to overtake it, by their ranks."""
        past = self.question.asks_for_past
        vectors = self.hot.arrays.first_vectors(self.rows[first])
        alike = self.scores.scale.of_records(between(vectors))
        times, texts = self.hot.arrays.times[self.rows[first]], map(self._text, first.tolist())
        near = _near_pairs(alike, relevance, times, texts, oldest_first=past)
        if not near:
            return frozenset()
        said = self._said([int(first[rank]) for rank in sorted({*chain.from_iterable(near)})])
        return {
            (ahead, behind)
            for ahead, behind in near
            if (not self.question.periods or said[first[ahead]].is_asked)
            and not self._are_keyed(int(first[ahead]), int(first[behind]))
            and overtakes(
                said[first[behind]],
                said[first[ahead]],
                newer=said[first[ahead if past else behind]],
                cosine=float(alike[ahead, behind]),
                lag=float(relevance[ahead] - relevance[behind]),
            )
        }

    def _said(self, places: Sequence[int]) -> dict[int, Statement]:
        """Return the records at some places as statements."""
        return dict(zip(places, self._statements(places), strict=True))

    def _statements(self, places: Sequence[int]) -> Iterator[Statement]:
        for place, named in zip(places, self.scores.hits.named(self.rows[places]), strict=True):
            record = self.hot.record(int(self.rows[place]))
            group = record.scope, record.source.session or record.id
            yield Statement(record.text, group, named, self._states(place))

    def _text(self, place: int) -> str:
        return self.hot.text(int(self.rows[place]))


def _near_pairs(
    cosine: Floats, relevance: Floats, times: Doubles, texts: Iterable[str], *, oldest_first: bool
) -> list[tuple[int, int]]:
    """Return which records may compete and stand in the wrong order: one ahead and one behind.

    The newer is wanted ahead, or the older. `cosine` is that of each with each. The pairs are few,
    so what takes long is looked at only for them.
    """
    ahead, behind = np.nonzero(cosine >= CHANGED_ALIKE)
    first, last = (behind, ahead) if oldest_first else (ahead, behind)
    wrong = (ahead < behind) & (times[first] < times[last]) & (relevance[ahead] > 0)
    ahead, behind = ahead[wrong], behind[wrong]
    if not len(ahead):
        return []
    short = np.array([size(text) <= SHORT for text in texts])
    lag = relevance[ahead] - relevance[behind]
    near = (cosine[ahead, behind] >= ALIKE) & (lag <= NEARLY)
    near |= (lag <= CHANGED_NEARLY) & short[ahead] & short[behind]
    return list(zip(ahead[near].tolist(), behind[near].tolist(), strict=True))


def _by_time(pairs: AbstractSet[tuple[int, int]], count: int) -> Rows:
    """Return the order of records in which of each pair, one ahead and one behind, both change.

    All others keep their places.
    """
    order: list[int] = []
    for place in range(count):
        overtaken = [at for at, one in enumerate(order) if (one, place) in pairs]
        order.insert(overtaken[0] if overtaken else len(order), place)
    return np.array(order, np.int64)
