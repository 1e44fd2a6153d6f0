"""Periods made of others: "between 3 and 9 May", "since Monday", "early in June", "in Q2".

dateparser knows dates and no ranges. Each phrase here says where its own dates stand; they are read
by who calls, and the phrase is left to them whole if they are none ("between Rome and Oslo").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

BEFORE_DAYS = 365
"""How far "before May" reaches back."""

Bounds = tuple[datetime, datetime]
"""From a moment until before another."""

Reading = Callable[[str], list[Bounds]]
"""Returns the dates that a piece of text names."""

_DATE = r"[\w'./-]+(?: [\w'./-]+){0,3}"
_FIRST_DAY = re.compile(r"\d{1,2}(?:st|nd|rd|th)?\b")

_BETWEEN = re.compile(
    rf"\b(?:between|from|zwischen|vom|entre) (?:the )?(?P<first>{_DATE}?)"
    rf" (?:and|to|until|till|through|und|bis|et|y) (?P<last>{_DATE})"
)
_OPEN = re.compile(
    r"(?<!\bweek )(?<!\bday )(?<!\bmonth )(?<!\byear )(?<!\bnight )"
    rf"\b(?P<side>before|prior to|until|till|after|since|seit|depuis|desde) (?P<date>{_DATE})"
)
_PART = re.compile(
    r"\b(?P<part>beginning|start|early|middle|mid|end|late"
    r"|(?:first|last) week|(?:first|second) half)"
    rf"(?: (?:of|in))?[ -](?P<whole>the (?:week|month|year)\b|{_DATE})"
)
_QUARTER = re.compile(
    r"\b(?:q(?P<number>[1-4])|(?P<word>first|second|third|fourth|last) quarter)\b"
    r"(?:,? (?:of )?(?P<year>(?:19|20)\d\d))?"
)

_PARTS: Mapping[str, tuple[float, float]] = {
    "beginning": (0, 1 / 3),
    "start": (0, 1 / 3),
    "early": (0, 1 / 3),
    "first half": (0, 1 / 2),
    "middle": (1 / 3, 2 / 3),
    "mid": (1 / 3, 2 / 3),
    "second half": (1 / 2, 1),
    "late": (2 / 3, 1),
    "end": (2 / 3, 1),
}
"""The share of the whole at which each begins and ends."""

_PARTS_OF_DAY: Mapping[str, tuple[int, int]] = {
    "morning": (5, 12),
    "noon": (11, 14),
    "midday": (11, 14),
    "lunchtime": (11, 14),
    "afternoon": (12, 18),
    "evening": (17, 24),
    "tonight": (17, 24),
    "night": (17, 24),
}
"""The hours from which and until which each lasts."""

_PART_OF_DAY = re.compile(rf"\b({'|'.join(_PARTS_OF_DAY)})\b")


def ranges(text: str, read: Reading, midnight: datetime) -> tuple[str, list[Bounds]]:
    """Return a text without the ranges that it names, and these, relative to a day.

    `read` reads the dates in a part of the text.
    """
    found: list[Bounds] = []
    for pattern, understand in _PHRASES.items():

        def without(
            phrase: re.Match[str],
            understand: Callable[[re.Match[str], Reading, datetime], Bounds | None] = understand,
        ) -> str:
            bounds = understand(phrase, read, midnight)
            if bounds is None:
                return phrase[0]
            found.append(bounds)
            return " "

        text = pattern.sub(without, text)
    return text, found


def at_its_hours(text: str, day: Bounds) -> Bounds:
    """Return the part of a day that a text names ("yesterday morning"), or all of it."""
    part = _PART_OF_DAY.search(text)
    if part is None or day[1] - day[0] > timedelta(days=1):
        return day
    start, end = _PARTS_OF_DAY[part[1]]
    return day[0] + timedelta(hours=start), day[0] + timedelta(hours=end)


def _between(phrase: re.Match[str], read: Reading, midnight: datetime) -> Bounds | None:
    del midnight
    last = _read_alone(phrase["last"], read)
    if not last:
        return None
    first = phrase["first"]
    if _FIRST_DAY.fullmatch(first):  # "between 3 and 9 May"
        first = _FIRST_DAY.sub(first, phrase["last"], count=1)
    begins = _read_alone(first, read)
    if not begins or begins[0][0] >= last[0][1]:
        return None
    return begins[0][0], last[0][1]


def _open(phrase: re.Match[str], read: Reading, midnight: datetime) -> Bounds | None:
    dates = _read_alone(phrase["date"], read)
    if not dates:
        return None
    start, end = dates[0]
    if phrase["side"] in {"before", "prior to", "until", "till"}:
        return start - timedelta(days=BEFORE_DAYS), start
    begins = end if phrase["side"] == "after" else start
    return begins, max(midnight + timedelta(days=1), begins + timedelta(days=1))


def _part(phrase: re.Match[str], read: Reading, midnight: datetime) -> Bounds | None:
    del midnight
    wholes = _read_alone(phrase["whole"].replace("the ", "this ", 1), read)
    if not wholes or wholes[0][1] - wholes[0][0] < timedelta(days=2):
        return None
    start, end = wholes[0]
    if phrase["part"] == "first week":
        return start, start + timedelta(days=7)
    if phrase["part"] == "last week":
        return end - timedelta(days=7), end
    begins, ends = _PARTS[phrase["part"]]
    return _midnight(start + begins * (end - start)), _midnight(start + ends * (end - start))


def _read_alone(text: str, read: Reading) -> list[Bounds]:
    """Read dates of which one may be a word of two senses alone: "May", "Monday"."""
    return read(text) or read(f"in {text}") or read(f"on {text}")


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _quarter(phrase: re.Match[str], read: Reading, midnight: datetime) -> Bounds | None:
    """Read a quarter: the latest that has begun, or for "last" that is over, if no year is told."""
    del read
    begun = midnight.replace(month=(midnight.month - 1) // 3 * 3 + 1, day=1)
    if phrase["word"] == "last" and not phrase["year"]:
        return (begun - timedelta(days=1)).replace(month=(begun.month - 4) % 12 + 1, day=1), begun
    names = ("first", "second", "third", "fourth")
    number = 4 if phrase["word"] == "last" else int(phrase["number"] or 0)
    number = number or names.index(phrase["word"]) + 1
    start = begun.replace(int(phrase["year"] or begun.year), 3 * number - 2)
    if not phrase["year"] and start > midnight:
        start = start.replace(start.year - 1)
    return start, (start + timedelta(days=93)).replace(day=1)


_PHRASES: Mapping[re.Pattern[str], Callable[[re.Match[str], Reading, datetime], Bounds | None]] = {
    _QUARTER: _quarter,
    _BETWEEN: _between,
    _PART: _part,
    _OPEN: _open,
}
