"""What a store says of itself, and its partitions.

Each collection of a store carries the store's format version, its embedder's name and dimension,
and the number of partitions; the collection named `commonplace` marks the store.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from commonplace.chroma.translation import is_not_found, translated
from commonplace.errors import EmbedderMismatchError, StoreFormatError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

FORMAT = 1
PARTITIONS = 32
Mark: TypeAlias = Mapping[str, Any]
"""What a store says of itself: `format`, `embedder`, `dimension`, `partitions`."""
_MARK = "commonplace"
FED_OF_MARK = f"""
    SELECT key, coalesce(str_value, int_value) FROM collection_metadata
    WHERE collection_id IN (SELECT id FROM collections WHERE name = '{_MARK}')
"""  # noqa: S608  # of a name that is written above
"""How what a store says of itself is read from Chroma's database while nobody has it open."""
# At every write Chroma goes through what was written since the last sync. With many partitions that
# stays below its default of 1,000 for long, and adding a record took 26 ms; so it takes 9.
_SYNC_THRESHOLD = 100


class Catalogue:
    """The collections of one store, checked when first touched.

    Others may start the store, and make its collections anew, while it is open here.
    """

    format = FORMAT
    """The newest that is read, and the one that is written."""

    def __init__(self, client: ClientAPI, embedder: str | None) -> None:
        """Read what the store says of itself; `embedder` None takes the one it names."""
        self._client = client
        self._embedder = embedder
        self._known: dict[str, Collection] = {}
        self._mark: Mark | None = None
        self.partitions = PARTITIONS
        self._read_mark()

    @property
    def mark(self) -> Mark | None:
        """What the store says of itself, or None if nobody has started it yet."""
        if self._mark is None:
            self._read_mark()
        return self._mark

    @property
    def dimension(self) -> int | None:
        """The length of the store's vectors, or None if nobody has started it yet."""
        return None if (mark := self.mark) is None else mark["dimension"]

    def forget(self) -> None:
        """Look every collection up again."""
        self._known.clear()
        self._mark = None

    def partition(self, number: int) -> Collection | None:
        """Return a partition's collection, or None if nothing was ever written to it."""
        return self._collection(partition_name(number))

    def partition_for_writing(self, number: int, dimension: int) -> Collection:
        """Return a partition's collection, creating it, and the store, if there is none."""
        found = self.partition(number)  # one that somebody else made must not start a store
        if self.dimension is None:
            # Another may be faster: then the mark is theirs.
            self._adopt(dict(self._create(_MARK, dimension).metadata or {}))
        return found or self._create(partition_name(number), dimension)

    def begin_replacement(self, number: int, dimension: int) -> Collection:
        """Return an empty collection that can take a partition's place."""
        self._drop(_next(number))
        return self._create(_next(number), dimension)

    def replace(self, number: int) -> None:
        """Put the replacement that was begun in the partition's place; if none was, drop it.

        The replacement must be complete: between the two steps it is all there is, and `settle`
        takes it.
        """
        self._drop(partition_name(number))
        self._finish_replacement(number)

    def settle(self) -> None:
        """Finish or undo replacements during which a process ended.

        While the old collection is there, the new one may be incomplete; once it is gone, the new
        one is complete.
        """
        for number in range(self.partitions):
            if self.partition(number) is None:
                self._finish_replacement(number)
            else:
                self._drop(_next(number))

    def annotate(self, also: Mark) -> bool:
        """Let the store say this of itself as well; tell whether anybody has started it yet."""
        mark = self._collection(_MARK)
        if mark is not None:
            said = {**(mark.metadata or {}), **also}
            with translated(f"writing what the collection {_MARK!r} says"):
                mark.modify(metadata=said)
            self._mark = said
        return mark is not None

    def _finish_replacement(self, number: int) -> None:
        replacement = self._collection(_next(number))
        if replacement is not None:
            with translated(f"renaming the collection {_next(number)!r}"):
                replacement.modify(name=partition_name(number))
            self._known[partition_name(number)] = self._known.pop(_next(number))

    def _drop(self, name: str) -> None:
        self._known.pop(name, None)
        if self._found(name) is not None:
            with translated(f"removing the collection {name!r}"):
                self._client.delete_collection(name)

    def _read_mark(self) -> None:
        mark = self._collection(_MARK)
        if mark is not None:
            self._adopt(dict(mark.metadata or {}))

    def _remark(self, mark: Mark) -> None:
        """Change what the store says of itself."""
        marked = self._collection(_MARK)
        if marked is not None:
            with translated("writing what the store says of itself"):
                marked.modify(metadata=dict(mark))
        self._mark = mark

    def _adopt(self, mark: Mark) -> None:
        check_mark(mark, self._embedder, self.format)
        self._mark, self._embedder, self.partitions = mark, mark["embedder"], mark["partitions"]

    def _collection(self, name: str) -> Collection | None:
        if name not in self._known:
            found = self._found(name)
            if found is None:
                return None
            self._known[name] = _checked(found)
        return self._known[name]

    def _found(self, name: str) -> Collection | None:
        with translated(f"opening the collection {name!r}"):
            try:
                return self._client.get_collection(name, embedding_function=None)
            except Exception as error:
                if not is_not_found(error):
                    raise
                return None

    def _create(self, name: str, dimension: int) -> Collection:
        with translated(f"creating the collection {name!r}"):
            made = self._client.get_or_create_collection(
                name,
                embedding_function=None,
                configuration={"hnsw": {"space": "cosine", "sync_threshold": _SYNC_THRESHOLD}},
                metadata=_mark_of(self.format, self._embedder, dimension, self.partitions),
            )
        self._known[name] = _checked(made)
        return self._known[name]


def new_mark(embedder: str, dimension: int) -> Mark:
    """Return what a store says of itself that is begun now."""
    return _mark_of(FORMAT, embedder, dimension, PARTITIONS)


def _mark_of(format: int, embedder: str | None, dimension: int, partitions: int) -> dict[str, Any]:
    return {
        "format": format,
        "embedder": embedder,
        "dimension": dimension,
        "partitions": partitions,
    }


def check_mark(mark: Mark, embedder: str | None, newest: int = FORMAT) -> None:
    """Check what a store says of itself; `embedder` None takes the one it names.

    Raises StoreFormatError, EmbedderMismatchError.
    """
    version = mark["format"]
    if version > newest:
        raise StoreFormatError(
            f"The store has format {version}; this release reads up to {newest} here. "
            "Upgrade with: pip install --upgrade commonplace-memory"
        )
    if mark["embedder"] != (embedder or mark["embedder"]):
        raise EmbedderMismatchError(
            f"The store was built with the embedder {mark['embedder']!r} "
            f"(dimension {mark['dimension']}), not {embedder!r}. Open it with "
            "embedder= set to the one it was built with, or give it the vectors of another model: "
            "a directory with commonplace reembed DIRECTORY --embedder NAME, what is in a Chroma "
            "server with commonplace export, and commonplace import into another database.",
            mark["embedder"],
        )


def partition_name(partition: int) -> str:
    """Return what the collection of a partition is called."""
    return f"{_MARK}-{partition:02d}"


def _next(partition: int) -> str:
    return f"{partition_name(partition)}-next"


def _checked(collection: Collection) -> Collection:
    """Raise StoreFormatError unless a collection was made for a store."""
    space = (collection.configuration_json.get("hnsw") or {}).get("space", "cosine")
    if type((collection.metadata or {}).get("format")) is not int:
        reason = "was not made by Commonplace, which needs the name"
    elif space != "cosine":
        reason = f"is in {space!r} space and not in cosine space: somebody else made it"
    else:
        return collection
    raise StoreFormatError(
        f"The collection {collection.name!r} here {reason}. "
        "Give another directory or another Chroma database."
    )
