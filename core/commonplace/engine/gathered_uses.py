"""Uses of records, gathered in this process and written for many records at once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from itertools import islice

from commonplace.errors import StoreError
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.values.uses import Use, Uses

MOST = 100
"""So many records are written at once, in about 15 ms; one takes 5."""

PATIENCE = timedelta(minutes=1)
"""So long uses wait for more to come, and after a failure for the next attempt."""

PATIENCE_OF_USES = 10
"""So many times as many, or as old, are uses that another use has to write.

An agent that is to be answered waits for a use; what it writes comes after the answer.
"""

# An operation looks at the clock more than once, and a record that lives on is never to be seen
# expired: so it is written this much before.
_AHEAD = timedelta(seconds=1)

_logger = logging.getLogger("commonplace")


class GatheredUses:
    """Uses that are not written yet. Not thread-safe: the engine holds a lock.

    What is not written when the process is killed is lost.
    """

    def __init__(self, write: Callable[[Uses], None], clock: Callable[[], datetime]) -> None:
        """Gather for `write`, which may raise StoreError."""
        self._write = write
        self._clock = clock
        self._uses: dict[tuple[Scope, str], Use] = {}
        self._since: datetime | None = None
        self._urgent: datetime | None = None
        self._not_before: datetime | None = None

    def note(self, records: Iterable[Record]) -> None:
        """Take note that these records are used now."""
        at = self._clock()
        for record in records:
            key = record.scope, record.id
            times = self._uses[key].times if key in self._uses else 0
            self._uses[key] = Use(times + 1, at)
            if record.ttl_on_use is not None and record.expires_at is not None:
                end = record.expires_at
                self._urgent = end if self._urgent is None else min(self._urgent, end)
        self._since = self._since or at

    def drop(self, records: Iterable[Record]) -> None:
        """Forget the uses of records that are gone."""
        for record in records:
            self._uses.pop((record.scope, record.id), None)

    def drop_within(self, scope: Scope) -> None:
        """Forget the uses of every record within `scope`."""
        self._uses = {key: use for key, use in self._uses.items() if not scope.contains(key[0])}

    def write_if_due(self, patience: int = 1) -> None:
        """Write the uses if they are many or old, or `patience` times as many or old.

        A record that lives on by one of them is not kept waiting for longer.
        """
        if self._since is None:
            return
        at, most = self._clock(), patience if self._urgent is None else 1
        is_due = len(self._uses) >= most * MOST or at >= self._since + most * PATIENCE
        if is_due and not self._must_wait(at):
            self._write_at_most(MOST)

    @property
    def are_urgent(self) -> bool:
        """Tell whether a record lives on by one of them, which must not be kept waiting."""
        return self._urgent is not None

    def write_if_urgent(self) -> None:
        """Write the uses if a record would be expired by now but for one of them."""
        if self._urgent is None:
            return
        at = self._clock()
        if at + _AHEAD >= self._urgent and not self._must_wait(at):
            self.write()

    def write(self) -> None:
        """Write the uses. A failure is logged: what was asked for is not to fail for a count."""
        self._write_at_most(len(self._uses))

    def _write_at_most(self, most: int) -> None:
        uses = dict(islice(self._uses.items(), most))
        try:
            if uses:
                self._write(uses)
        except StoreError:
            _logger.exception("The uses of %d records are not written yet.", len(uses))
            self._not_before = self._clock() + PATIENCE
            return
        for key in uses:
            del self._uses[key]
        if not self._uses:
            self._since = self._urgent = None

    def _must_wait(self, at: datetime) -> bool:
        return self._not_before is not None and at < self._not_before
