"""Numbers that JSON does not have and Python writes all the same: NaN and the infinities. Pure."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

from commonplace.values.records import JSON

_MARK = "\x00"  # before the name of a number, in a text that stands for it
_STEP = re.compile(rb'\\.|"|-?Infinity|NaN', re.DOTALL)
_NAMES = ("NaN", "Infinity", "-Infinity")


class NumberMarks:
    """Puts a text in the place of each such number, for a parser that would stop there.

    Pieces are of one stream: it remembers whether one ended within a text, or after a backslash.
    """

    def __init__(self) -> None:
        """Start outside of every text."""
        self._in_text = False
        self._held = b""

    def marked(self, piece: bytes) -> bytes:
        """Return the piece with such numbers as texts."""
        given, self._held = self._held + piece, b""
        if self._ends_within_an_escape(given):
            given, self._held = given[:-1], given[-1:]
        return _STEP.sub(self._step, given)

    def _ends_within_an_escape(self, given: bytes) -> bool:
        return (len(given) - len(given.rstrip(b"\\"))) % 2 == 1

    def _step(self, found: re.Match[bytes]) -> bytes:
        token = found[0]
        if token == b'"':
            self._in_text = not self._in_text
        elif not token.startswith(b"\\") and not self._in_text:
            return b'"\\u0000%b"' % token
        return token


def finite(value: JSON) -> tuple[JSON, tuple[str, ...]]:
    """Return a value without such numbers, and what was left out: the key and the number.

    A member of an object is left out, an item of a list becomes None.
    """
    dropped: list[str] = []
    return _finite(value, "", dropped), tuple(dropped)


def _finite(value: Any, path: str, dropped: list[str]) -> JSON:
    if isinstance(value, dict):
        odd = [key for key, one in value.items() if _name(one)]
        dropped += [f"{path}{key}: {_name(value[key])}" for key in odd]
        return {
            key: _finite(one, f"{path}{key}.", dropped) if isinstance(one, (dict, list)) else one
            for key, one in value.items()
            if key not in odd
        }
    if isinstance(value, list):
        return [_finite(one, path, dropped) for one in value]
    if name := _name(value):
        dropped.append(f"{path.rstrip('.')}: {name}")
        return None
    return value


def _name(value: object) -> str | None:
    """Return the name of a number that JSON does not have; None for any other value."""
    if isinstance(value, float):
        return (
            None
            if isfinite(value)
            else {"nan": "NaN", "inf": "Infinity"}.get(str(value), "-Infinity")
        )
    if isinstance(value, str) and value.startswith(_MARK) and value[1:] in _NAMES:
        return value[1:]
    return None
