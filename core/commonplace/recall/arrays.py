"""The records of one scope as arrays by row, and what each row has to say to a query."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TypeAlias

import numpy as np

from commonplace.ports import Vectors
from commonplace.recall import dates, echoes, fusion, statements, support, words
from commonplace.recall.columns import Columns
from commonplace.recall.growing import Doubles, Floats, Growing, Mask, Rows
from commonplace.recall.products import LastDots
from commonplace.recall.question import Question
from commonplace.recall.scales import MEASURED, UNMEASURED, Scale
from commonplace.recall.standing import frequency, recency, saturated, standing
from commonplace.recall.utterances import Utterances
from commonplace.values.records import Record
from commonplace.values.scope import Scope

_Age: TypeAlias = tuple[float, str]
"""When a record was created, in seconds since 1970, and its id."""

_NO_ROWS: Rows = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a query found: arrays by row. `relevance` is without `frequency`."""

    hits: words.Hits
    scale: Scale
    is_read: bool
    """Whether the embedder reads the language of the query."""

    relevance: Floats
    cosine: Floats
    arms: fusion.Arms
    kind: Floats
    """The factor for the kind of statement each record is."""
    tells: Floats
    """0 for an echo of the query, else 1."""
    recency: Floats
    standing: Floats
    frequency: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Unasked:
    """What is the same whatever is asked: arrays by row.

    `asks` is how far a record only asks and depends on what others say; `session_norm` is by
    session, not by row.
    """

    recency: Floats
    standing: Floats
    openness: Floats
    asks: Floats
    session_norm: Doubles


class Arrays:
    """Rows are given in order of adding and never reused."""

    def __init__(self, dimension: int) -> None:
        """Hold nothing, for vectors of this length."""
        self.words = words.WordIndex()
        self.sessions = support.Sessions()
        self.utterances = Utterances()
        self._vectors: Growing[np.float32] = Growing(np.float32, dimension)
        self._dots = LastDots()
        self._starts: Growing[np.int64] = Growing(np.int64)
        self._times: Growing[np.float64] = Growing(np.float64)
        self._expiries: Growing[np.float64] = Growing(np.float64)
        self._importance: Growing[np.float32] = Growing(np.float32)
        self._used: Growing[np.float32] = Growing(np.float32)
        self._used_at: Growing[np.float64] = Growing(np.float64)
        self._said: Growing[np.float32] = Growing(np.float32)
        self._next_end = np.inf
        self._alive: Growing[np.bool_] = Growing(np.bool_)
        self._ids: list[str] = []
        self._again: dict[int, Doubles] = {}
        self._unasked: Unasked | None = None
        self._scale = 0, Scale()

    def __len__(self) -> int:
        return len(self._times)

    @property
    def alive(self) -> Mask:
        """Which rows are not removed."""
        return self._alive.view

    @property
    def times(self) -> Doubles:
        """When each record was created, in seconds since 1970."""
        return self._times.view

    def expired(self, at: float) -> Rows:
        """Return the rows that are not removed yet and whose time was over at this moment."""
        if at < self._next_end:
            return _NO_ROWS
        over = np.flatnonzero(self.alive & (self._expiries.view <= at))
        if not len(over):
            self._next_end = float(self._expiries.view[self.alive].min(initial=np.inf))
        return over

    def vectors(self, row: int) -> Vectors:
        """Return a record's vectors, one for each of its windows."""
        return self._vectors.view[self._windows(row)].copy()

    def first_vectors(self, rows: Rows) -> Vectors:
        """Return the vector of the first window of each of some records."""
        return self._vectors.view[self._starts.view[rows]]

    def extend(self, added: Columns) -> None:
        """Append entries, oldest of a session first."""
        self.sessions.extend(_sessions_of(added))
        self._append(added)

    def add(self, added: Columns) -> None:
        """Append entries, oldest first; in its session each takes the place of its time."""
        if self._continue_sessions(added):
            self.extend(added)
            return
        for row in range(len(added)):
            self._insert(added.taken([row]))

    def _continue_sessions(self, added: Columns) -> bool:
        """Tell whether all are younger than what their sessions have."""
        firsts: dict[tuple[Scope, str], int] = {}
        for row, session in enumerate(_sessions_of(added)):
            if session:
                firsts.setdefault(session, row)
        return not any(self._precedes(session, added, row) for session, row in firsts.items())

    def _precedes(self, session: tuple[Scope, str], added: Columns, row: int) -> bool:
        last = self.sessions.last(session)
        return last >= 0 and self._age(last) > _age_of(added, row)

    def _insert(self, added: Columns) -> None:
        """Append one entry."""
        (session,) = _sessions_of(added)
        if session and self._precedes(session, added, 0):
            around = self._around(_age_of(added, 0), self.sessions.rows(session))
            self.sessions.insert(session, *around)
        else:
            self.sessions.extend([session])
        self._append(added)

    def _age(self, row: int) -> _Age:
        return float(self.times[row]), self._ids[row]

    def _around(self, age: _Age, rows: Rows) -> tuple[int, int]:
        """Return those of the rows of a session between which a record comes; -1 for none."""
        living = rows[self.alive[rows]].tolist()
        older = [row for row in living if self._age(row) < age]
        younger = [row for row in living if self._age(row) > age]
        return max(older, key=self._age, default=-1), min(younger, key=self._age, default=-1)

    def _append(self, added: Columns) -> None:
        self._unasked = None
        numbers, start = added.numbers, len(self)
        self._again.update({start + row: times for row, times in added.again.items()})
        before = self.sessions.before[len(self) :].tolist()
        tells = self.utterances.extend(added, before)
        self.words.extend(added.told, tells)
        starts = added.windows.cumsum() - added.windows
        self._starts.extend(len(self._vectors) + starts)
        self._vectors.extend(added.vectors)
        self._times.extend(numbers["created"])
        self._expiries.extend(numbers["expires"])
        self._next_end = min(self._next_end, float(numbers["expires"].min(initial=np.inf)))
        self._importance.extend(numbers["importance"])
        self._used.extend(saturated(numbers["uses"]))
        self._used_at.extend(numbers["used_at"])
        self._said.extend(saturated(numbers["mentions"] - 1))
        self._alive.extend(np.ones(len(added), np.bool_))
        self._ids += [record.id for record in added.records]

    def recount(self, row: int, record: Record) -> None:
        """Take over how often a record was used, and when it ends."""
        self._used.view[row] = saturated(record.uses)
        self._used_at.view[row] = _last_use(record)
        self._expiries.view[row] = _expiry(record)
        self._next_end = min(self._next_end, _expiry(record))

    def remove(self, row: int) -> None:
        """Take a record out of all scores."""
        self._unasked = None
        self.utterances.remove(row)
        self.words.remove(row)
        self.sessions.remove(row)
        self._alive.view[row] = False
        self._again.pop(row, None)
        self._vectors.view[self._windows(row)] = 0.0
        self._dots.clear(self._windows(row))

    def _windows(self, row: int) -> slice:
        starts = self._starts.view
        end = starts[row + 1] if row + 1 < len(self) else len(self._vectors)
        return slice(int(starts[row]), int(end))

    def cosines(self, vector: Vectors) -> Floats:
        """Return each row's cosine with a unit vector: the best over its windows."""
        has_windows = len(self._vectors) > len(self)
        starts: Rows | None = self._starts.view if has_windows else None
        return fusion.best_window(self._dots.of(self._vectors.view, vector), starts)

    def scores(self, question: Question) -> Scores:
        """Score every row for a question."""
        unasked, said = self._same_for_all(), self.utterances
        hits = self.words.hits(question.text, question.focus)
        scale, own = self._scale_of(question.embedder), words.coverage(hits, len(self))
        cosine = scale.of_query(self.cosines(question.vector))
        alike = cache(partial(echoes.likeness, own, cosine))
        tells = said.telling(question, alike, lambda: words.repeated(hits, self.words.lengths))
        arms = self._arms(question, hits, own, cosine, tells, alike)
        is_read = scale.reads(question.words, self.words.language)
        relevance = fusion.fuse(arms, scale.meaning, scale.agreement, is_read=is_read)
        kind = fusion.expectation(
            unasked.asks,
            said.tells_time,
            said.from_agent,
            asks_when=statements.asks_when(question.focus.text),
            addresses_agent=question.addresses_agent,
        )
        relevance += (unasked.standing * kind - 1) * np.maximum(relevance, 0)
        often = frequency(self._used.view, self._used_at.view, self._said.view, question.at)
        told = echoes.demoted(relevance, tells)
        found = hits, scale, is_read, told, cosine * tells
        return Scores(*found, arms, kind, tells, unasked.recency, unasked.standing, often)

    def _scale_of(self, embedder: str) -> Scale:
        """Return the scale of an embedder, as far as the vectors held tell it."""
        for_embedder = MEASURED.get(embedder, UNMEASURED)
        if not self._scale[0] <= len(self) < 2 * self._scale[0]:
            # What is asked again and again is not what texts of this scope usually look like.
            telling = self.alive & (self.utterances.says > 0) & (self.utterances.asks < 0.5)
            rows = np.flatnonzero(telling)
            rows = rows[np.unique(self.utterances.wordings[rows], return_index=True)[1]]
            self._scale = len(self), for_embedder.adapted(self.first_vectors(rows))
        return self._scale[1]

    def _same_for_all(self) -> Unasked:
        if self._unasked is None:
            recent = recency(self.times, self.alive)
            openness = support.openness(self.words.lengths)
            self._unasked = Unasked(
                recent,
                standing(recent, self._importance.view, self.alive),
                openness,
                self.utterances.asks * openness,
                support.session_norm(self.sessions, self.words.lengths),
            )
        return self._unasked

    def _arms(  # noqa: PLR0917  # what was found so far
        self,
        question: Question,
        hits: words.Hits,
        own: Floats,
        cosine: Floats,
        tells: Floats,
        alike: Callable[[], Floats],
    ) -> fusion.Arms:
        sessions, said, unasked = self.sessions, self.utterances, self._same_for_all()
        takes, telling = unasked.openness * said.says, self.alive & (tells > 0.5)
        meaning = fusion.contrast(cosine, telling)
        near_words = own
        if not sessions.are_single:
            replies = said.from_agent * (not question.addresses_agent)
            flow = support.Flow(takes, tells, said.ends_asking, replies, alike())
            near_words = support.neighbourhood_words(hits, sessions, flow)
        in_session = support.session_words(hits, sessions, unasked.session_norm, tells)
        return fusion.Arms(
            own_words=own,
            near_words=near_words,
            meaning=meaning,
            near_meaning=support.neighbourhood_meaning(cosine * tells, sessions, takes),
            session_words=in_session[sessions.codes],
            session_meaning=support.session_meaning(meaning, sessions, telling)[sessions.codes],
            date=self._closeness(question.periods),
        )

    def _closeness(self, periods: list[dates.Period]) -> Floats:
        """Return how close each record was said, for the first time or again, to a period."""
        near = dates.closeness(self.times, periods)
        for row, times in self._again.items() if periods else ():
            near[row] = max(near[row], dates.closeness(times, periods).max())
        return near


def _sessions_of(added: Columns) -> list[tuple[Scope, str] | None]:
    """Return what tells each record's session from all others; None for one without."""
    each = zip(added.records, added.sessions, strict=True)
    return [(record.scope, session) if session else None for record, session in each]


def _age_of(added: Columns, row: int) -> _Age:
    return float(added.numbers["created"][row]), added.records[row].id


def _last_use(record: Record) -> float:
    return 0.0 if record.used_at is None else record.used_at.timestamp()


def _expiry(record: Record) -> float:
    return np.inf if record.expires_at is None else record.expires_at.timestamp()
