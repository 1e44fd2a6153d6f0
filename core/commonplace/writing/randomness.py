"""Whether a run of characters was made by chance, as keys are, or of words and numbers. Pure."""

from __future__ import annotations

import re
from itertools import pairwise
from math import log2

_PARTS = re.compile(r"[^A-Za-z0-9]+")
# Words, numbers, and what is written of both: "gpt", "20250929", "4o", "v2", "q8z4m" is none.
_PLAIN = re.compile(r"[A-Za-z]?[a-z]+\d{0,4}|[A-Z]+\d{0,3}|\d+[A-Za-z]{0,2}|\d{8}T?\d*Z?")
_WORDS = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{4,}(?![a-z])")
_VOWEL = re.compile(r"[aeiouyAEIOUY]")
_UUID = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_LEAST_BITS = 3.0


def is_random(value: str, *, least: int = 16) -> bool:
    """Tell whether at least `least` characters of a value follow each other by chance.

    >>> [is_random(one) for one in ("9f8e7d6c5b4a39281706", "claude-3-opus-20240229")]
    [True, False]
    """
    chance = "".join(part for part in _PARTS.split(value) if not _PLAIN.fullmatch(part))
    return (
        len(chance) >= least
        and _bits(chance) >= _LEAST_BITS
        and _changes(chance) >= max(3, len(chance) // 10)
        and not _is_of_words(chance)
    )


def is_uuid(value: str) -> bool:
    """Tell whether a value is a UUID, which mostly names something and opens nothing."""
    return _UUID.fullmatch(value) is not None


def has_uuid(value: str) -> bool:
    """Tell whether there is a UUID in a value."""
    return _UUID.search(value) is not None


def has_digit(value: str) -> bool:
    """Tell whether there is a digit in a value."""
    return any(map(str.isdigit, value))


def _bits(value: str) -> float:
    """Return the entropy of a character, in bits."""
    shares = [value.count(character) / len(value) for character in set(value)]
    return -sum(share * log2(share) for share in shares)


def _changes(value: str) -> int:
    """Return how often letters and digits, or capitals and small letters, follow each other."""
    return sum(_kind(a) != _kind(b) for a, b in pairwise(value))


def _kind(character: str) -> int:
    return 0 if character.isdigit() else 1 if character.islower() else 2


def _is_of_words(value: str) -> bool:
    """Tell whether words make up the most of a value, as in names of code."""
    of_words = sum(len(word) for word in _WORDS.findall(value) if _VOWEL.search(word[1:]))
    return of_words > 0.6 * len(value)
