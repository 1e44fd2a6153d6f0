"""Why a recall found what it found, and what it left out: plain values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, TypeAlias, get_args

from commonplace.values.presenting import Presented
from commonplace.values.record_json import from_json as record_from_json
from commonplace.values.record_json import to_json as record_to_json
from commonplace.values.records import Match, Record
from commonplace.values.scope import Scope
from commonplace.values.times import parsed_time

Reason: TypeAlias = Literal[
    "repeated", "echo", "confidence", "limit",
    "kind", "where", "time", "conversation", "as_of",
    "held back", "replaced", "expired", "index",
]  # fmt: skip
"""Why a record was left out: of a ranked one, then of one that was not ranked."""

REASONS: tuple[Reason, ...] = get_args(Reason)


@dataclass(frozen=True, slots=True, repr=False)
class Candidate(Presented):
    """A record that a recall looked at.

    Args:
        record: The record.
        reason: Why it was left out, in a word; None if it was found.
        note: The same in a sentence; "" if there is nothing to add.
        signals: Those of a `Match`.
        confidence: From 0 to 1; None if it was not ranked.
        relevance: The score that it was ranked by; None if it was not ranked.
        parts: What each signal adds to the relevance; they sum to it. None if it was not ranked.
    """

    record: Record
    reason: Reason | None
    note: str
    signals: Mapping[str, float]
    confidence: float | None = None
    relevance: float | None = None
    parts: Mapping[str, float] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        told = {name: getattr(self, name) for name in _TOLD}
        maps = {"signals": dict(self.signals), "parts": self.parts and dict(self.parts)}
        return {"record": record_to_json(self.record), **told, **maps}

    def __repr__(self) -> str:
        sure = "" if self.confidence is None else f"{self.confidence:.2f} "
        return f"<Candidate {sure}{self.reason or 'found'}: {self.record!r}>"


_TOLD = ("reason", "note", "confidence", "relevance")


@dataclass(frozen=True, slots=True, repr=False)
class Explanation(Presented):
    """What a recall found, what it left out, and why.

    Args:
        query: The query as it was given.
        asked: The part of it that asks.
        at: When it was asked.
        scopes: The scopes that were read.
        periods: The times that the query names, each from a moment until before another.
        found: What `recall` returns, in its order.
        left_out: For each reason, the records that would answer best.
        counts: For each reason, how many records there are. Expired ones are counted here and not
            shown in `left_out`.

    >>> alice = memory.scope("user", "alice")
    >>> _ = alice.remember_many(["Likes tea", "Lives in Oslo"])
    >>> told = alice.explain("what does she like?", limit=1)
    >>> [one.record.text for one in told.found], dict(told.counts)
    (['Likes tea'], {'limit': 1})
    """

    query: str
    asked: str
    at: datetime
    scopes: tuple[Scope, ...]
    periods: tuple[tuple[datetime, datetime], ...]
    found: tuple[Candidate, ...]
    left_out: tuple[Candidate, ...]
    counts: Mapping[str, int]

    @property
    def matches(self) -> list[Match]:
        """The matches that `recall` returns."""
        return [Match(one.record, one.confidence or 0.0, one.signals) for one in self.found]

    def within(self, limit: int, min_confidence: float) -> Explanation:
        """Return it for at most `limit` records of at least this confidence."""
        first, beyond = self.found[:limit], self.found[limit:]
        kept = tuple(one for one in first if (one.confidence or 0.0) >= min_confidence)
        cut = [replace(one, reason="confidence") for one in first[len(kept) :]]
        cut += [replace(one, reason="limit") for one in beyond]
        counts = Counter(self.counts)
        counts.update(str(one.reason) for one in cut)
        return replace(self, found=kept, left_out=(*cut, *self.left_out), counts=dict(counts))

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "query": self.query,
            "asked": self.asked,
            "at": self.at.isoformat(),
            "scopes": [str(scope) for scope in self.scopes],
            "periods": [[start.isoformat(), end.isoformat()] for start, end in self.periods],
            "found": [one.to_dict() for one in self.found],
            "left_out": [one.to_dict() for one in self.left_out],
            "counts": dict(self.counts),
        }

    def __repr__(self) -> str:
        left_out = ", ".join(f"{count} {reason}" for reason, count in self.counts.items())
        return f"<Explanation {self.query!r:.60}: {len(self.found)} found; left out: {left_out}>"


def from_json(written: Mapping[str, Any]) -> Explanation:
    """Return the explanation that `to_dict` wrote."""
    return Explanation(
        query=written["query"],
        asked=written["asked"],
        at=parsed_time(written["at"]),
        scopes=tuple(map(Scope.parse, written["scopes"])),
        periods=tuple((parsed_time(start), parsed_time(end)) for start, end in written["periods"]),
        found=tuple(map(_candidate, written["found"])),
        left_out=tuple(map(_candidate, written["left_out"])),
        counts=written["counts"],
    )


def _candidate(written: Mapping[str, Any]) -> Candidate:
    return Candidate(**{**written, "record": record_from_json(written["record"])})
