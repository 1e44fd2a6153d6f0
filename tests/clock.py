"""A clock that stands still."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.time = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, **span: float) -> None:
        self.time += timedelta(**span)
