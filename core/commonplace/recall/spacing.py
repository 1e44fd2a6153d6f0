"""Letters and digits with a space or without: "LH2041" and "LH 2041", "2,500" and "2500".

Texts are taken as they are written. A query is looked up in both ways: a word of it also as parts
that a text holds all of, and neighbours in it also as one word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

from commonplace.recall import letters

Parts: TypeAlias = tuple[str, ...]
"""What makes one word when it is put together: `("lh", "2041")`."""

_HAS_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W_]+")
_RUN = re.compile(r"\d+|[^\W\d_]+")
_THOUSANDS = re.compile(r"(?<![\w.,])\d{1,3}(?:[ ,.'’\u00a0\u202f]\d{3})+(?!\w|[.,]\d)")
_IN_FOURS = re.compile(r"(?<!\w)[a-z]{2}\d{2}(?: [a-z0-9]{4}){2,7}(?: [a-z0-9]{1,3})?(?!\w)")
"""The number of an account (IBAN)."""

_LONGEST = 34
"""Of characters in a number that anyone writes with spaces: that of an account."""

_LEAST_IN_FOURS = 14
_DIGITS_IN_THREES = range(4, 16)


def apart(word: str) -> list[Parts]:
    """Return the parts as which else a text may hold a word of a query: all of one tuple."""
    if not _HAS_DIGIT.search(word) or len(word) > _LONGEST:
        return []
    if word.isdecimal():
        return [_in_threes(word)] if len(word) in _DIGITS_IN_THREES else []
    runs = tuple(_RUN.findall(word))
    if len(runs) < 2 or "".join(runs) != word:
        return []
    found = [runs]
    if len(runs) > 2:
        found += [(runs[0] + runs[1], *runs[2:]), (*runs[:-2], runs[-2] + runs[-1])]
    if len(word) >= _LEAST_IN_FOURS:
        found.append(tuple(word[start : start + 4] for start in range(0, len(word), 4)))
    return found


def together(query: str) -> list[tuple[str, Parts]]:
    """Return the words as which a text may hold neighbours in a query, each with these."""
    if not _HAS_DIGIT.search(query):
        return []
    text = letters.plain(query).casefold()
    found = [*_THOUSANDS.finditer(text), *_IN_FOURS.finditer(text)]
    parts = [tuple(_WORD.findall(one[0])) for one in found]
    return [("".join(one), one) for one in (*parts, *_neighbours(text))]


def _in_threes(digits: str) -> Parts:
    first = len(digits) % 3 or 3
    return (digits[:first], *(digits[at : at + 3] for at in range(first, len(digits), 3)))


def _neighbours(text: str) -> Iterator[Parts]:
    """Yield two or three words with one space between, that meet with a letter and a digit."""
    words = list(_WORD.finditer(text))
    meet = [_meet(text, one, other) for one, other in pairwise(words)]
    for place, first in enumerate(meet):
        if first:
            yield words[place][0], words[place + 1][0]
            if meet[place + 1 : place + 2] == [True]:
                yield words[place][0], words[place + 1][0], words[place + 2][0]


def _meet(text: str, one: re.Match[str], other: re.Match[str]) -> bool:
    is_beside = text[one.end() : other.start()] in {" ", "\u00a0", "\u202f"}
    return is_beside and one[0][-1].isdecimal() != other[0][0].isdecimal()
