"""LangGraph's filters on an item's value, as conditions of the core. Pure.

A field is equal to a value, or meets operators: those of `Memory.recall`. A dotted field is a path
into the value, or a field whose name has the dot; an object is a condition on each of its members.
All fields must hold; ``$and`` and ``$or`` take lists of filters. A field that is missing meets
only ``$ne`` and ``$nin``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from math import inf
from typing import Any

from commonplace import InvalidInputError

_LARGEST = sys.float_info.max
# No JSON value is infinite: what a comparison with infinity comes to.
_FINITE: dict[tuple[str, object], tuple[str, float]] = {
    ("$lt", inf): ("$lte", _LARGEST),
    ("$lte", inf): ("$lte", _LARGEST),
    ("$gt", -inf): ("$gte", -_LARGEST),
    ("$gte", -inf): ("$gte", -_LARGEST),
    ("$lt", -inf): ("$lt", -_LARGEST),
    ("$lte", -inf): ("$lt", -_LARGEST),
    ("$gt", inf): ("$gt", _LARGEST),
    ("$gte", inf): ("$gt", _LARGEST),
}
_NEGATIVE = ("$ne", "$nin")
_COMBINING = ("$and", "$or")


def condition(filter: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the condition on a record's metadata that a filter stands for; None for all.

    Raises InvalidInputError for what is no filter.

    >>> condition({"status": "open"})
    {'value': {'status': {'$eq': 'open'}}}
    """
    if not filter:
        return None
    return _every(list(_clauses(filter, ())))


def _every(clauses: list[dict[str, Any]]) -> dict[str, Any]:
    return clauses[0] if len(clauses) == 1 else {"$and": clauses}


def _clauses(filter: Any, path: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    """Yield a condition for each field and operator of what is asked of the value at `path`."""
    if not isinstance(filter, Mapping):
        raise InvalidInputError(f"A filter is a dict such as {{'field': value}}, not {filter!r}.")
    for field, operand in filter.items():
        if not isinstance(field, str):
            raise InvalidInputError(f"A filter names a field, not {field!r}.")
        if field in _COMBINING:
            yield {field: _parts(field, operand, path)}
        elif field.startswith("$") and path:
            yield _at(path, field, operand)
        elif isinstance(operand, Mapping) and operand:
            yield from _clauses(operand, (*path, field))
        else:
            yield _at((*path, field), "$eq", operand)


def _parts(operator: str, operand: Any, path: tuple[str, ...]) -> list[dict[str, Any]]:
    if not isinstance(operand, list) or not operand:
        raise InvalidInputError(f"{operator} takes a list of filters, not {operand!r}.")
    return [_every(list(_clauses(part, path))) for part in operand]


def _at(path: tuple[str, ...], operator: str, operand: Any) -> dict[str, Any]:
    """Return a condition on the value at a path, whose dots may part names or stand in them."""
    if isinstance(operand, float):
        operator, operand = _FINITE.get((operator, operand), (operator, operand))
    readings = [_nested(names, {operator: operand}) for names in _readings(path)]
    if len(readings) == 1:
        return readings[0]
    return {"$and" if operator in _NEGATIVE else "$or": readings}


def _readings(path: tuple[str, ...]) -> list[tuple[str, ...]]:
    apart = tuple(name for field in path for name in field.split("."))
    return list(dict.fromkeys([path, apart]))


def _nested(names: tuple[str, ...], operand: dict[str, Any]) -> dict[str, Any]:
    for name in reversed(("value", *names)):
        operand = {name: operand}
    return operand
