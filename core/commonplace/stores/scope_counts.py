"""What each scope of a store holds, in numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, TypeAlias

from commonplace.values.presenting import Presented
from commonplace.values.records import KEPT_APART, Record
from commonplace.values.scope import Scope, outermost
from commonplace.values.times import parsed_time

MOST_KEPT = 100_000
"""Scopes whose numbers are kept: some 50 MB."""

_MOST_STALE = 100
"""Scopes that are counted one by one; of more, all are counted at once."""


@dataclass(frozen=True, slots=True, repr=False)
class ScopeStats(Presented):
    """What one scope holds, without the scopes below it.

    Args:
        scope: The scope.
        records: Records that can be recalled.
        held_back: Records that wait for their release.
        written_at: When one of them was last written, changed or said again.
        used_at: When one of them was last used; None if never.
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


Counted: TypeAlias = dict[Scope, tuple[ScopeStats, datetime | None]]
"""The numbers of scopes, each with when they change next by themselves."""


class ScopeCounts:
    """The numbers of the scopes of a store, counted when they are asked for, and kept.

    After a write only its scopes are counted again. Not thread-safe: the engine holds a lock.
    """

    def __init__(
        self,
        read: Callable[[Scope], Iterable[Record]],
        most: int = MOST_KEPT,
        count: Callable[[Scope, datetime], Counted] | None = None,
    ) -> None:
        """Count what `read` yields of a scope; keep the numbers of at most `most` scopes.

        `count` counts a scope in another way, if there is one.
        """
        self._read, self._most = read, most
        self._count = count or (lambda scope, at: counted(read(scope), at))
        self.clear()

    def within(self, scopes: Sequence[Scope], at: datetime) -> list[ScopeStats]:
        """Return the numbers of the scopes within some, in the order of names, at this moment."""
        if self._kept is None and not self._most:
            return self._of(chain.from_iterable(map(self._read, scopes)), at)
        self._bring_up(at)
        kept = (stats for stats, _ in (self._kept or {}).values())
        found = [one for one in kept if any(scope.contains(one.scope) for scope in scopes)]
        if self._kept is not None and len(self._kept) > self._most:
            self.clear()
        return sorted(found, key=lambda stats: stats.scope.names)

    def follow(self, records: Iterable[Record]) -> None:
        """Count the scopes of these records again, when they are asked for."""
        if self._kept is not None:
            self._stale.update(one.scope for one in records)

    def clear(self) -> None:
        """Keep nothing."""
        self._kept: Counted | None = None
        self._stale: set[Scope] = set()

    def _bring_up(self, at: datetime) -> None:
        if self._kept is None or len(self._stale) > _MOST_STALE:
            self._kept, self._stale = {}, {Scope()}
        ended = (scope for scope, (_, end) in self._kept.items() if end is not None and end <= at)
        if stale := outermost([*self._stale, *ended]):
            names = {scope.names for scope in stale}
            self._kept = {
                scope: kept
                for scope, kept in self._kept.items()
                if not any(scope.names[:depth] in names for depth in range(len(scope.names) + 1))
            }
            for scope in stale:
                self._kept |= self._count(scope, at)
        self._stale.clear()

    def _of(self, records: Iterable[Record], at: datetime) -> list[ScopeStats]:
        found = [stats for stats, _ in counted(records, at).values()]
        return sorted(found, key=lambda stats: stats.scope.names)


def counted(records: Iterable[Record], at: datetime) -> Counted:
    """Return the numbers of each scope that these records are of, and when they change next.

    They do when a record expires.
    """
    found: Counted = {}
    for one in records:
        if one.version_of is None and one.quarantine != KEPT_APART and not one.is_expired(at):
            stats, end = found.get(one.scope, (None, None))
            ends = min(filter(None, (end, one.expires_at)), default=None)
            found[one.scope] = _with(stats, one), ends
    return found


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
