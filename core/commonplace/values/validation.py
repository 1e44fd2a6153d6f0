"""What a record may hold.

Pure: a value goes in; the same value, normalised, or InvalidInputError comes out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from commonplace.errors import InvalidInputError
from commonplace.values.characters import check_whole, mended
from commonplace.values.json_values import checked_json
from commonplace.values.records import KINDS, ORIGINS, Record, Source
from commonplace.values.uses import living_on

MAX_TEXT_CHARACTERS = 100_000
MAX_METADATA_BYTES = 400_000
"""As many as the longest text can have."""
MAX_NAME_CHARACTERS = 1_000
MAX_DERIVED_FROM = 1_000
MAX_MENTIONED_AT = 1_000
MAX_TTL = timedelta(days=10_000_000)
"""Longer than the calendar."""

_DURATION = re.compile(r"(\d+)\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def checked_record(record: Record) -> Record:
    """Return the record as it can be kept: mended, its metadata copied, its times in UTC."""
    if not isinstance(record, Record):
        raise InvalidInputError(f"Expected a text or a Record, not {record!r}.")
    text = checked_text(record.text)
    checked_kind(record.kind)
    _checked_share(record.importance, "importance")
    source = checked_source(record.source)
    checked_name(record.id, "id")
    if record.key is not None:
        checked_key(record.key)
    _check_history(record)
    _check_uses(record)
    if record.kind == "value" and (record.key is None or "value" not in record.metadata):
        raise InvalidInputError(
            "A record of kind 'value' has a key: write it with set(key, value)."
        )
    checked = replace(
        record,
        text=text,
        source=source,
        metadata=checked_metadata(record.metadata),
        created_at=checked_time(record.created_at, "created_at"),
        updated_at=_checked_optional_time(record.updated_at, "updated_at"),
        expires_at=_checked_optional_time(record.expires_at, "expires_at"),
        valid_until=_checked_optional_time(record.valid_until, "valid_until"),
        used_at=_checked_optional_time(record.used_at, "used_at"),
        mentioned_at=_checked_times(record.mentioned_at, "mentioned_at"),
    )
    return living_on(checked)


def checked_text(text: object, what: str = "text") -> str:
    """Return `text`, mended, if it is text, not blank and within the limit."""
    if not isinstance(text, str):
        hint = " remember_many takes records." if isinstance(text, Record) else ""
        raise InvalidInputError(f"{what} is a str, not {text!r}.{hint}")
    if not text.strip():
        raise InvalidInputError(f"{what} is empty: there is nothing to work with in {text[:20]!r}.")
    if len(text) > MAX_TEXT_CHARACTERS:
        raise InvalidInputError(
            f"{what} has {len(text):,} characters; the limit is {MAX_TEXT_CHARACTERS:,}. "
            "Split it into several records."
        )
    return mended(text)


def checked_kind(kind: str) -> str:
    """Return `kind` if it is one of the seven."""
    if kind not in KINDS:
        raise InvalidInputError(f"kind {kind!r} is unknown: give one of {', '.join(KINDS)}.")
    return kind


def checked_key(key: str) -> str:
    """Return `key` if it can name an exact value."""
    return checked_name(key, "key")


def checked_metadata(metadata: object) -> dict[str, object]:
    """Return a deep copy of `metadata` if it maps text to JSON values, within the limit."""
    if not isinstance(metadata, Mapping):
        raise InvalidInputError(f"metadata is a dict, not {metadata!r:.80}.")
    copied: dict[str, object] = checked_json(dict(metadata), "metadata")
    size = len(json.dumps(copied, ensure_ascii=False).encode()) if copied else 0
    if size > MAX_METADATA_BYTES:
        raise InvalidInputError(
            f"metadata has {size:,} bytes as JSON; the limit is {MAX_METADATA_BYTES:,}. Keep large "
            "things elsewhere, and here where they are."
        )
    return copied


def checked_limit(limit: int, what: str = "limit") -> int:
    """Return `limit` if it is a whole number that is not negative."""
    if type(limit) is not int or limit < 0:
        raise InvalidInputError(f"{what} is a whole number of at least 0, not {limit!r}.")
    return limit


def checked_time(time: datetime, what: str) -> datetime:
    """Return `time` in UTC if it carries a timezone."""
    if not isinstance(time, datetime) or time.utcoffset() is None:
        raise InvalidInputError(
            f"{what} is a datetime with a timezone, such as datetime.now(timezone.utc), "
            f"not {time!r}."
        )
    try:
        return time.astimezone(timezone.utc)
    except OverflowError as error:
        raise InvalidInputError(f"{what} {time!r} is beyond the calendar.") from error


def in_zone(moment: datetime, name: str) -> datetime:
    """Return a moment in the timezone of an IANA name such as ``Europe/Prague``."""
    try:
        return moment.astimezone(ZoneInfo(name))
    except OverflowError as error:
        raise InvalidInputError(f"{moment!r} in {name!r} is beyond the calendar.") from error
    except (ZoneInfoNotFoundError, OSError, TypeError, ValueError) as error:
        raise InvalidInputError(
            f"timezone is an IANA name such as 'Europe/Prague', not {name!r:.80}."
        ) from error


def checked_confidence(confidence: float) -> float:
    """Return `confidence` if it is a number from 0 to 1."""
    return _checked_share(confidence, "min_confidence")


def checked_tokenizer(tokenizer: Callable[[str], int]) -> Callable[[str], int]:
    """Return `tokenizer` if it can be called."""
    if not callable(tokenizer):
        raise InvalidInputError(
            f"tokenizer is {tokenizer!r}. Give a function from a text to its count of tokens, such "
            "as lambda text: len(encoding.encode(text))."
        )
    return tokenizer


def expiry(
    ttl: timedelta | str | None, expires_at: datetime | None, at: datetime
) -> datetime | None:
    """Return when a record written at `at` expires: after `ttl`, at `expires_at`, or never."""
    if ttl is None:
        return _checked_optional_time(expires_at, "expires_at")
    if expires_at is not None:
        raise InvalidInputError("Give either ttl or expires_at, not both.")
    try:
        return at + lifetime(ttl)
    except OverflowError as error:
        raise InvalidInputError(f"ttl {ttl!r} ends beyond the calendar.") from error


def on_use(ttl: timedelta | str | None, refresh_on_use: object) -> timedelta | None:
    """Return for how long a record lives on after a use, if it does."""
    if type(refresh_on_use) is not bool:
        raise InvalidInputError(f"refresh_on_use is True or False, not {refresh_on_use!r}.")
    if not refresh_on_use:
        return None
    if ttl is None:
        raise InvalidInputError("refresh_on_use needs a ttl, from which each use lets it live on.")
    return lifetime(ttl)


def lifetime(ttl: timedelta | str) -> timedelta:
    """Return how long a record lives, if that is longer than nothing."""
    span = ttl if isinstance(ttl, timedelta) else _duration(ttl)
    if span <= timedelta():
        raise InvalidInputError(f"ttl is {ttl!r}: it must be longer than nothing.")
    return span


def _duration(written: object) -> timedelta:
    match = _DURATION.fullmatch(written.strip()) if isinstance(written, str) else None
    if match is None:
        raise InvalidInputError(
            f"ttl is a timedelta or text such as '30m', '12h', '90d' or '2w', not {written!r}."
        )
    try:
        return timedelta(**{_UNITS[match[2]]: int(match[1])})
    except OverflowError as error:
        raise InvalidInputError(f"ttl {written!r} ends beyond the calendar.") from error


def _checked_share(share: float, what: str) -> float:
    if type(share) not in (int, float) or not 0 <= share <= 1:  # a NaN is in no interval
        raise InvalidInputError(f"{what} is a number from 0 to 1, not {share!r}.")
    return share


def checked_source(source: Source) -> Source:
    """Return `source`, mended, if it can be kept."""
    if not isinstance(source, Source):
        raise InvalidInputError(f"source is a Source, not {source!r}.")
    named = {
        field: checked_label(name, f"source.{field}")
        for field in ("framework", "agent", "session")
        if (name := getattr(source, field)) is not None
    }
    if source.origin is not None and source.origin not in ORIGINS:
        raise InvalidInputError(
            f"origin {source.origin!r} is unknown: give one of {', '.join(ORIGINS)}, or None."
        )
    return replace(source, **named)  # type: ignore[arg-type]  # the names of its other fields


def _check_history(record: Record) -> None:
    if type(record.mentions) is not int or record.mentions < 1:
        raise InvalidInputError(f"mentions is a whole number from 1, not {record.mentions!r}.")
    if not isinstance(record.derived_from, tuple) or len(record.derived_from) > MAX_DERIVED_FROM:
        raise InvalidInputError(
            f"derived_from is a tuple of at most {MAX_DERIVED_FROM} ids, "
            f"not {record.derived_from!r:.80}."
        )
    for id in record.derived_from:
        checked_name(id, "derived_from")
    if record.trust is not None:
        _checked_share(record.trust, "trust")
    if (record.version_of is None) != (record.valid_until is None):
        raise InvalidInputError("A past version has both version_of and valid_until.")
    if record.version_of is not None:
        checked_name(record.version_of, "version_of")
    if record.quarantine is not None:
        checked_name(record.quarantine, "quarantine")


def _check_uses(record: Record) -> None:
    if type(record.uses) is not int or record.uses < 0:
        raise InvalidInputError(f"uses is a whole number from 0, not {record.uses!r}.")
    if (record.uses > 0) != (record.used_at is not None):
        raise InvalidInputError("A record that was used has both uses and used_at.")
    ttl = record.ttl_on_use
    if ttl is None:
        return
    if not isinstance(ttl, timedelta) or not timedelta() < ttl <= MAX_TTL:
        raise InvalidInputError(f"ttl_on_use is a timedelta longer than nothing, not {ttl!r}.")
    if record.expires_at is None:
        raise InvalidInputError("A record with ttl_on_use has expires_at as well.")


def checked_name(name: object, what: str) -> str:
    """Return `name` if it is text that can name something: not blank, and not too long."""
    if not isinstance(name, str) or not name.strip():
        raise InvalidInputError(f"{what} is text that is not empty, not {name!r}.")
    if len(name) > MAX_NAME_CHARACTERS:
        raise InvalidInputError(
            f"{what} has {len(name):,} characters; the limit is {MAX_NAME_CHARACTERS:,}."
        )
    check_whole(name, what)
    return name


def checked_names(names: Iterable[str], what: str) -> frozenset[str]:
    """Return several names. A single text is refused: its letters would be taken for names."""
    if isinstance(names, str) or not isinstance(names, Iterable):
        raise InvalidInputError(f"{what} is a list of names, such as [{names!r}], not {names!r}.")
    return frozenset(checked_name(one, f"each of {what}") for one in names)


def checked_label(label: object, what: str) -> str:
    """Return text that describes and identifies nothing, mended: not blank, and not too long."""
    return checked_name(mended(label) if isinstance(label, str) else label, what)


def _checked_times(times: tuple[datetime, ...], what: str) -> tuple[datetime, ...]:
    if not isinstance(times, tuple) or len(times) > MAX_MENTIONED_AT:
        raise InvalidInputError(
            f"{what} is a tuple of at most {MAX_MENTIONED_AT:,} times, not {times!r:.80}."
        )
    return tuple(sorted(checked_time(time, what) for time in times))


def _checked_optional_time(time: datetime | None, what: str) -> datetime | None:
    return None if time is None else checked_time(time, what)
