"""When a record says again what another says, and what becomes of the two. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from commonplace.values.records import Kind, Record
from commonplace.values.uses import living_on
from commonplace.values.validation import MAX_MENTIONED_AT
from commonplace.writing.wording import wording

LASTING: tuple[Kind, ...] = ("fact", "preference", "instruction")
"""Kinds of which the same words twice are one statement. Events recur, messages are repeated."""


def statement(record: Record) -> str | None:
    """Return what a record states, equal for two that state the same; None if it states nothing.

    Equal are texts that say the same for certain: see `wording`.
    """
    is_lasting = record.kind in LASTING and record.is_current
    # Of a text that is nothing but places to part words, the wording is empty.
    return (wording(record.text) or record.text.strip()) if is_lasting else None


def reinforced(old: Record, new: Record) -> Record:
    """Return `old` with what `new`, which states the same, adds to it.

    It keeps its id, text and time. It counts the mention and when that was, is as important as the
    more important of the two, ends with the later, and takes the source of the more trusted.
    """
    end = _later(old.expires_at, new.expires_at)
    is_trusted_more = (new.trust or 0) > (old.trust or 0)
    record = replace(
        old,
        mentions=old.mentions + new.mentions,
        mentioned_at=_said_again(old, new),
        kind=new.kind if old.kind == "fact" else old.kind,
        importance=max(old.importance, new.importance),
        expires_at=end,
        ttl_on_use=_longer(old.ttl_on_use, new.ttl_on_use) if end else None,
        metadata={**old.metadata, **new.metadata},
        source=new.source if is_trusted_more else old.source,
        trust=new.trust if is_trusted_more else old.trust,
        derived_from=tuple(dict.fromkeys([*old.derived_from, *new.derived_from])),
    )
    return living_on(record)


def overwrites(record: Record, old: Record) -> bool:
    """Tell whether `record`, which is `old` reinforced, no longer shows what `old` did.

    Something else stands in its metadata, or somebody else is named as who said it.
    """
    # As they are written: Python holds 1 == True.
    stays = all(
        repr(record.metadata.get(name)) == repr(old.metadata[name]) for name in old.metadata
    )
    return not stays or record.source != old.source


def _said_again(old: Record, new: Record) -> tuple[datetime, ...]:
    times = {*old.mentioned_at, *new.said_at} - {old.created_at}
    return tuple(sorted(times)[-MAX_MENTIONED_AT:])


def _longer(one: timedelta | None, other: timedelta | None) -> timedelta | None:
    return max((span for span in (one, other) if span is not None), default=None)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later of two ends, of which None never comes."""
    return None if one is None or other is None else max(one, other)
