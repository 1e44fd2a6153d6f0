"""What is held back for what its vectors say, and told of."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

from commonplace.embedding.entries import reads_the_same
from commonplace.ports import Entry
from commonplace.records import Record
from commonplace.writing.batch import Identity, identity
from commonplace.writing.meaning import held_by_meaning
from commonplace.writing.screening import Screening, outcome

_logger = logging.getLogger("commonplace")


def judged(
    entries: Iterable[Entry],
    stored: Mapping[Identity, Record],
    embedder: str,
    policy: Screening,
) -> list[Entry]:
    """Return the entries, those held back that were read and lie near to orders.

    What is `stored` already, and may have been released, is not judged again.
    """
    return [_judged(one, stored.get(identity(one.record)), embedder, policy) for one in entries]


def _judged(entry: Entry, old: Record | None, embedder: str, policy: Screening) -> Entry:
    if old is not None and reads_the_same(old, entry.record):
        return entry
    held = held_by_meaning(entry, embedder, policy)
    if done := outcome(entry.record, held.record):
        id = entry.record.id
        facts = {"operation": "screen", "record": id, "outcome": done}
        _logger.warning("The record %s was %s.", id, done, extra={"commonplace": facts})
    return held
