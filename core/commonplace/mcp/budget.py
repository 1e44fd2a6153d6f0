"""As many results as fit into the tokens that a caller has room for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from commonplace.mcp.results import Match, Result, Version
from commonplace.values.records import Match as Matched
from commonplace.values.records import Record
from commonplace.values.rendering import visible

R = TypeVar("R", bound=Result)

_BESIDE = 40
"""Tokens for what stands around the results."""

_VERSION_CHARACTERS = 1_000


def fitting(results: Iterable[R], max_tokens: int) -> list[R]:
    """Return the first results, as many as fit together."""
    left, shown = max_tokens - _BESIDE, []
    for one in results:
        left -= one.tokens()
        if left < 0:
            break
        shown.append(one)
    return shown


def as_match(found: Matched, query: str, max_tokens: int) -> Match:
    """Return a match, of a long text the part that answers `query` in `max_tokens`."""
    whole = _match(found, found.record.text, shortened=False)
    if whole.tokens() <= max_tokens:
        return whole
    from commonplace.recall.excerpts import excerpt

    def fits(part: str) -> bool:
        return _match(found, part, shortened=True).tokens() <= max_tokens

    return _match(found, excerpt(found.record.text, query, fits), shortened=True)


def _match(found: Matched, text: str, *, shortened: bool) -> Match:
    record = found.record
    return Match(
        id=record.id,
        text=visible(text),
        kind=record.kind,
        confidence=round(found.confidence, 2),
        said_by=_speaker(record),
        since=_day(record),
        shortened=shortened,
    )


def _speaker(record: Record) -> str | None:
    named = [one for one in (record.source.origin, record.source.agent) if one]
    return visible(" ".join(named)) if named else None


def _day(record: Record) -> str:
    return str(record.valid_from.date())


def as_version(record: Record) -> Version:
    """Return a version of a record, of a long text the beginning."""
    text, until = visible(record.text), record.valid_until
    return Version(
        text=text if len(text) <= _VERSION_CHARACTERS else f"{text[:_VERSION_CHARACTERS]}…",
        since=record.valid_from.isoformat(timespec="seconds"),
        until=None if until is None else until.isoformat(timespec="seconds"),
    )
