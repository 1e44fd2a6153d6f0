r"""How orders to a model read: the forms of the attacks that are known, by language.

They stand in the files of `data`. A line such as ``RULES = ...`` names a part of patterns, which
is written ``<RULES>`` in them. Each form then has three lines:

    [override from anyone]                        what it does; from whom it is an order
    ignor disregard & instruct rule =ai set_aside the words it needs
    \b(?:ignore|disregard)\b~3<RULES>             its pattern, for text in lower case

It is an order from *anyone*; from *others* than the user, who may order what he likes; or only in
what is *read*: tools' output and documents. A text needs one word of each set, and the sets are
joined by ``&``; a word may stand within another, but for ``=ai``; ``_`` is a space. In a pattern
``~3`` stands for up to three words in between.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib import resources
from typing import Literal, NamedTuple, cast

from commonplace.writing.frames import Framed, framed

From = Literal["anyone", "others", "read"]

REASONS = {
    "override": "It tells a model to drop its instructions.",
    "system": "It poses as a message of the system or of another role.",
    "persona": "It gives a model a part without rules.",
    "hand-out": "It asks a model to hand out what it knows.",
    "steer": "It sets a standing order for answers to others.",
    "hide": "It asks a model to keep something from its user.",
    "address": "It addresses models that read it.",
    "grant": "It claims rights for someone, or that safety is off.",
}

_FILES = ("english", "german", "romance", "others")
_BETWEEN = r"(?:[^\w.!?]{1,4}\w{1,40}){0,%s}?[^\w.!?]{1,4}"
_HEADER = re.compile(r"\[(\S+) from (anyone|others|read)\]")


class Form(NamedTuple):
    """One way in which an order reads; of each set of `words`, and of `phrases`, a text has one."""

    reason: str
    from_: From
    words: tuple[frozenset[str], ...]
    written: str
    phrases: tuple[tuple[str, ...], ...] = ()

    def may_be_in(self, plain: str) -> bool:
        """Tell whether a text has a phrase of each set: it is quicker than to try the pattern."""
        return all(any(map(plain.__contains__, phrases)) for phrases in self.phrases)

    @property
    def pattern(self) -> re.Pattern[str]:
        """Its pattern, compiled when it is first tried: few of the languages are needed."""
        return _compiled(self.written)


@cache  # as many as there are forms
def _compiled(written: str) -> re.Pattern[str]:
    return re.compile(written)


@lru_cache(maxsize=1)
def forms() -> tuple[Form, ...]:
    """Return all forms, read once: those of the files, and the frames in each language."""
    read = (form for name in _FILES for form in _read(name))
    return (*read, *map(_of_frame, framed()))


def _of_frame(one: Framed) -> Form:
    reason, from_ = REASONS[one.frame.reason], cast("From", one.frame.from_)
    return Form(reason, from_, one.words, one.pattern, one.phrases)


def _read(name: str) -> Iterator[Form]:
    file = resources.files("commonplace.writing") / "data" / f"orders_{name}.txt"
    lines = file.read_text(encoding="utf-8").splitlines()
    parts: dict[str, str] = {}
    for at, line in enumerate(lines):
        if header := _HEADER.fullmatch(line):
            words, pattern = lines[at + 1 : at + 3]
            sets = tuple(map(_words, words.split("&")))
            whole = _written_out(pattern, parts)
            yield Form(REASONS[header[1]], cast("From", header[2]), sets, whole)
        elif part := re.match(r"([A-Z]+) = (.+)", line):
            parts[part[1]] = _written_out(part[2], parts)


def _words(written: str) -> frozenset[str]:
    return frozenset(word.replace("_", " ") for word in written.split())


def _written_out(pattern: str, parts: dict[str, str]) -> str:
    for name, part in parts.items():
        pattern = pattern.replace(f"<{name}>", part)
    return re.sub(r"~(\d)", lambda gap: _BETWEEN % gap[1], pattern)
