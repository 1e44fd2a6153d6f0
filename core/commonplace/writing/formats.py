"""Formats of keys that others keep up: `data/formats.tsv`, which says how it is renewed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from importlib import resources
from typing import NamedTuple

from commonplace.writing.findings import Finding
from commonplace.writing.randomness import is_random

_LEAST_RANDOM = 10
# What may follow a key in the same run: a key that is longer than its format goes whole.
_REST = re.compile(r"[\w+/=-]*", re.ASCII)


class Format(NamedTuple):
    """How the keys of one provider are written."""

    name: str
    pattern: re.Pattern[str]


@lru_cache(maxsize=1)
def formats() -> tuple[tuple[str, Format], ...]:
    """Return the formats by what a text with such a key has in it, in lower case. Read once."""
    file = resources.files("commonplace.writing") / "data" / "formats.tsv"
    lines = (line.split("\t") for line in file.read_text(encoding="utf-8").splitlines()[1:])
    return tuple(
        (sign, format)
        for name, signs, pattern in lines
        for format in [Format(name, re.compile(pattern, re.ASCII))]
        for sign in signs.split()
    )


def of_known_format(text: str, words: str) -> Iterator[Finding]:
    """Yield what is written as some provider's key; `words` has the long ones of the text."""
    low = words.lower()
    present = [format for sign, format in formats() if sign in low]
    for format in dict.fromkeys(present):
        for match in format.pattern.finditer(text):
            start, end = match.span(1 if format.pattern.groups else 0)
            if start >= 0 and is_random(text[start:end], least=_LEAST_RANDOM):
                yield Finding(start, whole(text, end), format.name)


def whole(text: str, end: int) -> int:
    """Return where the run of a key's characters ends that is at `end`."""
    rest = _REST.match(text, end)
    return rest.end() if rest else end
