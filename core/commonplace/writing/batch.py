"""What a number of writes comes to: what is new, and what takes whose place. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple, TypeAlias

from commonplace.ports import Entry
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.values.uses import carried
from commonplace.writing.repetition import overwrites, reinforced, statement
from commonplace.writing.versions import ended, past_version

Identity: TypeAlias = tuple[Scope, str]


def identity(record: Record) -> Identity:
    """Return what no two stored records share."""
    return record.scope, record.id


class Write(NamedTuple):
    """Entries that are written together, and the ids of those that are new statements."""

    entries: list[Entry]
    new: frozenset[str]


class Batch:
    """Entries to write, beside those of the store that they may meet."""

    def __init__(self, stored: Iterable[Entry], at: datetime) -> None:
        """Know of `stored`; `at` is the moment of the writing."""
        self._at = at
        self._stored: dict[Identity, Entry] = {}
        self._written: dict[Identity, Entry] = {}
        self._stating: dict[tuple[Scope, str], Identity] = {}
        for entry in stored:
            self._stored[identity(entry.record)] = entry
            self._note(entry.record)

    def take(self, write: Write) -> list[Record]:
        """Write the entries of one write; return what is stored for each."""
        return [
            self.add(entry) if entry.record.id in write.new else self.upsert(entry)
            for entry in write.entries
        ]

    def add(self, entry: Entry) -> Record:
        """Write a new statement; return the record that states it, which may be an old one."""
        said = statement(entry.record)
        known = self._stating.get((entry.record.scope, said)) if said else None
        if known is None:
            self._write(entry)
            return entry.record
        old = self._at_present(known)
        assert old is not None, "what is noted is stored or written"
        if known == identity(entry.record):
            return old.record  # this is the call of a repeated request
        if statement(old.record) != said:  # it was written over within this batch
            self._stating.pop((entry.record.scope, said or ""))
            return self.add(entry)
        record = reinforced(old.record, entry.record)
        if overwrites(record, old.record):
            self._write(Entry(ended(old.record, self._at), old.vectors))
            record = replace(record, updated_at=self._at)
        self._write(Entry(record, old.vectors))
        return record

    def upsert(self, entry: Entry) -> Record:
        """Write an entry, in the place of the one with its scope and id; return its record.

        What that one said is kept as a past version; how often it was used, by the record.
        """
        old = self._at_present(identity(entry.record))
        if old is not None:
            entry = Entry(carried(old.record, entry.record), entry.vectors)
        if old is not None and (past := past_version(old.record, entry.record, self._at)):
            self._write(Entry(past, old.vectors))
        self._write(entry)
        return entry.record

    @property
    def new(self) -> list[Entry]:
        """The entries whose scope and id are not stored."""
        return [entry for key, entry in self._written.items() if key not in self._stored]

    @property
    def replaced(self) -> list[tuple[Entry, Entry]]:
        """Stored entries, each with what takes its place."""
        return [
            (self._stored[key], entry)
            for key, entry in self._written.items()
            if key in self._stored and self._stored[key].record != entry.record
        ]

    def _at_present(self, key: Identity) -> Entry | None:
        return self._written.get(key) or self._stored.get(key)

    def _write(self, entry: Entry) -> None:
        self._written[identity(entry.record)] = entry
        self._note(entry.record)

    def _note(self, record: Record) -> None:
        if said := statement(record):
            self._stating.setdefault((record.scope, said), identity(record))
