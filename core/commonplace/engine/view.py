"""What every verb stands on: one engine, seen from one scope."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace

from commonplace.engine.lease import Lease
from commonplace.engine.port import Engine
from commonplace.errors import CommonplaceError
from commonplace.values.newer_typing import Self
from commonplace.values.records import Record
from commonplace.values.scope import Scope, outermost
from commonplace.values.validation import checked_record
from commonplace.writing.trust import trusted

_logger = logging.getLogger("commonplace")


class View:
    """An engine seen from one scope, with further scopes that are only read."""

    def __init__(self, store: Engine | Lease, scope: Scope, also: Sequence[Scope] = ()) -> None:
        """See `scope` for reading and writing, `also` for reading."""
        self._lease = store if isinstance(store, Lease) else Lease(store)
        self._scope = scope
        self._also = tuple(also)

    @property
    def path(self) -> Scope:
        """The scope this memory is confined to.

        >>> str(memory.scope("user", "alice").path)
        'user/alice'
        """
        return self._scope

    @property
    def also(self) -> tuple[Scope, ...]:
        """The scopes that this memory includes. It reads them and never writes them.

        >>> desk = memory.scope("user", "alice").including(memory.scope("team", "handbook"))
        >>> [str(scope) for scope in desk.also]
        ['team/handbook']
        """
        return self._also

    @property
    def directory(self) -> str | None:
        """The directory that the store was opened from, or None if it is in none.

        >>> memory.directory is None  # it is in memory
        True
        """
        return self._lease.directory

    @property
    def _engine(self) -> Engine:
        return self._lease.engine

    def __copy__(self) -> Self:
        """Return this memory: a copy of a view is the view."""
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """Return this memory, so that frameworks which copy agents share it."""
        return self

    def _allowed(self, record: Record) -> Record:
        """Return a record as it may be kept: checked, screened, and trusted as it deserves.

        Raises InvalidInputError, or BlockedContentError for what the store's policy refuses.
        """
        from commonplace.engine.judging import tell_of  # who only reads needs none of these
        from commonplace.writing.screening import screened

        given = checked_record(record)
        checked = screened(given, self._engine.screening)
        tell_of(given, checked)
        known: list[Record] = []
        if ids := checked.derived_from:
            known = self._engine.held(outermost([checked.scope, *self._readable]), ids)
        return replace(checked, trust=trusted(checked, known))

    def _shown(self, records: Iterable[Record]) -> None:
        """Count that records were shown to a model: those of the own scope, to which this writes.

        What was asked for is done by then: a failure is logged.
        """
        own = [one for one in records if self._scope.contains(one.scope)]
        if not own:
            return
        try:
            self._engine.used(own)
        except CommonplaceError:
            _logger.exception("The uses of %d records were not counted.", len(own))

    @property
    def _readable(self) -> list[Scope]:
        """Return the scopes read, the own one first, none within another."""
        return outermost([self._scope, *self._also])
