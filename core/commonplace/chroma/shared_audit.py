"""The audit log of a store that many processes have open at once: one chain, in Chroma itself.

Each entry has its number as its id. So of several processes that write behind the same entry one
is first, and the others see that and write behind theirs: there is one order, and no gap in it.
"""

from __future__ import annotations

from itertools import count, takewhile
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from commonplace.chroma.notes import Notes
from commonplace.chroma.open_erasures import OpenErasures
from commonplace.errors import StoreError
from commonplace.keeping import audit_chain as chain
from commonplace.keeping.audit import AuditLog, new_key, readable
from commonplace.keeping.audit_chain import AuditEntry
from commonplace.keeping.erasing import BEGUN, ERASED, ERASED_IN_PART
from commonplace.values.records import Source
from commonplace.values.scope import Scope

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

AUDIT = "commonplace-audit"
_KEY, _HEAD = "key", "head"
# How many entries are looked for behind the last one known.
_AHEAD = 20
# A process that is always second would wait for ever: so many are never that fast.
_ATTEMPTS = 200


class SharedAuditLog(AuditLog):
    """An audit log in a collection. The key, and the collection, are made with the first entry."""

    def __init__(self, client: ClientAPI) -> None:
        """Open the log, of which there may be none yet."""
        self.erasures = OpenErasures(client)
        self._notes = Notes(client, AUDIT)
        self._last: tuple[int, str] | None = None
        super().__init__()
        self._is_begun = False

    def make(self) -> None:
        """Make the collection if there is none. Raises StoreFormatError for another's."""
        self._notes.make()

    def append(
        self, action: str, scope: Scope, *, source: Source | None = None, **said: Any
    ) -> AuditEntry:
        """Write an entry; an erasure that begins is noted with its scope until it is concluded."""
        if action == BEGUN:
            self.erasures.begin(scope, said.get("reason") or "", source or Source())
        entry = super().append(action, scope, source=source, **said)
        if action in (ERASED, ERASED_IN_PART):
            self.erasures.end(scope)
        return entry

    def reference(self, scope: Scope) -> str:
        self._begin()
        return super().reference(scope)

    def entries(self, scope: Scope | None = None) -> list[AuditEntry]:
        if not self._is_there():
            return []
        notes = self._notes
        lines = notes.all() if scope is None else notes.marked(scope=self.reference(scope))
        found = readable(_line(text) for id, text in lines.items() if id.isdecimal())
        return sorted(found, key=lambda entry: entry.number)

    def verify(self) -> list[str]:
        return super().verify() if self._is_there() else []

    def _is_there(self) -> bool:
        """Tell whether anything was ever written; learn its key."""
        if not self._is_begun and (written := self._notes.of([_KEY])):
            self._key, self._is_begun = bytes.fromhex(written[_KEY]), True
        return self._is_begun

    def _begin(self) -> None:
        """Have the log's key: the one of whoever was first to write one."""
        if not self._is_there():
            self._key = bytes.fromhex(self._notes.first(_KEY, new_key().hex()))
            self._is_begun = True

    def _appended(self, draft: AuditEntry) -> AuditEntry:
        for _ in range(_ATTEMPTS):
            number, previous = self._last or self._found_end()
            entry = chain.following(self._key, draft, number, previous)
            # Two may say the same: the text behind the line tells whose entry it is.
            written = f"{chain.to_line(entry).decode()}\n{token_hex(8)}"
            if self._notes.first(str(entry.number), written, scope=entry.scope) == written:
                self._last = entry.number, entry.hash
                self._move_head()
                return entry
            self._last = self._behind(number, previous)
        raise StoreError(
            f"The audit log is written by so many at once that an entry found no place in "
            f"{_ATTEMPTS} attempts. Repeat what was asked."
        )

    def _found_end(self) -> tuple[int, str]:
        """Return number and hash of the last entry, beginning at the one that the head names."""
        number = chain.count_of(self._notes.of([_HEAD]).get(_HEAD, "").encode()) or 0
        named = self._notes.of([str(number)]).get(str(number), "")
        found = list(readable([_line(named)]))
        # Without it the next entry names none before it, and `verify` tells of that.
        before = chain.first_previous(self._key) if number == 0 else ""
        return self._behind(number, found[0].hash if found else before)

    def _behind(self, number: int, hash: str) -> tuple[int, str]:
        """Return number and hash of the last entry in a row behind the one of that number."""
        while True:
            found = self._notes.of([str(number + step) for step in range(1, _AHEAD + 1)])
            lines = list(takewhile(bool, (found.get(str(one), "") for one in count(number + 1))))
            if not lines:
                return number, hash
            last = list(readable([_line(lines[-1])]))
            number, hash = number + len(lines), last[0].hash if last else ""

    def _move_head(self) -> None:
        """Let the head name the last entry, whoever writes beside: who is last writes it again."""
        assert self._last is not None, "called behind an entry"
        while True:
            number, hash = self._last
            self._notes.put(_HEAD, chain.head(self._key, number, hash).decode())
            self._last = self._behind(number, hash)
            if self._last[0] == number:
                return

    def _read(self) -> tuple[list[bytes], bytes, bytes | None]:
        # The head first: others go on writing, and it must not name what is not read.
        head = self._notes.of([_HEAD]).get(_HEAD, "").encode()
        notes = self._notes.all()
        numbers = range(1, max((int(id) for id in notes if id.isdecimal()), default=0) + 1)
        notes |= self._notes.of([id for id in map(str, numbers) if id not in notes])
        # A missing entry stands there empty: it cannot be read.
        lines = [_line(notes.get(str(number), "")) for number in numbers]
        return lines, b"", self._head_of(lines, head)

    def _head_of(self, lines: list[bytes], head: bytes) -> bytes | None:
        """Return the head; one that names an entry before the last as if it named that.

        Whoever wrote the last may have ended before its head. What is cut off is seen all the
        same: no head names an entry that is not there.
        """
        named = chain.count_of(head)
        if named is not None and 0 < named <= len(lines):
            entry, last = (list(readable([one])) for one in (lines[named - 1], lines[-1]))
            if entry and last and head == chain.head(self._key, named, entry[0].hash):
                return chain.head(self._key, len(lines), last[0].hash)
        return head or None


def _line(written: str) -> bytes:
    return written.partition("\n")[0].encode()
