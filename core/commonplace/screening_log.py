"""What screening did to a record is told once, without any of its content."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from commonplace.records import Record
from commonplace.writing.screening import outcome

_logger = logging.getLogger("commonplace")


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
