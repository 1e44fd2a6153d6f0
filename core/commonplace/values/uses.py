"""How often a record proved useful, and what follows for when it ends. Pure.

A use is that a record was shown to a model. None changes what the record says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple, TypeAlias

from commonplace.values.records import Record
from commonplace.values.scope import Scope


class Use(NamedTuple):
    """How many uses of a record were gathered, and when the last of them was."""

    times: int
    last: datetime


Uses: TypeAlias = Mapping[tuple[Scope, str], Use]
"""Uses by the scope and id of their record."""


def used(record: Record, use: Use) -> Record | None:
    """Return the record with its uses counted; None if it could not have been used then."""
    if not record.is_current or record.is_expired(use.last):
        return None
    last = use.last if record.used_at is None else max(record.used_at, use.last)
    return living_on(replace(record, uses=record.uses + use.times, used_at=last))


def carried(old: Record, new: Record) -> Record:
    """Return `new`, which takes the place of `old`, with the greater of their counts.

    Who writes a record again seldom knows how often it was used since.
    """
    if old.used_at is None:
        return new
    last = old.used_at if new.used_at is None else max(old.used_at, new.used_at)
    return living_on(replace(new, uses=max(old.uses, new.uses), used_at=last))


def is_change(new: Record, old: Record | None) -> bool:
    """Tell whether `new` says anything else than `old`, in the place of which it is written."""
    return old is None or carried(old, new) != old


def living_on(record: Record) -> Record:
    """Return the record with an end no sooner than `ttl_on_use` after its last use."""
    if record.ttl_on_use is None or record.used_at is None or record.expires_at is None:
        return record
    end = max(record.expires_at, _after(record.used_at, record.ttl_on_use))
    return record if end == record.expires_at else replace(record, expires_at=end)


def _after(time: datetime, span: timedelta) -> datetime:
    try:
        return time + span
    except OverflowError:
        return datetime.max.replace(tzinfo=time.tzinfo)
