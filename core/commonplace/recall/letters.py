"""What different spellings of the same letters are read as, and what belongs to one letter.

People leave out vowel points, lengthen words, use the digits and widths at hand, and type kana of
either kind. What is only spelling is taken away here, before words are looked for; what makes
another word, such as a vowel sign of Devanagari or Bengali, stays with its letter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources

UNSPACED = (
    r"\p{Hiragana}\p{Katakana}\p{Han}\p{Hangul}\u30fc\uff70"
    r"\p{Thai}\p{Lao}\p{Myanmar}\p{Khmer}"
)
"""Scripts written without spaces between words, and Hangul, whose words carry their particles."""

_POINTED = ("ARABIC", "HEBREW", "SYRIAC")
"""Scripts in which marks are vocalisation: most people write without."""

_SAME = {
    **dict.fromkeys("’‘ʼ＇", "'"),
    # Hamza and madda on alef, and letters of Persian and Urdu keyboards.
    **dict.fromkeys("أإآٱ", "ا"),
    **dict.fromkeys("یىې", "ي"),
    **dict.fromkeys("کڪ", "ك"),
    **dict.fromkeys("ہھە", "ه"),
    # Forms at the end of a word.
    **dict(zip("ךםןףץ", "כמנפצ", strict=True)),
    # Devanagari writes the nasal sign in two ways, and the dot of loan words or not.
    "\u0901": "\u0902",
    "\u093c": "",
    # Malayalam: a consonant without a vowel as one letter, or with the sign that takes it away.
    **dict(zip("ൺൻർൽൾൿ", ("ണ്", "ന്", "ര്", "ല്", "ള്", "ക്"), strict=True)),
    # The point inside the doubled l of Catalan, which is also typed without.
    "·": "",
}

_SOUND_ALIKE = (
    (0x1210, 0x1200),
    (0x1280, 0x1200),
    (0x1220, 0x1230),
    (0x12D0, 0x12A0),
    (0x1340, 0x1338),
)
"""Amharic: the first of eight letters, one for each vowel, that sound like eight others."""

_WITH_A = {0x1203: 0x1200, 0x12A3: 0x12A0}
"""Of two of these, the letters with two of the vowels sound alike too."""

_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))
"""Marks that only choose how a sign, such as an emoji, is drawn."""

_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")

_NASALS = {
    0x19: (0x15, 0x18),
    0x1E: (0x1A, 0x1D),
    0x23: (0x1F, 0x22),
    0x28: (0x24, 0x27),
    0x2E: (0x2A, 0x2D),
}
"""A nasal consonant, and the first and last of those that are spoken in the same place."""

_INDIC = (0x0900, 0x0A80, 0x0C00, 0x0C80)
"""Where Devanagari, Gujarati, Telugu and Kannada begin. Each has its letters in the same order."""

_ANUSVARA, _VIRAMA = 0x02, 0x4D

_KATAKANA = range(0x30A1, 0x30F7)
_TO_HIRAGANA = 0x60

_LATIN = str.maketrans(
    {
        "ı": "i",
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
        "ð": "d",
        "ħ": "h",
        "ґ": "г",
    }
)
"""Letters that no decomposition takes apart, as they are typed without."""

_ACCENTS = range(200, 241)
"""Combining classes of marks above, below and through a letter; those of Indic scripts are less."""


_TRANSLATED = re.compile("[\xad\xb7\u02bc\u0590-\U0010ffff]")
"""What `plain` may change: nothing of Latin, Greek and Cyrillic but a few signs."""


class _Table(dict[int, str]):
    """What each character is read as, worked out once."""

    def __missing__(self, code: int) -> str:
        self[code] = _read(chr(code))
        return self[code]


def _read(character: str) -> str:
    if character in _SAME:
        return _SAME[character]
    if ord(character) in _KATAKANA:
        return chr(ord(character) - _TO_HIRAGANA)
    if _HAN.match(character):
        return _simplified().get(character, character)
    if "\u1200" <= character < "\u1380":
        return chr(_amharic().get(ord(character), ord(character)))
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.digit(character))
    is_point = category in {"Mn", "Lm"} and unicodedata.name(character, "").startswith(_POINTED)
    shows_nothing = category in {"Cf", "Me"} or character in _SELECTORS
    return "" if is_point or shows_nothing else character


_TABLE = _Table()


@lru_cache(maxsize=1)
def _amharic() -> Mapping[int, int]:
    """Return what each Ethiopic letter that sounds like another one is read as."""
    alike = {first + vowel: other + vowel for first, other in _SOUND_ALIKE for vowel in range(8)}
    return _WITH_A | {letter: _WITH_A.get(other, other) for letter, other in alike.items()}


def _nasals() -> str:
    """Return the pattern of a nasal consonant without a vowel before one of its own place."""
    return "|".join(
        f"{chr(block + nasal)}{chr(block + _VIRAMA)}(?=[{chr(block + first)}-{chr(block + last)}])"
        for block in _INDIC
        for nasal, (first, last) in _NASALS.items()
    )


_NASAL = re.compile(_nasals())
"""People write the nasal sign in its place: "हिन्दी" and "हिंदी" are one word."""


def _nasal_sign(found: re.Match[str]) -> str:
    return chr(ord(found[0][0]) & ~0x7F | _ANUSVARA)


@lru_cache(maxsize=1)
def _simplified() -> Mapping[str, str]:
    """Return the simplified form of each traditional character that has one: the list of OpenCC."""
    file = resources.files("commonplace.recall") / "data" / "simplified.txt"
    traditional, simplified = file.read_text(encoding="utf-8").split()
    return dict(zip(traditional, simplified, strict=True))


def plain(text: str) -> str:
    """Return a text with its letters as they are compared; case is kept.

    >>> plain("مُحَمَّد") == plain("محمـد")
    True
    >>> plain("ｶﾀｶﾅ １２")
    'かたかな 12'
    """
    if text.isascii():
        return text
    text = unicodedata.normalize("NFKC", text)
    if not _TRANSLATED.search(text):
        return text
    return _NASAL.sub(_nasal_sign, text.translate(_TABLE))


def without_accents(word: str) -> str:
    """Return a word without marks that many leave out when typing: "café" is "cafe".

    >>> without_accents("łódź"), without_accents("হিন্দী") == "হিন্দী"
    ('lodz', True)
    """
    if word.isascii():
        return word
    parts = unicodedata.normalize("NFKD", word)
    kept = "".join(one for one in parts if unicodedata.combining(one) not in _ACCENTS)
    return unicodedata.normalize("NFC", kept).translate(_LATIN)
