"""Small texts that a store keeps of itself, in a collection of their own beside the records.

Chroma ignores the adding of an id that is there already. So of many who add one at once, one is
first, and all can read who it was: everything that must not happen twice is built on that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from functools import partial
from hashlib import blake2b
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from commonplace.chroma.patience import Patience
from commonplace.chroma.translation import is_not_found, is_refused, translated
from commonplace.errors import AccessDeniedError, StoreError, StoreFormatError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

FORMAT = 1
_KIND = "notes"
_IDS_PER_CALL = 300  # as many as Chroma Cloud takes

Result = TypeVar("Result")


class Notes:
    """Texts by id, of a name. The collection is made when the first is written."""

    def __init__(self, client: ClientAPI, name: str) -> None:
        """Look for nothing yet."""
        self._client = client
        self._name = name
        self._known: Any = None
        self._patience = Patience()  # each request may be repeated: it comes to the same

    def make(self) -> None:
        """Make the collection if there is none.

        Raises StoreFormatError for another's, AccessDeniedError.
        """
        self._patience.with_(self._make)

    def _make(self) -> None:
        if self._collection() is None:
            with translated(f"creating the collection {self._name!r}"):
                self._known = self._checked(self._made())

    def _made(self) -> Any:
        try:
            return self._client.get_or_create_collection(
                self._name, embedding_function=None, metadata={"format": FORMAT, "holds": _KIND}
            )
        except Exception as error:
            if not is_refused(error):
                raise
            raise AccessDeniedError(
                f"The Chroma server may not make the collection {self._name!r} for what it was "
                f"sent ({error}). Send a token that may read and make collections, and write to "
                "them. Nothing was changed."
            ) from error

    def first(self, id: str, text: str, **marks: str) -> str:
        """Write a text unless there is one of this id, and return the one that is there then."""
        self._write("add", id, text, marks)
        return self.of([id]).get(id, "")

    def put(self, id: str, text: str, **marks: str) -> None:
        """Write a text in the place of the one that may be there."""
        self._write("upsert", id, text, marks)

    def of(self, ids: Collection[str]) -> dict[str, str]:
        """Return the texts of these ids; absent ones are left out."""
        remaining = iter(ids)
        found: dict[str, str] = {}
        while part := list(islice(remaining, _IDS_PER_CALL)):
            found |= self._get(ids=part)
        return found

    def marked(self, **marks: str) -> dict[str, str]:
        """Return the texts that carry one mark."""
        return self._pages(where=dict(marks))

    def all(self) -> dict[str, str]:
        """Return all texts, by id."""
        return self._pages()

    def remove(self, ids: Collection[str]) -> None:
        """Remove these texts. Absent ones are ignored."""
        if ids:
            self._attempt(lambda one: one.delete(ids=list(ids)))

    def _pages(self, **condition: Any) -> dict[str, str]:
        found: dict[str, str] = {}
        while True:
            page = self._get(**condition, limit=_IDS_PER_CALL, offset=len(found))
            found |= page
            if len(page) < _IDS_PER_CALL:
                return found

    def _get(self, **options: Any) -> dict[str, str]:
        found = self._attempt(lambda one: one.get(**options, include=["documents"]))
        return {} if found is None else dict(zip(found["ids"], found["documents"], strict=True))

    def _write(self, how: str, id: str, text: str, marks: Mapping[str, str]) -> None:
        row = {
            "ids": [id],
            "embeddings": [_vector(id)],
            "documents": [text],
            "metadatas": [{"note": _KIND, **marks}],
        }

        def written(collection: Any) -> bool:
            getattr(collection, how)(**row)
            return True

        for _ in range(2):
            self.make()
            if self._attempt(written):
                return
        raise StoreError(f"The collection {self._name!r} is removed again and again by another.")

    def _attempt(self, step: Callable[[Any], Result]) -> Result | None:
        """Return what a step gives, None without a collection; another may make that anew."""
        with translated(f"using the collection {self._name!r}"):
            return self._patience.with_(partial(self._attempted, step))

    def _attempted(self, step: Callable[[Any], Result]) -> Result | None:
        collection = self._collection()
        try:
            return None if collection is None else step(collection)
        except Exception as error:
            if not is_not_found(error):
                raise
            self._known = None
            again = self._collection()
            return None if again is None else step(again)

    def _collection(self) -> Any:
        if self._known is None:
            with translated(f"opening the collection {self._name!r}"):
                try:
                    found = self._client.get_collection(self._name, embedding_function=None)
                except Exception as error:
                    if not is_not_found(error):
                        raise
                    return None
            self._known = self._checked(found)
        return self._known

    def _checked(self, collection: Any) -> Any:
        marks = collection.metadata or {}
        version = marks.get("format")
        if marks.get("holds") != _KIND or type(version) is not int:
            raise StoreFormatError(
                f"The collection {self._name!r} here was not made by Commonplace, which needs the "
                "name. Give another Chroma database, or rename it. Nothing was changed."
            )
        if version > FORMAT:
            raise StoreFormatError(
                f"The collection {self._name!r} has format {version}; this release reads up to "
                f"{FORMAT}. Upgrade with: pip install --upgrade commonplace-memory"
            )
        return collection


def _vector(id: str) -> list[float]:
    """Return a vector that differs by id: nothing is found by it, and Chroma wants one."""
    digest = blake2b(id.encode(), digest_size=2).digest()
    return [1.0 + digest[0] / 256, 1.0 + digest[1] / 256]
