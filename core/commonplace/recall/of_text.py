"""What a text says by itself is worked out once for some time, whatever is asked of it.

The first records of a scope are much the same for many a query.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Protocol, TypeVar

_MOST_KEPT = 1_024
"""So many short texts are known; then it begins anew."""

_Value = TypeVar("_Value")


class _Unknown:
    """Stands where nothing is known: None may be what was computed."""


_UNKNOWN = _Unknown()


class _HasText(Protocol):
    @property
    def text(self) -> str: ...


_Of = TypeVar("_Of", bound=_HasText)


def of_text(compute: Callable[[_Of], _Value]) -> Callable[[_Of], _Value]:
    """Return a function that computes what depends on the text of its argument alone once."""
    known: dict[str, _Value] = {}

    @wraps(compute)
    def remembered(told: _Of) -> _Value:
        found = known.get(told.text, _UNKNOWN)  # another thread may clear it at any time
        if not isinstance(found, _Unknown):
            return found
        value = compute(told)
        if len(known) >= _MOST_KEPT:
            known.clear()
        known[told.text] = value
        return value

    return remembered
