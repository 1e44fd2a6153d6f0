"""The two things that can be swapped: where records last, and what turns text into vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.values.uses import Uses

Vectors = NDArray[np.float32]
NO_VECTORS: Vectors = np.empty((1, 0), np.float32)
"""Those of an entry that is thought of and never stored."""
Page: TypeAlias = tuple[list[Record], int]
"""The records of a page, and how many there are on all pages."""


@runtime_checkable
class Embedder(Protocol):
    """Turns text into vectors. Its methods are called from several threads at once."""

    @property
    def name(self) -> str:
        """The model's name, kept with the store. The same name means the same vectors."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Return the vectors of texts that are stored: float32, shape (len(texts), dimension)."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """Return the vector of a question: float32, shape (dimension,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A record and the vectors under which it is found.

    `vectors` is float32 of shape (windows, dimension) and unit length per row: one row for each
    window of the text, since an embedder reads only the beginning of a long one. `features` is what
    ranking takes from the record, packed, if it was computed for a store that keeps it.
    """

    record: Record
    vectors: Vectors
    features: bytes | None = None


@dataclass(frozen=True, slots=True)
class Verification:
    """A search for traces of what was erased, in every file of a store that holds content.

    Args:
        files: How many files were searched.
        bytes: How many bytes.
        traces: For how many traces: pieces of the erased texts, ids, keys, metadata and vectors.
        occurrences: How many were found that no remaining record accounts for.
    """

    files: int
    bytes: int
    traces: int
    occurrences: int


@dataclass(frozen=True, slots=True)
class Absence:
    """Questions to a database about erased records. No row answered any.

    Args:
        by_id: How many asked for the id of a row.
        by_text: How many asked for a text.
        by_metadata: How many asked for the scope in the metadata.
        by_vector: How many asked for the row nearest to a vector.
    """

    by_id: int
    by_text: int
    by_metadata: int
    by_vector: int


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure removed: records, and the rows that held their texts and vectors.

    `verification` is None where the store's files are out of reach, or where it has none. There
    `absence` may tell what the database was asked instead, and `for_operator` what only its
    operator can do.
    """

    records: int
    rows: int
    verification: Verification | None
    absence: Absence | None = None
    for_operator: tuple[str, ...] = ()


class RecordStore(Protocol):
    """Keeps entries. What is returned is what was last acknowledged, exactly.

    The contract is `tests/core/test_store_contract.py`, run on every implementation.
    """

    @property
    def dimension(self) -> int | None:
        """Length of the vectors kept here, or None before the first was."""
        ...

    def put(self, entries: Sequence[Entry]) -> None:
        """Store entries whose scope and id are not stored yet. Durable on return."""
        ...

    def replace(self, pairs: Sequence[tuple[Entry, Entry]], new: Sequence[Entry] = ()) -> None:
        """Store the second of each pair in the place of the first, of the same scope and id.

        Entries that are `new` are stored with them, at once where the store can do that.
        """
        ...

    def remove(self, entries: Sequence[Entry]) -> None:
        """Remove these entries. Absent ones are ignored."""
        ...

    def count_uses(self, uses: Uses) -> list[Record]:
        """Count uses of the records that are there and current; return these as they are now.

        Nothing else of them changes, whoever writes them meanwhile, and nothing becomes of the
        others. What `commonplace.values.uses.used` refuses is not counted.
        """
        ...

    def find(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        """Return the entries within `scope` that have one of these ids, in no particular order."""
        ...

    def stating(self, scope: Scope, statements: Sequence[str]) -> list[Entry]:
        """Return the entries of exactly this scope that make one of these statements.

        A statement is what `commonplace.writing.repetition.statement` gives.
        """
        ...

    def versions(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        """Return the past versions, within `scope`, of the records with these ids."""
        ...

    def entries(self, scope: Scope) -> Iterator[Entry]:
        """Yield every entry within `scope`, read in slices, in no particular order."""
        ...

    def records(self, scope: Scope) -> Iterator[Record]:
        """Yield every record within `scope`, without its vectors, in no particular order."""
        ...

    def nearest(self, scope: Scope, vector: Vectors, limit: int) -> list[Entry]:
        """Return about `limit` entries within `scope` near `vector`, by the store's own index."""
        ...

    def erase(self, scope: Scope) -> Erased:
        """Remove every entry within `scope`, and where the store has files, every trace of them.

        That includes traces of what was removed from the scope before. Other scopes are untouched;
        if the process ends within, they still are, and erasing again finishes the work.
        """
        ...

    @property
    def pending(self) -> int:
        """How many changes are durable, and not yet where the store keeps them at rest."""
        ...

    def await_room(self) -> None:
        """Wait while so many are pending that no more may be; whoever writes waits here first.

        No lock may be held that others need for reading. Raises StoreError if that does not come.
        """
        ...

    def flush(self) -> None:
        """Wait until none is pending. Raises StoreError if that does not come."""
        ...

    def close(self) -> None:
        """Release files and locks. May be called again."""
        ...
