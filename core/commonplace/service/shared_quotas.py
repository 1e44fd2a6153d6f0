"""How much a key may still write, where other servers write with it at the same time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from secrets import token_hex

from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from commonplace.chroma.notes import Notes
from commonplace.errors import StoreError
from commonplace.service.quotas import Amount, Quotas, exceeded

HOLDS_SECONDS = 60.0
"""How long what a server is about to write counts, if it does not say that it has done so."""
_ATTEMPTS = 100
_FIRST_WAIT_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 0.25


class _CrowdedError(StoreError):
    """Only what others are about to write is in the way."""


class SharedQuotas(Quotas):
    """The room that is left to each key, over all servers of a store.

    Who is about to write says so first, and then counts: what others are about to write, and then
    what is stored. So of two that want the last room not both find it. If only the other's wish is
    in the way, both take theirs back, and try again after a random while.
    """

    def __init__(self, notes: Notes, now: Callable[[], float]) -> None:
        """Keep the wishes in `notes`; `now` gives seconds, the same on all servers."""
        super().__init__()
        self._notes = notes
        self._now = now
        self._me = token_hex(8)
        self._retrying = Retrying(
            retry=retry_if_exception_type(_CrowdedError),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS),
            reraise=True,
        )

    @contextmanager
    def writing(
        self,
        name: str,
        most: Amount,
        sent: Amount,
        held: Callable[[], Amount],
        added: Callable[[], Amount],
    ) -> Iterator[None]:
        """Hold the room for what is sent within; other writes with this key here wait."""
        with (
            self._locks[name],
            self._retrying.copy()(self._given, name, most, sent, held, added),
        ):
            yield

    def _given(
        self,
        name: str,
        most: Amount,
        sent: Amount,
        held: Callable[[], Amount],
        added: Callable[[], Amount],
    ) -> ExitStack:
        """Return what holds the room until it is closed. Raises _CrowdedError."""
        with ExitStack() as wishing:
            wishing.enter_context(self._wishing(name, sent))
            others = self._wishes_of_others(name)
            stored = held()
            room = most.less(stored)
            if not sent.fits(room):
                sent = added()
                if sent != Amount() and not sent.fits(room):
                    raise exceeded(name, most, stored, sent)
            if sent != Amount() and not sent.fits(room.less(others)):
                raise _CrowdedError(
                    f"Other servers write with the key {name!r} without a pause, and its last room "
                    "cannot be given to one of them. Send it again."
                )
            return wishing.pop_all()

    @contextmanager
    def _wishing(self, name: str, sent: Amount) -> Iterator[None]:
        id = f"{name} {self._me}"
        wish = {"amount": [*sent], "until": self._now() + HOLDS_SECONDS}
        self._notes.put(id, json.dumps(wish), room=name)
        try:
            yield
        finally:
            self._notes.remove([id])

    def _wishes_of_others(self, name: str) -> Amount:
        now, total = self._now(), Amount()
        for id, written in self._notes.marked(room=name).items():
            wish = json.loads(written)
            if not id.endswith(self._me) and wish["until"] > now:
                records, size = wish["amount"]
                total = Amount(total.records + records, total.bytes + size)
        return total
