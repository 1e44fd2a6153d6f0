"""What one of many servers of a store does for all: it sweeps, tidies, and finishes erasures."""

from __future__ import annotations

import logging
from collections.abc import Callable

from commonplace.chroma.leases import Lease
from commonplace.chroma.notes import Notes
from commonplace.chroma.open_erasures import OpenErasures
from commonplace.engine.local_engine import LocalEngine
from commonplace.errors import CommonplaceError
from commonplace.service.rates import SharedRates
from commonplace.values.scope import Scope

WORK = "housekeeping"
SWEEP_SECONDS = 3_600.0
_SWEPT = f"{WORK} swept"

_logger = logging.getLogger("commonplace")


class Housekeeping:
    """The work of the server that holds the lease. What it left undone, the next one does.

    When it was last swept stands in the store, by the Chroma server's clock: so a sweep is neither
    done by every server, nor put off by each that begins anew.
    """

    def __init__(
        self,
        engine: LocalEngine,
        erasures: OpenErasures,
        notes: Notes,
        lease: Lease,
        now: Callable[[], float],
    ) -> None:
        """Work on `engine`; `now` gives seconds, the same on all servers."""
        self._engine, self._erasures, self._notes = engine, erasures, notes
        self._lease, self._now = lease, now

    def go_on(self) -> None:
        """Answer for the erasures of this server, and hold the lease if nobody else does."""
        self._erasures.renew()
        self._lease.hold()

    def finish_erasures(self) -> None:
        """Finish those that another server left, with the lease."""
        if not self._lease.is_held:
            return
        for one in self._erasures.take_left():
            _logger.warning("An erasure that its process left unfinished is finished here.")
            self._engine.erase(one)

    def sweep(self) -> None:
        """Sweep the whole store if that is due, with the lease."""
        if self._lease.is_held and self._now() - self._swept() >= SWEEP_SECONDS:
            self._engine.sweep(Scope())
            self._notes.put(_SWEPT, repr(self._now()))

    def tidy(self, rates: SharedRates) -> None:
        """Take out what was noted of minutes that are over, with the lease."""
        if self._lease.is_held:
            rates.tidy()

    def end(self) -> None:
        """Let another server take the lease at once."""
        try:
            self._lease.let_go()
        except CommonplaceError:
            _logger.exception("The lease could not be let go; others take it when it has run out.")

    def _swept(self) -> float:
        """Return when the store was swept last; the first time, have it noted as now."""
        return float(self._notes.first(_SWEPT, repr(self._now())))
