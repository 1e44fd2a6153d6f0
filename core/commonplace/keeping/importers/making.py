"""Records made of what others wrote: long texts, times in any spelling, fixed ids. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from uuid import NAMESPACE_OID, uuid5

from commonplace.characters import mended
from commonplace.errors import InvalidInputError
from commonplace.keeping.reading import Skipped
from commonplace.records import JSON, Record
from commonplace.times import parsed_time
from commonplace.validation import MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS, checked_record

_MILLISECONDS = 1e11  # seconds would be in the year 5138


def fixed_id(*parts: str) -> str:
    """Return the id that follows from these parts: the same today and tomorrow."""
    return str(uuid5(NAMESPACE_OID, mended("\x1f".join(parts))))


def checked(record: Record, where: str) -> Iterator[Record | Skipped]:
    """Yield a record, in parts if its text is over the limit; or why it cannot be kept."""
    text = mended(record.text)
    if not text.strip():
        yield Skipped(where, "it has no text")
        return
    parts = [part for part in _parts(text) if part.strip()]
    for number, part in enumerate(parts, 1):
        yield _kept(_numbered(replace(record, text=part), number, len(parts)), where)


def _kept(record: Record, where: str) -> Record | Skipped:
    try:
        return checked_record(record)
    except InvalidInputError as error:
        return Skipped(where, str(error))


def name(value: object) -> str | None:
    """Return a text that can name an agent or a session, or None."""
    if not isinstance(value, (str, int)) or not str(value).strip():
        return None
    return mended(str(value)[:MAX_NAME_CHARACTERS])


def time(value: JSON) -> datetime | None:
    """Return a time written as ISO 8601 or as seconds or milliseconds since 1970, or None.

    One without a timezone is in UTC.
    """
    try:
        if isinstance(value, str):
            read = parsed_time(value.strip())
            return read if read.tzinfo else read.replace(tzinfo=timezone.utc)
        if isinstance(value, (int, float)) and value is not True and value:
            seconds = value / 1000 if value > _MILLISECONDS else value
            return datetime.fromtimestamp(seconds, timezone.utc)
    except (ValueError, OverflowError, OSError):
        pass  # not a time
    return None


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
