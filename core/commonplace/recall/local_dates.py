"""Dates in the words of forty languages, put in the English that the other rules read.

dateparser reads a date that it is given; where in a sentence one stands it finds in few languages.
Here are found, with the names of `data/dates_by_language.json`: days, weeks, months and years told
from today ("পরশু", "на прошлой неделе"), weekdays, so many of them ago, and months with their day
or year. A language is told by its letters; one in Latin letters has to be known.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import regex

from commonplace.recall.word_lists import word_lists

_BY_NAME = {
    "german": "de",
    "french": "fr",
    "spanish": "es",
    "portuguese": "pt",
    "italian": "it",
    "dutch": "nl",
    "swedish": "sv",
    "danish": "da",
    "norwegian": "nb",
    "finnish": "fi",
    "polish": "pl",
    "czech": "cs",
    "hungarian": "hu",
    "romanian": "ro",
    "turkish": "tr",
    "indonesian": "id",
    "vietnamese": "vi",
}
"""The languages in Latin letters, by our names for them."""

_BY_SCRIPT = {
    regex.compile("[іїєґ]"): ("uk",),
    regex.compile(r"\p{Cyrillic}"): ("ru", "uk", "bg", "sr"),
    regex.compile(r"\p{Greek}"): ("el",),
    regex.compile(r"\p{Hebrew}"): ("he",),
    regex.compile(r"\p{Arabic}"): ("ar", "fa", "ur"),
    regex.compile(r"\p{Devanagari}"): ("hi", "mr"),
    regex.compile(r"\p{Bengali}"): ("bn",),
    regex.compile(r"\p{Tamil}"): ("ta",),
    regex.compile(r"\p{Telugu}"): ("te",),
    regex.compile(r"\p{Gujarati}"): ("gu",),
    regex.compile(r"\p{Kannada}"): ("kn",),
    regex.compile(r"\p{Malayalam}"): ("ml",),
    regex.compile(r"\p{Gurmukhi}"): ("pa",),
    regex.compile(r"\p{Thai}"): ("th",),
    regex.compile(r"\p{Hangul}"): ("ko",),
    regex.compile(r"[\p{Hiragana}\p{Katakana}]"): ("ja", "zh"),
    regex.compile(r"\p{Han}"): ("zh",),
    regex.compile("[ğış]"): ("tr",),
    regex.compile("[ěřů]"): ("cs",),
    regex.compile("[łąężźćńś]"): ("pl",),
    regex.compile("[őű]"): ("hu",),
    regex.compile("[ãõ]"): ("pt",),
    regex.compile("[ñ¿¡]"): ("es",),
    regex.compile("[ßäöü]"): ("de",),
}
"""Languages that letters tell."""

_UNSPACED = frozenset({"zh", "ja", "th", "ko"})
"""Without spaces, or with particles behind a name: names are found anywhere."""

_MOST_WORDS = 4
"""Names have no more words."""

_ENDINGS = dict.fromkeys(("hi", "mr", "bn", "ta", "te", "gu", "kn", "ml", "pa"), 3)
"""So many characters of a case's ending may stand behind a name that the list has without."""

_ENDING_FROM = 4
"""A shorter name has to stand as it is."""

_PREFIXES = {"ar": regex.compile("^[وبلفك]{0,2}(?:ال)?"), "he": regex.compile("^[והבלמש]{1,2}")}
"""And, in, to, from, as, the: they are written as one with a word."""

_MONTH_ALONE_FROM = 6
"""A shorter name without day or year is too often something else: "Marta", "mai"."""

_YEAR_AFTER = regex.compile(r"^[^\d]{0,8}((?:19|20)\d\d)(?!\d)")
_YEAR_BEFORE = regex.compile(r"(?<!\d)((?:19|20)\d\d)[^\d]{0,10}$")
_DAY_BEFORE = regex.compile(r"(?<!\d)([12]?\d|3[01])(?:\.|[ºª]|er|-?го)?[^\d.?!]{0,7}$")
_DAY_AFTER = regex.compile(r"^[ ,]{0,2}([12]?\d|3[01])(?![\d:.])")
_NEAR = 16
"""Characters around the name of a month in which its day and year stand."""

_EASTERN = regex.compile(
    r"(?:(?P<year>(?:19|20)\d\d)[年년]\s*)?(?<!\d)(?P<month>1[0-2]|0?[1-9])[月월]"
    r"(?:\s*(?P<day>[12]\d|3[01]|0?[1-9])[日号號일])?"
)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)

_WORD = regex.compile(r"[\p{L}\p{M}\p{N}]+")
_NUMBER, _COUNT = "#", "0"
"""Stands for a number in a name, and while the words of a name are told apart."""

Found = tuple[int, int, str]
"""Where a phrase stands, and what it is in English."""


def in_english(text: str, language: str) -> list[str]:
    """Return the dates that a text in small letters names, each as an English phrase."""
    text = "".join(str(unicodedata.digit(one)) if one.isdecimal() else one for one in text)
    found = [
        _told(_MONTHS[int(part["month"]) - 1], part["day"], part["year"])
        for part in _EASTERN.finditer(text)
    ]
    for code in _codes(text, language):
        names = _names(code)
        places = names.anywhere(text) if code in _UNSPACED else names.by_words(text)
        for start, end, english in places:
            is_month = english in _MONTHS
            found.append(_told_of_month(text, start, end, english) if is_month else english)
            text = text[:start] + " " * (end - start) + text[end:]
    return list(filter(None, found))


def _codes(text: str, language: str) -> Iterator[str]:
    """Yield the languages in which a text may be."""
    if language in _BY_NAME:
        yield _BY_NAME[language]
    elif not text.isascii():
        for script, codes in _BY_SCRIPT.items():
            if script.search(text):
                yield from codes
                return


@dataclass(frozen=True, slots=True)
class _Names:
    """What a language calls times, with # for a number, and what that is in English."""

    code: str
    english: Mapping[str, str]

    def by_words(self, text: str) -> Iterator[Found]:
        """Yield the names in a text, of two that begin at a word the longer."""
        words = [(*found.span(), found[0]) for found in _WORD.finditer(text)]
        place = 0
        while place < len(words):
            for last in range(min(place + _MOST_WORDS, len(words)), place, -1):
                if english := self._of([word for *_, word in words[place:last]]):
                    yield words[place][0], words[last - 1][1], english
                    place = last - 1
                    break
            place += 1

    def _of(self, words: list[str]) -> str | None:
        """Return the English of some words."""
        if english := self._named(" ".join(words)):
            return english
        number = next(filter(_is_number, words), None)
        if number is None:
            return None
        english = self._named(" ".join(_NUMBER if word is number else word for word in words))
        return english and english.replace(_NUMBER, _digits(number))

    def _named(self, name: str) -> str | None:
        """Return the English of a name, which may have an ending or what is written before it."""
        if name in self.english:
            return self.english[name]
        if prefix := _PREFIXES.get(self.code):
            return self.english.get(prefix.sub("", name))
        ends = range(1, _ENDINGS.get(self.code, 1) + 1)
        bases = (name[:-end] for end in ends if len(name) - end >= _ENDING_FROM)
        return next((self.english[base] for base in bases if base in self.english), None)

    def anywhere(self, text: str) -> Iterator[Found]:
        """Yield the names in a text without spaces, the longest first."""
        for found in _counted(self.code).finditer(text):
            told = self.english[f"{_NUMBER} {''.join(found[2].split())}"]
            yield *found.span(), told.replace(_NUMBER, _digits(found[1]))
        for name in sorted(self.english, key=len, reverse=True):
            if (at := text.find(name)) >= 0:
                text = text[:at] + " " * len(name) + text[at + len(name) :]
                yield at, at + len(name), self.english[name]


@lru_cache(maxsize=64)
def _names(code: str) -> _Names:
    told, spaces = _told_in(code), code not in _UNSPACED
    english = {_key(form): name for name, own in told["phrases"].items() for form in own}
    for unit, counted in told["counted"].items():
        for form in counted:
            behind = " ".join(_WORD.findall(form.replace("{}", _COUNT)))
            key = behind.replace(_COUNT, _NUMBER) if spaces else _unspaced(form)
            english.setdefault(key, f"{_NUMBER} {unit}s ago")
    if code not in {"zh", "ja", "ko"}:
        months = {_key(form): name for name, own in told["months"].items() for form in own}
        if spaces and code not in _ENDINGS:  # "в январе", "v květnu": with another ending
            english |= {key[:-1]: name for key, name in months.items() if len(key) > _ENDING_FROM}
        english |= months
    if code == "he":  # "in the last week" and "the last week" begin with other letters
        english |= {_PREFIXES[code].sub("", key): name for key, name in english.items()}
    return _Names(code, {key: name for key, name in english.items() if key})


def _key(form: str) -> str:
    return " ".join(_WORD.findall(form)) or form


def _unspaced(form: str) -> str:
    """Return the key of so many days ago where the number comes first, else ""."""
    return f"{_NUMBER} {''.join(form[2:].split())}" if form.startswith("{}") else ""


@lru_cache(maxsize=len(_UNSPACED))
def _counted(code: str) -> re.Pattern[str]:
    """Return the pattern of so many days, weeks, … ago in a language without spaces."""
    behind = [key[2:] for key in _names(code).english if key.startswith(_NUMBER)]
    parts = (r"\s*".join(map(re.escape, one)) for one in sorted(behind, key=len, reverse=True))
    number = "|".join(["[0-9]{1,3}", *sorted(_numbers(), key=len, reverse=True)])
    return re.compile(f"({number})\\s*({'|'.join(parts)})")


def _told_of_month(text: str, start: int, end: int, month: str) -> str:
    """Return a month in English with the day and year that stand around it."""
    before, after = text[max(0, start - _NEAR) : start], text[end : end + _NEAR]
    year = _YEAR_AFTER.search(after) or _YEAR_BEFORE.search(before)
    day = _DAY_BEFORE.search(before) or _DAY_AFTER.search(after)
    if told := _told(month, day and day[1], year and year[1]):
        return told
    return f"in {month}" if end - start >= _MONTH_ALONE_FROM else ""


def _told(month: str, day: str | None, year: str | None) -> str:
    """Return a month with its day or year in English, or "" where it has neither."""
    if day:
        return f"on {month} {day}, {year}" if year else f"on {month} {day}"
    return f"in {month} {year}" if year else ""


def _is_number(word: str) -> bool:
    return word.isdecimal() or word in _numbers()


def _digits(word: str) -> str:
    return _numbers().get(word, word)


@lru_cache(maxsize=1)
def _numbers() -> Mapping[str, str]:
    return {word: digit for digit, words in word_lists("number_words").items() for word in words}


def _told_in(code: str) -> Mapping[str, Mapping[str, list[str]]]:
    return _all_languages()[code]


@lru_cache(maxsize=1)
def _all_languages() -> Mapping[str, Mapping[str, Mapping[str, list[str]]]]:
    file = resources.files("commonplace.recall") / "data" / "dates_by_language.json"
    found: dict[str, dict[str, dict[str, list[str]]]] = json.loads(file.read_text(encoding="utf-8"))
    return found
