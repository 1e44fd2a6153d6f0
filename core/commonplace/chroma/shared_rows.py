"""How an entry is written where several write: as in rows.py, and never written over. Pure.

A row has an id of its own, and `by` tells which commit stored it, and as which of its rows. So a
record that is changed gets new rows, and those it had count no longer. Rows without `by` were
written by former releases and count as long as they are there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from commonplace.chroma.commit_log import row_id
from commonplace.chroma.rows import Rows, is_first, to_records, to_rows
from commonplace.chroma.rows import row_id as former_row_id
from commonplace.ports import Entry, Vectors
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.writing.batch import Identity, identity

BRANCH_NAMES = 2


class By(NamedTuple):
    """Which commit stored a row, and as which of its rows."""

    number: int
    nonce: str
    place: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it was read; `vector` is empty where it was not asked for."""

    id: str
    document: str
    metadata: Mapping[str, Any]
    vector: Vectors

    @property
    def by(self) -> By | None:
        """Tell by which commit; None for one of a former release."""
        written = self.metadata.get("by")
        if written is None:
            return None
        number, nonce, place = str(written).split(".")
        return By(int(number), nonce, int(place))


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry, the ids of its rows, and the number of the commit that stored it."""

    entry: Entry
    row_ids: tuple[str, ...]
    number: int


def branch_of(scope: Scope) -> Scope:
    """Return the scope that what is written to `scope` takes its turns in."""
    return scope.first(BRANCH_NAMES)


def committed_rows(entries: Sequence[Entry], number: int, nonce: str) -> Rows:
    """Write entries as the rows of a commit."""
    written = to_rows(entries)
    written.ids = [row_id(nonce, index) for index in range(len(written.ids))]
    for index, metadata in enumerate(written.metadatas):
        if metadata.get("used", "") is None:  # nothing is written over, so nothing is taken away
            del metadata["used"]
        metadata["by"] = f"{number}.{nonce}.{index}"
    return written


def stored_of(rows: Iterable[Row], *, with_vectors: bool = True) -> Iterator[Stored]:
    """Yield the entries of rows that count; of each the newest. Rows may come in any order.

    One of which rows are missing is left out: it is being removed.
    """
    given = {row.id: row for row in rows}
    firsts = [row for row in given.values() if is_first(row.metadata)]
    records = to_records([row.document for row in firsts], [row.metadata for row in firsts])
    newest: dict[Identity, Stored] = {}
    for row, (record, windows) in zip(firsts, records, strict=True):
        ids = _row_ids(row, record, windows)
        by = row.by
        if with_vectors and not all(id in given for id in ids):
            continue
        vectors = [given[id].vector for id in ids] if with_vectors else [row.vector]
        one = Stored(Entry(record, np.stack(vectors)), ids, -1 if by is None else by.number)
        known = newest.get(identity(record))
        if known is None or known.number < one.number:
            newest[identity(record)] = one
    return iter(newest.values())


def counting(
    rows: Iterable[Row], counts: Callable[[Row, By], bool], gone: set[str]
) -> Iterator[Row]:
    """Yield the rows that count: stored by a commit that was made, and not replaced since."""
    for row in rows:
        if "id" in row.metadata and row.id not in gone:
            by = row.by
            if by is None or counts(row, by):
                yield row


def _row_ids(row: Row, record: Record, windows: int) -> tuple[str, ...]:
    by = row.by
    further = range(1, windows)
    if by is None:
        return (row.id, *(former_row_id(record, window) for window in further))
    return (row.id, *(row_id(by.nonce, by.place + window) for window in further))
