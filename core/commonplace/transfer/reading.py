"""Files from outside, read within limits: nothing in them is believed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import BinaryIO

from commonplace.errors import InvalidInputError
from commonplace.transfer.compressed import ENDINGS, unpacked
from commonplace.values.records import Record

MAX_ITEM_BYTES = 64_000_000
MAX_DEPTH = 200

TABLES = tuple(kind + end for kind in (".csv", ".tsv") for end in ("", *ENDINGS))

_JSON_FILES = tuple(
    kind + end for kind in (".json", ".jsonl", ".ndjson", ".af") for end in ("", *ENDINGS)
)
_DIGITS = re.compile(r"(\d+)")
_UTF8_MARK = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Skipped:
    """Something that was read and not imported: where it stands, and why."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """Something that an item said and its record does not: where the item stands, and what."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Found:
    """An item that is a memory: its records, several if its text is long.

    `notes` say what of the item they do not hold.
    """

    records: tuple[Record, ...]
    where: str
    notes: tuple[str, ...] = ()


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading, unpacked if it is compressed.

    Raises InvalidInputError if that, or reading within, fails.
    """
    try:
        with path.open("rb") as file:
            yield unpacked(file, path)
    except OSError as error:
        raise InvalidInputError(f"{str(path)!r} cannot be read ({error}).") from error


def json_files(path: Path) -> list[Path]:
    """Return the file itself, or the JSON files of a folder in the order of their names.

    Numbers in names count as numbers. Raises InvalidInputError if there is none.
    """
    if not path.is_dir():
        return [path]
    found = [
        file
        for file in path.rglob("*")
        if is_json_name(file) and file.is_file() and not file.name.startswith(".")
    ]
    if not found:
        raise InvalidInputError(
            f"The folder {str(path)!r} holds no file named {' or '.join(_JSON_FILES[::3])}."
        )
    return sorted(found, key=lambda file: _in_natural_order(str(file.relative_to(path))))


def is_json_name(path: Path) -> bool:
    """Tell whether a file's name says that it is JSON, compressed or not."""
    return path.name.lower().endswith(_JSON_FILES)


def folder_name(root: Path, file: Path) -> str:
    """Return what names a conversation that says no name: its file, or the folder of its pages."""
    if not root.is_dir():
        return file.name.partition(".")[0] if file.name.endswith(ENDINGS) else file.stem
    below = file.parent.relative_to(root).as_posix()
    return root.resolve().name if below == "." else below


def last_change(path: Path) -> datetime:
    """Return when a file was last written: the best known time of what says none."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
    except OSError as error:
        raise InvalidInputError(f"{str(path)!r} cannot be read ({error}).") from error


class Lines:
    """A file given out in pieces, each of one line at most, that knows where it is.

    `line` is the number of the line last given out. What is given out without a call of `settle`
    is limited, so that no item can fill the memory.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        """Read `file`, which errors name as `name`."""
        self.line = 0
        self._file = file
        self._name = name
        self._unsettled = 0
        self._ended = True
        self._begun = False

    @property
    def where(self) -> str:
        """The file and the line last given out."""
        return f"{self._name}, line {self.line}"

    def error(self, what: str) -> InvalidInputError:
        """Return an error that says where it is."""
        return InvalidInputError(f"{self.where}: {what}")

    def settle(self) -> None:
        """Start to count anew: an item is complete."""
        self._unsettled = 0

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, and no more than to the end of the line."""
        if size == 0:
            return b""
        piece = self._file.readline(size)
        if self._ended and piece:
            self.line += 1
        self._ended = piece.endswith(b"\n")
        self._unsettled += len(piece)
        if self._unsettled > MAX_ITEM_BYTES:
            raise self.error(f"one item here is longer than {MAX_ITEM_BYTES:,} bytes, the limit.")
        if self._begun:
            return piece
        self._begun = True
        return self._without_mark(piece)

    def _without_mark(self, first: bytes) -> bytes:
        if first.startswith(_UTF16_MARKS):
            raise self.error("this is UTF-16 text. Save the file as UTF-8.")
        return first.removeprefix(_UTF8_MARK)


def _in_natural_order(name: str) -> list[tuple[int, str]]:
    parts = _DIGITS.split(name)
    return [(int(part[:18]) if part.isdecimal() else -1, part) for part in parts]
