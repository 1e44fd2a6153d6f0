"""The two things that can be swapped: where records last, and what turns text into vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from commonplace.records import Record
from commonplace.scope import Scope

Vectors = NDArray[np.float32]


@runtime_checkable
class Embedder(Protocol):
    """Turns text into vectors. Methods are called from several threads at once."""

    @property
    def name(self) -> str:
        """Identity of the model, kept with the store: equal names mean equal vectors."""
        ...

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Embed texts to be found: float32, shape (len(texts), dimension)."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """Embed a question: float32, shape (dimension,)."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A record and the vectors under which it is found.

    `vectors` is float32 of shape (windows, dimension) and unit length per row: one row for each
    window of the text, since an embedder reads only the beginning of a long one.
    """

    record: Record
    vectors: Vectors


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

    def replace(self, old: Entry, new: Entry) -> None:
        """Store `new` in the place of `old`, which has the same scope and id."""
        ...

    def remove(self, entries: Sequence[Entry]) -> None:
        """Remove these entries. Absent ones are ignored."""
        ...

    def find(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        """Return the entries within `scope` that have one of these ids, in no particular order."""
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

    def close(self) -> None:
        """Release files and locks. May be called again."""
        ...
