"""Questions and requests that are not marked as such: "who is my dentist", "wo ist der Schlüssel".

Most are told by how they begin, some by how they end ("my dentist, who"), those of scripts without
spaces by a word anywhere. The patterns, of some twenty languages, are in `data`. A text is held
against all of them: a short question seldom says in which language it is.
"""

from __future__ import annotations

import re
from functools import lru_cache

from commonplace.recall.word_lists import word_lists

_NO_CLAUSE_AFTER = r"(?!\s?(?:\S+\s){0,3}\S+[,!])"
"""Not "When I was small, …": a clause that goes on after a comma opens a statement."""

_LONGEST_ENDING = 24
"""More characters than any of the endings has, apart from the signs after it."""


def asks_unmarked(sentence: str) -> bool:
    """Tell whether a sentence without a question mark asks or requests to be told something."""
    text = sentence.strip()
    return (
        _opening().match(text) is not None
        or _yes_or_no().match(text) is not None
        or _ending().search(text, _last_words(text)) is not None
        or (not text.isascii() and _anywhere().search(text) is not None and not _is_told(text))
    )


def names_what_is_wanted(question: str) -> bool:
    """Tell whether a question asks who, what or where, and so for more than yes or no."""
    text = question.strip().rstrip("?？؟ ")
    return asks_unmarked(text) and _yes_or_no().match(text) is None


@lru_cache(maxsize=1)
def _opening() -> re.Pattern[str]:
    anywhere, alone = _any_of("opening"), _any_of("opening without a clause after it")
    return _after_politeness(f"{anywhere}|(?:{alone}){_NO_CLAUSE_AFTER}")


@lru_cache(maxsize=1)
def _yes_or_no() -> re.Pattern[str]:
    return _after_politeness(_any_of("yes or no"))


@lru_cache(maxsize=1)
def _ending() -> re.Pattern[str]:
    return re.compile(_any_of("ending"), re.IGNORECASE)


@lru_cache(maxsize=1)
def _anywhere() -> re.Pattern[str]:
    return re.compile(_any_of("anywhere"), re.IGNORECASE)


def _is_told(text: str) -> bool:
    """Tell whether a text says what is known: "he told me when it starts"."""
    return re.match(_any_of("told"), text) is not None


def _last_words(text: str) -> int:
    """Return from where on an ending is looked for: trying it at every place takes long."""
    end = len(text)
    while end and not (text[end - 1].isalnum() or text[end - 1] == "_"):
        end -= 1
    return max(0, end - _LONGEST_ENDING)


def _after_politeness(pattern: str) -> re.Pattern[str]:
    return re.compile(rf"(?:(?:{_any_of('politeness')})\b\W*)*(?:{pattern})", re.IGNORECASE)


def _any_of(name: str) -> str:
    return "|".join(sorted(word_lists("unmarked_questions")[name]))
