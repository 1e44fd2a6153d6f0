"""What others have written into Chroma."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NamedTuple

from commonplace.chroma.translation import translated
from commonplace.errors import InvalidInputError, StoreError
from commonplace.files import home
from commonplace.values.records import JSON

DATABASE = "chroma.sqlite3"

_ROWS_PER_READ = 1_000
_OURS = "commonplace"
_DEFAULT = ("default_tenant", "default_database")


class Place(NamedTuple):
    """Where a collection lies in a Chroma directory."""

    tenant: str
    database: str
    collection: str

    def __str__(self) -> str:
        """Return the names with slashes between them."""
        return "/".join(self)


class Row(NamedTuple):
    """A row of a collection; `document` is "" if it has none.

    `elsewhere` has tenant and database where they are not Chroma's default.
    """

    collection: str
    id: str
    document: str
    metadata: Mapping[str, JSON]
    elsewhere: Mapping[str, str]


def rows(database: Path, wanted: Sequence[str] = ()) -> Iterator[Row]:
    """Yield the rows of the wanted collections, in the order in which they were added.

    Each of `wanted` is ``collection``, ``database/collection`` or ``tenant/database/collection``,
    where ``*`` stands for any name; without one it is all, if they lie in one database. What is
    not said of a collection must be clear.
    `database` is a copy of a Chroma directory's file DATABASE, alone in its folder: Chroma may
    write there. Raises InvalidInputError for what cannot be read, for collections in several
    databases of which none is named, and for a store of Commonplace.
    """
    try:
        with translated(f"reading a copy of {DATABASE}"):
            for place in chosen(places(database), wanted):
                yield from _of_place(database.parent, place)
    except StoreError as error:
        raise InvalidInputError(str(error)) from error


def places(database: Path) -> list[Place]:
    """Return where the collections of a directory lie. Raises InvalidInputError."""
    query = (
        "SELECT d.tenant_id, d.name, c.name FROM collections c"
        " JOIN databases d ON c.database_id = d.id ORDER BY 1, 2, 3"
    )
    try:
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True)) as opened:
            _check_definitions(opened, database)
            return [Place(*map(str, row)) for row in opened.execute(query)]
    except sqlite3.Error as error:
        raise InvalidInputError(f"{str(database)!r} is no file of Chroma's ({error}).") from error


def _check_definitions(opened: sqlite3.Connection, database: Path) -> None:
    """Refuse a file that defines what Chroma never does: it would be run, and may never end."""
    found = opened.execute("SELECT type FROM sqlite_master WHERE type IN ('view', 'trigger')")
    if defined := found.fetchone():
        raise InvalidInputError(
            f"{str(database)!r} is no file of Chroma's: it defines a {defined[0]}."
        )


def chosen(found: Sequence[Place], wanted: Sequence[str]) -> list[Place]:
    """Return the places that are wanted. Raises InvalidInputError."""
    if not wanted:
        if len({one[:2] for one in found}) > 1:
            raise InvalidInputError(
                "The collections lie in more than one database: "
                f"{', '.join(map(str, found))}. Name those to take, so that nobody's records come "
                "to somebody else: collections=['tenant/database/*'], or --collection."
            )
        return list(found)
    taken: dict[Place, None] = {}
    for one in wanted:
        fitting = [place for place in found if _fits(place, one)]
        if not fitting:
            raise InvalidInputError(
                f"There is no collection {one!r}; there are {', '.join(map(str, found)) or 'none'}."
            )
        _check_one_place(fitting, one)
        taken |= dict.fromkeys(fitting)
    return list(taken)


def _check_one_place(fitting: Sequence[Place], wanted: str) -> None:
    """Refuse a name that says neither tenant nor database where it is in several of them."""
    unsaid = len(Place._fields) - len(wanted.split("/"))
    if len({place[:unsaid] for place in fitting}) > 1:
        raise InvalidInputError(
            f"The collection {wanted!r} is in more than one place: "
            f"{', '.join(map(str, fitting))}. Name the one to take, or all with '*/{wanted}'."
        )


def _fits(place: Place, wanted: str) -> bool:
    names = wanted.split("/")
    ends = place[-len(names) :]
    return len(names) <= len(place) and all(map(fnmatchcase, ends, names))


def _of_place(folder: Path, place: Place) -> Iterator[Row]:
    if place.collection == _OURS:
        raise InvalidInputError("This is a store of Commonplace: open it and use export.")
    chromadb = home.chromadb()
    client: Any = chromadb.PersistentClient(
        folder,
        settings=chromadb.Settings(anonymized_telemetry=False),
        tenant=place.tenant,
        database=place.database,
    )
    try:
        collection = client.get_collection(place.collection, embedding_function=None)
        yield from _rows(collection, _elsewhere(place))
    finally:
        client.close()


def _elsewhere(place: Place) -> dict[str, str]:
    if place[:2] == _DEFAULT:
        return {}
    return {"tenant": place.tenant, "database": place.database}


def _rows(collection: Any, elsewhere: Mapping[str, str]) -> Iterator[Row]:
    offset = 0
    while True:
        page = collection.get(
            limit=_ROWS_PER_READ, offset=offset, include=["documents", "metadatas"]
        )
        for row in zip(page["ids"], page["documents"], page["metadatas"], strict=True):
            yield Row(collection.name, row[0], row[1] or "", row[2] or {}, elsewhere)
        if len(page["ids"]) < _ROWS_PER_READ:
            return
        offset += _ROWS_PER_READ
