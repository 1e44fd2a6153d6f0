"""What was imported into a scope: so that a second import undoes nothing that was done since."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timezone
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple
from uuid import NAMESPACE_OID, uuid4, uuid5

from commonplace.values.record_json import to_json
from commonplace.values.records import Record

if TYPE_CHECKING:
    from commonplace.engine.view import View

LOG = str(uuid5(NAMESPACE_OID, "commonplace import log"))

_ENTRY = struct.Struct("<QQ")
_EPOCH = datetime.fromtimestamp(0, timezone.utc)


class Entry(NamedTuple):
    """The digest of a record's identity, and of what it says: made once, as it takes its time."""

    key: int
    said: int


def entry_of(record: Record) -> Entry:
    """Return what the log holds of a record."""
    return Entry(_number(json.dumps([*record.scope.names, record.id])), digest(record))


class ImportLog:
    """Digests of the records that were imported into a memory's scope, and of what they said.

    It lasts in the scope itself, in pages that are past versions of nothing: no verb returns
    them, and erasing the scope erases them. No content is in it.
    """

    def __init__(self, memory: View) -> None:
        """Read the log of the memory's scope."""
        self._scope = memory.path
        self._said: dict[int, int] = {}
        self._also: dict[int, set[int]] = {}  # of what a source says in more than one way
        self._of_run: set[int] = set()
        self._unwritten: list[tuple[int, int]] = []
        self._pages, self._run = 0, -1
        self._own = str(uuid4())  # pages of an import that goes on beside this one are others
        self._read(memory)
        self._run += 1
        self._of_run = set()

    def _read(self, memory: View) -> None:
        found = memory._engine.versions([self._scope], LOG)
        pages = [one for one in found if one.scope == self._scope]
        for page in sorted(pages, key=_place):
            if page.metadata["run"] != self._run:
                self._run, self._of_run = page.metadata["run"], set()
            for key, said in _ENTRY.iter_unpack(base64.b64decode(page.metadata["imported"])):
                self._take(key, said)

    def _take(self, key: int, said: int) -> None:
        """Know what a record says. In one run it may say several things, in the next others."""
        if key in self._of_run:
            self._also.setdefault(key, {self._said[key]}).add(said)
        else:
            self._also.pop(key, None)
        self._said[key] = said
        self._of_run.add(key)

    def has(self, entry: Entry) -> bool:
        """Tell whether a record of this identity was imported, now or before."""
        return entry.key in self._said

    def is_of_this_run(self, entry: Entry) -> bool:
        """Tell whether a record of this identity was noted since the log was read."""
        return entry.key in self._of_run

    def has_said(self, entry: Entry) -> bool:
        """Tell whether what a record says is what it said when it was last imported."""
        key, said = entry
        return self._said.get(key) == said or said in self._also.get(key, ())

    def note(self, entries: Iterable[Entry]) -> None:
        """Note that records are imported as they are."""
        for entry in entries:
            key, said = entry
            if not self.has_said(entry):
                if key in self._of_run:  # so that the next run knows both
                    self._unwritten.append((key, self._said[key]))
                self._take(key, said)
                self._unwritten.append((key, said))
            self._of_run.add(key)

    @property
    def unwritten(self) -> int:
        """How many were noted since the last page."""
        return len(self._unwritten)

    def page(self) -> Record | None:
        """Return what was noted since the last page as the next one; None if nothing was."""
        if not self._unwritten:
            return None
        data = b"".join(_ENTRY.pack(*entry) for entry in self._unwritten)
        page = Record(
            "imported",
            kind="summary",
            metadata={
                "imported": base64.b64encode(data).decode(),
                "run": self._run,
                "page": self._pages,
            },
            scope=self._scope,
            id=str(uuid5(NAMESPACE_OID, f"{self._own}, page {self._pages}")),
            created_at=_EPOCH,
            version_of=LOG,
            valid_until=_EPOCH,
        )
        self._pages += 1
        self._unwritten = []
        return page


def digest(record: Record) -> int:
    """Return a number that follows from what a record says, without what using it changes."""
    said = replace(record, uses=0, used_at=None, trust=None)
    if record.ttl_on_use is not None:
        said = replace(said, expires_at=None)
    written = json.dumps(to_json(said), sort_keys=True)
    return _number(written)


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=8).digest(), "little")


def _place(page: Record) -> tuple[int, int]:
    """Return the run that a page is of, and its place in it; one of an early release says none."""
    return page.metadata["run"], page.metadata.get("page", 0)
