"""What the ledger lists of its records: enough to count them, and to find the newest unread.

The columns are computed from what is written of a record, and an index keeps them. So of a large
store only those records are read that are asked for.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from commonplace.chroma import ledger_rows
from commonplace.recall.filters import Selection
from commonplace.stores.scope_counts import Counted, ScopeStats
from commonplace.values.records import KEPT_APART, Kind, Record
from commonplace.values.scope import Scope
from commonplace.values.times import parsed_time

Ask: TypeAlias = Callable[[str, Sequence[Any]], list[Any]]

COLUMNS = {
    "created": "json_extract(record, '$.created_at')",
    "kind": "json_extract(record, '$.kind')",
    "held": "json_extract(record, '$.quarantine')",
    "ends": "json_extract(record, '$.expires_at')",
    "changed": "json_extract(record, '$.updated_at')",
    "said": "json_extract(record, '$.mentioned_at[#-1]')",  # they are in their order
    "redacted": "instr(text, '[REDACTED:') + instr(record, '[REDACTED:') > 0",
    "used_at": "json_extract(used, '$.used_at')",
}
"""What is listed of a record, and how it is computed from what is written of it."""

_IS_LISTED = "SELECT 1 FROM sqlite_master WHERE name = 'listed'"
_INDEX = f"CREATE INDEX listed ON entries (scope, version, {', '.join(COLUMNS)})"

# The scopes within one lie in a range, beside others that the second condition leaves out.
_FROM = """
    FROM entries INDEXED BY listed
    WHERE scope >= ? AND scope < ? AND (scope < ? OR scope >= ?)
    AND version IS NULL AND (ends IS NULL OR ends > ?)
"""
_KINDS = f"SELECT kind, count(*) {_FROM} AND held IS NULL GROUP BY kind"
_NUMBERS = f"""
    SELECT scope, sum(held IS NULL), sum(held IS NOT NULL),
        max(max(created, coalesce(changed, ''), coalesce(said, ''))), max(used_at), min(ends)
    {_FROM} AND (held IS NULL OR held != ?) GROUP BY scope
"""
_NEWEST = f"""
    SELECT entries.scope, entries.id, text, record, used FROM (
        SELECT scope, id {_FROM} AND {{}} ORDER BY created DESC, id DESC LIMIT ? OFFSET ?
    ) AS newest CROSS JOIN entries ON entries.scope = newest.scope AND entries.id = newest.id
"""  # noqa: S608  # of what is written above
_STATES = {
    "current": "held IS NULL",
    "quarantined": "held IS NOT NULL",
    "screened": "(held IS NOT NULL OR redacted)",
}
_FEW, _MANY = 500, 8_000
_MOST = 2**63 - 1  # SQLite's greatest number


class Wanted(NamedTuple):
    """A condition on the list, its values, and whether what meets it is what is selected."""

    condition: str
    values: list[Any]
    is_exact: bool


def begin(database: sqlite3.Connection) -> None:
    """Let a ledger that has no list have one. Raises sqlite3.Error."""
    if database.execute(_IS_LISTED).fetchone():
        return
    database.execute("BEGIN IMMEDIATE")
    try:
        for name, value in COLUMNS.items():
            database.execute(f"ALTER TABLE entries ADD COLUMN {name} AS ({value})")
        database.execute(_INDEX)
        database.execute("COMMIT")
    except BaseException:
        database.execute("ROLLBACK")
        raise


class LedgerList:
    """The list of a ledger, for scopes that it covers."""

    def __init__(self, ask: Ask) -> None:
        """Ask for rows by `ask`."""
        self._ask = ask

    def kinds(self, scope: Scope, at: datetime) -> dict[Kind, int]:
        """Count the records within `scope` that can be recalled at a moment, by kind."""
        return dict(self._ask(_KINDS, _living(scope, at)))

    def numbers(self, scope: Scope, at: datetime) -> Counted:
        """Count the records of each scope within `scope`, as `scope_counts.counted` does."""
        return dict(map(_numbers, self._ask(_NUMBERS, [*_living(scope, at), KEPT_APART])))

    def newest(
        self, scope: Scope, selection: Selection, at: datetime, offset: int, limit: int | None
    ) -> list[Record] | None:
        """Return what is selected within `scope`, newest first: `limit` records, after others.

        None if the list does not tell what is selected.
        """
        wanted = _wanted(selection)
        if wanted is None:
            return None
        living = _living(scope, at)
        if wanted.is_exact:
            return self._records(living, wanted, -1 if limit is None else limit, offset)
        admitted = selection.condition()
        found = (
            one
            for one in self._in_turn(living, wanted)
            if selection.is_of_state(one) and admitted(one)
        )
        last = None if limit is None else min(offset + limit, _MOST)
        return list(islice(found, min(offset, _MOST), last))

    def _in_turn(self, living: Sequence[Any], wanted: Wanted) -> Iterator[Record]:
        """Yield what meets a condition, newest first, read in growing pages."""
        offset, size = 0, _FEW
        while page := self._records(living, wanted, size, offset):
            yield from page
            offset, size = offset + size, min(_MANY, 4 * size)

    def _records(
        self, living: Sequence[Any], wanted: Wanted, limit: int, offset: int
    ) -> list[Record]:
        query = _NEWEST.format(wanted.condition)
        part = min(limit, _MOST), min(offset, _MOST)
        page = self._ask(query, [*living, *wanted.values, *part])
        found = ledger_rows.records(page) if page else []
        return sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)


def _wanted(selection: Selection) -> Wanted | None:
    """Return what can be told of a selection from the list; None if too little can."""
    state = _STATES.get(selection.state)
    if state is None or selection.as_of is not None or selection.conversation is not None:
        return None
    conditions, values = [state], list[Any]()
    if selection.kinds is not None:
        conditions.append(f"kind IN ({', '.join('?' * len(selection.kinds))})")
        values += selection.kinds
    if selection.since is not None:
        conditions.append("max(created, coalesce(said, '')) >= ?")
        values.append(_written(selection.since))
    if selection.until is not None:
        conditions.append("(created <= ? OR said IS NOT NULL)")
        values.append(_written(selection.until))
    is_exact = selection.where is None and selection.until is None and state != _STATES["screened"]
    return Wanted(" AND ".join(conditions), values, is_exact)


def _living(scope: Scope, at: datetime) -> list[Any]:
    """Return the values that `_FROM` asks for."""
    limits = ledger_rows.ranges(scope)
    (first, end), (below, last) = limits[0], limits[-1]
    return [first, last, end, below, _written(at)]


def _numbers(row: Sequence[Any]) -> tuple[Scope, tuple[ScopeStats, datetime | None]]:
    path, records, held_back, written, used, end = row
    scope = Scope.parse(path)
    times = (None if time is None else parsed_time(time) for time in (used, end))
    used_at, ends = times
    return scope, (ScopeStats(scope, records, held_back, parsed_time(written), used_at), ends)


def _written(time: datetime) -> str:
    """Write a time as records do: in UTC, so that the texts have the order of the times."""
    return time.astimezone(timezone.utc).isoformat()
