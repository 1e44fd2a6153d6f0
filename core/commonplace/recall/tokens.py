"""Text to words: and what is written as one (a version, an address, a name in code) as one more.

"1.3.2" gives the words 1, 3, 2 and 1.3.2; "userName", "user_name" and "user-name" give user, name
and username. So a query finds it by its parts, and first what has it whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import regex

from commonplace.recall import letters

UNSPACED = regex.compile(f"[{letters.UNSPACED}]")
"""A character of a script written without spaces between words."""

_LETTER = rf"[[\p{{L}}\p{{N}}]--[{letters.UNSPACED}]]"
_LETTERS = rf"{_LETTER}[[\p{{L}}\p{{N}}\p{{M}}]--[{letters.UNSPACED}]]*+"
_WORD = f"{_LETTERS}(?:'{_LETTERS})?"
_TOKEN = regex.compile(f"[{letters.UNSPACED}]+|{_WORD}", regex.V1)
"""A run of an unspaced script, or a word with at most one inner apostrophe."""

_ASCII_TOKEN = re.compile("[a-z0-9]+(?:'[a-z0-9]+)?")
"""The same for texts in ASCII, which are most, at half the cost."""

_SIGNS = r"._@/:\\#+=&?%~\-"
_MAY_JOIN = re.compile(
    rf"[A-Z0-9{_SIGNS}](?:(?<=[a-z][A-Z])|(?<=[^\W_][{_SIGNS}])[^\W_/]"
    r"|(?<=\d)[ ()-]{1,2}\d|(?<=\d)\d{8})"
)
"""What every joined token holds, and few texts do. It begins with a set: so it is searched fast."""

_NUMBER = (
    r"(?:\+?\d+(?:(?:[ -]|\) |\)|[ -]?\()\d+){2,}(?![\w.])"
    r"|\+?\d{1,5}[ /-]\d{6,8}(?![\w./-])"
    r"|\d{2}(?:\.\d{2}){4}(?![\w.])"
    r"|\+?\d{9,}(?![\w./@-]))"
)
"""Digits in groups, as people write the numbers of phones and orders, or many without a sign."""


def _joined_pattern(letter: str, word: str) -> str:
    """Return what finds a number in groups, words joined by single signs, or a capital inside."""
    return (
        rf"(?<!{letter})(?<!')(?:(?P<number>{_NUMBER})"
        rf"|{word}(?:(?:://|[{_SIGNS}]){word})+"
        r"|[A-Za-z0-9]*[a-z][A-Z][A-Za-z0-9]*(?:'[a-z]+)?)"
    )


_JOINED = regex.compile(_joined_pattern(_LETTER, _WORD), regex.V1)
_ASCII_JOINED = re.compile(_joined_pattern(r"[^\W_]", r"[^\W_]+(?:'[^\W_]+)?"))

_DIGITS_OF_NUMBER = 7
"""Groups of digits with at least so many are one number, of a phone or an order."""

_DIGITS_OF_SUBSCRIBER = 8
"""So many last digits of a longer number are a word: the same from abroad as at home."""

_IS_CLOSED = re.compile("[^ ()]+")
"""Tells digits written as one from those that only follow one another."""

_STRONG = re.compile(r"[@/:\\#=+&?%~]+")
"""What joins wholes of their own."""

_HARDWARE_ADDRESS = re.compile(
    r"[0-9A-Fa-f]{2}(?:(?::[0-9A-Fa-f]{2}){5}|(?:-[0-9A-Fa-f]{2}){5})|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}"
)
"""It is written with colons, hyphens or dots."""

_HYPHENATED = regex.compile(r"[\p{L}\p{M}]+(?:['-][\p{L}\p{M}]+)*-[\p{L}\p{M}]+")
_CAPITAL_INSIDE = re.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Joined:
    """A token of several words: its parts, smaller wholes among them, and the whole as one word.

    `in_prose` tells that it is only letters and hyphens, as words of any text may be. `end` is the
    part by which a long number is known too: its last digits.
    """

    parts: tuple[str, ...]
    whole: str
    in_prose: bool
    end: str = ""


_SIGN = regex.compile(r"[\p{Sc}\p{Sm}\p{So}\p{No}%‰#&*@/\\\[\]{}]|(?<![\w)])[-−–](?=\d)")
"""What makes another sense of the same words: a currency, an operator, an emoji, a raised digit."""


def signs(text: str) -> str:
    """Return the signs of a text that are no words and tell something, in order."""
    return "".join(_SIGN.findall(text))


def split(text: str) -> list[str]:
    """Return the lower-case words and unspaced runs of a text, in order.

    After the parts of what is written as one comes the whole.
    """
    if not _MAY_JOIN.search(text):
        return _words(text)
    words: list[str] = []
    for piece in _pieces(text):
        words += _words(piece) if isinstance(piece, str) else (*piece.parts, piece.whole)
    return words


def joined(text: str) -> list[Joined]:
    """Return what is written as one in a text, in order."""
    if not _MAY_JOIN.search(text):
        return []
    return [piece for piece in _pieces(text) if isinstance(piece, Joined)]


def _words(text: str) -> list[str]:
    if text.isascii():
        return _ASCII_TOKEN.findall(text.lower())
    found: list[str] = _TOKEN.findall(letters.plain(text).casefold())
    return found


def _pieces(text: str) -> Iterator[str | Joined]:
    """Yield what is written as one, and as it is the text between."""
    text = letters.plain(text)
    end = 0
    pattern = _ASCII_JOINED if text.isascii() else _JOINED
    for found in pattern.finditer(text):
        if one := _joined(found):
            yield text[end : found.start()]
            yield one
            end = found.end()
    yield text[end:]


def _joined(found: re.Match[str] | regex.Match[str]) -> Joined | None:
    token = found[0]
    parts = tuple(_words(_CAPITAL_INSIDE.sub(" ", token)))
    if found["number"]:
        digits = re.sub(r"\D", "", token)
        if len(digits) >= _DIGITS_OF_NUMBER:
            return _number(parts, digits)
        if not _IS_CLOSED.fullmatch(token):
            return None
    if len(parts) < 2:
        return None
    within = () if found["number"] else tuple(_within(token))
    is_prose = _HYPHENATED.fullmatch(token) is not None
    return Joined(parts + within, _whole(token), in_prose=is_prose)


def _number(parts: tuple[str, ...], digits: str) -> Joined:
    """Return a number with its groups and, of a long one, its last digits."""
    groups = parts if len(parts) > 1 else ()
    if len(digits) <= _DIGITS_OF_SUBSCRIBER:
        return Joined(groups, digits, in_prose=False)
    end = digits[-_DIGITS_OF_SUBSCRIBER:]
    return Joined((*groups, end), digits, in_prose=False, end=end)


def _within(token: str) -> Iterator[str]:
    """Yield the wholes in a whole: the version in "package@2.10.1", the file's name in a path."""
    pieces = [piece.strip(".-") for piece in _STRONG.split(token)]
    for piece in pieces if len(pieces) > 1 else ():
        if len(_words(_CAPITAL_INSIDE.sub(" ", piece))) > 1:
            yield _whole(piece)


def _whole(token: str) -> str:
    """Return a token as one word: a name however it is written, all else with its signs."""
    if _HARDWARE_ADDRESS.fullmatch(token):
        return re.sub("[-:.]", "", token).casefold()
    bare = re.sub("[-_]", "", token).casefold()
    is_name = not bare.isdigit() and _words(bare) == [bare]
    return bare if is_name else token.casefold().removesuffix("'s")
