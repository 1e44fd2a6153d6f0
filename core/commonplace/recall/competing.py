"""Which of two statements about the same comes first: the one made later.

"Favourite colour is green" and, a year later, "favourite colour is blue now" resemble each other
and answer alike; only the later holds. Records compete that are of one scope and not of one
session, are nearly as relevant as one another, and are put alike, in words and in meaning. What
the query tells apart does not compete: asked for server 3, an answer about server 3 comes before
a later one about server 8. A question that says all that a statement says ("Is green my favourite
colour?") asks whether it still holds: the value in it tells nothing apart.

Where a later statement of change is only likely to be about the same ("I have moved to Ghent",
asked where I live), it stands beside the best: right behind it, and nearly as sure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from commonplace.recall.asking import size
from commonplace.recall.attributes import leaves
from commonplace.recall.of_text import of_text
from commonplace.recall.statements import (
    BEING,
    SHORT,
    change_span,
    is_of_self,
    is_unreal,
    tells_of_change,
    tells_of_end,
    tells_time,
)
from commonplace.recall.subjects import opening_of
from commonplace.recall.terms import DEFAULT_LANGUAGE, detect_language, stem, terms_in
from commonplace.recall.tokens import UNSPACED, joined, split
from commonplace.recall.word_lists import word_lists
from commonplace.recall.words import Term

ALIKE = 0.5
"""The least cosine of two statements that are about the same."""

SHARED = 0.4
"""Of the words of both, the share that both have at least: all but what changed."""

SAME = 0.55
"""The cosine of two short statements from which they give the same thing a value."""

SURELY_SAME = 0.65
"""The cosine from which one word may be all that they share: the name of whom both are about."""

NEARLY = 0.3
"""The most by which the later may be less relevant."""

CHANGED_ALIKE = 0.3
"""The least cosine, where the later says itself that something changed."""

SURELY_ALIKE = 0.4
"""The least cosine from which it need not begin with what the other is about."""

CHANGED_NEARLY = 1.0
"""The most by which it may be less relevant then: it seldom repeats the words."""

BESIDE = 0.01
"""How far below the best that is put, in units of relevance."""

MOSTLY = 0.8
"""Of the terms of a statement, the share in a query that asks whether it holds."""

_WRITTEN_AS_ONE = re.compile(r"\w[^\w\s'’-]+\w|_|[a-z][A-Z]")

_POSSESSIVE = re.compile(r"(\w{2,})['’]s\b")

_LABEL = re.compile(r"(?<=[a-z] )[A-HJ-Z]\b(?!['.])")


@dataclass(frozen=True)
class Statement:
    """A record as one of those that may replace one another.

    Statements of one `group` compete only where the later tells of a change. `named` are the terms
    of the query that it holds; a question, or a reply that says nothing, does not state anything.
    """

    text: str
    group: object
    named: frozenset[Term]
    states: bool = True

    @property
    @of_text
    def words(self) -> frozenset[str]:
        """Its words; of scripts without spaces, the characters."""
        runs = split(self.text)
        if self.text.isascii():
            return frozenset(runs)
        return frozenset(part for run in runs for part in (run if UNSPACED.match(run) else (run,)))

    @property
    @of_text
    def stems(self) -> list[str]:
        """The stems of its words but for function words and verbs of what lasts, in their order."""
        return self.stems_in(self.text)

    @property
    @of_text
    def language(self) -> str:
        """The language that it is in."""
        return detect_language(split(self.text), DEFAULT_LANGUAGE)

    def stems_in(self, part: str) -> list[str]:
        """Return those of a part of it."""
        return [
            one for one in terms_in(split(part), self.language) if one not in _stems_of_states()
        ]

    @cached_property
    def stems_named(self) -> frozenset[str]:
        """Those of the query that it holds."""
        return frozenset[str]().union(*self.named)

    @cached_property
    def tells_of_change(self) -> bool:
        """Whether it says that it replaces what held before."""
        return self.states and size(self.text) <= SHORT and tells_of_change(self.text)

    @property
    @of_text
    def tells_of_end(self) -> bool:
        """Whether it says that something ended."""
        return tells_of_end(self.text)

    def is_about(self, other: Statement) -> bool:
        """Tell whether it is about the speaker, or what it begins with is in another."""
        if is_of_self(self.text):
            return True
        before = _stems(self.text[: change_span(self.text)[0]])
        return not before or not {*other.stems, *other.stems_named}.isdisjoint(before)

    @property
    @of_text
    def subject(self) -> set[str]:
        """The stems of what it is about: what stands before "is", or else its first word.

        An opening that tells of a change is no part of it: "Dropped Acme", "My new doctor is".
        """
        start, end = change_span(self.text)
        text = self.text if _stems(self.text[:start]) else self.text[end:]
        being = BEING.search(text)
        own = _stems(text[: being.start()]) if being else []
        return {one for one in own or _stems(text)[:1] if not _has_digit(one)}

    @property
    @of_text
    def opening(self) -> str:
        """What stands before what says that something is or changed, or else its beginning."""
        being = BEING.search(self.text)
        return opening_of(self.text, being.start() if being else len(self.text))

    @property
    @of_text
    def counted(self) -> set[str]:
        """The stems of what it says how many there are of: what follows a number."""
        if UNSPACED.search(self.text):
            return set()
        follows = (after for one, after in pairwise(split(self.text)) if _has_digit(one))
        return {stem for after in follows for stem in self.stems_in(after) if not _has_digit(stem)}

    @property
    @of_text
    def parts(self) -> set[str]:
        """The stems in what it writes as one: `max_retry_delay`, `ann@mail.test`, `--dry-run`."""
        written = [one for one in self.text.split() if _WRITTEN_AS_ONE.search(one)]
        wholes = [one.whole for one in joined(self.text)]
        return {stem for one in (*written, *wholes) for stem in _stems(one)}

    def has_other_labels(self, other: Statement) -> bool:
        """Tell whether both have a lone capital behind a word, and not the same: "server B"."""
        own, others = (set(_LABEL.findall(text)) for text in (self.text, other.text))
        return bool(own and others) and own.isdisjoint(others)

    def names_value_of(self, other: Statement) -> bool:
        """Tell whether it has a word of another that the query has not: "I quit Acme"."""
        return not set(self.stems).isdisjoint(set(other.stems) - other.stems_named)

    def is_of_another(self, older: Statement) -> bool:
        """Tell whether the older is about something that the query names and this is not about.

        That is its first word, a number, a name, a part of what is written as one, or all of it.
        """
        if self.has_other_labels(older) or self._is_of_what_is_of(older):
            return True
        lost = older.stems_named.difference(self.stems)
        if not lost:
            return False
        if older.is_asked or not lost.isdisjoint(older.parts) or any(map(_has_digit, lost)):
            return True
        if is_of_self(older.text):  # "I bought a bike": it is about what follows the verb
            return next((one for one in older.stems if one not in self.stems), "") in lost
        return not lost.isdisjoint(older.subject) and not self.subject.issubset(older.stems)

    def _is_of_what_is_of(self, other: Statement) -> bool:
        """Tell whether it is about what belongs to who the other is about: "Rosa's husband"."""
        owners = _POSSESSIVE.findall(self.text)
        return any(re.search(rf"\b{re.escape(one)}\b(?!['’])", other.text) for one in owners)

    def gives_as_much_as(self, older: Statement) -> bool:
        """Tell whether it gives a number or a day where the older does."""
        if older.gives_number:
            return self.gives_number
        return not older.tells_time or self.tells_time or self.gives_number

    @property
    @of_text
    def gives_number(self) -> bool:
        """Whether it has a number, in digits or as a word."""
        if any(map(str.isnumeric, self.text)):
            return True
        usual = word_lists("stop_words").get(self.language, frozenset())
        return not (self.words & _number_words()).issubset(usual)

    @property
    @of_text
    def tells_time(self) -> bool:
        """Whether it names a time."""
        words = split(self.text)
        return tells_time(self.text, [*words, *(one.removesuffix("s") for one in words)])

    @cached_property
    def is_asked(self) -> bool:
        """Whether the query says nearly all that this says, and so asks whether it holds."""
        return sum(map(self.stems_named.__contains__, self.stems)) >= MOSTLY * len(self.stems)

    def asks_for(self, terms: frozenset[Term], newer: Statement) -> bool:
        """Tell whether the query asks whether this holds, and these of its terms are the value.

        The value stands together: behind all the rest, or with the same around it as in the
        `newer`. It does not stand first: "Ben moved to Oslo" says nothing of whether Anna lives in
        Oslo. Two numbers are not one value.
        """
        value = frozenset[str]().union(*terms)
        places = [place for place, one in enumerate(self.stems) if one in value]
        if not places or not self.is_asked or self._numbers_of(value) > 1:
            return False
        if places[-1] - places[0] >= len(places):
            return False
        numbers = [_has_digit(self.stems[place]) for place in places]
        if any(numbers) and not numbers[-1]:
            return False  # of "ticket 812 is open" the number is no part of what may change
        if places[0] == 0 and not is_of_self(self.text):
            return False
        rest = [one for one in self.stems if one not in value]
        return places[-1] == len(self.stems) - 1 or set(rest) <= set(newer.stems)

    def _numbers_of(self, stems: frozenset[str]) -> int:
        runs = [run for run in self.text.lower().split() if any(map(str.isdigit, run))]
        return sum(not stems.isdisjoint(split(run)) for run in runs)


def overtakes(
    behind: Statement, ahead: Statement, *, newer: Statement, cosine: float, lag: float
) -> bool:
    """Tell whether one of two near statements would answer in the place of the other.

    It is less relevant by `lag`. One that lacks a term of the query answers for none that has it:
    "my brother moved" says nothing of where my sister lives.
    """
    older = ahead if newer is behind else behind
    if is_unreal(newer.text) or (_are_short(behind, ahead) and leaves(newer, older)):
        return False
    if _gives_anew(newer, older, cosine):
        return True
    if _are_short(behind, ahead) and newer.tells_of_change:
        return _changes(behind, ahead, newer, cosine)
    missing = ahead.named - behind.named
    return (
        cosine >= ALIKE
        and lag <= (CHANGED_NEARLY if missing else NEARLY)
        and behind.group != ahead.group
        and (not missing or (_are_numerals(missing) and ahead.asks_for(missing, newer)))
        and _overlap(ahead.words, behind.words) >= SHARED
    )


def _changes(behind: Statement, ahead: Statement, newer: Statement, cosine: float) -> bool:
    """Tell whether the newer, a statement of change, changes what the older says.

    It may end what the older names. Else it lacks no term of the query but verbs such as "live",
    and the value that is asked about.
    """
    older = ahead if newer is behind else behind
    ends = newer.tells_of_end
    if newer.has_other_labels(older) or not (ends or newer.gives_as_much_as(older)):
        return False
    if ends and newer.names_value_of(older) and newer.is_about(older):
        return True
    tells = bool(_essential(ahead.named)) and cosine >= SURELY_ALIKE
    if not (tells or newer.is_about(older)):
        return False
    lost = _essential(ahead.named - behind.named)
    return not lost or (ahead.asks_for(lost, newer) and not ends)


def _gives_anew(newer: Statement, older: Statement, cosine: float) -> bool:
    """Tell whether two short statements are so near that they give one thing two values."""
    if cosine < SAME or not newer.states or newer.group == older.group:
        return False
    if not _are_short(newer, older) or not newer.gives_as_much_as(older):
        return False
    shared = len(set(newer.stems).intersection(older.stems))
    if cosine < SURELY_SAME and shared < 2 and _overlap(newer.words, older.words) < SHARED:
        return False
    return shared > 0 and not newer.is_of_another(older)


def _are_short(*statements: Statement) -> bool:
    return all(size(one.text) <= SHORT for one in statements)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _are_numerals(terms: frozenset[Term]) -> bool:
    return all(any(map(str.isdigit, stem)) for term in terms for stem in term)


def _essential(terms: frozenset[Term]) -> frozenset[Term]:
    """Return terms without the verbs of what lasts, of which a statement of change has another."""
    return frozenset(term for term in terms if term.isdisjoint(_stems_of_states()))


@lru_cache(maxsize=1)
def _stems_of_states() -> frozenset[str]:
    lists = word_lists("state_words").items()
    return frozenset(stem(word, language) for language, words in lists for word in words)


@lru_cache(maxsize=1)
def _number_words() -> frozenset[str]:
    """Return the words of numbers but one, which is an article in many languages."""
    lists = word_lists("number_words")
    return frozenset().union(*(lists[number] for number in lists.keys() - {"1"}))


def _stems(text: str) -> list[str]:
    words = split(text)
    return terms_in(words, detect_language(words, DEFAULT_LANGUAGE))


def _overlap(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / max(len(one | other), 1)
