"""A partition of a store that others write to as well, over a network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from commonplace.chroma.lines import Awaited, known
from commonplace.chroma.partition import Partition, Result
from commonplace.chroma.patience import Patience
from commonplace.chroma.rows import Rows
from commonplace.chroma.shared_catalogue import FEWEST_ROWS, SharedCatalogue
from commonplace.chroma.translation import is_not_found, is_quota, translated
from commonplace.errors import StoreError

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection


Said: TypeAlias = Mapping[str, Mapping[str, Any]]
"""What rows say in their metadata, by id."""


@dataclass(frozen=True, slots=True)
class SharedPartition(Partition):
    """The partition of a number; every request is tried again while what hinders it may pass."""

    catalogue: SharedCatalogue
    patience: Patience

    @property
    def identity(self) -> str | None:
        """Chroma's own id of the collection; None while there is none."""
        return self.catalogue.identity(self.number)

    @contextmanager
    def asking(self, ids: Sequence[str], identity: str | None) -> Iterator[Awaited[Said | None]]:
        """Ask by one request for the metadata of these rows, in the collection of this identity.

        It gives what waits for the answer. If there is none, what it gives returns None: whoever
        wants to know asks in the usual way, with patience.
        """
        collection, lines = self._known(identity), self.catalogue.lines
        asked = _metadata_of(ids)
        if collection is None or lines is None:
            yield known(None if collection is None else _said(lambda: collection.get(**asked)))
            return
        with lines.asking(collection, "get", asked) as answer:
            yield Awaited(lambda: _said(answer), answer.has_come)

    def said(self, ids: Sequence[str]) -> Said:
        """Return the metadata of the rows with these ids that are there."""
        return _by_id(self.few(_metadata_of(ids)))

    def few(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what a `get` of a few rows gives, over a line if there is one."""
        return self.patience.with_(lambda: self._answer("get", asked)) or self.get(**asked)

    def some(self, asked: Callable[[int], dict[str, Any]]) -> tuple[Mapping[str, Any], int]:
        """Return rows, and for how many at most it was asked, given what to ask for so many.

        A server that gives no more at a time is asked for as many as it does give, from then on.
        """
        most = self.catalogue.rows_per_read
        try:
            return self.get(**asked(most)), most
        except Exception as error:
            if most == FEWEST_ROWS or not is_quota(error):
                raise
        self.catalogue.rows_per_read = FEWEST_ROWS
        return self.get(**asked(FEWEST_ROWS)), FEWEST_ROWS

    def add(self, part: Rows, known: str | None) -> bool:
        """Add rows, all or none; one whose id is there already stays as it is.

        `known` is the identity of the collection that they are for, None to make one if need be.
        Tell whether it is still there: if not, nothing is added.
        """
        return self.patience.with_(lambda: self._add(part, known))

    def _attempt(self, step: Callable[[Collection], Result]) -> Result | None:
        return self.patience.with_(lambda: Partition._attempt(self, step))

    def _add(self, part: Rows, known: str | None) -> bool:
        try:
            return self._add_once(part, known)
        except Exception as error:
            cause = error.__cause__ if isinstance(error, StoreError) else error
            if not is_not_found(cause):
                raise
            self.catalogue.forget()  # another removed the collection, or the whole store
            return self._add_once(part, known)

    def _add_once(self, part: Rows, known: str | None) -> bool:
        dimension = len(part.embeddings[0])
        collection = self.catalogue.partition_for_writing(self.number, dimension)
        if known not in {None, str(collection.id)}:
            return False
        collection.add(
            ids=part.ids,
            embeddings=part.embeddings,  # type: ignore[arg-type]  # a list of arrays is taken
            documents=part.documents,  # type: ignore[arg-type]  # None marks a row without text
            metadatas=part.metadatas,  # type: ignore[arg-type]  # dict is invariant
        )
        return True

    def _known(self, identity: str | None) -> Collection | None:
        try:
            collection = self.catalogue.partition(self.number)
        except StoreError:
            return None
        return collection if collection is not None and str(collection.id) == identity else None

    def _answer(self, what: str, asked: Mapping[str, Any]) -> Any:
        collection, lines = self.catalogue.partition(self.number), self.catalogue.lines
        if collection is None or lines is None:
            return None
        return lines.answer(collection, what, asked)


def _metadata_of(ids: Sequence[str]) -> dict[str, Any]:
    return {"ids": list(ids), "include": ["metadatas"]}


def _said(answer: Callable[[], Any]) -> Said | None:
    try:
        with translated("looking for news"):
            found = answer()
    except StoreError:
        return None
    return None if found is None else _by_id(found)


def _by_id(found: Mapping[str, Any]) -> Said:
    return dict(zip(found["ids"], found["metadatas"], strict=True))
