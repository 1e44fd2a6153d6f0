"""Entries by column: how a scope's arrays take many at once, from whatever keeps them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from commonplace.ports import Entry, Vectors
from commonplace.recall import coded, features
from commonplace.recall.coded import Told, spans
from commonplace.recall.growing import Doubles, Rows
from commonplace.values.records import KINDS, Kind, Record
from commonplace.values.scope import Scope


class Unread(Protocol):
    """A record that is read when somebody asks for it."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def text(self) -> str:
        """Its text."""
        ...

    @property
    def scope(self) -> Scope:
        """Its scope."""
        ...

    @property
    def size(self) -> int:
        """About how many characters it holds."""
        ...

    def read(self) -> Record:
        """Return the record."""
        ...


Kept: TypeAlias = Record | Unread


@dataclass(frozen=True, slots=True, eq=False)
class Columns:
    """Parallel columns, one element an entry; `vectors` has a row for each of its windows."""

    records: Sequence[Kept]
    numbers: npt.NDArray[np.void]
    sessions: Sequence[str]
    told: Told
    again: Mapping[int, Doubles]
    """When each of those was said again that was, in seconds since 1970."""
    vectors: Vectors

    def __len__(self) -> int:
        return len(self.records)

    @property
    def windows(self) -> Rows:
        """How many windows each text has."""
        return self.numbers["windows"].astype(np.int64)

    @property
    def kinds(self) -> list[Kind]:
        """The kind of each record."""
        return [KINDS[place] for place in self.numbers["kind"].tolist()]

    def in_order(self) -> Columns:
        """Return the entries from the oldest to the newest, those of one moment by their ids."""
        created, ids = self.numbers["created"].tolist(), [record.id for record in self.records]
        order = [row for _, _, row in sorted(zip(created, ids, range(len(self)), strict=True))]
        return self if order == list(range(len(self))) else self.taken(order)

    def current(self) -> Columns:
        """Return the entries that can be recalled."""
        current = self.numbers["is_current"]
        return self if current.all() else self.taken(np.flatnonzero(current).tolist())

    def taken(self, rows: Sequence[int]) -> Columns:
        """Return some of the entries, in this order."""
        chosen = np.array(rows, np.int64)
        return Columns(
            [self.records[row] for row in rows],
            self.numbers[chosen],
            [self.sessions[row] for row in rows],
            self.told.taken(chosen),
            {to: self.again[row] for to, row in enumerate(rows) if row in self.again},
            self.vectors[spans(self.windows, chosen)],
        )


@runtime_checkable
class Columnar(Protocol):
    """A store that keeps the features of its records."""

    def columns(self, scope: Scope) -> Iterator[Columns] | None:
        """Yield the entries within `scope` in parts; None if their features are not kept."""
        ...


def columns_of(entries: Iterable[Entry]) -> Columns:
    """Return entries as columns."""
    held = list(entries)
    return from_packed(
        [entry.record for entry in held],
        list(map(features_of, held)),
        np.concatenate([entry.vectors for entry in held]) if held else np.zeros((0, 0), np.float32),
    )


def features_of(entry: Entry) -> bytes:
    """Return the features of an entry, computed if they were not."""
    return entry.features or features.packed(entry.record, len(entry.vectors))


def with_features(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries with their features."""
    return [Entry(entry.record, entry.vectors, features_of(entry)) for entry in entries]


def from_packed(records: Sequence[Kept], packed: Sequence[bytes], vectors: Vectors) -> Columns:
    """Return entries with these features as columns."""
    numbers = features.numbers(packed)
    sessions, agents, languages = list[str](), list[str](), list[str]()
    for session, agent, language in features.names(packed, numbers):
        sessions.append(session)
        agents.append(agent)
        languages.append(language)
    texts, terms = [record.text for record in records], features.terms(packed, numbers)
    told = Told(texts, agents, languages, numbers["is_sure"], terms)
    again = features.times_again(packed, numbers)
    return Columns(records, numbers, sessions, told, again, vectors)


def joined(parts: Sequence[Columns]) -> Columns:
    """Return the entries of several columns as one."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return columns_of(())
    starts = [0, *accumulate(map(len, parts[:-1]))]
    return Columns(
        [record for part in parts for record in part.records],
        np.concatenate([part.numbers for part in parts]),
        [session for part in parts for session in part.sessions],
        coded.joined([part.told for part in parts]),
        {
            start + row: times
            for start, part in zip(starts, parts, strict=True)
            for row, times in part.again.items()
        },
        np.concatenate([part.vectors for part in parts]),
    )
