"""How much a key may still write, where other servers write with it at the same time."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from secrets import token_hex

from commonplace.chroma.notes import Notes
from commonplace.errors import StoreError
from commonplace.service.quotas import Amount, Quotas, exceeded

HOLDS_SECONDS = 60.0
"""How long what a server is about to write counts, if it does not say that it has done so."""
_ATTEMPTS = 100
_MOST_WAIT_SECONDS = 0.05


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
        with self._locks[name]:
            for attempt in range(_ATTEMPTS):
                with self._wishing(name, sent):
                    others = self._wishes_of_others(name)
                    stored = held()
                    room = most.less(stored)
                    if not sent.fits(room):
                        sent = added()
                        if sent != Amount() and not sent.fits(room):
                            raise exceeded(name, most, stored, sent)
                    if sent == Amount() or sent.fits(room.less(others)):
                        yield
                        return
                share = random.random()  # noqa: S311  # keeps servers apart, and is no secret
                longest = _MOST_WAIT_SECONDS * min(attempt + 1, 5)
                time.sleep(share * longest)  # nothing tells when the wish of another server ends
        raise StoreError(
            f"Other servers write with the key {name!r} without a pause, and its last room cannot "
            "be given to one of them. Send it again."
        )

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
