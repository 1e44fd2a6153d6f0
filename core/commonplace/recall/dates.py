"""Periods that a query names ("last week", "in May 2023"), and how close records are to them.

The library dateparser reads the dates. Here is what it is asked about, since it takes any number
and many a word for a date; which stretch of time an answer of it stands for; and the few English
that it does not know. It is imported by the first query that names a date, since importing it
takes as long as a thousand recalls.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from commonplace.recall import local_dates
from commonplace.recall.date_ranges import at_its_hours, ranges
from commonplace.recall.growing import Doubles, Floats
from commonplace.recall.terms import DEFAULT_LANGUAGE, detect_language
from commonplace.recall.word_lists import word_lists

TELLING_DAYS = 7.0
"""People tell of a thing some days after it: closeness falls to 1/e this long outside a period."""

BESIDE = 0.9
"""What is beside a period, be it by a minute, counts so much of what is in it.

The day that is asked for comes before the day next to it, whatever else speaks for that.
"""

BESIDE_TODAY = 0.6
"""The same for what is told by today ("yesterday"): who says so knows which day is meant."""

_DAY = 86_400.0

_MOST_CHARACTERS = 400
"""Only this much of a query's end, where a dialogue asks its question, is searched for dates."""

_CODES = {
    "english": "en",
    "german": "de",
    "french": "fr",
    "spanish": "es",
    "russian": "ru",
    "portuguese": "pt",
    "italian": "it",
    "dutch": "nl",
    "swedish": "sv",
    "polish": "pl",
    "turkish": "tr",
    "indonesian": "id",
}
"""Our names and dateparser's for the languages whose dates are told by words."""

_ANYWHERE = ("zh", "ja", "ko", "vi", "ar")
"""Those whose date words are found anywhere: without spaces, with particles, or of two words."""

_FALSE_FRIENDS = {("de", "fr"), ("it", "de"), ("it", "fr")}
"""A language, and one whose date word is another word in it: "hier" is here, "mai" is never."""

_WORD = re.compile(r"\w+(?:['-]\w+)*")
_SHAPE = re.compile(
    r"\b\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b|\b(?:19|20)\d\d-\d\d?\b|\d年"
    r"|\b(?:in|of|during|since|year) (?:19|20)\d\d\b"
    r"|\bmid-\w|\bq[1-4]\b|\bquarter\b|\bof the (?:week|month|year)\b"
    r"|\bthis (?:week|weekend|month|year|morning|spring|summer|autumn|fall|winter)\b",
    re.IGNORECASE,
)
"""What tells a date without a word of the lists."""

_ENDING_OF_NUMBER = re.compile(r"(?<=\d)['’][^\W\d_]+")
"""Turkish: "in", "to", "from", written as one with a year."""

_SEASON = "spring|summer|autumn|fall|winter"
_FEW = re.compile(r"\b(?:a |the )?(?:(few|several)|couple of|couple) (?=days|weeks|months|years)")
_SPAN = re.compile(
    r"\b(?:past|last) (?:(\w+) )?(days|weeks|months|years)\b|\bpast (week|month|year)\b"
)
_AGO = re.compile(r"\b\w+ (?:day|week|month|year)s? ago\b")
_WEEKEND = re.compile(r"\b(?:last|past|this) weekend\b")
_SEASONS = re.compile(rf"\b(last|past|this) ({_SEASON})\b|\b({_SEASON})(?: of)? ((?:19|20)\d\d)\b")
_BETWEEN_DATES = re.compile(r"\b(?:and|before|after|(?:week|month|half) of)\b")
"""Words by which dateparser is led astray in English."""

_COUNTED = re.compile(
    r"\b\w+(?= (?:jour|semaine|mois|ans?\b|días?|semana|mes|año|giorn|settiman|ann[io]|dag|vec"
    r"|we[ek]k|maand|jaar|dni|tyg|dias?|mês|anos?))"
)
"""A word before a unit of time, in the languages of `number_words`."""

_CHINESE_DATE = re.compile(r"((?:19|20)\d\d)年(?:(\d{1,2})月)?(?:(\d{1,2})[日号])?")


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment until before another, in seconds since 1970.

    What is `beside` it counts so much of what is in it.
    """

    start: float
    end: float
    beside: float = BESIDE


def closeness(times: Doubles, periods: list[Period]) -> Floats:
    """Return how close each time is to the nearest period, in 0..1.

    It is 1 inside and `beside` * exp(-days outside / TELLING_DAYS) outside.
    """
    best = np.zeros(len(times), np.float32)
    for period in periods:
        outside = np.maximum(np.maximum(period.start - times, times - period.end), 0.0) / _DAY
        beside = (times < period.start) | (times >= period.end)
        near = np.where(beside, period.beside, 1.0) * np.exp(-outside / TELLING_DAYS)
        np.maximum(best, near, out=best, casting="unsafe")
    return best


def periods(query: str, asked: datetime) -> list[Period]:
    """Return the periods that a query names, relative to the day on which it was asked.

    Days, weeks and all else begin at midnight in the timezone of `asked`.
    """
    text = _in_english(_ENDING_OF_NUMBER.sub("", query[-_MOST_CHARACTERS:].lower()))
    words = _WORD.findall(text)
    own = detect_language(words, DEFAULT_LANGUAGE)
    languages = _languages_of_dates(text, words, own)
    midnight = asked.replace(hour=0, minute=0, second=0, microsecond=0)
    found = _periods(text, languages, midnight) if languages else ()
    if not found and not (text.isascii() and own == DEFAULT_LANGUAGE):
        told = local_dates.in_english(text, own)
        return [one for phrase in told for one in _periods(phrase, ("en",), midnight)]
    return list(found)


def _languages_of_dates(text: str, words: list[str], language: str) -> tuple[str, ...]:
    """Return dateparser's names of the languages in which a text may name a date."""
    hinted = list[str]()
    if not _all_date_words().isdisjoint(words):
        hinted += [code for code in _CODES.values() if not _date_words(code).isdisjoint(words)]
    if not text.isascii():
        hinted += [code for code in _ANYWHERE if any(word in text for word in _date_words(code))]
    own = _CODES.get(language, "en")
    if not hinted:
        return (own,) if _SHAPE.search(text) else ()
    if own in hinted:
        return (own,)
    return tuple(code for code in hinted if (own, code) not in _FALSE_FRIENDS)


def _date_words(code: str) -> frozenset[str]:
    return word_lists("date_words")[code]


@lru_cache(maxsize=1)
def _all_date_words() -> frozenset[str]:
    """Return those of the languages whose dates are told by words: most queries have none."""
    return frozenset().union(*map(_date_words, _CODES.values()))


@lru_cache(maxsize=1_000)
def _periods(text: str, languages: tuple[str, ...], midnight: datetime) -> tuple[Period, ...]:
    text = _with_digits(_FEW.sub(lambda found: "3 " if found[1] else "2 ", text))
    text, ranged = ranges(text, lambda part: _bounds_in(part, languages, midnight), midnight)
    own = [_between(*bounds) for bounds in ranged]
    for pattern, read in _PHRASES.items():
        for found in pattern.finditer(text):
            own.extend(read(found, midnight))
        text = pattern.sub(" ", text)
    for part in _BETWEEN_DATES.split(text):
        own.extend(_found_by_library(part, languages, midnight))
    return tuple(own)


def _bounds_in(
    text: str, languages: tuple[str, ...], midnight: datetime
) -> list[tuple[datetime, datetime]]:
    """Return the dates of a part of a query as moments."""
    return [
        (
            datetime.fromtimestamp(period.start, midnight.tzinfo),
            datetime.fromtimestamp(period.end, midnight.tzinfo),
        )
        for period in _periods(text, languages, midnight)
    ]


def _in_english(text: str) -> str:
    """Replace what dateparser does not know in other languages by what it knows in English."""
    if not _phrases().search(text):
        return text
    english = {phrase: name for name, own in word_lists("date_phrases").items() for phrase in own}
    return _phrases().sub(lambda found: f" {english[found[0]]} ", text)


@lru_cache(maxsize=1)
def _phrases() -> re.Pattern[str]:
    phrases = (phrase for own in word_lists("date_phrases").values() for phrase in own)
    return re.compile("|".join(sorted(map(re.escape, phrases), key=len, reverse=True)))


def _with_digits(text: str) -> str:
    """Replace number words before a word of time: dateparser reads them in few languages."""
    digits = {word: digit for digit, words in word_lists("number_words").items() for word in words}
    return _COUNTED.sub(lambda found: digits.get(found[0], found[0]), text)


def _span(found: re.Match[str], midnight: datetime) -> Iterator[Period]:
    """Yield "the past two weeks": from then until now."""
    number, unit = found[1] or ("3" if found[2] else "1"), found[2] or f"{found[3]}s"
    for start, _, _ in _dates(f"{number} {unit} ago", ("en",), midnight):
        yield _between(start, midnight + timedelta(days=1))


def _ago(found: re.Match[str], midnight: datetime) -> Iterator[Period]:
    """Yield "a month ago", on its own: dateparser takes "in a month ago" for the month to come."""
    yield from _found_by_library(found[0], ("en",), midnight)


def _weekend(found: re.Match[str], midnight: datetime) -> Iterator[Period]:
    ago = (midnight.weekday() - 5) % 7 or 7 * (not found[0].startswith("this"))
    saturday = midnight - timedelta(days=ago)
    yield _between(saturday, saturday + timedelta(days=2))


def _season(found: re.Match[str], midnight: datetime) -> Iterator[Period]:
    """Yield the latest such season that has begun, or for "last" that is over."""
    month = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}[found[2] or found[3]]
    start = midnight.replace(int(found[4] or midnight.year), month, 1)
    must_be_over = timedelta(days=0 if found[1] == "this" else 90)
    if not found[4] and start + must_be_over > midnight:
        start = start.replace(start.year - 1)
    yield _between(start, start + timedelta(days=92))


def _in_chinese(found: re.Match[str], midnight: datetime) -> Iterator[Period]:
    digits = "-".join(part for part in found.groups() if part)
    yield from _found_by_library(f"in {digits}", ("en",), midnight)


_PHRASES: Mapping[re.Pattern[str], Callable[[re.Match[str], datetime], Iterator[Period]]] = {
    _SPAN: _span,
    _AGO: _ago,
    _WEEKEND: _weekend,
    _SEASONS: _season,
    _CHINESE_DATE: _in_chinese,
}
"""What dateparser does not know, or not within a sentence."""


def _found_by_library(
    text: str, languages: tuple[str, ...], midnight: datetime
) -> Iterator[Period]:
    for start, unit, phrase in _dates(text, languages, midnight):
        is_told_by_today = unit == "week" or (unit == "day" and _tells_by_today(phrase))
        beside = BESIDE_TODAY if is_told_by_today else BESIDE
        yield _between(*at_its_hours(text, _bounds(start, unit)), beside)


def _tells_by_today(phrase: str) -> bool:
    words = _date_words("a day beside today")
    return not words.isdisjoint(_WORD.findall(phrase)) or any(
        word in phrase for word in words if not word.isascii()
    )


def _dates(
    text: str, languages: tuple[str, ...], midnight: datetime
) -> Iterator[tuple[datetime, str, str]]:
    """Yield the dates that dateparser finds, the unit that each was told in, and the phrase."""
    from dateparser.search import search_dates

    settings = {
        "RELATIVE_BASE": midnight.replace(tzinfo=None),
        "PREFER_DATES_FROM": "past",
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    found: list[tuple[str, datetime, str]] | None = search_dates(
        text, languages=languages, settings=settings, add_period=True
    )
    for phrase, date, unit in found or ():
        if _names_a_date(phrase) and 1 < date.year < 9_998:
            yield date.replace(tzinfo=midnight.tzinfo), unit, phrase


def _names_a_date(phrase: str) -> bool:
    """Tell whether a phrase holds a date word; a weak one ("May I go?") only in company."""
    if _SHAPE.search(phrase) or any(
        word in phrase for code in _ANYWHERE for word in _date_words(code)
    ):
        return True
    words = [word for word in _WORD.findall(phrase) if word != "the"]
    weak = _date_words("weak").intersection(words)
    if any(_date_words(code).intersection(words) - weak for code in _CODES.values()):
        return True
    in_company = not weak.issuperset(words[:1]) and "a" not in words
    return bool(weak) and (in_company or any(map(str.isdigit, phrase)))


def _bounds(date: datetime, unit: str) -> tuple[datetime, datetime]:
    """Return the beginning of the day, week, month or year of a date, and of the one after it."""
    start = date.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "year":
        start = start.replace(month=1, day=1)
        return start, start.replace(year=start.year + 1)
    if unit == "month":
        start = start.replace(day=1)
        return start, (start + timedelta(days=31)).replace(day=1)
    if unit == "week":
        start -= timedelta(days=start.weekday())
        return start, start + timedelta(days=7)
    return start, start + timedelta(days=1)


def _between(start: datetime, end: datetime, beside: float = BESIDE) -> Period:
    return Period(start.timestamp(), end.timestamp(), beside)
