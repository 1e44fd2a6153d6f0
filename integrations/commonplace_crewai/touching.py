"""When records were last recalled, as CrewAI counts it: at once, before the core has written it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from commonplace import Record, Scope
from commonplace.values.records import now

_MOST = 10_000


class Touched:
    """The last times of what this process recalled lately, until the core's own are written."""

    def __init__(self) -> None:
        self._times: dict[tuple[Scope, str], datetime] = {}

    def note(self, records: Iterable[Record]) -> None:
        """Note that these records were recalled now."""
        at = now()
        for record in records:
            self._times.pop((record.scope, record.id), None)
            self._times[record.scope, record.id] = at
        for oldest in list(self._times)[:-_MOST]:
            self._times.pop(oldest, None)

    def last(self, record: Record) -> datetime | None:
        """Return when a record was last recalled, or None."""
        known = (self._times.get((record.scope, record.id)), record.used_at)
        return max((time for time in known if time is not None), default=None)
