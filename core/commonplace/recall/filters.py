"""Which records a question is about: conditions on kind, time and metadata. Pure.

A condition on metadata follows the field's custom: ``{"field": value}`` means equality,
``{"field": {"$gt": 3}}`` an operator; several fields, or several operators of one field, must all
hold; ``$and`` and ``$or`` take lists of conditions. An object with an operator anywhere in it is a
condition on the members of the field, ``{"field": {"member": {"$gt": 3}}}``; one without is a value
that the field equals. ``{"field.member": 3}`` is about the member too, where the record has no
field of that very name. A record that lacks the field, or the object it is a member of, meets only
``$ne`` and ``$nin``. Values of different types are never equal and never ordered, so such a
comparison does not hold; a list holds a value by ``$contains``. What no record could ever meet is
refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import lru_cache
from typing import Any, Literal

from commonplace.errors import InvalidInputError
from commonplace.values.json_values import checked_json
from commonplace.values.records import Kind, Record, Source
from commonplace.values.validation import checked_kind, checked_source, checked_time, in_zone
from commonplace.writing.findings import labels
from commonplace.writing.versions import held_at

Condition = Callable[[Record], bool]
Metadata = Mapping[str, Any]

State = Literal["current", "quarantined", "screened", "all"]

_MISSING = object()
_EVER = datetime.min.replace(tzinfo=timezone.utc)
_NEVER = datetime.max.replace(tzinfo=timezone.utc)
_ANY_TIME = datetime(2000, 1, 1, tzinfo=timezone.utc)
_MAX_DEPTH = 20


def everything(_: Record) -> bool:
    """Admit every record."""
    return True


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records are meant: those for which all that is given holds.

    `kinds` lists kinds; `where` is a condition on metadata; `since` and `until` bound
    when a record was said, the first time or again, both included. `state` tells whether records
    that can be recalled are meant, those held back, those that are held back or of which something
    was taken out, or all, past versions included; with `as_of`, what held at that moment.
    `timezone`, an IANA name, says whose days a question means; `conversation` has the framework
    and session of what is meant.
    Raises InvalidInputError for an unknown kind, an unknown operator, an operand of the wrong
    type, or a time without a timezone.
    """

    kinds: tuple[Kind, ...] | None = None
    where: Metadata | None = None
    since: datetime | None = None
    until: datetime | None = None
    as_of: datetime | None = None
    state: State = "current"
    timezone: str | None = None
    conversation: Source | None = None

    def __post_init__(self) -> None:
        if isinstance(self.where, Mapping):
            # A copy: what the caller changes later must not change what was asked.
            object.__setattr__(self, "where", checked_json(dict(self.where), "where"))
        _made(self.kinds, self.where, self.since, self.until, self.conversation)
        if self.as_of is not None:
            checked_time(self.as_of, "as_of")
        if self.timezone is not None:
            in_zone(self.as_of or _ANY_TIME, self.timezone)

    def asked(self, now: datetime) -> datetime:
        """Return when the question is asked, in the timezone that its days are meant in."""
        moment = now if self.as_of is None else self.as_of
        return moment if self.timezone is None else in_zone(moment, self.timezone)

    @property
    def is_current(self) -> bool:
        """Tell whether what can be recalled now is meant."""
        return self.state == "current" and self.as_of is None

    def is_of_state(self, record: Record) -> bool:
        """Tell whether a record is in the state that is meant."""
        if self.as_of is not None:
            return held_at(record, self.as_of)
        if self.state == "quarantined":
            return record.quarantine is not None and record.version_of is None
        if self.state == "screened":
            is_marked = record.quarantine is not None or bool(labels(record))
            return record.version_of is None and is_marked
        return self.state == "all" or record.is_current

    def condition(self) -> Condition:
        """Return the test that the selected records pass: equal selections have the same one."""
        kinds = None if self.kinds is None else tuple(self.kinds)
        where = None if self.where is None else json.dumps(self.where, sort_keys=True)
        return _known(kinds, where, self.since, self.until, self.conversation)


@lru_cache(maxsize=256)
def _known(kinds: tuple[Kind, ...] | None, where: str | None, *rest: Any) -> Condition:
    """Return the condition of a selection that was checked, made once."""
    return _made(kinds, None if where is None else json.loads(where), *rest)


def _made(
    kinds: Sequence[Kind] | None,
    where: Metadata | None,
    since: datetime | None,
    until: datetime | None,
    conversation: Source | None,
) -> Condition:
    """Return the test of what is selected. Raises InvalidInputError."""
    tests: list[Condition] = []
    if kinds is not None:
        if not kinds:
            raise InvalidInputError("kinds is empty: give at least one kind, or None for any.")
        meant = frozenset(checked_kind(kind) for kind in kinds)
        tests.append(lambda record: record.kind in meant)
    if where is not None:
        metadata_holds = _compiled(where, 0)
        tests.append(lambda record: metadata_holds(record.metadata))
    if since is not None or until is not None:
        tests.append(_said_between(since, until))
    if conversation is not None:
        tests.append(_of_conversation(checked_source(conversation)))
    return _every(tests) if tests else everything


def _said_between(since: datetime | None, until: datetime | None) -> Condition:
    earliest = _EVER if since is None else checked_time(since, "since")
    latest = _NEVER if until is None else checked_time(until, "until")
    if earliest > latest:
        raise InvalidInputError(
            f"since {earliest.isoformat()} is after until {latest.isoformat()}: nothing is between."
        )
    return lambda record: any(earliest <= time <= latest for time in record.said_at)


def _of_conversation(meant: Source) -> Condition:
    wanted = meant.framework, meant.session
    return lambda record: (record.source.framework, record.source.session) == wanted


def of_kind(kind: Kind | None) -> tuple[Kind, ...] | None:
    """Return the kinds that one kind, or None for any, stands for."""
    return None if kind is None else (kind,)


def _compiled(where: object, depth: int) -> Callable[[Metadata], bool]:
    if not isinstance(where, Mapping):
        raise InvalidInputError(
            f"A metadata condition is a dict such as {{'field': value}}, not {where!r}."
        )
    if depth > _MAX_DEPTH:
        raise InvalidInputError(f"A metadata condition has at most {_MAX_DEPTH} levels.")
    tests = [_clause(field, operand, depth) for field, operand in where.items()]
    return _every(tests)


def _every(tests: Sequence[Callable[[Any], bool]]) -> Callable[[Any], bool]:
    """Return the test that all of these pass; of one, that one, which is asked of each record."""
    return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)


def _clause(field: str, operand: object, depth: int) -> Callable[[Metadata], bool]:
    if field in ("$and", "$or"):
        return _combined(field, operand, depth)
    if field.startswith("$"):
        raise InvalidInputError(f"{field!r} is not an operator on records: use '$and' or '$or'.")
    holds = _on_value(operand, depth)
    if "." not in field:
        return lambda metadata: holds(metadata.get(field, _MISSING))
    path = field.split(".")
    return lambda metadata: holds(metadata[field] if field in metadata else _at(path, metadata))


def _at(path: Sequence[str], metadata: Metadata) -> object:
    """Return the member of a member that a path such as `order.total` leads to."""
    value: object = metadata
    for name in path:
        value = value.get(name, _MISSING) if isinstance(value, Mapping) else _MISSING
    return value


def _on_value(operand: object, depth: int) -> Callable[[object], bool]:
    """Return the test of one value: by operators, by its members, or for equality."""
    if not isinstance(operand, Mapping) or not _has_operator(operand):
        return _comparison("$eq", operand)
    if any(str(key).startswith("$") for key in operand):
        tests = [_comparison(name, value) for name, value in operand.items()]
        return _every(tests)
    holds = _compiled(operand, depth + 1)
    # What is no object lacks the member, as one without it does.
    return lambda value: holds(value if isinstance(value, Mapping) else {})


def _has_operator(operand: Mapping[str, object]) -> bool:
    """Tell whether an object is a condition: it, or an object in it, has an operator."""
    return any(
        key.startswith("$") or (isinstance(member, Mapping) and _has_operator(member))
        for key, member in operand.items()
    )


def _combined(operator: str, operand: object, depth: int) -> Callable[[Metadata], bool]:
    if not isinstance(operand, list) or not operand:
        raise InvalidInputError(
            f"{operator} takes a list of at least one condition, not {operand!r}."
        )
    tests = [_compiled(part, depth + 1) for part in operand]
    if operator == "$and":
        return _every(tests)
    return lambda metadata: any(test(metadata) for test in tests)


def _comparison(operator: object, operand: Any) -> Callable[[object], bool]:
    if operator in ("$in", "$nin") and not isinstance(operand, list):
        raise InvalidInputError(f"{operator} takes a list of values, not {operand!r}.")
    if operator in ("$gt", "$gte", "$lt", "$lte") and _order(operand) is None:
        raise InvalidInputError(f"{operator} takes a number or a text, not {operand!r}.")
    compare = _OPERATORS.get(operator) if isinstance(operator, str) else None
    if compare is None:
        raise InvalidInputError(
            f"{operator!r} is not an operator on a field: use one of {', '.join(_OPERATORS)}."
        )
    _check_is_value(operand)
    return lambda value: compare(value, operand)


def _check_is_value(operand: object) -> None:
    """Refuse an operator within a value, where it would be taken for the name of a member."""
    if isinstance(operand, Mapping):
        if misplaced := sorted(_NAMES & operand.keys()):
            raise InvalidInputError(
                f"{misplaced[0]!r} stands within a value, where it compares nothing. Write a "
                "condition on a member such as {'field': {'member': {'$gt': 3}}}."
            )
        operand = list(operand.values())
    if isinstance(operand, list):
        for part in operand:
            _check_is_value(part)


def _order(value: object) -> str | None:
    """Return the family within which values can be ordered, or None."""
    if type(value) in (int, float):
        return "number"
    return "text" if type(value) is str else None


def _equal(value: object, operand: object) -> bool:
    if isinstance(value, Mapping) and isinstance(operand, Mapping):
        return value.keys() == operand.keys() and all(
            _equal(value[name], operand[name]) for name in operand
        )
    if isinstance(value, list) and isinstance(operand, list):
        return len(value) == len(operand) and all(map(_equal, value, operand))
    # Python holds True == 1; JSON does not.
    return (type(value) is bool) == (type(operand) is bool) and value == operand


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[object, object], bool]:
    def holds(value: object, operand: object) -> bool:
        return _order(value) == _order(operand) and compare(value, operand)

    return holds


_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "$eq": _equal,
    "$ne": lambda value, operand: not _equal(value, operand),
    "$gt": _ordered(lambda value, operand: value > operand),
    "$gte": _ordered(lambda value, operand: value >= operand),
    "$lt": _ordered(lambda value, operand: value < operand),
    "$lte": _ordered(lambda value, operand: value <= operand),
    "$in": lambda value, operand: any(_equal(value, item) for item in operand),
    "$nin": lambda value, operand: not any(_equal(value, item) for item in operand),
    "$contains": lambda value, operand: (
        isinstance(value, list) and any(_equal(item, operand) for item in value)
    ),
}

_NAMES = frozenset({*_OPERATORS, "$and", "$or", "$not"})
