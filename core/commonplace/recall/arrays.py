"""The records of one scope as arrays by row, and what each row has to say to a query."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonplace.ports import Vectors
from commonplace.recall import dates, fusion, statements, support, words
from commonplace.recall.growing import Doubles, Floats, Growing, Mask, Rows
from commonplace.recall.standing import recency, standing
from commonplace.records import Record


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A query, its unit vector, and the periods of time that it names."""

    text: str
    vector: Vectors
    periods: list[dates.Period]


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """What a query found: arrays by row. `known` is the share of the query's words in the scope."""

    relevance: Floats
    cosine: Floats
    arms: fusion.Arms
    recency: Floats
    known: float


class Arrays:
    """Rows are given in order of adding, oldest of a session first, and never reused."""

    def __init__(self, dimension: int) -> None:
        """Hold nothing, for vectors of this length."""
        self.words = words.WordIndex()
        self.sessions = support.Sessions()
        self._vectors: Growing[np.float32] = Growing(np.float32, dimension)
        self._starts: Growing[np.int64] = Growing(np.int64)
        self._times: Growing[np.float64] = Growing(np.float64)
        self._expiries: Growing[np.float64] = Growing(np.float64)
        self._importance: Growing[np.float32] = Growing(np.float32)
        self._alive: Growing[np.bool_] = Growing(np.bool_)
        self._asks: Growing[np.float32] = Growing(np.float32)
        self._ends_asking: Growing[np.float32] = Growing(np.float32)
        self._tells_time: Growing[np.float32] = Growing(np.float32)
        self._from_agent: Growing[np.float32] = Growing(np.float32)

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
        return np.flatnonzero(self.alive & (self._expiries.view <= at))

    def add(self, record: Record, vectors: Vectors) -> int:
        """Append a record with one vector for each of its windows; return its row."""
        source = record.source
        row = self.words.add(record.text, record.speaker)
        self.sessions.add((record.scope, source.session) if source.session else None)
        self._starts.append(len(self._vectors))
        for vector in vectors:
            self._vectors.append(vector)
        self._times.append(record.created_at.timestamp())
        expires = record.expires_at
        self._expiries.append(np.inf if expires is None else expires.timestamp())
        self._importance.append(record.importance)
        self._alive.append(True)
        self._asks.append(statements.asking_share(record.text))
        self._ends_asking.append(statements.ends_asking(record.text))
        self._tells_time.append(statements.tells_time(record.text))
        self._from_agent.append(source.origin == "agent")
        return row

    def remove(self, row: int) -> None:
        """Take a record out of all scores."""
        self.words.remove(row)
        self.sessions.remove(row)
        self._alive.view[row] = False
        end = self._starts.view[row + 1] if row + 1 < len(self) else len(self._vectors)
        self._vectors.view[self._starts.view[row] : end] = 0.0

    def cosines(self, vector: Vectors) -> Floats:
        """Return each row's cosine with a unit vector: the best over its windows."""
        has_windows = len(self._vectors) > len(self)
        starts: Rows | None = self._starts.view if has_windows else None
        return fusion.best_window(self._vectors.view @ vector, starts)

    def scores(self, question: Question) -> Scores:
        """Score every row for a question."""
        query = question.text
        hits = self.words.hits(query)
        cosine = self.cosines(question.vector)
        openness = support.openness(self.words.lengths)
        arms = self._arms(hits, cosine, openness, question.periods)
        relevance = fusion.fuse(arms)
        recent = recency(self.times, self.alive)
        factor = standing(recent, self._importance.view, self.alive) * fusion.expectation(
            self._asks.view * openness,
            self._tells_time.view,
            self._from_agent.view,
            asks_when=statements.asks_when(query),
            addresses_agent=statements.addresses_agent(query),
        )
        relevance += (factor - 1) * np.maximum(relevance, 0)
        return Scores(relevance, cosine, arms, recent, hits.known)

    def _arms(
        self, hits: words.Hits, cosine: Floats, openness: Floats, periods: list[dates.Period]
    ) -> fusion.Arms:
        sessions, codes = self.sessions, self.sessions.codes
        meaning = fusion.contrast(cosine, self.alive)
        in_session = support.session_words(hits, sessions, self.words.lengths)
        return fusion.Arms(
            own_words=words.coverage(hits, len(self)),
            near_words=support.neighbourhood_words(
                hits, sessions, openness, self._ends_asking.view
            ),
            meaning=meaning,
            near_meaning=support.neighbourhood_meaning(cosine, sessions, openness),
            session_words=in_session[codes],
            session_meaning=support.session_best(meaning, sessions)[codes],
            date=dates.closeness(self.times, periods),
        )
