"""What goes into a prompt: as much as fits, nothing twice. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from commonplace.recall.rendering import Tokenizer, block, rendered_record
from commonplace.records import Kind, Record

ALWAYS: tuple[Kind, ...] = ("instruction", "preference")
"""Kinds that apply whatever is asked: how someone wants to be answered resembles no question."""

RELEVANT = 0.1
"""The confidence from which a record is shown to a model: docs/decisions/0006-recall.md."""

_ALWAYS_SHARE = 1 / 3
"""Of the budget, the most that goes to these."""

_SAME = 0.8
"""Texts that share this much of their words say the same."""

_WORD = re.compile(r"\w+")


def packed(
    always: Iterable[Record], found: Iterable[Record], max_tokens: int, tokenizer: Tokenizer
) -> list[Record]:
    """Return the records that a block of `max_tokens` holds, in their order.

    Those in `always` take at most a third. A record that does not fit is passed over for shorter
    ones after it, and so is one that says again what an earlier one says.
    """
    kept: list[Record] = []
    lines: list[str] = []
    said: list[frozenset[str]] = []
    for records, budget in ((always, int(max_tokens * _ALWAYS_SHARE)), (found, max_tokens)):
        for record in records:
            words = _words(record.text)
            if any(_overlap(words, other) >= _SAME for other in said):
                continue
            line = rendered_record(record)
            if tokenizer(block([*lines, line])) <= budget:
                kept.append(record)
                lines.append(line)
                said.append(words)
    return kept


def _words(text: str) -> frozenset[str]:
    return frozenset(_WORD.findall(text.casefold())) or frozenset([text])


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Return the Jaccard similarity: the share of all words that both hold."""
    return len(one & other) / len(one | other)
