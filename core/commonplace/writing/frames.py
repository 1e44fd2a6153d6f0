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
    Frame(("obey", "page"), "read", "override"),
    Frame(("your", "rules", "void"), "others", "override"),
    Frame(("show", "prompt"), "anyone", "hand-out"),
    Frame(("standing", "recommend", "scope"), "others", "steer"),
    Frame(("unaware", "user"), "others", "hide"),
    Frame(("ai", "call"), "read", "address"),
    Frame(("user", "allowed", "sharing"), "read", "grant"),
    Frame(("treat", "authority"), "others", "grant"),
    Frame(("send", "private", "address"), "others", "hand-out"),
    Frame(("tool", "read"), "others", "hand-out"),
)
# "Do not forget the rules" drops none.
_NOT_BEFORE = "".join(
    f"(?<!{no})"
    for no in (
        "not ",
        "n['’]t ",
        "n['’]",
        "never ",
        "não ",
        "no ",
        "non ",
        "nie ",
        "не ",
        "别",
        "不",
    )
)
_NOT_AFTER = r"(?!\s+(?:nicht|niet|inte|pas|not)\b)"
_ADDRESS = ("https?:", r"[\w.+-]{1,64}@\w")
_ADDRESS_SIGNS = frozenset({"http", "@"})


class Framed(NamedTuple):
    """A frame in one language; of each set of words and of phrases a text needs one."""

    frame: Frame
    words: tuple[frozenset[str], ...]
    phrases: tuple[tuple[str, ...], ...]
    pattern: str


def framed() -> Iterator[Framed]:
    """Yield each frame in each language that has words for it."""
    for language, lists in _languages().items():
        lists["address"] = []
        for frame in FRAMES:
            if all(part in lists for part in frame.says):
                words = tuple(_signs(part, lists[part]) for part in frame.says)
                phrases = tuple(_fixed(lists[part]) for part in frame.says if lists[part])
                yield Framed(frame, words, phrases, _pattern(frame, language, lists))


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
    return _ADDRESS_SIGNS if part == "address" else frozenset(map(_sign, phrases))


def _fixed(phrases: list[str]) -> tuple[str, ...]:
    """Return what of each phrase stands in any text with it."""
    return tuple(max(phrase.split("*"), key=len).strip() for phrase in phrases)


def _sign(phrase: str) -> str:
    """Return the longest word of a phrase, as orders.py writes it: ``=`` for all of a word."""
    longest = max(re.findall(r"[^\s*'’~/._-]+\*?", phrase), key=len)
    is_whole = longest.isascii() and longest.isalpha()
    return f"={longest}" if is_whole else longest.rstrip("*")


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
    if part == "drop":
        written = f"{_NOT_BEFORE}(?:{written}){_NOT_AFTER}"
    return f"(?:{written})" if language in _JOINED else rf"(?<!\w)(?:{written})(?!\w)"


def _phrase(phrase: str) -> str:
    """Return the pattern of a phrase: spaces may be wider, and * is any ending or any word."""
    escaped = re.escape(phrase).replace(r"\ \*\ ", r"\s+\w+\s+").replace(r"\*", r"\w*")
    return escaped.replace(r"\ ", r"\s+").replace("'", "['’]")
