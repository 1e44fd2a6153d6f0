"""Support: what a record's neighbours in its session, and its session as a whole, say for it.

A turn of a conversation is seldom complete: "Yes, last Friday!" answers the turn before. So a
query word that the record lacks counts, discounted, when a neighbour holds it: BM25 with fields
(Robertson, Zaragoza and Taylor 2004), where the neighbourhood is a field, and a word is counted
once, where it is strongest. Long records speak for themselves and take little from neighbours.

"Flat" means under a point of recall at 5 over a range: docs/decisions/0006-recall.md.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from commonplace.recall.growing import Doubles, Floats, Growing, Mask, Rows
from commonplace.recall.products import weighted
from commonplace.recall.words import Hits, information

SHARES = (0.9, 0.65)
"""What a word counts one and two turns away. Flat from 0.7 to 1.0 and for one to three turns."""

SELF_SUFFICIENT = 100.0
"""A record of this many terms takes half a share from its neighbours.

Flat from 75 to 125; without it, long assistant answers lose 10 points of recall at 5.
"""

ANSWERED = 0.7
"""A question lends this much more to the turn after it: that turn is the answer."""

MEANING_SHARE = 0.4
"""Similarity is less local than words: a neighbour's counts by this much less.

Flat from 0.3 to 0.6.
"""

SESSION_SATURATION = 1.2
SESSION_LENGTH_SHARE = 0.75
"""BM25's customary k1 and b, for a session taken as one document."""

_BELOW_ALL = -2.0
"""Less than any cosine less the mean of any."""


class Sessions:
    """Which record comes before and after which in its session, and which session it is of."""

    def __init__(self) -> None:
        self._before: Growing[np.int64] = Growing(np.int64)
        self._after: Growing[np.int64] = Growing(np.int64)
        self._codes: Growing[np.int64] = Growing(np.int64)
        self._known: dict[Hashable, int] = {}
        self._last: dict[int, int] = {}
        self._count = 0
        self._emptied = 0

    @property
    def before(self) -> Rows:
        """The row before each record in its session; -1 for none."""
        return self._before.view

    @property
    def after(self) -> Rows:
        """The row after each record in its session; -1 for none."""
        return self._after.view

    @property
    def codes(self) -> Rows:
        """The number of each record's session; a record without one is a session of its own."""
        return self._codes.view

    @property
    def living(self) -> int:
        """How many sessions have a record that is not removed."""
        return self._count - self._emptied

    @property
    def are_single(self) -> bool:
        """Whether no session ever had two records: then nobody has neighbours."""
        return self._count == len(self._codes)

    def __len__(self) -> int:
        return self._count

    def extend(self, sessions: Sequence[Hashable | None]) -> None:
        """Append records, each at the end of its session."""
        start, count = len(self._codes), len(sessions)
        self._after.extend(np.full(count, -1))
        if all(session is None for session in sessions):  # facts are: a load of them is quick
            self._codes.extend(np.arange(self._count, self._count + count))
            self._before.extend(np.full(count, -1))
            self._count += count
            return
        placed = [self._next(session, row) for row, session in enumerate(sessions, start)]
        self._codes.extend([code for code, _ in placed])
        self._before.extend([before for _, before in placed])
        follows = np.flatnonzero(self.before[start:] >= 0) + start
        self.after[self.before[follows]] = follows

    def insert(self, session: Hashable, before: int, after: int) -> None:
        """Append a record that comes between two rows of its session, of which one may be -1."""
        row, code = len(self._codes), self._known[session]
        self._codes.append(code)
        self._before.append(before)
        self._after.append(after)
        if before >= 0:
            self.after[before] = row
        if after >= 0:
            self.before[after] = row
        else:
            self._last[code] = row

    def last(self, session: Hashable) -> int:
        """Return the last row of a session; -1 if it has none."""
        return self._last.get(self._known.get(session, -1), -1)

    def rows(self, session: Hashable) -> Rows:
        """Return the rows of a session, removed ones too, in the order of adding."""
        return np.flatnonzero(self.codes == self._known[session])

    def remove(self, row: int) -> None:
        """Take a record out of its session: its neighbours become neighbours of one another."""
        before, after = int(self.before[row]), int(self.after[row])
        if before >= 0:
            self.after[before] = after
        if after >= 0:
            self.before[after] = before
        elif self._last.get(int(self.codes[row])) == row:
            self._last[int(self.codes[row])] = before
        self.before[row] = self.after[row] = -1
        self._emptied += before == after == -1

    def _next(self, session: Hashable | None, row: int) -> tuple[int, int]:
        """Make `row` the last of its session; return the session's number and the row that was."""
        code = self._count if session is None else self._known.setdefault(session, self._count)
        if code == self._count:
            self._count += 1
        elif self._last[code] < 0:
            self._emptied -= 1
        before = self._last.get(code, -1)
        if session is not None:
            self._last[code] = row
        return code, before


def openness(lengths: Floats) -> Floats:
    """Return how far a record depends on its neighbours: L / (L + length)."""
    return np.asarray(SELF_SUFFICIENT / (SELF_SUFFICIENT + lengths), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Flow:
    """From which record to which neighbour support flows, and how much: arrays by row, in 0..1."""

    takes: Floats
    """What each takes from its neighbours."""
    tells: Floats
    """Near 0 for an echo: it lends to the turn after it alone, which may be its answer."""
    ends_asking: Floats
    """What follows a question answers it."""
    replies: Floats
    """1 for what the agent said: it takes nothing from what puts the query again (`alike`)."""
    alike: Floats


def neighbourhood_words(hits: Hits, sessions: Sessions, flow: Flow) -> Floats:
    """Return the share of the query covered by each record with its neighbours, in 0..1.

    Per term the greatest of the record's own strength and share x takes x neighbour's strength. The
    agent answers from what is kept here already, or has nothing to answer: so its replies take
    nothing from a message that puts the query again.
    """
    records, terms = len(flow.takes), len(hits.weights)
    best = np.zeros(terms * records, np.float32)
    base = hits.which * records
    best[base + hits.rows] = hits.strength
    kept, alike = hits.strength * flow.tells[hits.rows], flow.alike[hits.rows]
    lent = 1 + ANSWERED * flow.ends_asking[hits.rows]
    ahead, behind = (hits.strength * lent, kept * lent), (kept, kept)
    for links, ways in ((sessions.after, ahead), (sessions.before, behind)):
        start, target, places = base, hits.rows, np.arange(len(base))
        for share, strengths in zip(SHARES, ways, strict=True):
            target = links[target]
            inside = target >= 0
            start, target, places = start[inside], target[inside], places[inside]
            takes = share * flow.takes[target] * (1 - flow.replies[target] * alike[places])
            taken = np.minimum(strengths[places] * takes, 1.0)
            best[start + target] = np.maximum(best[start + target], taken)
    covered: Floats = weighted(hits.weights, best.reshape(terms, records))
    return covered


def neighbourhood_meaning(meaning: Floats, sessions: Sessions, openness: Floats) -> Floats:
    """Return what the most similar neighbour lends each record, in 0..1.

    It takes the plain cosine: a short turn of a talk that is all on the topic gains, a long one
    does not need to. A record without neighbours lends to itself, so that it is at no disadvantage.
    """
    if sessions.are_single:
        return np.asarray(MEANING_SHARE * SHARES[0] * np.maximum(meaning, 0) * openness, np.float32)
    # The last element serves links of -1.
    positive = np.append(np.maximum(meaning, 0), np.float32(0))
    best = np.zeros(len(meaning), np.float32)
    for links in (sessions.before, sessions.after):
        padded = np.append(links, -1)
        target = links
        for share in SHARES:
            np.maximum(best, share * positive[target], out=best)
            target = padded[target]
    alone = (sessions.before < 0) & (sessions.after < 0)
    best[alone] = SHARES[0] * positive[:-1][alone]
    return np.asarray(MEANING_SHARE * best * openness, np.float32)


def session_norm(sessions: Sessions, lengths: Floats) -> Doubles:
    """Return, per session, how often a word has to occur in it to say half of what it can: BM25.

    `lengths` is by record. In a session longer than the average it has to occur more often.
    """
    sizes = np.bincount(sessions.codes, lengths, len(sessions))
    average = max(float(sizes.sum()) / max(int(np.count_nonzero(sizes)), 1), 1.0)
    norm = 1 - SESSION_LENGTH_SHARE + SESSION_LENGTH_SHARE / average * sizes
    return np.asarray(SESSION_SATURATION * norm)


def session_words(hits: Hits, sessions: Sessions, norm: Doubles, tells: Floats) -> Floats:
    """Return, per session, the share of the query it covers as one document, in 0..1: BM25.

    `norm` is the `session_norm`. Echoes (`tells` near 0) are no part of it.
    """
    terms, held, totals = _by_session(hits, sessions, tells)
    frequencies = np.bincount(terms, minlength=len(hits.weights)).astype(np.float32)
    weights = information(frequencies, sessions.living) * (hits.weights > 0)
    strength = totals / (totals + norm[held] + 1e-9)
    covered = np.bincount(held, weights[terms] * strength, len(sessions))
    return (covered / max(float(weights.sum()), 1e-9)).astype(np.float32)


def _by_session(hits: Hits, sessions: Sessions, tells: Floats) -> tuple[Rows, Rows, Doubles]:
    """Return which term occurs in which session, and how often, each pair once."""
    told, count = hits.occurrences * tells[hits.rows], len(sessions)
    if sessions.are_single:
        found = np.flatnonzero(told)
        return hits.which[found], sessions.codes[hits.rows[found]], told[found].astype(np.float64)
    cells = hits.which * count + sessions.codes[hits.rows]
    totals = np.bincount(cells, told, len(hits.weights) * count)
    found = np.flatnonzero(totals)
    return found // count, found % count, np.asarray(totals[found], np.float64)


def session_meaning(values: Floats, sessions: Sessions, alive: Mask) -> Floats:
    """Return, per session, the mean of the two greatest values of its living records.

    One turn may resemble a query by chance; two show what the session was about. A record that is
    a session of its own is at no disadvantage: it counts for both.
    """
    codes = sessions.codes
    rest = np.where(alive, values, _BELOW_ALL).astype(np.float32)
    if sessions.are_single:
        return rest
    best = _greatest(rest, codes, len(sessions))
    holds = np.flatnonzero(rest == best[codes])
    rows = np.zeros(len(sessions), np.int64)
    rows[codes[holds]] = holds
    rest[rows] = _BELOW_ALL
    second = _greatest(rest, codes, len(sessions))
    return np.asarray((best + np.where(second > _BELOW_ALL, second, best)) / 2, np.float32)


def _greatest(values: Floats, codes: Rows, count: int) -> Floats:
    best = np.full(count, _BELOW_ALL, np.float32)
    np.maximum.at(best, codes, values)
    return best
