"""What was imported into a scope: so that a second import undoes nothing that was done since."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timezone
from hashlib import blake2b
from typing import TYPE_CHECKING
from uuid import NAMESPACE_OID, uuid5

from commonplace.record_json import to_json
from commonplace.records import Record

if TYPE_CHECKING:
    from commonplace.verbs.view import View

LOG = str(uuid5(NAMESPACE_OID, "commonplace import log"))

_ENTRY = struct.Struct("<QQ")
_PAGES_PER_READ = 100
_EPOCH = datetime.fromtimestamp(0, timezone.utc)


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
        self._pages = self._run = 0
        while pages := self._read(memory, self._pages):
            self._pages += pages
        self._run += 1
        self._of_run = set()

    def _read(self, memory: View, first: int) -> int:
        ids = [_page_id(number) for number in range(first, first + _PAGES_PER_READ)]
        found = [one for one in memory._engine.held([self._scope], ids) if one.scope == self._scope]
        for page in sorted(found, key=lambda one: ids.index(one.id)):
            if page.metadata["run"] != self._run:
                self._run, self._of_run = page.metadata["run"], set()
            for key, said in _ENTRY.iter_unpack(base64.b64decode(page.metadata["imported"])):
                self._take(key, said)
        return len(found)

    def _take(self, key: int, said: int) -> None:
        """Know what a record says. In one run it may say several things, in the next others."""
        if key in self._of_run:
            self._also.setdefault(key, {self._said[key]}).add(said)
        else:
            self._also.pop(key, None)
        self._said[key] = said
        self._of_run.add(key)

    def has(self, record: Record) -> bool:
        """Tell whether a record of this identity was imported, now or before."""
        return _identity(record) in self._said

    def is_of_this_run(self, record: Record) -> bool:
        """Tell whether a record of this identity was noted since the log was read."""
        return _identity(record) in self._of_run

    def has_said(self, record: Record) -> bool:
        """Tell whether what a record says is what it said when it was last imported."""
        key, said = _identity(record), digest(record)
        return self._said.get(key) == said or said in self._also.get(key, ())

    def note(self, records: Iterable[Record]) -> None:
        """Note that records are imported as they are."""
        for one in records:
            key, said = _identity(one), digest(one)
            if not self.has_said(one):
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
            metadata={"imported": base64.b64encode(data).decode(), "run": self._run},
            scope=self._scope,
            id=_page_id(self._pages),
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


def _identity(record: Record) -> int:
    return _number(json.dumps([*record.scope.names, record.id]))


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(errors="replace"), digest_size=8).digest(), "little")


def _page_id(number: int) -> str:
    return str(uuid5(NAMESPACE_OID, f"commonplace import log, page {number}"))
