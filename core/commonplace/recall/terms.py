"""Text to search terms.

Words are stemmed in their language; scripts without spaces become letters and pairs of them, a
letter being what is written as one: with its vowel signs, tone marks and what stands below it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, islice, pairwise

import regex
import Stemmer

from commonplace.recall.letters import without_accents
from commonplace.recall.tokens import UNSPACED
from commonplace.recall.word_lists import word_lists

DEFAULT_LANGUAGE = "english"

_SCRIPTS = {
    "russian": re.compile("[\u0400-\u04ff]"),
    "greek": re.compile("[\u0370-\u03ff\u1f00-\u1fff]"),
    "arabic": re.compile("[\u0600-\u06ff]"),
    "hindi": re.compile("[\u0900-\u097f]"),
    "bengali": re.compile("[\u0980-\u09ff]"),
    "tamil": re.compile("[\u0b80-\u0bff]"),
    "hebrew": re.compile("[\u0590-\u05ff]"),
    "armenian": re.compile("[\u0530-\u058f]"),
}
"""Languages told by their letters alone."""

_OTHER_SCRIPT = re.compile("[\u0370-\u0bff\u1f00-\u1fff]")
"""A letter of one of these scripts."""

_VIETNAMESE, _VIETNAMESE_LETTER = "vietnamese", re.compile("[ơư\u1ea0-\u1ef9]")
"""Letters that hardly any other language has."""

_HEBREW, _HEBREW_PREFIXES = "hebrew", re.compile("[ובכלמשה]*(?=.{3})")
"""And, in, as, to, from, that, the: they are written as one with a word."""

_TELLING_LETTERS = {
    "czech": re.compile("[řěů]"),
    "finnish": re.compile("ää|öö|äy|yö"),
    "hungarian": re.compile("[őű]"),
    "polish": re.compile("[łńśźżąę]"),
    "portuguese": re.compile("ã"),
    "romanian": re.compile("[țșţ]"),
    "spanish": re.compile("ñ"),
    "turkish": re.compile("[ğı]"),
}
"""Letters that no other language has of those told by their function words."""

_TELLING_LETTER = re.compile("|".join(letters.pattern for letters in _TELLING_LETTERS.values()))

_TELLS_ALONE = 7
"""A function word of so many letters, or with one that English has not, tells its language where
there is none of any other. Shorter ones may be English words: "door" is Dutch for "through"."""

_ELIDED = re.compile(
    r"^(?:[ldjmtsnc]|(?:jus|lors|puis|quoi)?qu|un|[dns]ell|all|dall|coll|sull|quell|quest|bell)"
    r"'(?=\w\w)"
)
"""French, Italian and Catalan: the, of, I, that, in the, written as one with a word."""

_ENDING_OF_NAME = re.compile(
    r"(?:(?<=\w[^\Waeıioöuü])'[ıiuüae]"
    r"|(?<=\w\w)'(?:[nys][ıiuüae]|(?:[ıiuü]?n)?[ıiuü]n|n?[dt][ae](?:n|ki)?|y?l[ae]|[dt][ıiuü]r"
    r"|l[ae]r\w*))$"
)
"""Turkish: in, to, from, of, with, written as one with a name.

A short text hardly tells its language, so both are taken off in any.
"""

_FEMININE = re.compile(r"(?<=\w\w)ه$|(?<=\w{3})(?<![اوي])ت(?:ي|ك|نا|ها|هم|كم)$")
"""Arabic: the feminine ending as many type it, and before "my", "your", "our", "her", "their"."""

_THREE_ALIKE = re.compile(r"([^\W\d_aeiouäöüy])\1\1")
"""German: "Schifffahrt" was written with two before 1996."""

_HAS_MARKS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
"""Thai, Lao, Burmese and Khmer: a letter is more than one character, and says little alone."""

_KANA = frozenset(map(chr, [*range(0x3041, 0x3097), 0x30FC]))
"""Hiragana, as which katakana are read, and the sign that lengthens a vowel."""

_POLITE = re.compile(
    "(?:て(?:い|おり)|[がはも]あり)?(?:ます|まし(?:た|ょう)|ません(?:でした)?|です|でし(?:た|ょう))"
    "(?:か|よ?ね?)$"
)
"""Japanese: how a polite sentence ends, whatever it says: "there is", "is doing", "did"."""

_LETTER = regex.compile(r"\X")
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}']+")

_CHARACTERS = "cjk"
"""Names the list of characters that carry no meaning in Chinese, Japanese and Korean."""

_ALGORITHMS = frozenset(Stemmer.algorithms())

_WRITTEN_AS_ONE = re.compile(r"[^\w']|_")

_LONGEST_KEPT = 40
"""Longer runs of letters are seldom words and seldom come again: their stems are not kept."""


def detect_language(words: Sequence[str], fallback: str) -> str:
    """Name the language whose letters, else whose function words, are most frequent.

    It is the fallback unless another language has two of these, and more than it, or a single one
    that can be of no other language.
    """
    return language_of(words, fallback)[0]


def language_read(words: Sequence[str], usual: str) -> str:
    """Name the language of words as an embedder has to read it.

    Where a single word tells the language it is the usual one: the word may be a name.
    """
    language = detect_language(words, usual)
    if language not in _told_by_words():
        return language
    return language if len(_telling(_with_elided(words), language)) >= 2 else usual


def language_of(words: Sequence[str], fallback: str) -> tuple[str, bool]:
    """Name it, and tell whether it is the same with any other fallback."""
    joined = " ".join(words)
    words = _with_elided(words) if "'" in joined else words
    is_ascii = joined.isascii()
    if not is_ascii:
        if _VIETNAMESE_LETTER.search(joined):
            return _VIETNAMESE, True
        if _OTHER_SCRIPT.search(joined):
            for language, letters in _SCRIPTS.items():
                if 2 * len(letters.findall(joined)) > len(joined):
                    return language, True
    has_letters = not is_ascii and _TELLING_LETTER.search(joined)
    if not has_letters and _foreign_words(fallback).isdisjoint(words):
        return fallback, False
    words = _spoken(words)
    telling = {language: _telling(words, language) for language in _told_by_words()}
    best = max(telling, key=lambda language: (len(telling[language]), language == fallback))
    is_told = _tells(telling[best], telling)
    language = best if is_told and len(telling[best]) > len(telling.get(fallback, ())) else fallback
    own = telling.get(language, [])
    others = max(len(words) for one, words in telling.items() if one != language)
    return language, _tells(own, telling) and len(own) > others


def _telling(words: Sequence[str], language: str) -> list[str]:
    """Return the function words of a language, and the first with a letter that it alone has.

    More of these may be the names of one person.
    """
    stops, letters = _told_by_words()[language], _TELLING_LETTERS.get(language)
    own = [word for word in words if word in stops]
    if letters is None:
        return own
    named = (word for word in words if word not in stops and letters.search(word))
    return [*own, *islice(named, 1)]


def _tells(own: Sequence[str], telling: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether words of one language tell it: two, or one that can be of no other."""
    if len(own) != 1:
        return len(own) >= 2
    is_foreign = not own[0].isascii() or len(own[0]) >= _TELLS_ALONE
    return is_foreign and sum(map(bool, telling.values())) == 1


def _with_elided(words: Sequence[str]) -> Sequence[str]:
    """Return the words with the parts of those that are written as one with an apostrophe."""
    elided = (word.partition("'") for word in words if "'" in word and _ELIDED.match(word))
    return [*words, *(part for first, _, rest in elided for part in (first, rest))]


def _spoken(words: Sequence[str]) -> Sequence[str]:
    """Return the words without addresses, paths and their parts, which are of no language."""
    written = [word for word in words if _WRITTEN_AS_ONE.search(word)]
    parts = {part for word in written for part in _WRITTEN_AS_ONE.split(word)}
    return [one for one in words if one not in parts and one not in written] if written else words


def terms_in(words: Iterable[str], language: str) -> list[str]:
    """Return the terms of the words in a given language, without its function words."""
    terms: list[str] = []
    for word in words:
        if not word.isascii() and UNSPACED.match(word):
            terms.extend(_letter_terms(word))
        elif term := (_kept_term if len(word) <= _LONGEST_KEPT else _term)(word, language):
            terms.append(term)
            if language == _VIETNAMESE and not term.isascii():
                terms.append(without_accents(term))
    return terms


def is_character_pair(group: frozenset[str]) -> bool:
    """Tell whether a term is of neighbouring letters of an unspaced script.

    Most neighbours are no words: what never occurs means nothing.
    """
    return all(
        len(term) >= 2 and not term.isascii() and UNSPACED.match(term) is not None for term in group
    )


def stem(word: str, language: str) -> str:
    """Return the stem of a word without its possessive ending and accents.

    Vietnamese has no endings, and its accents make other words.
    """
    base = word.removesuffix("'s").replace("'", "") or word
    base = _respelled(base, language)
    if language in _ALGORITHMS:
        # A new one for every word: it has state that threads must not share, and costs less than
        # the word. Without a cache of its own: ours holds the outcome.
        base = Stemmer.Stemmer(language, 0).stemWord(base)
    elif language == _HEBREW:
        base = _HEBREW_PREFIXES.sub("", base, count=1)
    return base if language == _VIETNAMESE else without_accents(base)


def _respelled(word: str, language: str) -> str:
    """Return a word as its stemmer expects it."""
    if language == DEFAULT_LANGUAGE:
        return _irregular_forms().get(without_accents(word), word)
    if language == "arabic":
        return _FEMININE.sub("ة", word)
    return _THREE_ALIKE.sub(r"\1\1", word) if language == "german" else word


def _term(word: str, language: str) -> str:
    """Return the stem of a word, or "" for a function word."""
    stops = _function_words().get(language, frozenset())
    if word not in stops:
        word = _ENDING_OF_NAME.sub("", _ELIDED.sub("", word, count=1))
    if word in stops:
        return ""
    if not _WORD.fullmatch(word):  # written as one with signs in it: no word of language
        return word
    term = stem(word, language)
    return "" if term in stops else term


_kept_term = lru_cache(maxsize=100_000)(_term)


def _letter_terms(run: str) -> Iterator[str]:
    """Yield single letters and pairs of neighbours that are no function words.

    Of scripts whose letters carry marks, pairs and threes. A kana alone is a sound, and no word.
    """
    if _HAS_MARKS.search(run):
        letters = _LETTER.findall(run)
        yield from map("".join, pairwise(letters))
        yield from map("".join, zip(letters, letters[1:], letters[2:], strict=False))
        if len(letters) == 1:
            yield run
        return
    stops = _function_words()[_CHARACTERS]
    told = _POLITE.sub("", run) or run
    yield from (one for one in told if one not in stops and (one not in _KANA or len(run) == 1))
    yield from (
        first + second
        for first, second in pairwise(told)
        if not (first in stops and second in stops)
    )


@lru_cache(maxsize=32)
def _foreign_words(language: str) -> frozenset[str]:
    """Return the function words of the other languages: a text without any cannot be of those."""
    by_language = _told_by_words()
    return frozenset().union(*by_language.values()) - by_language.get(language, frozenset())


@lru_cache(maxsize=1)
def _told_by_words() -> Mapping[str, frozenset[str]]:
    """Return, by language, the words that tell it."""
    told_otherwise = (*_SCRIPTS, _VIETNAMESE, _CHARACTERS)
    telling = _joined("stop_words", "stop_words_iso")
    return {name: words for name, words in telling.items() if name not in told_otherwise}


@lru_cache(maxsize=1)
def _function_words() -> Mapping[str, frozenset[str]]:
    """Return, by language, the words that carry no meaning of their own.

    There are more than tell the language: forms of "my" and "be" are alike in related ones.
    """
    return _joined("stop_words", "stop_words_iso", "stop_words_snowball")


def _joined(*names: str) -> Mapping[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for language, words in chain.from_iterable(word_lists(name).items() for name in names):
        found[language] = found.get(language, frozenset()) | words
    return found


@lru_cache(maxsize=1)
def _irregular_forms() -> Mapping[str, str]:
    """Return the English forms that no stemmer joins, everyday names of kin, and British spellings.

    Each form is given with its base.
    """
    groups = chain.from_iterable(
        word_lists(name).items() for name in ("british_english", "irregular_english")
    )
    return {form: base for base, forms in groups for form in forms}
