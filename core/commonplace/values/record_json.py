"""A record as a JSON object: in the store, over HTTP and in exported files. Pure.

What is empty is left out, and so is read as empty: fields can be added without a new format.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from commonplace.values.records import Record, Source
from commonplace.values.scope import Scope
from commonplace.values.times import parsed_time

_TIMES = ("created_at", "updated_at", "expires_at", "used_at", "valid_until")
_ALWAYS = ("text", "kind", "scope", "id", "created_at")
_EMPTY: tuple[object, ...] = (None, {}, [])
_OF_SOURCE = tuple(one.name for one in fields(Source))
_DEFAULTS = {one.name: None if one.default is MISSING else one.default for one in fields(Record)}


def to_json(record: Record) -> dict[str, Any]:
    """Return the record as a JSON object.

    >>> to_json(Record("Likes tea", key="drink"))["key"]
    'drink'
    """
    written: dict[str, Any] = {}
    for name, default in _DEFAULTS.items():
        given = getattr(record, name)
        if given == default and name not in _ALWAYS:
            continue  # most are
        value = _written(given)
        if name in _ALWAYS or (value != default and value not in _EMPTY):
            written[name] = value
    return written


def from_json(written: dict[str, Any]) -> Record:
    """Return the record of a JSON object; what else the object holds is ignored.

    Its values are taken as they are: what comes from outside is checked with `checked_record`.
    """
    known = {name: value for name, value in written.items() if name in _DEFAULTS}
    for name in _TIMES:
        if time := known.get(name):
            known[name] = parsed_time(time)
    if ttl := known.get("ttl_on_use"):
        known["ttl_on_use"] = timedelta(seconds=ttl)
    known["mentioned_at"] = tuple(map(datetime.fromisoformat, known.get("mentioned_at", ())))
    known["scope"] = _scope(known.get("scope", ""))
    known["source"] = _source(**known.get("source", {}))
    known["derived_from"] = tuple(known.get("derived_from", ()))
    return Record(**known)


def _written(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Scope):
        return str(value)
    if isinstance(value, Source):
        return {name: part for name in _OF_SOURCE if (part := getattr(value, name))}
    return [_written(part) for part in value] if isinstance(value, tuple) else value


# The records of a read are of few scopes and few sources.
_scope = lru_cache(maxsize=1_024)(Scope.parse)
_source = lru_cache(maxsize=1_024)(Source)
