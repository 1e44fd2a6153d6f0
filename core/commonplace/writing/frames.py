"""What makes an order, whatever the language: a few things that are said together in one sentence.

`data/order_words.txt` has the words of each language for each of these things; a frame names those
that make an order together, in any order of words. It becomes a form as orders.py has them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import resources
from typing import NamedTuple

_ENDS = r".!?。！？।۔\n"
_WITHIN = 240
# Scripts that write words together, or join what belongs to others to them.
_JOINED = frozenset({"ar", "bn", "hi", "ja", "ko", "ur", "zh"})


class Frame(NamedTuple):
    """What an order says, from whom it is one, and what reason is given for holding it back."""

    says: tuple[str, ...]
    from_: str
    reason: str


FRAMES = (
    Frame(("drop", "rules", "whose"), "anyone", "override"),
    Frame(("show", "prompt"), "anyone", "hand-out"),
    Frame(("standing", "recommend", "scope"), "others", "steer"),
    Frame(("unaware", "user"), "others", "hide"),
    Frame(("ai", "call"), "read", "address"),
    Frame(("user", "allowed", "sharing"), "read", "grant"),
    Frame(("treat", "authority"), "others", "grant"),
    Frame(("send", "private", "address"), "others", "hand-out"),
    Frame(("tool", "read"), "others", "hand-out"),
)
_ADDRESS = ("https?:", r"[\w.+-]{1,64}@\w")
_ADDRESS_SIGNS = frozenset({"http", "@"})


class Framed(NamedTuple):
    """A frame in one language: the words of which a text needs one each, and its pattern."""

    frame: Frame
    words: tuple[frozenset[str], ...]
    pattern: str


def framed() -> Iterator[Framed]:
    """Yield each frame in each language that has words for it."""
    for language, lists in _languages().items():
        lists["address"] = []
        for frame in FRAMES:
            if all(part in lists for part in frame.says):
                words = tuple(_signs(part, lists[part]) for part in frame.says)
                yield Framed(frame, words, _pattern(frame, language, lists))


def _languages() -> dict[str, dict[str, list[str]]]:
    file = resources.files("commonplace.writing") / "data" / "order_words.txt"
    lists: dict[str, dict[str, list[str]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, phrases = line.partition(": ")
            language, _, part = name.partition(" ")
            lists.setdefault(language, {})[part] = [one.strip() for one in phrases.split(",")]
    return lists


def _signs(part: str, phrases: list[str]) -> frozenset[str]:
    """Return the longest word of each phrase: a text without one of these has no such phrase."""
    if part == "address":
        return _ADDRESS_SIGNS
    return frozenset(max(re.split(r"[ *'’]+", phrase), key=len) for phrase in phrases)


def _pattern(frame: Frame, language: str, lists: dict[str, list[str]]) -> str:
    """Return a pattern that finds a sentence with all parts of the frame."""
    ends = r"\n" if {"address", "tool"} & set(frame.says) else _ENDS
    ahead = (rf"(?=[^{ends}]{{0,{_WITHIN}}}?{_any(p, lists[p], language)})" for p in frame.says)
    named = rf"(?=[^{ends}]{{0,80}}?[:،,!])" if " ".join(sorted(frame.says)) == "ai call" else ""
    return rf"(?:^|[{ends}])" + named + "".join(ahead)


def _any(part: str, phrases: list[str], language: str) -> str:
    if part == "address":
        return f"(?:{'|'.join(_ADDRESS)})"
    written = "|".join(map(_phrase, sorted(phrases, key=len, reverse=True)))
    return f"(?:{written})" if language in _JOINED else rf"(?<!\w)(?:{written})(?!\w)"


def _phrase(phrase: str) -> str:
    """Return the pattern of a phrase: spaces may be wider, and * is any ending or any word."""
    escaped = re.escape(phrase).replace(r"\ \*\ ", r"\s+\w+\s+").replace(r"\*", r"\w*")
    return escaped.replace(r"\ ", r"\s+").replace("'", "['’]")
