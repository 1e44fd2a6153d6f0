"""Why each record is where it is in a ranking, and why others are in none. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from heapq import nlargest

import numpy as np

from commonplace.ports import Entry, Vectors
from commonplace.recall import fusion
from commonplace.recall.dates import Period
from commonplace.recall.echoes import BELOW_ALL
from commonplace.recall.explanation import Candidate, Explanation, Reason
from commonplace.recall.filters import Selection
from commonplace.recall.growing import Floats
from commonplace.recall.products import dots
from commonplace.recall.question import Question
from commonplace.recall.ranking import Ranking
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.writing.versions import held_at

MOST_COMPARED = 1_000
"""Of the records that were left out for one reason, the newest that are compared with the query."""

_IS_ECHO = 0.5


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what was to be ranked for it: `limit` records, as of the moment `at`."""

    question: Question
    selection: Selection
    scopes: Sequence[Scope]
    limit: int
    at: datetime


def explained(
    asked: Asked,
    rankings: Sequence[Ranking],
    records: Iterable[Record],
    entries: Callable[[Sequence[Record]], Iterable[Entry]],
) -> Explanation:
    """Tell what was found in these rankings, and why the rest of `records` was not.

    `records` are all of the scopes, in whatever state; `entries` returns some of them with their
    vectors.
    """
    ranked = [one for ranking in rankings for one in _ranked(ranking, asked.limit)]
    first = [one for one in ranked if one.reason is None]
    first.sort(key=lambda one: -(one.confidence or 0.0))
    beyond = [replace(one, reason="limit") for one in first[asked.limit :]]
    behind = [*beyond, *(one for one in ranked if one.reason)]
    among = {(one.record.scope, one.record.id) for one in ranked}
    others = _unranked(asked, (one for one in records if (one.scope, one.id) not in among))
    counts = Counter(str(one.reason) for one in behind)
    counts.update({reason: len(held) for reason, held in others.items()})
    left_out = [*_best(behind, asked.limit), *_nearest(asked, others, entries)]
    return Explanation(
        query=asked.question.text,
        asked=asked.question.focus.text,
        at=asked.at,
        scopes=tuple(asked.scopes),
        periods=tuple(map(_span, asked.question.periods)),
        found=tuple(first[: asked.limit]),
        left_out=tuple(left_out),
        counts=dict(counts),
    )


def _ranked(ranking: Ranking, limit: int) -> Iterator[Candidate]:
    """Yield the ranked records, best first; those beyond the limit with a reason."""
    relevance, parts = ranking.relevance, _parts(ranking)
    names = list(parts)
    shares = np.array([*parts.values()]).T
    for place, (at, match) in enumerate(
        zip(ranking.order.tolist(), ranking.matches(ranking.order), strict=True)
    ):
        reason, note = _standing(ranking, at)
        yield Candidate(
            match.record,
            None if place < limit else reason or "limit",
            note,
            match.signals,
            match.confidence,
            float(relevance[at]),
            dict(zip(names, shares[at].tolist(), strict=True)),
        )


def _standing(ranking: Ranking, place: int) -> tuple[Reason | None, str]:
    """Return why a ranked record comes late, if it does, and what changed its place."""

    def named(other: int) -> str:
        return f"the record {ranking.hot.record(int(ranking.rows[other])).id}"

    row = int(ranking.rows[place])
    if place in ranking.repeats:
        return "repeated", f"It says in the same words what {named(ranking.repeats[place])} says."
    if not ranking.hot.arrays.utterances.says[row]:
        return "echo", "It is a reply that says nothing."
    if ranking.scores.tells[row] < _IS_ECHO:
        return "echo", "It asks what the query asks, and answers nothing."
    if place in ranking.overtaken:
        return None, f"It stands behind {named(ranking.overtaken[place])}, which took its place."
    if place in ranking.beside:
        return None, f"It tells of a change, and stands beside {named(ranking.beside[place])}."
    return None, ""


def _parts(ranking: Ranking) -> dict[str, Floats]:
    """Return what each arm adds to the relevance of each ranked record, by place."""
    scores, rows, arms = ranking.scores, ranking.rows, ranking.scores.arms
    meaning = fusion.MEANING * scores.scale.meaning
    parts = {
        "words": (1 - fusion.NEIGHBOURHOOD) * arms.own_words[rows],
        "words_nearby": fusion.NEIGHBOURHOOD * arms.near_words[rows],
        "meaning": meaning * arms.meaning[rows],
        "meaning_nearby": meaning * arms.near_meaning[rows],
        "session_words": fusion.SESSION_WORDS * arms.session_words[rows],
        "session_meaning": fusion.SESSION_MEANING * arms.session_meaning[rows],
        "date": fusion.DATE * arms.date[rows],
    }
    fused = sum(parts.values(), np.zeros(len(rows), np.float32))
    held, kind = scores.standing[rows], scores.kind[rows]
    parts["recency_and_importance"] = (held - 1) * np.maximum(fused, 0)
    parts["kind_of_statement"] = held * (kind - 1) * np.maximum(fused, 0)
    told = fused + parts["recency_and_importance"] + parts["kind_of_statement"]
    tells = scores.tells[rows]
    parts["echo"] = (tells - 1) * (told + BELOW_ALL)
    parts["use"] = ranking.plain - told - parts["echo"]
    parts["order"] = ranking.relevance - ranking.plain
    return {name: np.asarray(part, np.float32) for name, part in parts.items()}


def _unranked(asked: Asked, records: Iterable[Record]) -> dict[Reason, list[Record]]:
    """Return by their reason the records that were not ranked."""
    tests = _tests(asked.selection)
    others: dict[Reason, list[Record]] = {}
    for record in records:
        others.setdefault(_reason(record, asked, tests), []).append(record)
    return others


_Tests = list[tuple[Reason, Callable[[Record], bool]]]


def _tests(selection: Selection) -> _Tests:
    """Return the conditions of a selection, one by one."""
    one: list[tuple[Reason, Selection]] = []
    if selection.kinds is not None:
        one.append(("kind", Selection(selection.kinds)))
    if selection.where is not None:
        one.append(("where", Selection(where=selection.where)))
    if selection.since is not None or selection.until is not None:
        one.append(("time", Selection(since=selection.since, until=selection.until)))
    if selection.conversation is not None:
        one.append(("conversation", Selection(conversation=selection.conversation)))
    return [(reason, part.condition()) for reason, part in one]


def _reason(record: Record, asked: Asked, tests: _Tests) -> Reason:
    if record.is_expired(asked.at):
        return "expired"
    if record.quarantine is not None:
        return "held back"
    if asked.selection.as_of is not None and not held_at(record, asked.selection.as_of):
        return "as_of"
    if asked.selection.as_of is None and record.version_of is not None:
        return "replaced"
    return next((reason for reason, passes in tests if not passes(record)), "index")


def _best(candidates: list[Candidate], most: int) -> Iterator[Candidate]:
    """Yield the best of each reason."""
    seen: Counter[str] = Counter()
    for one in sorted(candidates, key=lambda one: -(one.relevance or 0.0)):
        seen[str(one.reason)] += 1
        if seen[str(one.reason)] <= most:
            yield one


def _nearest(
    asked: Asked,
    others: dict[Reason, list[Record]],
    entries: Callable[[Sequence[Record]], Iterable[Entry]],
) -> Iterator[Candidate]:
    """Yield of each reason, but for what is expired, the records most like the query."""
    vector = asked.question.vector
    for reason, records in others.items():
        if reason != "expired":
            newest = nlargest(MOST_COMPARED, records, key=lambda one: (one.created_at, one.id))
            near = [(_cosine(entry.vectors, vector), entry.record) for entry in entries(newest)]
            for cosine, record in nlargest(asked.limit, near, key=lambda pair: pair[0]):
                note = _NOTES[reason].format(record=record)
                yield Candidate(record, reason, note, {"semantic": cosine})


_NOTES: dict[Reason, str] = {
    "kind": "It is of the kind {record.kind}.",
    "where": "Its metadata do not meet the condition.",
    "time": "It was said before or after the time asked for.",
    "conversation": "It is of another conversation.",
    "as_of": "It did not hold at the moment asked for.",
    "held back": "{record.quarantine}",
    "replaced": "It is a past version of the record {record.version_of}.",
    "index": "The scope is too large to hold, and the store's index did not find it.",
}


def _cosine(vectors: Vectors, vector: Vectors) -> float:
    return float(np.clip(dots(vectors, vector).max(), 0.0, 1.0))


def _span(period: Period) -> tuple[datetime, datetime]:
    start, end = (datetime.fromtimestamp(one, timezone.utc) for one in (period.start, period.end))
    return start, end
