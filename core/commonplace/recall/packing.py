"""What goes into a prompt: as much as fits, nothing twice. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from commonplace.values.records import Kind, Record
from commonplace.values.rendering import Tokenizer, block, rendered_part, rendered_record
from commonplace.values.scope import Scope
from commonplace.writing.wording import wording

if TYPE_CHECKING:
    from commonplace.recall.excerpts import Near

ALWAYS: tuple[Kind, ...] = ("instruction", "preference")
"""Kinds that apply whatever is asked: how someone wants to be answered resembles no question."""

RELEVANT = 0.05
"""The confidence from which a record is shown: docs/decisions/0017-a-memory-in-use.md."""

_ALWAYS_SHARE = 1 / 3
"""Of the budget, the most that goes to these."""

_PART_SHARE = 1 / 2
"""Of what is left of the budget, the most that a part of a record takes while others follow."""

SAID = "said already"
NO_ROOM = "no room"

_Said: TypeAlias = tuple[str, str | None, str]


class Shown(NamedTuple):
    """A record and the line that shows it, or a part of it."""

    record: Record
    line: str


class Packed(NamedTuple):
    """What a block shows, in its order, and what it does not: records and why."""

    shown: list[Shown]
    left_out: list[tuple[Record, str]]


def packed(
    always: Iterable[Record],
    found: Iterable[Record],
    max_tokens: int,
    tokenizer: Tokenizer,
    query: str = "",
    *,
    near: Near | None = None,
) -> Packed:
    """Return what a block of `max_tokens` shows, and what it leaves out.

    Records in `always` take at most a third. Of a record that does not fit, the part is shown that
    answers `query`, in at most half of what is left unless it is the last. A record is left out if
    the same person's words are shown already, the same for certain; and if no part of it fits.
    `near` tells which part of the best of these is near the query in meaning.
    """
    packing = _Packing(tokenizer, query)
    answers = list(found)
    waiting = {(one.scope, one.id) for one in answers}
    share = int(max_tokens * _ALWAYS_SHARE)
    for record in always:
        # One that was also found has its turn again, with more room.
        packing.add(record, share, share if (record.scope, record.id) not in waiting else 0)
    packing.near = near
    for place, record in enumerate(answers, start=1):
        packing.add(record, max_tokens, max_tokens if place == len(answers) else None)
    return packing.packed()


class _Packing:
    """A block that is being filled."""

    def __init__(self, tokenizer: Tokenizer, query: str) -> None:
        self.shown: list[Shown] = []
        self.near: Near | None = None
        self._left_out: dict[tuple[Scope, str], tuple[Record, str]] = {}
        self._tokenizer, self._query = tokenizer, query
        self._said: set[_Said] = set()

    def packed(self) -> Packed:
        """Return what is shown, and what is not and has no further turn."""
        for one in self.shown:
            self._left_out.pop((one.record.scope, one.record.id), None)
        return Packed(self.shown, list(self._left_out.values()))

    def add(self, record: Record, budget: int, for_part: int | None) -> None:
        """Show a record within `budget`, or a part of it within `for_part`, None for its share."""
        said = _said(record)
        if said in self._said:
            self._leave_out(record, SAID)
            return
        line = rendered_record(record)
        if self._size(line) > budget:
            line = self._part(record, self._share(budget) if for_part is None else for_part)
        if line:
            self.shown.append(Shown(record, line))
            self._said.add(said)
        else:
            self._leave_out(record, NO_ROOM)

    def _leave_out(self, record: Record, why: str) -> None:
        self._left_out[record.scope, record.id] = record, why

    def _part(self, record: Record, budget: int) -> str:
        def fits(part: str) -> bool:
            return self._size(rendered_part(record, part)) <= budget

        from commonplace.recall.excerpts import excerpt  # which most contexts do not need

        # Meaning costs a batch of the embedder: the best of what is shortened is worth it.
        near, self.near = self.near, None
        part = excerpt(record.text, self._query, fits, near)
        return rendered_part(record, part) if part else ""

    def _share(self, budget: int) -> int:
        used = self._size()
        return used + int((budget - used) * _PART_SHARE)

    def _size(self, *lines: str) -> int:
        return self._tokenizer(block([*(one.line for one in self.shown), *lines]))


def _said(record: Record) -> _Said:
    """Return what a record says, and for a message who says it: the same "I" is somebody else."""
    origin = record.source.origin if record.kind == "message" else None
    return record.speaker, origin, wording(record.text)
