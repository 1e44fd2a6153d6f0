"""Whether a later statement is about something else than the earlier one.

"My favourite tea is oolong" is not replaced by "My aunt's favourite tea is rooibos", nor "The
deploy job takes 14 minutes" by "The lint job is down to 2 minutes". What a statement is about
stands before what says that something is, or changed.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from commonplace.recall.of_text import of_text
from commonplace.recall.statements import change_span, is_of_self, tells_time
from commonplace.recall.tokens import UNSPACED, split
from commonplace.recall.word_lists import word_lists

if TYPE_CHECKING:
    from commonplace.recall.competing import Statement

_UNSPACED = "unspaced"
"""Names the list of the scripts written without spaces; its entries are found anywhere."""

_OPENING = 12
"""The characters of a script without spaces in which whom a statement is about is named."""

_OWNER = re.compile(r"\W*(\w{2,})['’]s\b")
_WORDS_OF_SUBJECT = 3
"""So many words are looked at where nothing tells where the subject ends."""


def is_about_another(newer: Statement, older: Statement) -> bool:
    """Tell whether the newer is about another person, thing, part or occasion than the older."""
    return (
        _is_of_relation(newer, older)
        or _is_of_owner(newer, older)
        or _is_of_occasion(newer, older)
        or _has_other_subject(newer, older)
        or _counts_other_things(newer, older)
    )


def _is_of_relation(newer: Statement, older: Statement) -> bool:
    """Tell whether it is about a relative or a friend of whom the older is about: "Tess's brother".

    The older names no such person, nor does the query.
    """
    opening, runs = newer.opening, word_lists("relation_words")[_UNSPACED]
    if UNSPACED.search(opening):
        start = opening[:_OPENING]
        return any(run in start and run not in older.text for run in runs)
    return any(_unknown(newer, older, one) for one in _named(newer) - older.words)


@of_text
def _named(statement: Statement) -> frozenset[str]:
    """Return the relatives and friends whom it begins with, unless it is about who says it."""
    if is_of_self(statement.text):
        return frozenset()
    usual = word_lists("stop_words").get(statement.language, frozenset())
    words = (one.removesuffix("'s") for one in split(statement.opening))
    return relations().intersection(words) - usual


def _is_of_owner(newer: Statement, older: Statement) -> bool:
    """Tell whether it is about what belongs to somebody whom the older does not name."""
    found = _OWNER.match(newer.text)
    if found is None or tells_time(found[1], [found[1].lower()]):
        return False
    return not _unknown(newer, older, found[1]).isdisjoint(newer.stems)


def _is_of_occasion(newer: Statement, older: Statement) -> bool:
    """Tell whether it holds on an occasion alone of which the older does not speak."""
    return any(one not in older.text.lower() for one in _named_occasions(newer))


@of_text
def _named_occasions(statement: Statement) -> frozenset[str]:
    return frozenset(_occasions().findall(statement.text.lower()))


def _has_other_subject(newer: Statement, older: Statement) -> bool:
    """Tell whether it begins with what neither the older nor the query has: "The lint job".

    Where the rest of it names what the query wants of the older, the beginning is only who changed
    that: "The landlord raised the rent".
    """
    if is_of_self(newer.text) or is_of_self(older.text) or UNSPACED.search(newer.text):
        return False
    wanted = older.subject & older.stems_named
    rest = newer.stems_in(newer.text[len(newer.opening) :])
    if wanted.issubset(newer.stems) or not wanted.isdisjoint(rest):
        return False
    return bool(_unknown(newer, older, newer.opening))


def _counts_other_things(newer: Statement, older: Statement) -> bool:
    """Tell whether the query asks for what the older counts, and the newer counts something else.

    "The office opens at 7" says nothing of how many desks it has.
    """
    counted = older.counted & older.stems_named
    return bool(counted and newer.counted) and counted.isdisjoint(newer.stems)


def _unknown(newer: Statement, older: Statement, text: str) -> set[str]:
    """Return the stems of a part of the newer that neither the older nor the query has."""
    return set(newer.stems_in(text)).difference(older.stems, newer.stems_named)


def opening_of(text: str, being: int) -> str:
    """Return what stands before what says that something is or changed, or else the beginning."""
    end = min(change_span(text)[0], being)
    first = " ".join(text.split()[:_WORDS_OF_SUBJECT])
    return text[:end] if end <= len(first) else first


@lru_cache(maxsize=1)
def _occasions() -> re.Pattern[str]:
    lists = word_lists("occasion_words").items()
    spaced = "|".join(sorted(re.escape(w) for name, own in lists if name != _UNSPACED for w in own))
    runs = "|".join(sorted(map(re.escape, word_lists("occasion_words")[_UNSPACED])))
    return re.compile(rf"\b(?:{spaced})\b|{runs}")


@lru_cache(maxsize=1)
def relations() -> frozenset[str]:
    """Return them in all languages: of a short statement the language is not always known."""
    lists = word_lists("relation_words").items()
    return frozenset(word for name, words in lists if name != _UNSPACED for word in words)
