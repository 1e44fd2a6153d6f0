"""Whom a question and a statement are about: who asks, or a relative or friend of theirs.

"My wife is a vegetarian" resembles "Am I a vegetarian?" more than "I eat everything" does, and
answers another question.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import chain

from commonplace.recall.asking import size
from commonplace.recall.statements import SHORT
from commonplace.recall.subjects import relations
from commonplace.recall.tokens import UNSPACED, split
from commonplace.recall.word_lists import word_lists

_OPENING = 3
"""So many words tell whom a statement is about."""

_OPENING_UNSPACED = 6
"""The same in characters of a script without spaces."""

_BESIDE = 5
"""Among so many words stands "I" where it is about both: "My wife and I"."""

_UNSPACED = "unspaced"


def asks_of_self(query: str) -> bool:
    """Tell whether a question is about who asks it, and about nobody else."""
    if not query.isascii() and UNSPACED.search(query):
        own = word_lists("own_words")[_UNSPACED]
        return any(one in query for one in own) and not any(one in query for one in _kin())
    words = set(split(query))
    return not (
        words.isdisjoint(_own())
        or any(one.removesuffix("'s") in relations() for one in words)
        or any(words & word_lists("own_words")[name] for name in ("with others", "who", "kin"))
    )


def is_of_relation(text: str) -> bool:
    """Tell whether a short statement is about a relative or friend of who makes it alone."""
    if size(text) > SHORT:
        return False
    if UNSPACED.search(text):
        return any(one in text[:_OPENING_UNSPACED] for one in _kin())
    words = split(text)
    if not any(one.removesuffix("'s") in relations() for one in words[:_OPENING]):
        return False
    both = word_lists("own_words")["with others"] | word_lists("first_person")["english"]
    return words[0] in _own() and both.isdisjoint(words[:_BESIDE])


@lru_cache(maxsize=1)
def _own() -> frozenset[str]:
    lists = word_lists("own_words").items()
    named = {_UNSPACED, "with others", "who", "kin"}
    return frozenset(chain.from_iterable(words for name, words in lists if name not in named))


@lru_cache(maxsize=1)
def _kin() -> list[str]:
    """Return relatives in scripts without spaces; one character may be part of another word."""
    return [one for one in word_lists("relation_words")[_UNSPACED] if len(one) > 1]
