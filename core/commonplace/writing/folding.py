"""Reading through disguises: full-width letters, letters of another script, what is invisible."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from commonplace.values.invisible import name_of, shows_nothing, strikes_through

_SPACING = "\t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u2028\u2029"
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_SMALL_CAPITAL = "LATIN LETTER SMALL CAPITAL "
_AS_A_SPACE = ("FILLER", "PATTERN BLANK")


class Folded(NamedTuple):
    """A text as it reads, and the place in the original of each character; None: the same one."""

    text: str
    places: Sequence[int] | None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return where in the original the part from `start` to `end` stands."""
        if self.places is None:
            return start, end
        return self.places[start], self.places[end - 1] + 1


class _Table(dict[int, str]):
    """What each character reads as, worked out once."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if character in _SPACING:
            self[code] = character
        elif any(part in name_of(character) for part in _AS_A_SPACE):
            self[code] = " "
        elif shows_nothing(character) or strikes_through(character):
            self[code] = ""
        elif name_of(character).startswith(_SMALL_CAPITAL):
            self[code] = name_of(character).removeprefix(_SMALL_CAPITAL)[:1].lower()
        else:
            self[code] = unicodedata.normalize("NFKC", character)
        return self[code]


_TABLE = _Table()


def folded(text: str) -> Folded:
    r"""Return the text in its plain form (NFKC), without what is invisible.

    >>> folded("ｋｅｙ\u200b").text
    'key'
    """
    if text.isascii() and not _CONTROLS.search(text):
        return Folded(text, None)
    plain = text.translate(_TABLE)
    if plain == text:
        return Folded(text, None)
    places = [at for at, character in enumerate(text) for _ in _TABLE[ord(character)]]
    return Folded(plain, places)
