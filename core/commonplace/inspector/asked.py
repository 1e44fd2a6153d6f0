"""What a page is asked for: the memory, and the fields of the address or of a form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from datetime import time as last_moment
from typing import Any

from commonplace.errors import AccessDeniedError, InvalidInputError
from commonplace.inspector.keeping import Kept
from commonplace.inspector.visits import Visit
from commonplace.memory import Memory
from commonplace.values.scope import Scope

_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: `whole` is all that may be seen, `fields` what was given.

    What is not given, and what is given empty, is the same. `keys` lists those of
    the server, and `at` is now.
    """

    whole: Memory
    visit: Visit
    fields: Mapping[str, str]
    kept: Kept
    keys: Callable[[], list[dict[str, Any]]]
    at: datetime

    @property
    def scope(self) -> Scope:
        """The scope asked for, or that of the whole memory."""
        written = self.text("scope")
        return self.whole.path if not written else Scope.parse(written)

    @property
    def memory(self) -> Memory:
        """The memory of the scope asked for. Raises AccessDeniedError if it lies outside."""
        return within(self.whole, self.scope)

    def text(self, name: str) -> str:
        """Return a field, without spaces around it."""
        return self.fields.get(name, "").strip()

    def time(self, name: str) -> datetime | None:
        """Read a time; one without a timezone is in UTC. Raises InvalidInputError."""
        written = self.text(name)
        if not written:
            return None
        try:
            time = datetime.fromisoformat(written.replace("Z", "+00:00"))
        except ValueError as error:
            raise InvalidInputError(
                f"{name} is a time such as 2026-05-04T12:00, not {written!r:.60}."
            ) from error
        return time.replace(tzinfo=timezone.utc) if time.tzinfo is None else time

    def day_end(self, name: str) -> datetime | None:
        """Read a time; of a day alone, its last moment. Raises InvalidInputError."""
        time = self.time(name)
        is_day = len(self.text(name)) == len("2026-05-04")
        return datetime.combine(time, last_moment.max, time.tzinfo) if time and is_day else time

    def number(self, name: str, default: int, most: int = 10**_MOST_DIGITS) -> int:
        """Read a number from 1 to `most`. Raises InvalidInputError."""
        written = self.text(name)
        if not written:
            return default
        is_number = written.isascii() and written.isdecimal() and len(written) <= _MOST_DIGITS
        if not is_number or not 1 <= int(written) <= most:
            raise InvalidInputError(f"{name} is a number from 1 to {most:,}, not {written!r:.40}.")
        return int(written)

    def share(self, name: str, default: float) -> float:
        """Read a number in 0..1. Raises InvalidInputError."""
        written = self.text(name)
        try:
            share = float(written) if written else default
        except ValueError:
            share = -1
        if not 0 <= share <= 1:
            raise InvalidInputError(f"{name} is a number from 0 to 1, not {written!r:.40}.")
        return share

    def value(self, name: str) -> Any:
        """Read JSON, None if there is none. Raises InvalidInputError."""
        written = self.text(name)
        try:
            return json.loads(written) if written else None
        except (ValueError, RecursionError) as error:
            raise InvalidInputError(f"{name} is JSON, which {written!r:.60} is not.") from error


def within(whole: Memory, scope: Scope) -> Memory:
    """Return the memory of a scope within `whole`. Raises AccessDeniedError if it lies outside."""
    if not whole.path.contains(scope):
        raise AccessDeniedError(
            f"What you may see is {str(whole.path)!r}, which does not contain {str(scope)!r}."
        )
    below = scope.names[len(whole.path.names) :]
    return whole.scope(below) if below else whole
