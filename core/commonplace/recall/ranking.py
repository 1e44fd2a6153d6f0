"""Which records answer a query, best first. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from commonplace.recall.arrays import Scores
from commonplace.recall.filters import Condition
from commonplace.recall.growing import Floats, Rows
from commonplace.recall.hot import HotScope
from commonplace.recall.likely import Likely
from commonplace.recall.question import Question
from commonplace.recall.standing import raised
from commonplace.recall.succession import MOST_BESIDE, Held
from commonplace.recall.tokens import signs
from commonplace.values.records import Match, Record
from commonplace.values.scope import Scope
from commonplace.writing.wording import wording

REPEATED = 1.0
"""What was said in the same words before falls this far below all the rest."""

_TIMES_WANTED = 4
"""So many times as many as are wanted are put in order: some of them say the same."""

_EQUAL = 1e-5
"""What sums of single precision differ by."""


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """The admitted records of one scope in the order in which they answer a question.

    `rows` are theirs and `order` has places in `rows`, the wanted ones first, best first; what is
    said of each stands at its place. `plain` is the relevance of each before what was said twice,
    and what is newer, changed it. `repeats` has, for the place of what was said in the same words,
    the place of what stands for both; `overtaken` the places of two that changed theirs, by the one
    put behind; `beside` the places of what was put beside another, and of that.
    """

    hot: HotScope
    scores: Scores
    rows: Rows
    order: Rows
    plain: Floats
    relevance: Floats
    likely: Floats
    repeats: Mapping[int, int]
    overtaken: Mapping[int, int]
    beside: Mapping[int, int]

    def matches(self, places: Rows) -> list[Match]:
        """Return the records at some places as matches."""
        records = [self.hot.record(row) for row in self.rows[places].tolist()]
        signals = _signals(self.scores, self.rows[places])
        told = zip(records, self.likely[places].tolist(), signals, strict=True)
        return [
            Match(record, sure, {**shares, "importance": record.importance})
            for record, sure, shares in told
        ]


def ranking(hot: HotScope, question: Question, condition: Condition, limit: int) -> Ranking | None:
    """Rank the admitted records, of which the first `limit` are wanted; None if there are none."""
    rows = hot.admitted(condition)
    if not len(rows):
        return None
    scores = hot.arrays.scores(question)
    relevance = raised(scores.relevance[rows], scores.frequency[rows])
    used = relevance.copy()
    best = _best_first(hot, rows, relevance, limit)
    likely = Likely(hot, question, scores, rows)
    aside = likely.repeating(int(best[0]))
    moves = aside is not None and likely.names_again(int(best[0]))
    if aside is None:
        aside = likely.of_others(best)
        moves = aside is not None
    if aside is not None and moves:
        relevance = likely.behind(relevance, aside)
        best = _best_first(hot, rows, relevance, limit)
    best, repeats = _once(hot, rows, best, relevance, limit)
    beside: dict[int, int] = {}
    overtaken: dict[int, int] = {}
    if not hot.arrays.utterances.quotes(int(rows[best[0]]), question):
        held = Held(hot, rows, scores, question)
        best, beside = held.beside(best, relevance)
        best, overtaken = held.newer_first(best, relevance)
    sure = likely.confidences(relevance, int(best[0]), aside)
    return Ranking(hot, scores, rows, best, used, relevance, sure, repeats, overtaken, beside)


def ranked(hot: HotScope, question: Question, condition: Condition, limit: int) -> list[Match]:
    """Return the `limit` admitted records that answer the question best, best first."""
    found = ranking(hot, question, condition, limit)
    return [] if found is None else found.matches(found.order[:limit])


def _best_first(hot: HotScope, rows: Rows, relevance: Floats, limit: int) -> Rows:
    """Return all places, the most relevant first, and of equals the newest.

    Of many, only the first are ordered, so that among them are `limit` in different words: to sort
    all of a large scope takes longer than to score it.
    """
    most = max(_TIMES_WANTED * limit, MOST_BESIDE)
    first, rest = _parted(relevance, most)
    # Not by np.unique, which imports all of numpy.ma: a first recall would wait for it.
    if len(rest) and len(set(hot.arrays.utterances.wordings[rows[first]].tolist())) < limit:
        first, rest = _parted(relevance, len(relevance))
    order = np.lexsort((-hot.arrays.times[rows[first]], -relevance[first]))
    return np.concatenate([first[order], rest])


def _parted(relevance: Floats, most: int) -> tuple[Rows, Rows]:
    """Return the places of the `most` relevant and of those as relevant, and of all others."""
    if most >= len(relevance):
        return np.arange(len(relevance)), np.array([], np.int64)
    least = np.partition(relevance, -most)[-most]
    return np.flatnonzero(relevance >= least), np.flatnonzero(relevance < least)


def _once(
    hot: HotScope, rows: Rows, best: Rows, relevance: Floats, limit: int
) -> tuple[Rows, dict[int, int]]:
    """Return the order in which the same words in a scope count once, and then come last.

    Two keys are two values, whatever their words.
    The newest of equals has the place of the best, and `relevance` with it. Nothing is looked at
    beyond the first `limit` different ones. Also returns what stands for each that comes last.
    """
    wordings = hot.arrays.utterances.wordings[rows[best[:limit]]]
    if len(set(wordings.tolist())) == len(wordings):
        return best, {}
    order, held = best.tolist(), relevance[best]
    said: dict[tuple[Scope, str | None, int, str], int] = {}
    again: dict[int, int] = {}
    for place, at in enumerate(order):
        row = int(rows[at])
        record, words = hot.record(row), int(hot.arrays.utterances.wordings[row])
        first = said.setdefault((record.scope, record.key, words, _told(record)), place)
        if first != place:
            again[place] = first
            kept = hot.record(int(rows[order[first]]))
            alike = held[first] - held[place] < _EQUAL
            if alike and (record.created_at, record.id) > (kept.created_at, kept.id):
                order[first], order[place] = at, order[first]
        if len(said) == limit:
            break
    last = list(again)
    held[last] -= REPEATED
    relevance[order] = held
    ordered = np.array(order, np.int64)
    repeats = {order[place]: order[first] for place, first in again.items()}
    return np.concatenate([np.delete(ordered, last), ordered[last]]), repeats


def _told(record: Record) -> str:
    """Return what tells two records of the same words apart: "$5" and "€5", "Go" and "go".

    People type what they say in a conversation with and without capitals.
    """
    return signs(record.text) if record.kind == "message" else wording(record.text)


def _signals(scores: Scores, rows: Rows) -> Iterator[dict[str, float]]:
    """Yield what speaks for each of these rows, as shares in 0..1."""
    arms = scores.arms
    columns = {
        "semantic": scores.cosine[rows],
        "lexical": arms.own_words[rows],
        "support": np.maximum(arms.near_words[rows], arms.session_words[rows]),
        "date": arms.date[rows],
        "recency": scores.recency[rows],
        "frequency": scores.frequency[rows],
    }
    for shares in np.array([*columns.values()]).clip(0.0, 1.0).T.tolist():
        yield dict(zip(columns, shares, strict=True))
