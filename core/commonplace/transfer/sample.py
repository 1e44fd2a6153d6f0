"""A first look at a file or folder: enough to tell what wrote it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from commonplace.errors import InvalidInputError
from commonplace.transfer.archives import is_archive, member_names, members
from commonplace.transfer.databases import is_database, tables_of
from commonplace.transfer.json_stream import begun, elements_of
from commonplace.transfer.reading import TABLES, json_files, last_change, opened

_ELEMENTS = 20
_START = 500_000  # bytes of a file that are looked at
_PIECE = 4_096
_FILES = 3
_NAMES = 10_000


@dataclass(frozen=True, slots=True)
class Sample:
    """What a source looks like.

    `kind` is one of folder, archive, database, table, json and unreadable; `names` are those of
    the files in it, or of the tables of a database and their columns; `objects` are
    the first objects of its JSON.
    """

    path: Path
    kind: str
    names: frozenset[str] = frozenset()
    objects: tuple[dict[str, Any], ...] = ()
    error: str = ""

    def has(self, *names: str) -> bool:
        """Tell whether there are files or tables of all these names."""
        return self.names.issuperset(names)

    def any(self, fits: Callable[[dict[str, Any]], bool]) -> bool:
        """Tell whether one of the objects fits."""
        return any(map(fits, self.objects))

    def __str__(self) -> str:
        """Return what is there, in a few words."""
        if self.error:
            return self.error
        if self.objects:
            return f"objects with {', '.join(map(repr, list(self.objects[0])[:8])) or 'nothing'}"
        names = [one for one in sorted(self.names) if self.kind != "database" or "." not in one]
        return f"{self.kind} of {', '.join(names[:8]) or 'nothing that is known'}"


def sample(path: Path) -> Sample:
    """Look at a file or folder. Raises InvalidInputError if it is not there."""
    last_change(path)
    if path.is_dir():
        names = islice((one.relative_to(path).parts[-1] for one in path.rglob("*")), _NAMES)
        return _with_objects(path, "folder", frozenset(names), _of_files(path))
    if is_archive(path):
        return _with_objects(path, "archive", frozenset(member_names(path)), _of_archive(path))
    if is_database(path):
        return Sample(path, "database", tables_of(path))
    if path.name.lower().endswith(TABLES):
        return Sample(path, "table")
    return _with_objects(path, "json", frozenset({path.name}), elements_at(path))


def elements_at(path: Path) -> Iterator[Any]:
    """Yield the first values of a JSON file. Of a long one it may be a part, as far as is read."""
    start, is_whole = _start_of(path)
    found = (one.value for one in elements_of(BytesIO(start), str(path)))
    if is_whole:
        yield from islice(found, _ELEMENTS)
        return
    is_none = True
    try:
        for value in islice(found, _ELEMENTS):
            is_none = False
            yield value
    except InvalidInputError:
        if is_none:
            yield begun(start, str(path))


def _start_of(path: Path) -> tuple[bytes, bool]:
    """Return how a file starts, unpacked, and whether that is all of it.

    Where it cannot be unpacked further, what came before is its start.
    """
    start = b""
    with opened(path) as file:
        while len(start) < _START:
            try:
                piece = file.read(_PIECE)
            except InvalidInputError:
                if not start:
                    raise
                return start, False
            if not piece:
                return start, True
            start += piece
    return start, False


def _with_objects(path: Path, kind: str, names: frozenset[str], values: Iterator[Any]) -> Sample:
    objects: list[dict[str, Any]] = []
    error = ""
    try:
        for value in values:
            objects += _objects(value)
    except InvalidInputError as broken:
        error = "" if objects or kind == "folder" else str(broken)
    return Sample(path, kind, names, tuple(objects), error)


def _objects(value: Any) -> list[dict[str, Any]]:
    values = value[:_ELEMENTS] if isinstance(value, list) else [value]
    return [one for one in values if isinstance(one, dict) and one]


def _of_files(path: Path) -> Iterator[Any]:
    for file in json_files(path)[:_FILES]:
        yield from elements_at(file)


def _of_archive(path: Path) -> Iterator[Any]:
    with members(path, r".*\.json") as found:
        for name, member in islice(found, _FILES):
            for element in islice(elements_of(member, f"{path}: {name}"), _ELEMENTS):
                yield element.value
