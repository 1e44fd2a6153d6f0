"""Texts to terms, and the terms of many records at once.

In which language a text is, its scope helps to tell: what most of it is in. A text brings its terms
as they are in a scope of English, or with words enough to tell their language anywhere; others are
taken from its words again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain

import numpy as np

from commonplace.recall.features import Said
from commonplace.recall.growing import Rows
from commonplace.recall.terms import DEFAULT_LANGUAGE, detect_language, terms_in
from commonplace.recall.tokens import split


@dataclass(frozen=True, slots=True, eq=False)
class Indexed:
    """Occurrences of terms: of the term with the code `codes[i]` in the record `rows[i]`."""

    terms: dict[str, int]
    codes: Rows
    rows: Rows
    languages: Counter[str]


def said(text: str) -> Said:
    """Return the terms of a text."""
    words = split(text)
    language = detect_language(words, DEFAULT_LANGUAGE)
    return Said(text, language, terms_in(words, language))


def terms_of(one: Said, agent: str, usual: str) -> tuple[str, Sequence[str]]:
    """Return the language and the terms of what an agent said, "" for nobody, in such a scope."""
    language, terms = _terms_among(one, usual)
    return language, [*_names(agent, language), *terms] if agent else terms


def indexed(told: Sequence[Said], agents: Sequence[str]) -> Indexed:
    """Return the terms of records, as if one by one, given the names of who said them."""
    languages, found = Counter[str](), list[Sequence[str]]()
    for one, agent in zip(told, agents, strict=True):
        language, terms = terms_of(one, agent, commonest(languages))
        languages[language] += 1
        found.append(terms)
    codes: dict[str, int] = {}
    numbers = [codes.setdefault(term, len(codes)) for term in chain.from_iterable(found)]
    rows = np.repeat(np.arange(len(found)), list(map(len, found)))
    return Indexed(codes, np.array(numbers, np.int64), rows, languages)


def commonest(languages: Counter[str]) -> str:
    """Return the language of most records, the first one met of several."""
    return max(languages, key=languages.__getitem__, default=DEFAULT_LANGUAGE)


def _terms_among(one: Said, usual: str) -> tuple[str, Sequence[str]]:
    if usual == DEFAULT_LANGUAGE:
        return one.language, one.terms
    words = split(one.text)
    language = detect_language(words, usual)
    return language, one.terms if language == one.language else terms_in(words, language)


@lru_cache(maxsize=1_024)
def _names(agent: str, language: str) -> list[str]:
    return terms_in(split(agent), language)
