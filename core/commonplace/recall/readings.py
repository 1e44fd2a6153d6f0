"""What a text says by itself: its terms; whether it asks, tells a time, or says nothing. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b

from commonplace.recall.asking import asked, ends_asking, says_nothing
from commonplace.recall.statements import tells_time
from commonplace.recall.terms import DEFAULT_LANGUAGE, language_of, terms_in
from commonplace.recall.tokens import split


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says by itself.

    `language` is the one that it is taken for in a scope of English, and `is_sure` tells whether it
    is the same in any scope; `asks` and `only_asks` are those of `asking.Asked`; `wording` is a
    number that is the same for the same words.
    """

    words: tuple[str, ...]
    language: str
    is_sure: bool
    wording: int
    asks: float
    only_asks: float
    ends_asking: bool
    tells_time: bool
    says_nothing: bool


@lru_cache(maxsize=8)  # what is written is often held as well
def read(text: str) -> Reading:
    """Read a text."""
    words, asking = split(text), asked(text)
    language, is_sure = language_of(words, DEFAULT_LANGUAGE)
    return Reading(
        tuple(words),
        language,
        is_sure,
        wording(words),
        asking.share,
        asking.only,
        ends_asking(text),
        tells_time(text, words),
        says_nothing(text),
    )


def wording(words: Sequence[str]) -> int:
    """Return a number of 64 bits for words: a digest, so the same in every process."""
    digest = blake2b(" ".join(words).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def terms_told(words: Sequence[str], agent: str, language: str) -> list[str]:
    """Return the terms of words in a language, after those of the name of who said them."""
    terms = terms_in(words, language)
    return [*_names(agent, language), *terms] if agent else terms


@lru_cache(maxsize=1_024)
def _names(agent: str, language: str) -> list[str]:
    return terms_in(split(agent), language)
