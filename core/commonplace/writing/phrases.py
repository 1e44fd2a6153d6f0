"""Secrets made of several words or numbers: a wallet's words, backup codes, a PIN, a cookie."""

from __future__ import annotations

import re
from collections.abc import Iterator

from commonplace.writing.findings import Finding, matches
from commonplace.writing.randomness import is_random
from commonplace.writing.telling_words import BACKUP_CODES, SEEDS, present

_WORD = "[a-z]{3,8}"
_ITEM = rf"\d{{1,2}}[.):] ?{_WORD}"
_GAP = r"[ ,\n]{1,3}"
_ROWS = [rf"{one}(?:{_GAP}{one})" for one in (_WORD, _ITEM)]
_WORDS_IN_A_ROW = re.compile(
    rf"(?<![a-z])(?:{'|'.join(row + '{11,40}' for row in _ROWS)})(?![a-z])"
)
_SEED = re.compile(rf"[^a-z0-9]{{0,4}}({'|'.join(row + '{11,24}' for row in _ROWS)})(?![a-z])")
_NAMES_SEED = re.compile("(?<![a-z])(?:" + "|".join(map(re.escape, SEEDS)) + ")(?![a-z])")
_TELLS_SEED = re.compile(
    "(?:" + "|".join(map(re.escape, SEEDS)) + r"|\b(?:words|wörter|palabras|palavras|mots|parole)"
    r"|\b(?:are|is|was|lauten|lautet|ist|sind|son|es|est|sont|sono|são))(?![a-z])"
)
# Words of sentences, of which no wallet makes use.
_OF_SENTENCES = re.compile(
    r"\b(?:the|and|was|for|are|has|had|his|her|its|not|but|were|have|las|los|que|con|para|und|der|die"
    r"|das|mit|ist|les|des|une|est|dans|pour|della|sono|che|uma|com|dos)\b"
)
_SEED_WINDOW = 40

_ONE_CODE = (
    r"(?:\d{4}[ -]\d{4}|\d{6,10}|\d{3}[ -]\d{3}|(?=[a-z]{0,5}\d|\d|[a-z]{0,5}-[a-z]{0,5}\d)"
    r"[a-z0-9]{4,6}(?:-[a-z0-9]{4,6}){1,5})"
)
_CODES = re.compile(
    rf"[^\n\d]{{0,40}}?[\s:：-]{{1,3}}({_ONE_CODE}(?:[\s,;、/]{{1,3}}{_ONE_CODE}){{0,40}})(?![\w-])"
)
_DATE = re.compile(r"(?:19|20)\d\d(?:0\d|1[0-2])[0-3]\d")
# In most languages a PIN is "PIN", and what it is a code of stands behind.
_PIN_OF = (
    "of|for|to|on|der|für|zur|zum|de|du|des|del|della|da|do|dla|ke|k|na|til|till|al|för|voor|van"
    "|от|для|за"
)
_PIN = re.compile(
    rf"(?<!\w)pin(?:[ -]?[ck]o+[dð]\w{{0,5}}| number)?(?: (?:{_PIN_OF}) [^\W\d_]{{1,20}}"
    rf"(?: [^\W\d_]{{1,20}}){{0,2}}?)?"
    r"\s?(?:is|was|ist|lautet|es|est|é|è|és|e|este|je|jest|är|er|yra|ir|είναι|adalah|ni|:|=|是)"
    r"\s{0,2}(\d{4,8})(?![\w'’-])"
)
# Where another word for the code makes it one, "on" is Finnish and "to" Polish; or nothing stands.
_PIN_CODE = re.compile(
    r"(?<!\w)pin(?:[ -]k[oó]+di?\w{0,5}(?: (?:on|to))?| (?:do|od|dla) [^\W\d_]{1,20} to)"
    r" (\d{4,8})(?![\w'’-])"
)
_COOKIES = re.compile(
    r"cookie[\"']?\s?[:=]\s?[\"']?([^\n\"']{8,8000})|(?:-b|--cookie) [\"']?([^\n\"']{8,8000})"
)
_PAIR = re.compile(r"[\w.-]{1,60}=([^;\s,]{16,4000})")


def phrases(text: str, low: str) -> Iterator[Finding]:
    """Yield what is secret in a text of several parts; `low` is the text in lower case."""
    yield from _seeds(low)
    yield from _backup_codes(low)
    for pattern in (_PIN, _PIN_CODE) if "pin" in low else ():
        yield from matches("pin", pattern, low)
    yield from _cookies(text, low)


def _seeds(low: str) -> Iterator[Finding]:
    if not present(SEEDS, low):
        return
    for match in _WORDS_IN_A_ROW.finditer(low):
        begin = match.start()
        near = slice(max(0, begin - _SEED_WINDOW), begin + _SEED_WINDOW)
        if not _NAMES_SEED.search(low[near]):
            continue
        ends = [told.end() for told in _TELLS_SEED.finditer(low, near.start, near.stop)]
        seed = _SEED.match(low, max([begin, *ends]))
        if seed and not _OF_SENTENCES.search(seed[1]):
            yield Finding(*seed.span(1), "seed-phrase")


def _backup_codes(low: str) -> Iterator[Finding]:
    if low.isascii() and "cod" not in low:
        return
    for name in present(BACKUP_CODES, low):
        at = low.find(name)
        while at >= 0:
            found = _CODES.match(low, at + len(name))
            if found and not _DATE.fullmatch(found[1]):
                yield Finding(*found.span(1), "backup-code")
            at = low.find(name, at + len(name))


def _cookies(text: str, low: str) -> Iterator[Finding]:
    if "cookie" not in low and "-b " not in low:
        return
    for header in _COOKIES.finditer(low):
        for pair in _PAIR.finditer(text, *header.span(header.lastindex or 0)):
            if is_random(pair[1]):
                yield Finding(*pair.span(1), "session-cookie")
