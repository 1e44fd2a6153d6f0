"""The collections of a store that several processes write to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from commonplace.chroma.catalogue import Catalogue
from commonplace.chroma.lines import lines_of
from commonplace.chroma.patience import Patience

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

SHARED_FORMAT = 2
"""Rows that are never written over, numbered by commits. Releases before write over them."""
ROWS_PER_READ = 5_000
FEWEST_ROWS = 300
"""As many as Chroma Cloud takes or gives in one request."""


class SharedCatalogue(Catalogue):
    """A Catalogue whose store has the format of commits from its first write on."""

    format = SHARED_FORMAT
    rows_per_read = ROWS_PER_READ
    """So many rows are asked for at a time: fewer once a server has refused so many."""

    def __init__(self, client: ClientAPI, embedder: str | None, patience: Patience) -> None:
        """Read what the store says of itself, with patience as for all that is looked up."""
        self._patience = patience
        self.lines = lines_of(client)
        super().__init__(client, embedder)

    def _found(self, name: str) -> Collection | None:
        return self._patience.with_(partial(super()._found, name))

    def _create(self, name: str, dimension: int) -> Collection:
        return self._patience.with_(partial(super()._create, name, dimension))

    def identity(self, number: int) -> str | None:
        """Return Chroma's own id of a partition's collection; None if it has none.

        It changes when somebody makes the collection anew.
        """
        found = self.partition(number)
        return None if found is None else str(found.id)

    def partition_for_writing(self, number: int, dimension: int) -> Collection:
        """Return a partition's collection, creating it, and the store, if there is none."""
        found = super().partition_for_writing(number, dimension)
        if self._mark is not None and self._mark["format"] < SHARED_FORMAT:
            # Releases before refuse it from now on: what they write, others would not see.
            self._remark({**self._mark, "format": SHARED_FORMAT})
        return found
