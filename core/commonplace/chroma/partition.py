"""A partition of the store, whose collection another writer may remove or make anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from commonplace.chroma.catalogue import Catalogue
from commonplace.chroma.translation import is_not_found

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

Result = TypeVar("Result")

_NO_ROWS: Mapping[str, Any] = {"ids": [], "documents": [], "metadatas": [], "embeddings": []}


@dataclass(frozen=True, slots=True)
class Partition:
    """The partition of a number; without a collection it holds nothing.

    Chroma knows a collection by an id of its own, which changes when it is made anew.
    """

    catalogue: Catalogue
    number: int

    @property
    def name(self) -> str:
        """What errors call it."""
        return f"partition {self.number}"

    def get(self, **options: Any) -> Mapping[str, Any]:
        """Return rows."""
        rows = self._attempt(lambda collection: collection.get(**options))
        return _NO_ROWS if rows is None else rows

    def query(self, **options: Any) -> Mapping[str, Any]:
        """Return the rows nearest to a vector, each column a list of one list."""
        rows = self._attempt(lambda collection: collection.query(**options))
        return {column: [[]] for column in _NO_ROWS} if rows is None else rows

    def annotate(self, ids: Sequence[str], metadatas: Sequence[Mapping[str, Any]]) -> None:
        """Set these keys of the metadata of rows, None removes one. Absent rows stay absent."""
        self._attempt(
            lambda collection: collection.update(ids=list(ids), metadatas=list(metadatas))
        )

    def delete(self, ids: Sequence[str]) -> None:
        """Remove rows. Absent ones are ignored."""
        self._attempt(lambda collection: collection.delete(ids=list(ids)))

    def _attempt(self, step: Callable[[Collection], Result]) -> Result | None:
        collection = self.catalogue.partition(self.number)
        try:
            return None if collection is None else step(collection)
        except Exception as error:
            if not is_not_found(error):
                raise
            self.catalogue.forget()
            again = self.catalogue.partition(self.number)
            return None if again is None else step(again)
