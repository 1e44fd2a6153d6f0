"""When things were written, and when they will be over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from commonplace.inspector.asked import Asked
from commonplace.inspector.pages import Page
from commonplace.inspector.shown import card, crumbs
from commonplace.values.records import Record

MOST_RECORDS = 10_000
_MOST_BARS = 62
_AHEAD = 25
_UNITS = {"day": 1, "week": 7, "month": 30, "quarter": 91, "year": 365}


def show(asked: Asked) -> Page:
    """Count the newest records by when they were written, and list what ends next."""
    scope, memory = str(asked.scope), asked.memory
    told = asked.kept.read(("timeline", scope), lambda: _told(memory.records(limit=MOST_RECORDS)))
    values = {
        "scope": scope,
        "crumbs": crumbs(asked.whole.path, asked.scope),
        **told,
        "ending": [card(one, reveal=asked.text("reveal")) for one in told["ending"]],
    }
    return Page("timeline.html", values)


def _told(records: list[Record]) -> dict[str, Any]:
    ending = sorted((one for one in records if one.expires_at), key=_end)
    unit, written = counted([one.created_at for one in records])
    unit_ahead, ends = counted([_end(one) for one in ending])
    return {
        "records": len(records),
        "is_all": len(records) < MOST_RECORDS,
        "unit": unit,
        "written": written,
        "unit_ahead": unit_ahead,
        "ends": ends,
        "ending": ending[:_AHEAD],
    }


def _end(record: Record) -> datetime:
    assert record.expires_at is not None, "only those that end are asked"
    return record.expires_at


def counted(times: Iterable[datetime]) -> tuple[str, list[dict[str, Any]]]:
    """Return times counted by the smallest unit that gives few bars; the last has all later ones.

    >>> counted([datetime(2026, 5, 4), datetime(2026, 5, 6), datetime(2026, 5, 6)])[1]
    [{'from': '2026-05-04', 'count': 1}, {'from': '2026-05-05', 'count': 0}, \
{'from': '2026-05-06', 'count': 2}]
    """
    days = Counter(time.date() for time in times)
    if not days:
        return "day", []
    first, last = min(days), max(days)
    span = (last - first).days + 1
    unit, length = next(
        (one for one in _UNITS.items() if span <= one[1] * _MOST_BARS), ("year", 365)
    )
    bars = Counter(min((day - first).days // length, _MOST_BARS - 1) for day in days.elements())
    return unit, [
        {"from": (first + timedelta(days=place * length)).isoformat(), "count": bars[place]}
        for place in range(max(bars) + 1)
    ]
