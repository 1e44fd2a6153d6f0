"""What counts as a JSON value. Pure."""

from __future__ import annotations

import math

from commonplace.errors import InvalidInputError
from commonplace.records import JSON

MAX_DEPTH = 100


def checked_json(value: JSON, where: str) -> JSON:
    """Return a deep copy of `value`, which holds nothing that JSON would change.

    Raises InvalidInputError naming the place (such as ``metadata['a'][2]``) of what is not a
    JSON value: a float that is not finite, a key that is not text, a tuple, a date, text that is
    not valid Unicode, or more than 100 levels.
    """
    return _copied(value, where, 0)


def _copied(value: JSON, where: str, depth: int) -> JSON:
    if depth > MAX_DEPTH:
        raise InvalidInputError(f"{where} is nested deeper than {MAX_DEPTH} levels.")
    if type(value) is dict:
        return {
            _checked_key(key, where): _copied(item, f"{where}[{key!r}]", depth + 1)
            for key, item in value.items()
        }
    if type(value) is list:
        return [_copied(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(value)]
    _check_scalar(value, where)
    return value


def _checked_key(key: object, where: str) -> str:
    if type(key) is not str:
        raise InvalidInputError(f"{where} has the key {key!r}: keys are text.")
    check_unicode(key, f"a key of {where}")
    return key


def _check_scalar(value: JSON, where: str) -> None:
    if type(value) is str:
        check_unicode(value, where)
    elif type(value) is float:
        if not math.isfinite(value):
            raise InvalidInputError(f"{where} is {value}, which JSON cannot hold.")
    elif not (value is None or type(value) in (bool, int)):
        raise InvalidInputError(
            f"{where} is {value!r} of type {type(value).__name__}: give None, bool, int, float, "
            "str, list or dict."
        )


def check_unicode(text: str, where: str) -> None:
    """Raise InvalidInputError when `text` has half a surrogate pair, which no file can hold."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(
            f"{where} is not valid Unicode text: {text[error.start : error.start + 1]!r} "
            f"at position {error.start}."
        ) from error
