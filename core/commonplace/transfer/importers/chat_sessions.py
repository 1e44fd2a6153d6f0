"""Conversations without ids: which entries of a log are of the same one. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Chats:
    """The conversations seen so far, by the ids that follow from all that was said in them.

    An entry goes on with a conversation if it repeats the whole of it, and is of one of which it
    is the beginning. One that only begins like another is another.
    """

    _ends: dict[str, str] = field(default_factory=dict)
    _seen: dict[str, str] = field(default_factory=dict)

    def session(self, ids: Sequence[str]) -> str:
        """Return the name of the conversation of an entry, whose messages have these ids."""
        session = self._continued(ids) or self._seen.get(ids[-1]) or self._new(ids)
        for id in ids:
            self._seen.setdefault(id, session)
        return session

    def _continued(self, ids: Sequence[str]) -> str | None:
        end = next((id for id in reversed(ids) if id in self._ends), None)
        if end is None:
            return None
        session = self._ends.pop(end)
        self._ends[ids[-1]] = session
        return session

    def _new(self, ids: Sequence[str]) -> str:
        """Return the name after the first message that no other conversation begins with."""
        session = f"chat {next((id for id in ids if id not in self._seen), ids[-1])}"
        self._ends[ids[-1]] = session
        return session
