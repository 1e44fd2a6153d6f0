"""Records made of what others wrote: long texts, times in any spelling, fixed ids. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from uuid import NAMESPACE_OID, uuid5

from commonplace.errors import InvalidInputError
from commonplace.transfer.reading import Found, Skipped
from commonplace.values.characters import mended
from commonplace.values.records import JSON, Record
from commonplace.values.times import parsed_time
from commonplace.values.validation import MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS, checked_record

_MOST_SECONDS = 1e11  # the year 5138
_NUMBER = re.compile(r"\d{9,}(\.\d*)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d|\d{8}")


def fixed_id(*parts: str) -> str:
    """Return the id that follows from these parts: the same today and tomorrow."""
    return str(uuid5(NAMESPACE_OID, mended("\x1f".join(parts))))


def checked(record: Record, where: str, notes: Iterable[str] = ()) -> Found | Skipped:
    """Return an item with its record, in parts if the text is over the limit; or why not.

    `notes` say what the item holds and its record does not.
    """
    return checked_all([record], where, notes)


def checked_all(
    records: Iterable[Record], where: str, notes: Iterable[str] = ()
) -> Found | Skipped:
    """Return an item that becomes these records, as `checked` does for one."""
    try:
        kept = tuple(checked_record(part) for record in records for part in _in_parts(record))
    except InvalidInputError as error:
        return Skipped(where, str(error))
    return Found(kept, where, tuple(notes)) if kept else Skipped(where, "it has no text")


def _in_parts(record: Record) -> Iterator[Record]:
    parts = [part for part in _parts(mended(record.text)) if part.strip()]
    if parts == [record.text]:  # most are: a copy costs more than all the rest
        yield record
        return
    for number, part in enumerate(parts, 1):
        yield _numbered(replace(record, text=part), number, len(parts))


def name(value: object) -> str | None:
    """Return a text that can name an agent or a session, or None."""
    if not isinstance(value, (str, int)) or not str(value).strip():
        return None
    return mended(str(value)[:MAX_NAME_CHARACTERS])


def time(value: JSON) -> datetime | None:
    """Return a time written as ISO 8601 or as a number of seconds since 1970, or None.

    A number may be of milli-, micro- or nanoseconds as well, and written as text. A time without
    a timezone is in UTC.
    """
    try:
        if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
            read = parsed_time(value.strip())
            return (read if read.tzinfo else read.replace(tzinfo=timezone.utc)).astimezone(
                timezone.utc
            )
        if isinstance(value, (int, float, str)) and value is not True and value:
            return datetime.fromtimestamp(_seconds(float(value)), timezone.utc)
    except (ValueError, OverflowError, OSError):
        pass  # not a time
    return None


def end(value: JSON) -> datetime | None:
    """Return when a time that is given as an end is over: of a bare date, when that day ends."""
    read = time(value)
    if read and isinstance(value, str) and _DATE.fullmatch(value.strip()):
        return read + timedelta(days=1)
    return read


def noted_time(value: JSON, name: str, notes: list[str]) -> datetime | None:
    """Return a time as `time` does; one that is given and cannot be read is noted."""
    return _noted(time(value), value, name, notes)


def noted_end(value: JSON, name: str, notes: list[str]) -> datetime | None:
    """Return an end as `end` does; one that is given and cannot be read is noted."""
    return _noted(end(value), value, name, notes)


def _noted(read: datetime | None, value: JSON, name: str, notes: list[str]) -> datetime | None:
    if read is None and value not in (None, ""):
        notes.append(f"{name} is no time: {str(value)[:40]!r}")
    return read


def _seconds(number: float) -> float:
    """Return seconds, of a number that would otherwise be beyond the year 5138."""
    while abs(number) > _MOST_SECONDS:
        number /= 1000
    return number


def _numbered(record: Record, number: int, count: int) -> Record:
    if count == 1:
        return record
    place = {"part": number, "parts": count}
    own = record.id if number == 1 else fixed_id(record.id, str(number))
    return replace(record, id=own, metadata={**record.metadata, **place})


def _parts(text: str) -> Iterator[str]:
    """Cut `text` into parts within the limit, where a line or a word ends if one does."""
    while len(text) > MAX_TEXT_CHARACTERS:
        middle = MAX_TEXT_CHARACTERS // 2
        ends = (text.rfind(end, middle, MAX_TEXT_CHARACTERS) for end in ("\n", " "))
        cut = next((end + 1 for end in ends if end >= 0), MAX_TEXT_CHARACTERS)
        yield text[:cut]
        text = text[cut:]
    yield text
