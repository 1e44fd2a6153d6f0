"""Times written as text, read alike on every Python. Pure."""

from __future__ import annotations

from datetime import datetime


def parsed_time(text: str) -> datetime:
    """Read a time or date of ISO 8601. One without a timezone is returned without one.

    Python 3.10 reads only what `isoformat` writes: no ``Z``, no fraction but of three or six
    digits. dateutil reads the rest, and is asked second since it is many times slower. A fraction
    is cut to microseconds. Raises ValueError for what is no time.

    >>> parsed_time("2026-03-01T09:30:00Z").isoformat()
    '2026-03-01T09:30:00+00:00'
    """
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        from dateutil.parser import isoparse

        read: datetime = isoparse(text)
        return read
