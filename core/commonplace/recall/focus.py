"""What asks in a long query: a message that is pasted whole, or the beginning of a dialogue.

A short query is all question. In a long one the last sentence that asks is what is wanted, with
what follows it. Where it ends the query it stands for itself, and what was said before is other
talk; otherwise, as in a dialogue that went on, the rest tells what it is about.
"""

from __future__ import annotations

from dataclasses import dataclass

from commonplace.recall.asking import asks, sentences

SHORT = 200
"""Characters: a query up to here is taken whole."""

MOST = 400
"""Characters that a question may have with what follows it; a longer rest is what was pasted."""

FEWEST_CHARACTERS = 25
"""A shorter question ("And what about hers?") takes along the sentence before it."""

REST = 0.7
"""What a word weighs of the rest of a query whose question does not stand for itself."""


@dataclass(frozen=True, slots=True)
class Focus:
    """The part of a query that asks, and what a word of the rest weighs, in 0..1."""

    text: str
    rest: float


def focus(query: str) -> Focus:
    """Return what asks in a query: all of it where it is short, or where nothing asks."""
    whole = Focus(query, 1.0)
    if len(query) <= SHORT:
        return whole
    parts = sentences(query)
    asking = [place for place, part in enumerate(parts) if asks(part.strip())]
    if not asking:
        return whole
    last = asking[-1]
    tail = _from(parts, last)
    if len(tail) <= MOST:
        return Focus(tail, 0.0 if last == len(parts) - 1 else REST)
    first = parts[asking[0]].strip()
    return Focus(first, REST) if asking[0] == 0 else whole


def _from(parts: list[str], start: int) -> str:
    tail = " ".join(part.strip() for part in parts[start:])
    if start and len(tail) < FEWEST_CHARACTERS:
        return _from(parts, start - 1)
    return tail
