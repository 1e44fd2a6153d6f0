"""What makes an order, whatever the language: a few things that are said together in one sentence.

`data/order_words.txt` has the words of each language for each of these things; a frame names those
that make an order together, in any order of words. It becomes a form as orders.py has them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from importlib import resources
from typing import NamedTuple

_ENDS = r".!?。！？।۔\n"
_WITHIN = 240
SPELT = "[a-zß-ɏЀ-ӿḀ-ỿ]"
"""A letter of the scripts whose words are looked up whole: Latin and Cyrillic ones."""

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
    Frame(("taught", "nothing"), "anyone", "override"),
    Frame(("play", "nolimits"), "anyone", "persona"),
    Frame(("keep", "memory", "power"), "others", "grant"),
    Frame(("before", "send", "private"), "others", "hand-out"),
    Frame(("load", "file", "argument"), "others", "hand-out"),
    Frame(("asked", "serve", "other"), "others", "steer"),
    Frame(("attach", "replies", "machine"), "others", "steer"),
    Frame(("decode", "code", "execute"), "others", "override"),
    Frame(("limits", "exempt", "comply"), "others", "persona"),
    Frame(("user", "waived", "act"), "others", "grant"),
    Frame(("words", "weight"), "others", "grant"),
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


class _Written(NamedTuple):
    """What is written the same in every language: its pattern, and what a text with it has."""

    pattern: str
    signs: frozenset[str]


_FILES = (
    "~/.",
    ".env",
    "id_rsa",
    "id_ed25519",
    ".netrc",
    ".git-credentials",
    "/etc/passwd",
    "mcp.json",
)
_ANYWHERE = {
    "address": _Written(r"(?:https?:|[\w.+-]{1,64}@\w)", frozenset({"http", "@"})),
    "file": _Written(f"(?:{'|'.join(map(re.escape, _FILES))})", frozenset(_FILES)),
}


_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


class Framed(NamedTuple):
    """A frame in one language; of each set of words and of phrases a text needs one."""

    frame: Frame
    words: tuple[frozenset[str], ...]
    phrases: tuple[tuple[str, ...], ...]
    pattern: str


def framed() -> Iterator[Framed]:
    """Yield each frame in each language that has words for it."""
    for language, lists in _languages().items():
        for frame in FRAMES:
            if all(part in lists or part in _ANYWHERE for part in frame.says):
                words = tuple(_signs(part, lists) for part in frame.says)
                phrases = tuple(_fixed(lists[part]) for part in frame.says if part in lists)
                yield Framed(frame, words, phrases, _pattern(frame, language, lists))


def _languages() -> dict[str, dict[str, list[str]]]:
    file = resources.files("commonplace.writing") / "data" / "order_words.txt"
    lists: dict[str, dict[str, list[str]]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            name, _, phrases = line.partition(": ")
            language, _, part = name.partition(" ")
            spelt = [way for one in phrases.split(",") for way in _ways(one.strip())]
            lists.setdefault(language, {})[part] = list(dict.fromkeys(spelt))
    return lists


def _ways(phrase: str) -> tuple[str, ...]:
    """Return the ways in which a phrase is typed: where a keyboard lacks accents, without them."""
    if not re.search("[à-ɏ]", phrase):
        return (phrase,)
    plain = "".join(c for c in unicodedata.normalize("NFD", phrase) if not unicodedata.combining(c))
    return phrase, plain, phrase.translate(_GERMAN)


def _signs(part: str, lists: dict[str, list[str]]) -> frozenset[str]:
    """Return the longest word of each phrase: a text without one of these has no such phrase."""
    return _ANYWHERE[part].signs if part in _ANYWHERE else frozenset(map(_sign, lists[part]))


def _fixed(phrases: list[str]) -> tuple[str, ...]:
    """Return what of each phrase stands in any text with it."""
    return tuple(max(phrase.split("*"), key=len).strip() for phrase in phrases)


def _sign(phrase: str) -> str:
    """Return the longest word of a phrase, as orders.py writes it: ``=`` for all of a word."""
    longest = max(re.findall(r"[^\s*'’~/._-]+\*?", phrase), key=len)
    is_whole = re.fullmatch(f"{SPELT}+", longest)
    return f"={longest}" if is_whole else longest.rstrip("*")


def _pattern(frame: Frame, language: str, lists: dict[str, list[str]]) -> str:
    """Return a pattern that finds a sentence with all parts of the frame."""
    ends = r"\n" if {"address", "tool", "file"} & set(frame.says) else _ENDS
    ahead = (rf"(?=[^{ends}]{{0,{_WITHIN}}}?{_any(p, lists, language)})" for p in frame.says)
    named = rf"(?=[^{ends}]{{0,80}}?[:،,!])" if " ".join(sorted(frame.says)) == "ai call" else ""
    return rf"(?:^|[{ends}])" + named + "".join(ahead)


def _any(part: str, lists: dict[str, list[str]], language: str) -> str:
    if part in _ANYWHERE:
        return _ANYWHERE[part].pattern
    written = "|".join(map(_phrase, sorted(lists[part], key=len, reverse=True)))
    if part == "drop":
        written = f"{_NOT_BEFORE}(?:{written}){_NOT_AFTER}"
    return f"(?:{written})" if language in _JOINED else rf"(?<!\w)(?:{written})(?!\w)"


def _phrase(phrase: str) -> str:
    """Return the pattern of a phrase: spaces may be wider, and * is any ending or any word."""
    escaped = re.escape(phrase).replace(r"\ \*\ ", r"\s+\w+\s+").replace(r"\*", r"\w*")
    return escaped.replace(r"\ ", r"\s+").replace("'", "['’]")
