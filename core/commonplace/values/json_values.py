"""What counts as a JSON value. Pure."""

from __future__ import annotations

import math

from commonplace.errors import InvalidInputError
from commonplace.values.characters import mended
from commonplace.values.records import JSON

MAX_DEPTH = 100
MAX_DIGITS = 4_300
"""Of an integer: Python writes no longer one as text, unless a program changes that."""
_MORE_THAN_DIGITS = 10**MAX_DIGITS


def checked_json(value: JSON, where: str) -> JSON:
    """Return a deep copy of `value`, which holds nothing that JSON would change.

    Text with half a character in it is mended, see `commonplace.values.characters`. Raises
    InvalidInputError naming the place (such as ``metadata['a'][2]``) of what is not a JSON value:
    a float that is not finite, a key that is not text, a tuple, a date, or more than 100 levels;
    and where two keys become one when they are mended.
    """
    return _copied(value, where, 0)


def _copied(value: JSON, where: str, depth: int) -> JSON:
    if depth > MAX_DEPTH:
        raise InvalidInputError(f"{where} is nested deeper than {MAX_DEPTH} levels.")
    if type(value) is dict:
        copied = {
            _checked_key(key, where): _copied(item, f"{where}[{key!r}]", depth + 1)
            for key, item in value.items()
        }
        if len(copied) < len(value):
            raise InvalidInputError(f"{where} has two keys that differ in half a character only.")
        return copied
    if type(value) is list:
        return [_copied(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(value)]
    return _scalar(value, where)


def _checked_key(key: object, where: str) -> str:
    if type(key) is not str:
        raise InvalidInputError(f"{where} has the key {key!r}: keys are text.")
    return mended(key)


def _scalar(value: JSON, where: str) -> JSON:
    if type(value) is str:
        return mended(value)
    if type(value) is float:
        if not math.isfinite(value):
            raise InvalidInputError(f"{where} is {value}, which JSON cannot hold.")
    elif type(value) is int and abs(value) >= _MORE_THAN_DIGITS:
        raise InvalidInputError(
            f"{where} is an integer of more than {MAX_DIGITS:,} digits, which Python does not "
            "write as JSON: give it as text."
        )
    elif not (value is None or type(value) in (bool, int)):
        raise InvalidInputError(
            f"{where} is {value!r} of type {type(value).__name__}: give None, bool, int, float, "
            "str, list or dict."
        )
    return value
