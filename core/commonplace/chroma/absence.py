"""Shows that what was erased answers no question, where the files of a store are out of reach."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from commonplace.chroma.partition import Partition
from commonplace.chroma.reading import Reading
from commonplace.chroma.shared_reading import OF_LOGS
from commonplace.chroma.shared_store import SharedStore
from commonplace.chroma.store import where
from commonplace.chroma.translation import translated
from commonplace.errors import StoreError
from commonplace.ports import Absence, Erased
from commonplace.values.scope import Scope

MOST_ASKED = 50
"""Rows of each partition about whose texts and vectors it is asked."""
_PER_QUESTION = 300  # as many ids or rows as Chroma Cloud takes or gives
_NEAR = 5
_TEXT_CHARACTERS = 200

_VACUUM = (
    "The Chroma server's files keep bytes of removed rows. Stop it, run `chroma vacuum --path PATH "
    "--force`, and start it again: that removes texts and metadata."
)
_INDEX = (
    "Vectors stay in the index files, and can be turned back into nearly their texts. Only files "
    "that are made anew have none: `commonplace export --chroma URL all.jsonl`, then `commonplace "
    "import all.jsonl --chroma NEW_URL` into a Chroma server with another path, and then remove "
    "the old path."
)
_COPIES = (
    "Backups and snapshots of the server, and what a provider keeps, hold the scope until they are "
    "removed or run out."
)


class AskingStore(SharedStore):
    """A shared store as it is opened: it asks for what it erased, and leaves nothing open."""

    def erase(self, scope: Scope) -> Erased:
        return shown_absent(self._collections, scope, super().erase)

    def close(self) -> None:
        """Close the connections beside the client, which belongs to who made it."""
        if self._shared.lines is not None:
            self._shared.lines.close()


def shown_absent(
    partitions: Callable[[Scope], Sequence[Partition]],
    scope: Scope,
    erase: Callable[[Scope], Erased],
) -> Erased:
    """Erase a scope, and then ask for what it held: no row of that may answer.

    Each row is asked for by id, and the scope by metadata; texts and vectors of some are too. What
    others write there meanwhile is no part of it. Raises StoreError.
    """
    with translated(f"reading {str(scope)!r}"):
        held = [_held(one, scope) for one in partitions(scope)]
    erased = erase(scope)
    with translated(f"asking for what was erased of {str(scope)!r}"):
        shown = [one.asked() for one in held]
    counts = (sum(getattr(one, name) for one in shown) for name in Absence.__slots__)
    return replace(erased, absence=Absence(*counts), for_operator=(_VACUUM, _INDEX, _COPIES))


@dataclass(frozen=True, slots=True)
class _Held:
    """What a partition held of a scope: the ids of all rows, and texts and vectors of some."""

    partition: Partition
    scope: Scope
    ids: frozenset[str]
    texts: Sequence[str]
    vectors: Sequence[Any]

    def asked(self) -> Absence:
        """Ask for the rows in every way. Raises StoreError if one answers."""
        self._check(page["ids"] for page in _pages(self.partition, self.scope))
        ids = sorted(self.ids)
        for start in range(0, len(ids), _PER_QUESTION):
            self._check([self._got(ids=ids[start : start + _PER_QUESTION])])
        self._check(self._got(where_document={"$contains": text}) for text in self.texts)
        self._check(map(self._near, self.vectors))
        return Absence(len(ids), len(self.texts), 1, len(self.vectors))

    def _got(self, **condition: Any) -> Sequence[str]:
        found = self.partition.get(**condition, limit=_PER_QUESTION, include=[])
        ids: Sequence[str] = found["ids"]
        return ids

    def _near(self, vector: Any) -> Sequence[str]:
        asked = np.asarray(vector, np.float32)[np.newaxis]
        found = self.partition.query(query_embeddings=asked, n_results=_NEAR, include=["metadatas"])
        ids: Sequence[str] = found["ids"][0]
        return ids

    def _check(self, answers: Iterable[Sequence[str]]) -> None:
        left = sorted(self.ids.intersection(id for answer in answers for id in answer))
        if left:
            raise StoreError(
                f"The records of {str(self.scope)!r} were removed, but {len(left)} rows of them "
                f"in {self.partition.name} still answer, such as {left[0]!r}. Another program may "
                "have written them again: erase the scope again."
            )


def _held(partition: Partition, scope: Scope) -> _Held:
    logs = partition.get(where=OF_LOGS, include=[])["ids"]  # of what was committed, and no content
    ids = frozenset(id for page in _pages(partition, scope) for id in page["ids"]) - set(logs)
    found = partition.get(
        where=where(scope, None), include=["documents", "embeddings"], limit=MOST_ASKED
    )
    texts = [text[:_TEXT_CHARACTERS] for text in found["documents"] if text and text.strip()]
    return _Held(partition, scope, ids, texts, list(found["embeddings"]))


def _pages(partition: Partition, scope: Scope) -> Iterable[Any]:
    return Reading(partition, where(scope, None), str(scope), _PER_QUESTION).pages([])
