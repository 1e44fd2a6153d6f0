"""The part of a long text that answers a query: whole sentences where they fit. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

from commonplace.recall.terms import DEFAULT_LANGUAGE, detect_language, terms_in
from commonplace.recall.tokens import split

Fits = Callable[[str], bool]
Near = Callable[[Sequence[str]], Sequence[float]]
"""Returns how near in meaning each of some texts is to the query."""

SHORTEST = 40
"""Characters for which there has to be room, or no part is shown: it would tell nothing."""

WORDS_TELL = 0.5
"""The share of a query's words in one part from which on it is the one that answers.

Below, what the parts mean is looked at, too: "Granny's ring" answers who gets the jewellery.
"""

_MEANING = 0.5
"""What the part that is nearest in meaning gains, against one that has all words of the query."""

_MOST_EMBEDDED = 32
"""Of a text of more sentences, some that follow one another are looked at together."""

# Where a text is cut, the best places first. Every repetition is bounded.
_ENDS = (
    re.compile(r"""(?<=[.!?…])["'”’)\]]{0,3}\s|[。！？][」』”’）]{0,3}|\n"""),
    re.compile(r"(?<=[,;:–—])\s|[，；：、]"),
    re.compile(r"\s"),
    re.compile(r""),
)


class _Part(NamedTuple):
    start: int
    end: int


def excerpt(text: str, query: str, fits: Fits, near: Near | None = None) -> str:
    """Return the part of `text` that answers the query best and fits, or "" if none does.

    It is one part, cut between lines and sentences, between clauses if no sentence fits, and
    between words if no clause does. It is told by the words of the query and, where they tell too
    little, by what is `near` it in meaning. Where neither tells, it is the beginning.
    """
    if fits(text):
        return text
    if not fits(text[:SHORTEST]):
        return ""
    wanted = _Wanted(query)
    whole = _Part(0, len(text))
    for end in _ENDS:
        parts = _parts(text, whole, end)
        weights = _weights([text[part.start : part.end] for part in parts], wanted, near)
        best = weights.index(max(weights))
        if fits(_shown(text, parts[best])):
            return _grown(text, parts, weights, fits)
        whole = parts[best]
    return ""


class _Wanted:
    """The words that a query asks for."""

    def __init__(self, query: str) -> None:
        words = split(query)
        self._language = detect_language(words, DEFAULT_LANGUAGE)
        self._terms = frozenset(terms_in(words, self._language))

    def shares(self, texts: Sequence[str]) -> list[float]:
        """Return for each text its share of them, in 0..1: the rarer a word, the more it weighs."""
        held = [self._terms.intersection(terms_in(split(one), self._language)) for one in texts]
        count = Counter(term for terms in held for term in terms)
        weights = {term: 1 + 1 / max(count[term], 1) for term in self._terms}
        total = sum(weights.values()) or 1.0
        return [sum(weights[term] for term in terms) / total for terms in held]


def _weights(texts: Sequence[str], wanted: _Wanted, near: Near | None) -> list[float]:
    """Return how well each part of a text answers."""
    shares = wanted.shares(texts)
    if near is None or len(texts) < 2 or max(shares) >= WORDS_TELL:
        return shares
    together = -(-len(texts) // _MOST_EMBEDDED)
    starts = range(0, len(texts), together)
    alike = near(["".join(texts[start : start + together]) for start in starts])
    least, most = min(alike), max(alike)
    return [
        share + _MEANING * (alike[place // together] - least) / ((most - least) or 1.0)
        for place, share in enumerate(shares)
    ]


def _parts(text: str, whole: _Part, end: re.Pattern[str]) -> list[_Part]:
    """Return the consecutive parts of a part of the text, none of them blank."""
    found = [match.end() for match in end.finditer(text, whole.start, whole.end)]
    places = sorted({whole.start, *found, whole.end})
    parts = [_Part(*pair) for pair in pairwise(places)]
    return [part for part in parts if _shown(text, part)] or [whole]


def _grown(text: str, parts: Sequence[_Part], weights: Sequence[float], fits: Fits) -> str:
    """Return the best part with as many of its neighbours as fit, those that hold more first."""
    first = last = weights.index(max(weights))
    while True:
        sides = [at for at in (last + 1, first - 1) if 0 <= at < len(parts)]
        for at in sorted(sides, key=lambda at: -weights[at]):
            longer = _Part(parts[min(first, at)].start, parts[max(last, at)].end)
            if fits(_shown(text, longer)):
                first, last = min(first, at), max(last, at)
                break
        else:
            return _shown(text, _Part(parts[first].start, parts[last].end))


def _shown(text: str, part: _Part) -> str:
    return text[part.start : part.end].strip()
