"""A context as a model would see it, and what is not in it: plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from commonplace.recall.packing import ALWAYS, Shown, packed
from commonplace.values.presenting import Presented, shortened
from commonplace.values.record_json import to_json as record_to_json
from commonplace.values.records import Kind, Match, Record
from commonplace.values.rendering import Tokenizer, block
from commonplace.values.scope import Scope
from commonplace.writing.trust import trusted

if TYPE_CHECKING:
    from commonplace.recall.excerpts import Near

_STANDING_TRUST = 0.5
"""Above what a tool or a document deserves: neither gives standing instructions."""


@dataclass(frozen=True, slots=True, repr=False)
class Line(Presented):
    """A line of a context: the record it shows, its text, and the tokens of that text."""

    record: Record
    text: str
    tokens: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {"record": record_to_json(self.record), "text": self.text, "tokens": self.tokens}

    def __repr__(self) -> str:
        return f"<Line {self.tokens:,} tokens: {shortened(self.text)}>"


@dataclass(frozen=True, slots=True, repr=False)
class LeftOut(Presented):
    """A record that a context does not show, and why.

    The reason is ``confidence`` (too low), ``known`` (the prompt holds its text), ``said
    already`` (by another line), ``no room``, or ``trust`` (an instruction or preference of a tool
    or document).
    """

    record: Record
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {"record": record_to_json(self.record), "reason": self.reason}

    def __repr__(self) -> str:
        return f"<LeftOut {self.reason}: {self.record!r}>"


@dataclass(frozen=True, slots=True, repr=False)
class Preview(Presented):
    """A context, line by line.

    Args:
        text: What `context` returns.
        tokens: How many tokens it has.
        max_tokens: How many it may have.
        lines: Its lines.
        left_out: The records that it does not show, and why.

    >>> alice = memory.scope("user", "alice")
    >>> _ = alice.remember("She is allergic to peanuts")
    >>> seen = alice.preview("allergic to what?")
    >>> seen.text == alice.context("allergic to what?"), seen.tokens, len(seen.lines)
    (True, 37, 1)
    """

    text: str
    tokens: int
    max_tokens: int
    lines: tuple[Line, ...]
    left_out: tuple[LeftOut, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return {
            "text": self.text,
            "tokens": self.tokens,
            "max_tokens": self.max_tokens,
            "lines": [line.to_dict() for line in self.lines],
            "left_out": [one.to_dict() for one in self.left_out],
        }

    def __repr__(self) -> str:
        return (
            f"<Preview {len(self.lines)} lines, {self.tokens:,} of {self.max_tokens:,} tokens; "
            f"{len(self.left_out)} left out>"
        )


class Filled(NamedTuple):
    """What a context shows, in its order, and what it does not."""

    shown: list[Shown]
    left_out: list[LeftOut]


def filled(
    standing: Iterable[Record],
    matches: Iterable[Match],
    *,
    query: str,
    max_tokens: int,
    min_confidence: float,
    tokenizer: Tokenizer,
    said: frozenset[str],
    near: Near | None = None,
) -> Filled:
    """Fill a context of `max_tokens` with what stands always, and what answers the query.

    Records with one of the texts `said` are left out. `near` is as in `packed`.
    """
    left_out: list[LeftOut] = []

    def kept(told: Iterable[tuple[Record, bool]], otherwise: str) -> Iterator[Record]:
        for record, is_wanted in told:
            if is_wanted and record.text not in said:
                yield record
            else:
                left_out.append(LeftOut(record, "known" if is_wanted else otherwise))

    always = [(one, trusted(one) >= _STANDING_TRUST) for one in standing]
    found = [(match.record, match.confidence >= min_confidence) for match in matches]
    shown, behind = packed(
        kept(always, "trust"), kept(found, "confidence"), max_tokens, tokenizer, query, near=near
    )
    return Filled(shown, [*(LeftOut(*one) for one in behind), *left_out])


def preview(filled: Filled, max_tokens: int, tokenizer: Tokenizer) -> Preview:
    """Return a context with its tokens, each record once."""
    text = block([one.line for one in filled.shown]) if filled.shown else ""
    lines = tuple(Line(one.record, one.line, tokenizer(one.line)) for one in filled.shown)
    shown = {(one.record.scope, one.record.id) for one in lines}
    left_out: dict[tuple[Scope, str], LeftOut] = {}
    for one in filled.left_out:
        left_out.setdefault((one.record.scope, one.record.id), one)
    behind = tuple(one for place, one in left_out.items() if place not in shown)
    return Preview(text, tokenizer(text) if text else 0, max_tokens, lines, behind)


def standing_kinds(kinds: Iterable[Kind] | None) -> list[Kind]:
    """Return the kinds that apply whatever is asked, of those that are to be shown."""
    wanted = None if kinds is None else set(kinds)
    return [kind for kind in ALWAYS if wanted is None or kind in wanted]
