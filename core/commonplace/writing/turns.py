"""Which of the messages of a call a conversation holds already: docs/decisions/0021. Pure.

A program may hand over each message as it comes, the last few, or the whole conversation again.
Messages that nothing names look alike in all three, and only their order tells.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from difflib import SequenceMatcher

_A_HISTORY = 3
"""So many messages word for word in a row are no new turn: a turn is a message and its answer."""


def known(told: Sequence[Hashable], held: Sequence[Hashable]) -> dict[int, int]:
    """Return which of what is told is held, by place: each at most once, in the same order.

    Held is what the conversation has, the oldest first. What is told takes up its end, holds all
    of it, or repeats three messages in a row; or else it is new, whatever was said before.

    >>> known(["yes", "Done.", "no"], ["Ready?", "yes", "Done."])
    {0: 1, 1: 2}
    >>> known(["yes"], ["Ready?", "yes", "Done.", "Sure?"])
    {}
    """
    taken_up = _taken_up(told, held)
    if len(taken_up) == min(len(told), len(held)):
        return taken_up
    return max(taken_up, _repeated(told, held), key=len)


def _taken_up(told: Sequence[Hashable], held: Sequence[Hashable]) -> dict[int, int]:
    for count in range(min(len(told), len(held)), 0, -1):
        start = len(held) - count
        if all(told[place] == held[start + place] for place in range(count)):
            return {place: start + place for place in range(count)}
    return {}


def _repeated(told: Sequence[Hashable], held: Sequence[Hashable]) -> dict[int, int]:
    blocks = SequenceMatcher(None, held, told, autojunk=False).get_matching_blocks()
    pairs = {block.b + at: block.a + at for block in blocks for at in range(block.size)}
    is_whole = len(pairs) == len(held) > 1
    is_history = max(block.size for block in blocks) >= _A_HISTORY
    return pairs if is_whole or is_history else {}
