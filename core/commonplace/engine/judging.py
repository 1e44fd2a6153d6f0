"""What screening finds when records are embedded, and what is told of it, without any content."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence

from commonplace.embedding.fitting import FittingEmbedder
from commonplace.ports import Entry, Vectors
from commonplace.values.records import Record
from commonplace.writing.batch import Identity
from commonplace.writing.meaning import held_by_meaning
from commonplace.writing.policy import Screening
from commonplace.writing.screening import outcome

_logger = logging.getLogger("commonplace")


def judged(
    embedder: FittingEmbedder,
    records: Collection[Record],
    sent: Sequence[Vectors] | None,
    stored: Mapping[Identity, Record],
    policy: Screening,
) -> list[Entry]:
    """Embed records, or take the vectors that were sent; hold back what lies near to orders."""
    entries = embedder.entries(records, sent)
    return held_by_meaning(entries, stored, embedder.name, policy)


def tell_of(given: Record, kept: Record) -> None:
    """Log as a warning what was redacted or held back, if anything was."""
    if done := outcome(given, kept):
        facts = {"operation": "screen", "record": kept.id, "outcome": done}
        _logger.warning("The record %s was %s.", kept.id, done, extra={"commonplace": facts})


def tell_of_all(given: Iterable[Record], kept: Iterable[Record]) -> None:
    """Log it of each; what was said before, and is kept under an older id, was told of then."""
    for one, other in zip(given, kept, strict=True):
        if one.id == other.id:
            tell_of(one, other)
