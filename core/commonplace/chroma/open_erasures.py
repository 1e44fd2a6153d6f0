"""Erasures that were begun and not concluded, so that another process finishes what one left.

The audit log does not name scopes. While an erasure is under way its scope stands here as well,
with the time until which its process answers for it; that is gone when the erasure is concluded.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from secrets import token_hex
from threading import Lock
from typing import TYPE_CHECKING, Any

from commonplace.chroma.connecting import ServerClock
from commonplace.chroma.notes import Notes
from commonplace.keeping.erasing import Erasure
from commonplace.values.records import Source
from commonplace.values.scope import Scope

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

ERASURES = "commonplace-erasures"
LASTS_SECONDS = 30.0
"""How long a process answers for an erasure without saying so again."""
TAKEN_UP_SECONDS = 600.0
"""How long after its beginning an erasure is taken up by others; later it is `unfinished`."""


class OpenErasures:
    """The erasures of one store that are under way, or were left. Times are the Chroma server's."""

    def __init__(self, client: ClientAPI) -> None:
        """Have begun none here yet."""
        self._clock = ServerClock(client)
        self._notes = Notes(client, ERASURES)
        self._me = token_hex(8)
        self._mine: dict[str, dict[str, Any]] = {}
        self._lock = Lock()

    def begin(self, scope: Scope, reason: str, source: Source) -> None:
        """Note an erasure before anything of it is done."""
        with self._lock:
            self._mine[self._id(scope)] = {
                "scope": str(scope),
                "reason": reason,
                "source": {**asdict(source), "session": None},
                "begun": self._clock(),
            }
        self.renew()

    def renew(self) -> None:
        """Answer for the erasures that were begun here for a while longer."""
        with self._lock:
            for id, said in self._mine.items():
                until = self._clock() + LASTS_SECONDS
                self._notes.put(id, json.dumps({**said, "until": until}))

    def end(self, scope: Scope) -> None:
        """Take out the erasure of a scope that was concluded here, and others begun before it.

        What those were to erase is gone as well, and what is written from now on is to stay.
        """
        with self._lock:
            mine = self._mine.pop(self._id(scope))
            notes = self._notes.all()
            done = [
                id
                for id, said in _erasures(notes)
                if said["scope"] == mine["scope"] and said["begun"] <= mine["begun"]
            ]
            self._notes.remove([*done, *(f"{id} claim" for id in done)])

    def take_left(self) -> list[Erasure]:
        """Return those that their process left, and that no other takes up at the same time.

        One that was begun long ago is not among them: what is there now may have come since.
        """
        now, notes = self._clock(), self._notes.all()
        return [
            Erasure(
                scope=Scope.parse(said["scope"]),
                reason=said["reason"],
                source=Source(**said["source"]),
            )
            for id, said in _erasures(notes)
            if said["until"] < now < said["begun"] + TAKEN_UP_SECONDS
            and self._takes(id, notes, now)
        ]

    def _takes(self, id: str, notes: dict[str, str], now: float) -> bool:
        """Tell whether this process is first to take one up: a claim lasts as long as an answer."""
        claim = f"{id} claim"
        if claim in notes:
            if json.loads(notes[claim])["until"] > now:
                return False
            self._notes.remove([claim])
        mine = json.dumps({"by": self._me, "until": now + LASTS_SECONDS})
        return self._notes.first(claim, mine) == mine

    def _id(self, scope: Scope) -> str:
        return f"{scope} {self._me}"


def _erasures(notes: dict[str, str]) -> list[tuple[str, dict[str, Any]]]:
    read = ((id, json.loads(text)) for id, text in notes.items())
    return [(id, said) for id, said in read if "scope" in said]
