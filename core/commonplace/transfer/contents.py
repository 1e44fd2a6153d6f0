"""What a file, folder or archive holds: one part for each format that is found in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from commonplace.errors import InvalidInputError
from commonplace.transfer import jsonl
from commonplace.transfer.archives import is_archive, member_names
from commonplace.transfer.databases import is_database
from commonplace.transfer.formats import (
    ARCHIVES,
    COMPANIONS,
    DIRECTORIES,
    FOREIGN,
    Choices,
    check_choices,
    recognised,
)
from commonplace.transfer.importers.message_shapes import is_message
from commonplace.transfer.reading import Found, Skipped, is_json_name
from commonplace.transfer.sample import sample
from commonplace.transfer.unpacking import Budget, free_of, is_packed, unpacked

_MOST_NESTED = 3  # archives within archives
_JUNK = ("__MACOSX", "Thumbs.db", "desktop.ini")
_UNKNOWN = "a file of no format that is known"
_TOGETHER = ("commonplace", "table")  # formats whose readers take one file each


class Part(NamedTuple):
    """Items of one format; `format` is empty for what was left out."""

    format: str
    items: Iterator[Found | Skipped]


class _Leaf(NamedTuple):
    """A file, or a folder that is a database, and its format; None if it is of none."""

    path: Path
    format: str | None
    reason: str = _UNKNOWN

    @property
    def is_with_others(self) -> bool:
        """Whether the reader of the format takes it together with what lies beside it."""
        if self.path.is_dir() or self.format in _TOGETHER:
            return False
        return is_json_name(self.path) or (self.format == "mem0" and is_database(self.path))


def parts_of(path: Path, format: str | None, choices: Choices) -> Iterator[Part]:
    """Yield what is at a path, part by part; each is to be read before the next is asked for.

    With a `format`, all is read as that. Without one, an archive or a folder that holds files of
    several formats becomes a part for each file or folder of one format. Raises InvalidInputError
    for what is of no format.
    """
    if format is not None:
        check_choices(format, choices)
    yield from _parts(path, format, choices, None, 0)


def _parts(
    path: Path, format: str | None, choices: Choices, budget: Budget | None, depth: int
) -> Iterator[Part]:
    if path.is_dir() and format is None:
        yield from _of_folder(path, choices, budget, depth)
    elif is_packed(path) and not _is_read_in_place(path, format):
        yield from _of_archive(path, format, choices, budget or Budget(path), depth)
    else:
        yield _read(path, format or recognised(path, choices), choices)


def _read(path: Path, format: str, choices: Choices) -> Part:
    if format == jsonl.FORMAT:
        return Part(format, jsonl.items(path))
    if format not in FOREIGN:
        known = ", ".join((jsonl.FORMAT, *FOREIGN))
        raise InvalidInputError(f"format {format!r} is unknown: give one of {known}.")
    return Part(format, FOREIGN[format].read(path, choices))


def _is_read_in_place(path: Path, format: str | None) -> bool:
    """Tell whether one of the readers of a service's own archive takes all that this one holds."""
    if not is_archive(path):
        return False
    if format is not None:
        return format in ARCHIVES
    data = {name for name in member_names(path) if is_json_name(Path(name))} - COMPANIONS
    fitting = [one for one, own in ARCHIVES.items() if data and all(map(own, data))]
    return bool(fitting) and recognised(path, Choices()) in fitting


def _of_archive(
    path: Path, format: str | None, choices: Choices, budget: Budget, depth: int
) -> Iterator[Part]:
    if depth == _MOST_NESTED:
        raise InvalidInputError(f"{str(path)!r}: archives lie more than {depth} deep. Unpack it.")
    with ExitStack() as stack:
        folder, left = stack.enter_context(unpacked(path, budget))
        try:
            for part in _parts(folder, format, choices, budget, depth + 1):
                yield Part(part.format, _shown(part.items, folder, path))
        except InvalidInputError as error:
            raise InvalidInputError(free_of(str(error), folder, path)) from error
        yield Part("", iter(left))


def _shown(items: Iterator[Found | Skipped], folder: Path, path: Path) -> Iterator[Found | Skipped]:
    """Yield items as of the archive, and not of the folder into which it was unpacked."""
    try:
        for one in items:
            yield replace(one, where=free_of(one.where, folder, path))
    except InvalidInputError as error:
        raise InvalidInputError(free_of(str(error), folder, path)) from error


def _of_folder(path: Path, choices: Choices, budget: Budget | None, depth: int) -> Iterator[Part]:
    leaves = list(_leaves(path, choices))
    if not any(one.format or is_packed(one.path) for one in leaves):
        recognised(path, choices)  # which says of each format why it is none of it
    for leaf in _joined(path, leaves):
        if is_packed(leaf.path):
            yield from _parts(leaf.path, None, choices, budget, depth)
        elif leaf.format is None:
            yield Part("", iter([Skipped(str(leaf.path), leaf.reason)]))
        else:
            yield _read(leaf.path, leaf.format, choices)


def _leaves(folder: Path, choices: Choices) -> Iterator[_Leaf]:
    """Yield the files below a folder, and the folders that are databases, with their formats."""
    inside = sorted(one for one in folder.iterdir() if not _is_junk(one))
    if any(one.name in DIRECTORIES for one in inside):
        yield _leaf(folder, choices)
        return
    found = [_leaf(one, choices) for one in inside if one.is_file()]
    yield from map(_companion, found) if _is_export(found) else _as_one_conversation(found)
    for one in inside:
        if one.is_dir():
            yield from _leaves(one, choices)


def _is_junk(path: Path) -> bool:
    return path.name.startswith(".") or path.name in _JUNK


def _leaf(path: Path, choices: Choices) -> _Leaf:
    if is_packed(path):
        return _Leaf(path, None)
    try:
        return _Leaf(path, recognised(path, choices))
    except InvalidInputError:
        return _Leaf(path, None)


def _is_export(leaves: list[_Leaf]) -> bool:
    return any(one.format in ("chatgpt", "claude") for one in leaves)


def _companion(leaf: _Leaf) -> _Leaf:
    """Return a file of the account that lies in an export as one of no format."""
    if leaf.path.name not in COMPANIONS:
        return leaf
    return _Leaf(leaf.path, None, "of the account, and nothing that was said")


def _as_one_conversation(leaves: list[_Leaf]) -> list[_Leaf]:
    """Return files of bare messages beside items of OpenAI Conversations as pages of these."""
    if not any(one.format == "openai-conversations" for one in leaves):
        return leaves
    return [
        leaf._replace(format="openai-conversations")
        if leaf.format == "chat-log" and all(map(is_message, sample(leaf.path).objects))
        else leaf
        for leaf in leaves
    ]


def _joined(folder: Path, leaves: list[_Leaf]) -> Iterator[_Leaf]:
    """Yield leaves; the files of a folder as one where all are of one format."""
    formats = {one.format for one in leaves if one.is_with_others and one.format}
    if len(formats) == 1 and all(one.path != folder for one in leaves):
        format = formats.pop()
        yield _Leaf(folder, format)
        yield from (one for one in leaves if not _is_read_with(format, one))
        return
    for name, group in groupby(leaves, key=lambda one: _below(folder, one.path)):
        inner = list(group)
        yield from inner if folder / name == inner[0].path else _joined(folder / name, inner)


def _is_read_with(format: str | None, leaf: _Leaf) -> bool:
    """Tell whether the reader of a folder of this format takes a file, or knows why not.

    An export has pictures and pages of its own, and files of the account.
    """
    if format in ("chatgpt", "claude") and leaf.format is None and not is_packed(leaf.path):
        return format == "claude" or not is_json_name(leaf.path) or leaf.reason != _UNKNOWN
    return leaf.is_with_others


def _below(folder: Path, path: Path) -> str:
    return path.relative_to(folder).parts[0] if path != folder else "."
