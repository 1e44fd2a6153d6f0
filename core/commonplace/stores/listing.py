"""What a store can tell that lists its records: how many there are, and which are the newest."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from commonplace.recall.filters import Selection
from commonplace.stores.scope_counts import Counted
from commonplace.values.records import Kind, Record
from commonplace.values.scope import Scope


class Listing(Protocol):
    """The list of a store, for scopes that it has all records of."""

    def kinds(self, scope: Scope, at: datetime) -> dict[Kind, int]:
        """Count the records within `scope` that can be recalled at a moment, by kind."""
        ...

    def numbers(self, scope: Scope, at: datetime) -> Counted:
        """Count the records of each scope within `scope`, as `scope_counts.counted` does."""
        ...

    def newest(
        self, scope: Scope, selection: Selection, at: datetime, offset: int, limit: int | None
    ) -> list[Record] | None:
        """Return what is selected within `scope`, newest first: `limit` records, after others.

        None if the list does not tell what is selected.
        """
        ...


@runtime_checkable
class Lists(Protocol):
    """A store that lists its records."""

    def listing(self, scope: Scope) -> Listing | None:
        """Return the list, if it has all records within `scope`."""
        ...


def newest(
    parts: Sequence[tuple[Scope, Listing | None]],
    selection: Selection,
    at: datetime,
    offset: int,
    limit: int | None,
) -> list[Record] | None:
    """Return what is selected within scopes, newest first, by the list of each.

    None if one of them has none, or if it does not tell what is selected.
    """
    last, found = None if limit is None else offset + limit, list[Record]()
    skipped = offset if len(parts) == 1 else 0  # which of several are the first, none can tell
    for scope, listing in parts:
        if listing is None:
            return None
        count = None if last is None else last - skipped
        part = listing.newest(scope, selection, at, skipped, count)
        if part is None:
            return None
        found += part
    ordered = sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)
    return ordered[offset - skipped : None if last is None else last - skipped]
