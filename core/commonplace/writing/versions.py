"""What is kept of a record when another takes its place. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from commonplace.values.records import Record, new_id


def past_version(old: Record, new: Record, at: datetime) -> Record | None:
    """Return `old` as a past version, valid until `at`; None if `new` says what it said."""
    said_the_same = (old.text, old.metadata.get("value")) == (new.text, new.metadata.get("value"))
    return None if said_the_same else ended(old, at)


def ended(old: Record, at: datetime) -> Record:
    """Return `old` as a past version, valid until `at`."""
    return replace(old, id=new_id(), version_of=old.id, valid_until=at)


def held_at(record: Record, at: datetime) -> bool:
    """Tell whether what a record says held at a moment."""
    if record.quarantine is not None or record.valid_from > at:
        return False
    return record.valid_until is None or record.valid_until > at
