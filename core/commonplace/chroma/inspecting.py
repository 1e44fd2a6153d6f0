"""A look at what a Chroma database holds, before it is used as a store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from commonplace.chroma.translation import translated
from commonplace.errors import StoreFormatError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

_OURS = "commonplace"
_COLLECTIONS_PER_READ = 100


def check_collections(client: ClientAPI) -> bool:
    """Tell whether there are collections of ours, and check that no part of them is missing.

    Raises StoreFormatError, StoreError. Nothing is changed.
    """
    found = {one.name: one for one in _collections(client) if _is_our_name(one.name)}
    for name, one in found.items():
        if type((one.metadata or {}).get("format")) is not int:
            raise StoreFormatError(
                f"The collection {name!r} here was not made by Commonplace, which needs the name. "
                "Give another Chroma database with --database, or rename it. Nothing was changed."
            )
    partitions = sorted(name for name in found if name.removeprefix(f"{_OURS}-").isdecimal())
    if partitions and _OURS not in found:
        raise StoreFormatError(
            f"The database has {partitions[0]!r} and not the collection {_OURS!r}, which says what "
            "the store is: a part of it was removed. Restore it from a backup of the Chroma "
            "server, or give another database with --database. Nothing was changed."
        )
    return bool(found)


def _is_our_name(name: str) -> bool:
    return name == _OURS or name.startswith(f"{_OURS}-")


def _collections(client: ClientAPI) -> list[Any]:
    found: list[Any] = []
    with translated("listing the collections"):
        while True:
            page = client.list_collections(limit=_COLLECTIONS_PER_READ, offset=len(found))
            found += page
            if len(page) < _COLLECTIONS_PER_READ:
                return found
