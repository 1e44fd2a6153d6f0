"""Queries that only name what is wanted: "gate code", "mum's birthday", "код домофона".

They are no questions by their form, and statements such as "allergic to nuts" look like them. What
tells them is the name of an attribute (code, address, birthday) with no value beside it: who says
no more than that tells nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from commonplace.recall.statements import BEING, is_of_self, tells_of_change
from commonplace.recall.word_lists import word_lists

_MOST_WORDS = 6

_DOES = re.compile(r"\s*[A-Z]\w+ \w+(?:s|ed)\b")
"""Somebody, and what they do or did: "Ann likes tea"."""

_HEAD_LAST = ("english", "german", "dutch", "swedish", "turkish", "hindi", "finnish", "hungarian")
"""Languages in which what is wanted stands last, or before "of": "gate code", "code for the gate".

In the others it stands first: "code portail".
"""

_UNSPACED = "unspaced"
_COMPOUNDING = ("german", "dutch", "swedish", "finnish", "hungarian")
"""Languages that write it as one with what it is of: "Schuhgröße"."""

_OF = (
    "for of to from in at on by please pls plz thx again für von vom zum zur im der des bitte voor"
    " van het till av för tack"
)
"""What follows it where it does not stand last."""


def names_only(text: str) -> bool:
    """Tell whether a text that asks nothing only names something: it says nothing of it."""
    return (
        len(text.split()) <= _MOST_WORDS
        and not any(map(str.isdigit, text))
        and not _DOES.match(text)
        and not (is_of_self(text) or tells_of_change(text) or BEING.search(text))
    )


def names_attribute(text: str) -> bool:
    """Tell whether a text only names an attribute, whose value it does not give: "gate code"."""
    return names_only(text) and _attribute().search(text.lower()) is not None


@lru_cache(maxsize=1)
def _attribute() -> re.Pattern[str]:
    lists = word_lists("attribute_words")
    behind = "|".join(_OF.split())
    last, ends, first = set[str](), set[str](), set[str]()
    for name in lists.keys() - {_UNSPACED}:
        (last if name in _HEAD_LAST else first).update(lists[name])
        ends.update(lists[name] if name in _COMPOUNDING else ())
    return re.compile(
        rf"(?:\b(?:{_any_of(last)})|\w\w(?:{_any_of(ends)})|(?:{_any_of(lists[_UNSPACED])}))"
        rf"\W*(?:$|\b(?:{behind})\b)"
        rf"|^\W*(?:\w{{1,3}}\W+)?(?:{_any_of(first)})\b"
    )


def _any_of(words: set[str] | frozenset[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))
