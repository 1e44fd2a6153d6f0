"""Text to search terms.

Words are stemmed in their language; scripts without spaces become characters and pairs of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import Stemmer

from commonplace.recall.tokens import UNSPACED
from commonplace.recall.word_lists import word_lists

DEFAULT_LANGUAGE = "english"

_SCRIPTS = {
    "russian": re.compile("[\u0400-\u04ff]"),
    "greek": re.compile("[\u0370-\u03ff]"),
    "arabic": re.compile("[\u0600-\u06ff]"),
    "hindi": re.compile("[\u0900-\u097f]"),
}
"""Languages told by their letters alone."""

_CHARACTERS = "cjk"
"""Names the list of characters that carry no meaning in Chinese, Japanese and Korean."""

_ALGORITHMS = frozenset(Stemmer.algorithms())

_LONGEST_KEPT = 40
"""Longer runs of letters are seldom words and seldom come again: their stems are not kept."""


def detect_language(words: Sequence[str], fallback: str) -> str:
    """Name the language whose letters, else whose function words, are most frequent.

    It is the fallback unless another language has at least two function words, and more than it.
    """
    joined = " ".join(words)
    if not joined.isascii():
        for language, letters in _SCRIPTS.items():
            if 2 * len(letters.findall(joined)) > len(joined):
                return language
    if _foreign_words(fallback).isdisjoint(words):
        return fallback
    hits = {
        language: sum(map(stops.__contains__, words))
        for language, stops in _told_by_words().items()
    }
    best = max(hits, key=lambda language: (hits[language], language == fallback))
    return best if hits[best] >= 2 and hits[best] > hits.get(fallback, 0) else fallback


def terms_in(words: Iterable[str], language: str) -> list[str]:
    """Return the terms of the words in a given language, without its function words."""
    terms: list[str] = []
    for word in words:
        if not word.isascii() and UNSPACED.match(word):
            terms.extend(_character_terms(word))
        elif term := (_kept_term if len(word) <= _LONGEST_KEPT else _term)(word, language):
            terms.append(term)
    return terms


def is_character_pair(group: frozenset[str]) -> bool:
    """Tell whether a term is a pair of an unspaced script.

    Most pairs of neighbouring characters are no words: one that never occurs means nothing.
    """
    return all(len(term) == 2 and UNSPACED.match(term) is not None for term in group)


def stem(word: str, language: str) -> str:
    """Return the stem of a word without its possessive ending and accents."""
    base = word.removesuffix("'s").replace("'", "") or word
    if language == DEFAULT_LANGUAGE:
        base = _irregular_forms().get(base, base)
    if language in _ALGORITHMS:
        # A new one for every word: it has state that threads must not share, and costs less than
        # the word. Without a cache of its own: ours holds the outcome.
        base = Stemmer.Stemmer(language, 0).stemWord(base)
    if base.isascii():
        return base
    decomposed = unicodedata.normalize("NFKD", base)
    return "".join(mark for mark in decomposed if not unicodedata.combining(mark))


def _term(word: str, language: str) -> str:
    """Return the stem of a word, or "" for a function word."""
    stops = _function_words().get(language, frozenset())
    if word in stops:
        return ""
    if not word.replace("'", "").isalnum():  # written as one with signs in it: no word of language
        return word
    term = stem(word, language)
    return "" if term in stops else term


_kept_term = lru_cache(maxsize=100_000)(_term)


def _character_terms(run: str) -> Iterator[str]:
    """Yield the single characters and the pairs of neighbours that are no function words."""
    stops = _function_words()[_CHARACTERS]
    yield from (character for character in run if character not in stops)
    yield from (
        first + second
        for first, second in pairwise(run)
        if not (first in stops and second in stops)
    )


@lru_cache(maxsize=32)
def _foreign_words(language: str) -> frozenset[str]:
    """Return the function words of the other languages: a text without any cannot be of those."""
    by_language = _told_by_words()
    return frozenset().union(*by_language.values()) - by_language.get(language, frozenset())


@lru_cache(maxsize=1)
def _told_by_words() -> Mapping[str, frozenset[str]]:
    told_otherwise = (*_SCRIPTS, _CHARACTERS)
    return {name: words for name, words in _function_words().items() if name not in told_otherwise}


def _function_words() -> Mapping[str, frozenset[str]]:
    """Return, by language, the words that tell it and carry no meaning of their own."""
    return word_lists("stop_words")


@lru_cache(maxsize=1)
def _irregular_forms() -> Mapping[str, str]:
    """Return the English forms that no stemmer joins, and everyday names of kin: form to base."""
    groups = word_lists("irregular_english")
    return {form: base for base, forms in groups.items() for form in forms}
