"""Whether the items of a conversation are listed from the newest on. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from commonplace.transfer.importers.making import time

# The API's own ids begin with the second in which the item was made, in hexadecimal.
_ID = re.compile(r"[a-z]+_([0-9a-f]{8})[0-9a-f]{24,}")
_PLAUSIBLE = range(0x65000000, 0x80000000)  # the years 2023 to 2038


@dataclass(slots=True)
class Direction:
    """What items tell of their order, as they are seen one after the other.

    Times decide, then calls and their results, then the times in ids. Else it is that an
    assistant speaks first and a user last, where it should be the other way round; and if that
    says nothing, pages are as the API lists them, the newest item first.
    """

    votes: dict[str, int] = field(default_factory=dict)
    first: str = ""
    last: str = ""
    is_paged: bool = False
    _moments: dict[str, datetime] = field(default_factory=dict)
    _open: dict[str, str] = field(default_factory=dict)

    def see(self, item: Mapping[str, Any], *, is_paged: bool) -> None:
        """Take note of the next item."""
        self.is_paged = self.is_paged or is_paged
        self._compare("time", time(item.get("created_at")))
        self._compare("id", _time_in(item.get("id")))
        self._match(item)
        if item.get("role") in ("user", "assistant"):
            self.first = self.first or str(item["role"])
            self.last = str(item["role"])

    @property
    def is_newest_first(self) -> bool:
        """Tell whether the items seen go from the newest to the oldest."""
        for sign in ("time", "call", "id"):
            if vote := self.votes.get(sign, 0):
                return vote < 0
        if self.first != self.last:
            return self.first == "assistant"
        return self.is_paged

    def _compare(self, sign: str, moment: datetime | None) -> None:
        if moment is None:
            return
        before = self._moments.get(sign, moment)
        self._vote(sign, (moment > before) - (moment < before))
        self._moments[sign] = moment

    def _match(self, item: Mapping[str, Any]) -> None:
        """See whether a call comes before its result."""
        if "call_id" not in item:
            return
        id, kind = str(item["call_id"]), str(item.get("type"))
        part = "result" if kind.endswith("_output") else "call"
        other = self._open.pop(id, None)
        if other is None:
            self._open[id] = part
        elif other != part:
            self._vote("call", 1 if other == "call" else -1)

    def _vote(self, sign: str, vote: int) -> None:
        self.votes[sign] = self.votes.get(sign, 0) + vote


def _time_in(id: object) -> datetime | None:
    found = _ID.fullmatch(id) if isinstance(id, str) else None
    second = int(found[1], 16) if found else 0
    return time(second) if second in _PLAUSIBLE else None
