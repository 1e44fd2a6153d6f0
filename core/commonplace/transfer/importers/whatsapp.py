"""Chats that WhatsApp exports as text: lines that begin with a time and a name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from commonplace.errors import InvalidInputError
from commonplace.transfer.importers.making import fixed_id
from commonplace.transfer.importers.messages import Message, records_of
from commonplace.transfer.reading import (
    MAX_ITEM_BYTES,
    Found,
    Lines,
    Skipped,
    last_change,
    opened,
)
from commonplace.transfer.sample import Sample
from commonplace.values.records import JSON

_START = re.compile(
    r"(?P<open>\[)?(?P<first>\d{1,4})[./-](?P<second>\d{1,2})[./-](?P<third>\d{1,4}),?(?: klo)? "
    r"(?P<hour>\d{1,2})[:.](?P<minute>\d\d)(?:[:.](?P<second_of>\d\d))?"
    r"(?: ?(?P<half>[ap])\.? ?m\.?)?(?(open)\]| [-\u2013]) (?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_SPACES = str.maketrans({"\u202f": " ", "\xa0": " ", "\r": None})
_MARKS = "\u200e\u200f\u202a\u202c\ufeff"
_NO_TEXT = re.compile(r"<[^<>\n]*>\.?")  # what was left out of the export
_FILE = re.compile(
    r"(?:<[^<>:\n]+: (?P<ios>[^<>\n]+\.\w{2,5})>"
    r"|(?P<android>[^\n/]+\.\w{2,5}) \([^()\n]+\))(?:\n|\Z)"
)
_LOOK = 30  # lines
_UNCERTAIN = "whether the day or the month comes first is not certain"
_ZONE = "the time is that of the exporting telephone, taken as UTC"


class _Entry(NamedTuple):
    """A message as it stands: the three numbers of its date, its time, and what follows."""

    date: tuple[int, int, int]
    clock: tuple[int, int, int]
    rest: str
    where: str


def fits(seen: Sample) -> bool:
    """Tell whether a file is such a chat."""
    if not seen.path.is_file() or not seen.path.name.lower().endswith((".txt", ".txt.gz")):
        return False
    try:
        with opened(seen.path) as file:
            lines = islice(_lines(Lines(file, str(seen.path))), _LOOK)
            return any(_START.match(text) for text, _ in lines)
    except InvalidInputError:
        return False


def read(path: Path) -> Iterator[Found | Skipped]:
    """Yield the messages of a chat, which is a session named as its file or the folder of it.

    An export does not say who made it: all messages have the origin ``document``. Whether the day
    or the month comes first is found in a first pass over the file. Of a folder all texts are read.
    """
    files = sorted(path.rglob("*.txt")) if path.is_dir() else [path]
    if not files:
        raise InvalidInputError(f"The folder {str(path)!r} holds no file named .txt.")
    for file in files:
        dates = _Dates()
        for one in _entries(file):
            if isinstance(one, _Entry):
                dates.see(one.date)
        yield from records_of("whatsapp", _messages(file, dates))


class _Dates:
    """Finds which number of a date is the day: by what cannot be a month, then by the order."""

    def __init__(self) -> None:
        self._days = [False, False]  # whether the first or the second is above 12
        self._back = [0, 0]  # how often time goes back if the day is the first, or the second
        self._last: list[tuple[int, int, int]] | None = None

    def see(self, date: tuple[int, int, int]) -> None:
        self._days = [self._days[0] or date[0] > 12, self._days[1] or date[1] > 12]
        read = [(date[2], date[1], date[0]), (date[2], date[0], date[1])]
        for one, (before, now) in enumerate(zip(self._last or read, read, strict=True)):
            self._back[one] += now < before
        self._last = read

    @property
    def is_certain(self) -> bool:
        return self._days[0] != self._days[1] or self._back[0] != self._back[1]

    @property
    def is_month_first(self) -> bool:
        if self._days[0] != self._days[1]:
            return self._days[1]
        return self._back[1] < self._back[0]

    def of(self, entry: _Entry) -> datetime | None:
        """Return when an entry was written; None for a day that does not exist."""
        first, second, third = entry.date
        year, month, day = first, second, third
        if first < 1000:
            month, day = (first, second) if self.is_month_first else (second, first)
            year = third + (2000 if third < 100 else 0)
        try:
            return datetime(year, month, day, *entry.clock, tzinfo=timezone.utc)
        except ValueError:
            return None


def _messages(path: Path, dates: _Dates) -> Iterator[Message | Skipped]:
    session = path.parent.name if path.stem == "_chat" else path.name.partition(".txt")[0]
    last, seen = last_change(path), dict[str, int]()
    notes: tuple[str, ...] = (_ZONE,) if dates.is_certain else (_ZONE, _UNCERTAIN)
    for entry in _entries(path):
        if isinstance(entry, Skipped):
            yield entry
            continue
        speaker, colon, text = entry.rest.partition(": ")
        if not colon or "\n" in speaker:
            yield Skipped(entry.where, f"a note of the service: {entry.rest[:40]!r}")
            continue
        text, files = _without_file(text)
        if reason := _unsaid(text, files):
            yield Skipped(entry.where, reason)
            continue
        at = dates.of(entry)
        told = f"{entry.date} {entry.clock} {speaker}: {text}"
        seen[told] = seen.get(told, 0) + 1
        yield Message(
            session=session, id=fixed_id(told, str(seen[told])), role="contact",
            speaker=speaker.strip(_MARKS + "~ "), text=text.strip(_MARKS), at=at or last,
            metadata=files, where=entry.where,
            notes=(*notes, *(() if at else (f"there is no such day: {entry.date}",))),
        )  # fmt: skip
        last, notes = at or last, ()


def _without_file(text: str) -> tuple[str, dict[str, JSON]]:
    found = _FILE.match(text.lstrip(_MARKS))
    if found is None:
        return text, {}
    held: JSON = [{"type": "file", "filename": (found["ios"] or found["android"]).strip()}]
    return text.lstrip(_MARKS)[found.end() :], {"attachments": held}


def _unsaid(text: str, files: dict[str, JSON]) -> str | None:
    if text.startswith("\u200e"):
        return f"a note of the service: {text[:40]!r}"
    if _NO_TEXT.fullmatch(text.strip(_MARKS).strip()):
        return f"left out of the export: {text[:40]!r}"
    return "a file, and no text" if files and not text.strip() else None


def _entries(path: Path) -> Iterator[_Entry | Skipped]:
    """Yield the messages of a file, each with the lines that belong to it."""
    with opened(path) as file:
        lines = Lines(file, str(path))
        held: list[str] = []
        entry: _Entry | None = None
        for text, where in _lines(lines):
            begun = _START.match(text)
            if begun is None:
                held.append(text)
                continue
            yield from _whole(entry, held, where)
            lines.settle()
            held, entry = [], _entry(begun, where)
        if entry is None:
            raise InvalidInputError(f"{str(path)!r} holds no line that begins with date and time.")
        yield from _whole(entry, held, entry.where)


def _whole(entry: _Entry | None, held: list[str], where: str) -> Iterator[_Entry | Skipped]:
    """Yield an entry with the lines that follow it; lines before the first are skipped."""
    if entry is not None:
        yield entry._replace(rest="\n".join([entry.rest, *held]).rstrip())
    elif any(one.strip() for one in held):
        yield Skipped(where, "lines before the first message")


def _entry(begun: re.Match[str], where: str) -> _Entry:
    hour = int(begun["hour"])
    if begun["half"]:
        hour = hour % 12 + 12 * (begun["half"].lower() == "p")
    date = (int(begun["first"]), int(begun["second"]), int(begun["third"]))
    clock = (hour, int(begun["minute"]), int(begun["second_of"] or 0))
    return _Entry(date, clock, begun["rest"], where)


def _lines(lines: Lines) -> Iterator[tuple[str, str]]:
    while piece := lines.read(MAX_ITEM_BYTES + 1):
        try:
            text = piece.decode()
        except UnicodeDecodeError as error:
            raise lines.error("this is not UTF-8 text.") from error
        yield text.rstrip("\n").translate(_SPACES).lstrip(_MARKS), lines.where
