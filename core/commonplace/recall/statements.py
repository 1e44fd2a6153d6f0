"""What kind of statement a text is, and what kind a query wants to hear."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from commonplace.recall.word_lists import word_lists

_UNSPACED = "unspaced"
"""Names the list of the scripts written without spaces; its entries are found anywhere."""

SHORT = 64
"""The most characters of a statement of change, and of what it replaces: in longer ones, as in
talk, much is "new" and "now"."""

_WORD = re.compile(r"\w+")
_THIS_TIME = re.compile(r"\bthis (?:week|month|year|morning)\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_CHINESE_TIME = re.compile(r"[昨今明]天|[上下这]个?[周月]|[去今明]年|\d[年月日号]")

# These are searched in small letters: it takes half the time of ignoring case.
_ASKS_WHEN = re.compile(
    r"\b(?:when|how long|(?:what|which) (?:date|day|week|month|year|time)"
    r"|wann|wie lange|quand|cuándo|quando|когда)\b"
    r"|什么时候|几[点月号]|哪[天年]|いつ"
)
_ASKS_FOR_QUESTIONS = re.compile(
    r"\b(?:ask(?:s|ed|ing)?|questions?|(?:ge)?frag(?:e|en|te|ten|t)|demand(?:é|er|ais)|questions?"
    r"|pregunt\w+|pergunt\w+|domand\w+|chiest\w+|вопрос\w*|спр(?:осил|ашивал)\w*)\b"
    r"|问|問|質問|聞い|聞き|질문|물어|سأل|سؤال|पूछ|सवाल"
)
_ASKS_FOR_PAST = re.compile(
    r"\b(?:used to|previous\w*|former\w*|before|earlier|original\w*|initial\w*|once|ago|back then"
    r"|at first|in the past|history|changed?|any more|anymore|(?<!how )old|first(?! name)|last time"
    r"|früher\w*|vorher\w*|ehemal\w*|damals|zuvor|avant|autrefois|ancien\w*|précéd\w+|antes|anterior\w*"
    r"|antigu\w+|prima|precedent\w*|ex|раньше|прежн\w+|прошл\w+|бывш\w+)\b"
    r"|以前|之前|过去|過去|曾经|曾經|原来|前の|昔|예전|이전|سابق|قبل|पहले"
)
_ADDRESSES_AGENT = re.compile(
    r"\b(?:you|your|yours|du|dein\w*|sie|ihr\w*|tu|vous|votre|usted|tus?|вы|ты|тво\w+|ваш\w*)\b"
    r"|[你您]|あなた"
)


BEING = re.compile(
    r"\b(?:is|are|was|were|has|have|had|ist|sind|war|hat|est|sont|était|es|está|son|era|tiene)\b",
    re.IGNORECASE,
)
"""What says that something is, in four languages."""


def tells_time(text: str, words: Sequence[str]) -> bool:
    """Tell whether a text, whose words are given as `split` gives them, names a time."""
    if not text.isascii() or "_" in text:
        words = _WORD.findall(text.lower())
    return (
        not _time_words().isdisjoint(words)
        or ("'" in text and not _time_words().isdisjoint(_cut(words)))
        or ("this" in words and _THIS_TIME.search(text) is not None)
        or (("19" in text or "20" in text) and _YEAR.search(text) is not None)
        or (not text.isascii() and _CHINESE_TIME.search(text) is not None)
    )


def _cut(words: Sequence[str]) -> list[str]:
    """Return the parts of the words with an apostrophe: "yesterday's" tells of yesterday."""
    return [part for word in words if "'" in word for part in word.split("'")]


def asks_when(query: str) -> bool:
    """Tell whether a query asks for a time."""
    return _ASKS_WHEN.search(query.lower()) is not None


def asks_for_questions(query: str) -> bool:
    """Tell whether a query asks what was asked: then stored questions are answers."""
    return _ASKS_FOR_QUESTIONS.search(query.lower()) is not None


def asks_for_past(query: str) -> bool:
    """Tell whether a query asks for what held once."""
    return _ASKS_FOR_PAST.search(query.lower()) is not None


def tells_of_change(text: str) -> bool:
    """Tell whether a statement says that it replaces what held before: "now", "no longer"."""
    return _change().search(text.lower()) is not None


def change_span(text: str) -> tuple[int, int]:
    """Return where a statement says that it replaces what held before; its end if nowhere."""
    found = _change().search(text.lower())
    return found.span() if found else (len(text), len(text))


def tells_of_end(text: str) -> bool:
    """Tell whether a statement only says that something ended: "stopped", "no longer"."""
    return _end().search(text.lower()) is not None


def is_unreal(text: str) -> bool:
    """Tell whether a statement tells of what may be, is only wished, or was: "might", "used to"."""
    return _unreal().search(text.lower()) is not None


def is_of_self(text: str) -> bool:
    """Tell whether a statement begins with "I" or "we"."""
    opening = text.lower().replace("’", "'").split(maxsplit=1)[:1]
    spaced, runs = _first_person()
    return any(word in spaced or word.startswith(runs) for word in opening)


@lru_cache(maxsize=1)
def _first_person() -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the words, and what a run of a script without spaces begins with."""
    lists = word_lists("first_person")
    spaced = frozenset[str]().union(*(lists[name] for name in lists.keys() - {_UNSPACED}))
    return spaced, tuple(lists[_UNSPACED])


@lru_cache(maxsize=1)
def _change() -> re.Pattern[str]:
    return _any_of("change_words")


@lru_cache(maxsize=1)
def _end() -> re.Pattern[str]:
    return _any_of("ending_words")


@lru_cache(maxsize=1)
def _unreal() -> re.Pattern[str]:
    return _any_of("unreal_words")


def _any_of(name: str) -> re.Pattern[str]:
    """Return what finds the words of a file; between those of a phrase, up to three others."""
    lists = word_lists(name)
    words = sorted(word for key, own in lists.items() if key != _UNSPACED for word in own)
    spaced = "|".join(map(re.escape, words)).replace(r"\ ", r"\W+(?:\w+\W+){0,3}?")
    runs = "|".join(map(re.escape, sorted(lists[_UNSPACED])))
    return re.compile(rf"\b(?:{spaced})\b|{runs}")


def addresses_agent(query: str) -> bool:
    """Tell whether a query speaks of what the agent said or did."""
    return _ADDRESSES_AGENT.search(query.lower()) is not None


@lru_cache(maxsize=1)
def _time_words() -> frozenset[str]:
    """Return the words that name a time on their own; "may" does so too seldom."""
    return frozenset().union(*word_lists("time_words").values())
