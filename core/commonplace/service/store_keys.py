"""API keys that are kept in the store itself, and so are those of every server on it."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import asdict
from threading import Lock
from time import monotonic

from commonplace.chroma.notes import Notes
from commonplace.errors import StoreDamagedError
from commonplace.service.keys import Key, KeyRing

KEYS = "commonplace-keys"
FRESH_SECONDS = 0.5
"""How old what is known of a key may be: a revoked one opens nothing after that, anywhere."""
_MOST_KNOWN = 10_000


class StoreKeys(KeyRing):
    """The keys of one store. A key that is in use is read from there again and again.

    One that is not known is always looked for: a new key opens its scope at once.
    """

    def __init__(self, notes: Notes, ticks: Callable[[], float] = monotonic) -> None:
        """Keep the keys in `notes`. `ticks` gives seconds."""
        self._notes = notes
        self._ticks = ticks
        self._known: dict[str, tuple[float, Key]] = {}
        self._lock = Lock()

    def _kept(self, id: str) -> Key | None:
        at = self._ticks()  # before it is read: it may be revoked while the answer is on its way
        known = self._known.get(id)
        if known is not None and at - known[0] < FRESH_SECONDS:
            return known[1]
        # An id that no key has comes from outside, and is not sent on.
        found = self._notes.of([id]) if id.isalnum() and len(id) <= 64 else {}
        key = _read(found[id]) if id in found else None
        self._note(id, at, key)
        return key

    def _note(self, id: str, at: float, key: Key | None) -> None:
        with self._lock:
            self._known.pop(id, None)
            if key is not None:
                self._known[id] = at, key
            if len(self._known) > _MOST_KNOWN:
                self._known.clear()

    def _keep(self, key: Key) -> None:
        self._notes.put(key.id, json.dumps(asdict(key)))

    def _drop(self, id: str) -> bool:
        is_there = bool(self._notes.of([id]))
        self._notes.remove([id])
        self._note(id, 0.0, None)
        return is_there

    def _all(self) -> Collection[Key]:
        return [_read(text) for text in self._notes.all().values()]


def _read(written: str) -> Key:
    try:
        return Key(**json.loads(written))
    except (ValueError, TypeError) as error:
        raise StoreDamagedError(
            f"A key in the collection {KEYS!r} cannot be read ({error}), so that it opens nothing. "
            "Remove it there and make a new one."
        ) from error
