"""Reading rows out of a collection, page by page."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from commonplace.chroma.partition import Partition
from commonplace.chroma.rows import Unread
from commonplace.chroma.translation import translated
from commonplace.errors import StoreDamagedError
from commonplace.ports import Entry
from commonplace.values.records import Record

if TYPE_CHECKING:
    from chromadb.api.models.Collection import Collection

# Chroma turns every id of a read into an SQL variable, of which SQLite takes about 32,000.
ROWS_PER_READ = 5_000
_NAMED = 5

_log = logging.getLogger(__name__)


def everything(collection: Collection | Partition) -> Reading:
    """Return the reading of all rows of a collection."""
    return Reading(collection, None, collection.name)


@dataclass(frozen=True, slots=True)
class Reading:
    """The rows of a collection that meet a condition; `name` is what errors call them.

    `rows` are read at a time.
    """

    collection: Collection | Partition
    where: dict[str, Any] | None
    name: str
    rows: int = field(default_factory=lambda: ROWS_PER_READ)

    def few(self) -> list[Entry]:
        """Return the entries of these rows, which are few: by one read.

        Raises StoreDamagedError if vectors of one of them are missing.
        """
        unread = self._unread()
        found = list(unread.take())
        if damaged := unread.incomplete():
            raise StoreDamagedError(_of_damage(damaged))
        return found

    def few_sound(self) -> list[Entry]:
        """Return those of these entries, which are few, whose vectors are there; tell of others."""
        unread = self._unread()
        found = list(unread.take())
        _tell(unread.incomplete())
        return found

    def many(self) -> Iterator[Entry]:
        """Yield the entries of these rows, which may be many: by two reads at a time.

        One whose vectors are missing is left out, and told of. Reading texts is work for Chroma's
        engine, reading vectors is work for the interpreter.
        """
        unread, offset, more = Unread(), 0, True
        with ThreadPoolExecutor(1, "commonplace-reading") as beside:
            while more:
                beside_texts = beside.submit(self._page, ["embeddings"], offset)
                texts = self._page(["documents", "metadatas"], offset)
                unread.add_records(texts["ids"], texts["documents"], texts["metadatas"])
                vectors = beside_texts.result()
                unread.add_vectors(vectors["ids"], vectors["embeddings"])
                yield from unread.take()
                offset += self.rows
                more = len(texts["ids"]) == self.rows
        _tell(unread.incomplete())

    def _unread(self) -> Unread:
        unread = Unread()
        for page in self.pages(["documents", "metadatas", "embeddings"]):
            unread.add_records(page["ids"], page["documents"], page["metadatas"])
            unread.add_vectors(page["ids"], page["embeddings"])
        return unread

    def pages(self, include: list[str]) -> Iterator[Any]:
        """Yield columns of these rows."""
        offset, more = 0, True
        while more:
            page = self._page(include, offset)
            yield page
            offset += self.rows
            more = len(page["ids"]) == self.rows

    def _page(self, include: list[str], offset: int) -> Any:
        with translated(f"reading {self.name!r}"):
            return self.collection.get(
                where=self.where,
                include=include,  # type: ignore[arg-type]  # the names are literals above
                limit=self.rows,
                offset=offset,
            )


def _tell(damaged: Sequence[Record]) -> None:
    """Log what is left out of an answer: recall goes on without it."""
    if damaged:
        said = "%s They are not found until then, unless another process is just writing them."
        _log.warning(said, _of_damage(damaged))


def _of_damage(records: Sequence[Record]) -> str:
    named = ", ".join(f"{one.id!r} in {str(one.scope)!r}" for one in records[:_NAMED])
    others = f" and {len(records) - _NAMED} more" if len(records) > _NAMED else ""
    return (
        f"Vectors are missing of the record {named}{others}. The text is there: close the store "
        "and run `commonplace doctor --repair` on its directory."
    )
