"""What is found in a text, and the text without it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from commonplace.values.records import JSON, Record

_LABEL = re.compile(r"\[REDACTED:([a-z0-9-]{1,40})\]")
MASK = "█"


class Finding(NamedTuple):
    """A part of a text that is a secret or personal data; `type` such as ``credit-card``."""

    start: int
    end: int
    type: str


def matches(type: str, pattern: re.Pattern[str], text: str) -> Iterable[Finding]:
    """Yield what `pattern` finds: its first group if it has one, and the whole otherwise."""
    group = 1 if pattern.groups else 0
    for match in pattern.finditer(text):
        yield Finding(match.start(group), match.end(group), type)


def masked(text: str) -> str:
    """Return the text with the labels in it covered, so that nothing is found in them."""
    if "[REDACTED:" not in text:
        return text
    return _LABEL.sub(lambda label: MASK * len(label[0]), text)


def apart(findings: Iterable[Finding], text: str) -> list[Finding]:
    """Return the findings in their order, overlapping ones as one, without covered labels.

    Of overlapping findings the one given first names the type.
    """
    ranked = sorted(enumerate(findings), key=lambda one: (one[1].start, one[0]))
    united: list[tuple[int, Finding]] = []
    for rank, finding in ranked:
        if united and finding.start < united[-1][1].end:
            first, before = united[-1]
            type = finding.type if rank < first else before.type
            end = max(finding.end, before.end)
            united[-1] = (min(rank, first), Finding(before.start, end, type))
        else:
            united.append((rank, finding))
    return [one for _, one in united if text[one.start : one.end].strip(f"{MASK}\"'`[](){{}}: ")]


def without(text: str, findings: Sequence[Finding]) -> str:
    """Return the text with a label in the place of each finding."""
    parts: list[str] = []
    end = 0
    for finding in findings:
        parts += [text[end : finding.start], f"[REDACTED:{finding.type}]"]
        end = finding.end
    return "".join([*parts, text[end:]])


def labels(record: Record) -> Counter[str]:
    """Return the types of what was taken out of a record, by its labels, and how often.

    >>> labels(Record("My password is [REDACTED:password]"))
    Counter({'password': 1})
    """
    texts = chain([record.text], texts_in(record.metadata))
    return Counter(type for text in texts for type in _LABEL.findall(text))


def texts_in(value: JSON) -> Iterable[str]:
    """Return the keys and values of a JSON value that are text."""
    if isinstance(value, Mapping):
        return chain(value.keys(), chain.from_iterable(map(texts_in, value.values())))
    if isinstance(value, list):
        return chain.from_iterable(map(texts_in, value))
    return [value] if isinstance(value, str) else []
