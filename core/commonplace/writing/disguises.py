"""What a text says beneath a disguise: encoded, spelt in other letters, backwards, apart."""

from __future__ import annotations

import base64
import binascii
import codecs
import html
import re
from collections.abc import Callable, Iterator

from commonplace.writing.folding import folded

_ENCODED = re.compile(r"(?<![A-Za-z0-9+/=_-])[A-Za-z0-9+/_-]{24,20000}={0,2}")
_HEX = re.compile(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{2}){12,10000}(?![0-9a-fA-F])")
_BASE32 = re.compile(r"(?<![A-Z0-9])[A-Z2-7]{32,20000}={0,6}(?![A-Z0-9])")
_BITS = re.compile(r"(?<![01])(?:[01]{8}\s?){12,10000}")
_APART = re.compile(r"(?<!\w)(?:\w[ ._-]{1,3}){4,400}\w(?!\w)")
# Blank Braille and Hangul letters part words, as spaces do, or stand within them.
_BLANKS = re.compile("[\u2800\u3164\uffa0\u115f\u1160]")
_MARKS = re.compile("[\u0300-\u036f]+")  # heaped upon letters; those of a language come within them
_BESIDE = re.compile(r"[a-z][013457@$]|[013457@$][a-z]")
_RUN = re.compile(r"[a-z0-9@$]{4,40}")
_LEET = str.maketrans("013457@$", "oieastas")
# Letters of other scripts that look like Latin ones.
_LOOKALIKE = str.maketrans(
    "аеорсухіјѕһԁԛԝԍкмтвнзαεορυνικτχ",
    "aeopcyxijshdqwgkmtbhzaeopuviktx",
)
_MIXED = re.compile(r"[a-z][а-џԁԛԝԍα-ω]|[а-џԁԛԝԍα-ω][a-z]")
_ESCAPED = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))")
_SHORTEST_CODE = 24
_TAGS = range(0xE0020, 0xE007F)
# A text in disguise is looked at if one of these is beneath it.
_TELLING = ("ignore", "disregard", "forget", "instructions", "prompt")
_BACKWARDS = tuple(word[::-1] for word in _TELLING)
_ROT13 = tuple(codecs.encode(word, "rot13") for word in _TELLING)


def beneath(raw: str, plain: str) -> Iterator[str]:
    """Yield in lower case what may be hidden in a text.

    `raw` is the text as it was given, `plain` as it reads: folded and in lower case.
    """
    yield from _in_tags(raw)
    if not (raw.isascii() and plain.isascii()):  # blanks that read as spaces are in one alone
        yield from _behind_other_signs(raw, plain)
    yield from _spelt_otherwise(plain)
    yield from _escaped(raw, plain)
    if [word for word in raw.split() if len(word) >= _SHORTEST_CODE]:
        yield from _decoded(raw)
    if "01" in raw:
        yield from (part for run in _BITS.finditer(raw) for part in _readable(_of_bits, run[0]))


def _behind_other_signs(raw: str, plain: str) -> Iterator[str]:
    if _MIXED.search(plain):
        yield plain.translate(_LOOKALIKE)
    if _BLANKS.search(raw):
        yield folded(_BLANKS.sub("", raw)).text.lower()
    if _MARKS.search(plain):
        yield _MARKS.sub("", plain)


def _spelt_otherwise(plain: str) -> Iterator[str]:
    if _spells_with_digits(plain):
        yield plain.translate(_LEET)
    if ("_" in plain or "%20" in plain) and _has_any(_TELLING, plain):
        yield plain.replace("_", " ").replace("%20", " ")
    if _APART.search(plain):
        yield _APART.sub(lambda run: _joined(run[0]), plain)
    if _has_any(_BACKWARDS, plain):
        yield plain[::-1]
    if _has_any(_ROT13, plain):
        yield codecs.encode(plain, "rot13")


def _escaped(raw: str, plain: str) -> Iterator[str]:
    if "&" in plain and (read := html.unescape(plain)) != plain:
        yield folded(read).text.lower()
    if "\\" in raw and _ESCAPED.search(raw):
        read = _ESCAPED.sub(lambda code: chr(int(code[1] or code[2], 16)), raw)
        yield folded(read).text.lower()


def _spells_with_digits(plain: str) -> bool:
    if not _BESIDE.search(plain):
        return False
    mixed = [run for run in _RUN.findall(plain) if not run.isalpha() and not run.isdigit()]
    return _has_any(_TELLING, " ".join(mixed).translate(_LEET))


def _has_any(words: tuple[str, ...], text: str) -> bool:
    return any(map(text.__contains__, words))


def _in_tags(raw: str) -> Iterator[str]:
    """Yield what is written in tag characters, which show nothing and each stand for a letter."""
    if not raw.isascii():
        yield "".join(chr(ord(c) - 0xE0000) for c in raw if ord(c) in _TAGS).lower()


def _joined(run: str) -> str:
    """Return a word or words whose letters stood apart; wider gaps part words."""
    words = re.split(r"[ ._-]{2,3}", run)
    return " ".join(re.sub(r"[ ._-]", "", word) for word in words)


def _decoded(raw: str) -> Iterator[str]:
    for match in _ENCODED.finditer(raw):
        text = match[0].rstrip("=").replace("-", "+").replace("_", "/")
        yield from _readable(base64.b64decode, text + "=" * (-len(text) % 4))
    for match in _BASE32.finditer(raw):
        whole = match[0].rstrip("=")
        yield from _readable(base64.b32decode, whole + "=" * (-len(whole) % 8))
    for match in _HEX.finditer(raw):
        yield from _readable(binascii.unhexlify, match[0])


def _of_bits(written: str) -> bytes:
    bits = "".join(written.split())
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _readable(decode: Callable[[str], bytes], written: str) -> Iterator[str]:
    """Yield what `decode` makes of it, if that is text."""
    try:
        text = decode(written).decode()
    except ValueError:  # among them binascii.Error and UnicodeDecodeError
        return
    letters = sum(character.isalpha() or character.isspace() for character in text)
    if letters >= 0.75 * len(text):
        yield text.lower()
