"""When a record says again what another says, and what becomes of the two. Pure."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import datetime, timedelta

from commonplace.records import Kind, Record
from commonplace.uses import living_on

LASTING: tuple[Kind, ...] = ("fact", "preference", "instruction")
"""Kinds of which the same words twice are one statement. Events recur, messages are repeated."""

_ARTICLES = frozenset({"a", "an", "the"})
_AROUND_WORDS = ".,;:!…\"'`“”‘’«»()[]{}。，；：！、「」『』（）"
_ASKING = ("?", "？")


def statement(record: Record) -> str | None:
    """Return what a record states, equal for two that state the same; None if it states nothing.

    Case, spaces, articles and the punctuation around words make no difference; every other word,
    sign and number does, and so does the order: "from Oslo to Rome" is not "to Oslo from Rome", and
    "works" is not "worked".
    """
    if record.kind not in LASTING or not record.is_current:
        return None
    text = unicodedata.normalize("NFKC", record.text).casefold()
    words = [word for token in text.split() if (word := token.strip(_AROUND_WORDS))]
    asked = ["?"] if text.rstrip(_AROUND_WORDS + " ").endswith(_ASKING) else []
    return " ".join([word for word in words if word not in _ARTICLES] + asked) or text.strip()


def reinforced(old: Record, new: Record) -> Record:
    """Return `old` with what `new`, which states the same, adds to it.

    It keeps its id, text and time. It counts the mention, is as important as the more important
    of the two, ends with the later, and takes the source of the more trusted.
    """
    end = _later(old.expires_at, new.expires_at)
    is_trusted_more = (new.trust or 0) > (old.trust or 0)
    record = replace(
        old,
        mentions=old.mentions + new.mentions,
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


def _longer(one: timedelta | None, other: timedelta | None) -> timedelta | None:
    return max((span for span in (one, other) if span is not None), default=None)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the later of two ends, of which None never comes."""
    return None if one is None or other is None else max(one, other)
