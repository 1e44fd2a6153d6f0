"""Which characters show nothing, by their Unicode properties, and where a script needs them. Pure.

Python knows no property of characters that may be ignored (Default_Ignorable_Code_Point). Category,
name and bidirectional class tell the same, and go with the version of Unicode that Python has.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_CATEGORIES = ("Cc", "Cf", "Zl", "Zp", "Co", "Cs")
# Marks and letters that are drawn as nothing: what their names say they are.
_NAMES = ("VARIATION SELECTOR", "FILLER", "PATTERN BLANK", "GRAPHEME JOINER", "VOWEL INHERENT")
_VIRAMA = 9
_OVERLAY = 1
_SYMBOLS = ("So", "Sk", "Sm")
_KEYCAPS = "#*0123456789‼⁉©®™"
_ZWNJ, _ZWJ = "\u200c", "\u200d"
_EMOJI_STYLES = "\ufe0e\ufe0f"
_FLAG = "\U0001f3f4"
_LONGEST_REGION = 5
_REGION = re.compile(
    f"{_FLAG}[\U000e0030-\U000e0039\U000e0061-\U000e007a]{{3,{_LONGEST_REGION}}}\U000e007f"
)
_BRAILLE_BLANK = "\u2800"


@lru_cache(maxsize=20_000)
def shows_nothing(character: str) -> bool:
    r"""Tell whether a character is drawn as nothing, or only moves others.

    >>> [shows_nothing(one) for one in ("\u200b", "\ufe0f", "\u3164", "\U0001fffe", "a", "é")]
    [True, True, True, True, False, False]
    """
    if character.isascii():
        return not character.isprintable()
    category = unicodedata.category(character)
    if category == "Cn":  # newer emoji and ideographs are not assigned for an older Python
        is_noncharacter = ord(character) & 0xFFFE == 0xFFFE  # the last two of each plane
        return is_noncharacter or not 0x10000 <= ord(character) < 0xE0000
    if category == "Cf":  # signs before Arabic numbers are drawn
        return unicodedata.bidirectional(character) != "AN"
    return category in _CATEGORIES or any(part in name_of(character) for part in _NAMES)


@lru_cache(maxsize=20_000)
def strikes_through(character: str) -> bool:
    """Tell whether a character is a line through the one before it."""
    return unicodedata.combining(character) == _OVERLAY


def is_needed(text: str, at: int) -> bool:
    r"""Tell whether what shows nothing at this place changes how its neighbours are written.

    Joiners stand where Unicode's rules for identifiers (UAX 31) allow them: after a virama of an
    Indic script, and between Arabic letters; and between emoji. A variation selector follows one
    symbol or ideograph, and no other selector.

    >>> is_needed("👩\u200d🔧", 1), is_needed("می\u200cخواهم", 2), is_needed("pass\u200bword", 4)
    (True, True, False)
    """
    character, before = text[at], text[at - 1] if at else ""
    after = text[at + 1 : at + 2]
    if not before:
        return False
    if character == _ZWNJ:
        return _is_virama(before) or (_is_arabic(before) and _is_arabic(after))
    if character == _ZWJ:
        return _is_virama(before) or (_is_symbol(before) and _is_symbol(after))
    if character == _BRAILLE_BLANK:
        return _is_braille(before) or _is_braille(after)
    if "VARIATION SELECTOR" in name_of(character):
        return _is_varied(before, character)
    return _is_in_flag(text, at)


def name_of(character: str) -> str:
    """Return the name that Unicode gives a character, "" if it has none."""
    return unicodedata.name(character, "")


def _is_virama(character: str) -> bool:
    return unicodedata.combining(character) == _VIRAMA


def _is_arabic(character: str) -> bool:
    return bool(character) and unicodedata.bidirectional(character) in ("AL", "NSM")


def _is_symbol(character: str) -> bool:
    """Tell whether it is of an emoji: a symbol, a colour of skin, the style of one, a newer one."""
    if not character:
        return False
    category = unicodedata.category(character)
    return category in _SYMBOLS or character in _EMOJI_STYLES or category == "Cn"


def _is_braille(character: str) -> bool:
    return name_of(character).startswith("BRAILLE PATTERN DOTS")


def _is_varied(before: str, selector: str) -> bool:
    if selector in _EMOJI_STYLES:
        return before in _KEYCAPS or unicodedata.category(before) in _SYMBOLS
    name = name_of(before)
    if name_of(selector).startswith("MONGOLIAN"):
        return name.startswith("MONGOLIAN LETTER")
    return name.startswith("CJK")


def _is_in_flag(text: str, at: int) -> bool:
    """Tell whether a tag character spells a region, such as that of the flag of Wales."""
    begin = text.rfind(_FLAG, max(0, at - _LONGEST_REGION - 1), at)
    flag = _REGION.match(text, begin) if begin >= 0 else None
    return flag is not None and at < flag.end()
