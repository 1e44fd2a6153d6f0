"""What each scope of a store holds, in numbers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from commonplace.presenting import Presented
from commonplace.records import KEPT_APART, Record
from commonplace.scope import Scope
from commonplace.times import parsed_time


@dataclass(frozen=True, slots=True, repr=False)
class ScopeStats(Presented):
    """What one scope holds itself: what is in scopes below it is theirs.

    `records` counts those that can be recalled, `held_back` those that wait for their release.
    `written_at` is when one of either was last written, changed or said again; `used_at` when one
    was last used, None if never.
    """

    scope: Scope
    records: int
    held_back: int
    written_at: datetime
    used_at: datetime | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "scope": str(self.scope),
            "records": self.records,
            "held_back": self.held_back,
            "written_at": self.written_at.isoformat(),
            "used_at": self.used_at and self.used_at.isoformat(),
        }

    def __repr__(self) -> str:
        held_back = f", {self.held_back:,} held back" if self.held_back else ""
        return f"<ScopeStats {str(self.scope) or '(root)'}: {self.records:,} records{held_back}>"


def from_json(written: Mapping[str, Any]) -> ScopeStats:
    """Return what `to_dict` wrote."""
    used = written["used_at"]
    return ScopeStats(
        Scope.parse(written["scope"]),
        written["records"],
        written["held_back"],
        parsed_time(written["written_at"]),
        None if used is None else parsed_time(used),
    )


def counted(records: Iterable[Record], at: datetime) -> list[ScopeStats]:
    """Return the numbers of each scope that these records are of, in the order of names."""
    found: dict[Scope, ScopeStats] = {}
    for one in records:
        if one.version_of is None and one.quarantine != KEPT_APART and not one.is_expired(at):
            found[one.scope] = _with(found.get(one.scope), one)
    return sorted(found.values(), key=lambda stats: stats.scope.names)


def _with(stats: ScopeStats | None, record: Record) -> ScopeStats:
    written = max(record.valid_from, *record.said_at)
    held_back = record.quarantine is not None
    if stats is None:
        return ScopeStats(record.scope, int(not held_back), int(held_back), written, record.used_at)
    used = max(filter(None, (stats.used_at, record.used_at)), default=None)
    return ScopeStats(
        record.scope,
        stats.records + (not held_back),
        stats.held_back + held_back,
        max(stats.written_at, written),
        used,
    )
