"""Words: an inverted index that is updated in place and scores every record of a scope.

BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009), with
two changes. Document frequencies are smoothed by a background of unseen records, so that a scope
of one record has sensible weights. Scores are divided by the weight of the whole query, so that
they are the share of the query's information that a record covers: absolute, in 0..1, comparable
between scopes and queries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np

from commonplace.recall.coded import Told
from commonplace.recall.focus import Focus
from commonplace.recall.growing import Floats, Growing, Mask, Rows
from commonplace.recall.indexing import indexed
from commonplace.recall.postings import Occurrences, Postings
from commonplace.recall.postings import joined as concatenated
from commonplace.recall.spacing import Parts, apart, together
from commonplace.recall.terms import (
    DEFAULT_LANGUAGE,
    detect_language,
    is_character_pair,
    terms_in,
)
from commonplace.recall.tokens import Joined, joined, split

SATURATION = 0.9
"""BM25's k1, what a second occurrence of a word adds: between Lucene's 1.2 and presence alone.

Flat from 0.6 to 1.2.
"""

LENGTH_SHARE = 0.75
"""BM25's b, at its customary value: how far long records are wordy rather than rich."""

BACKGROUND_RECORDS = 50.0
BACKGROUND_FREQUENCY = 0.25
"""Every scope counts as this many records larger, with every word in this many of them."""

MOST_TERMS = 128
"""Of a longer query (a pasted dialogue) only the weightiest terms count: cost stays bounded."""

FULL = 10
"""A record with so many of the weightiest terms covers the query, however long it is."""

MOSTLY = 0.6
"""The share of a query's terms in a record from which on it says most of the query."""

MOST_LANGUAGES = 8
"""A query is stemmed in at most this many languages of the scope, the commonest first."""


Term = frozenset[str]
"""A word of a query as the stems that it has in the languages of a scope."""


@dataclass(frozen=True, slots=True)
class Hits:
    """Where the terms of one query occur.

    `rows`, `which`, `strength` and `occurrences` are parallel, with one element per term and
    record: the record, the number of the term, its saturated strength in 0..1, its plain count.
    """

    rows: Rows
    which: Rows
    strength: Floats
    occurrences: Floats
    weights: Floats
    """Per term: its information (inverse document frequency) over the sum of the query's."""
    terms: tuple[Term, ...] = ()

    def named(self, rows: Rows) -> list[frozenset[Term]]:
        """Return for each of some rows which of the terms it holds.

        Pairs of characters do not count: any two characters that meet make one.
        """
        named: dict[int, set[Term]] = {row: set() for row in rows.tolist()}
        wanted = np.sort(rows)
        found = wanted[np.searchsorted(wanted, self.rows).clip(max=len(rows) - 1)] == self.rows
        for row, place in zip(self.rows[found].tolist(), self.which[found].tolist(), strict=True):
            if not is_character_pair(self.terms[place]):
                named[row].add(self.terms[place])
        return [frozenset(terms) for terms in named.values()]


class WordIndex:
    """The words of a scope's records. Rows are given in order of adding and never reused."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._postings = Postings()
        self._lengths: Growing[np.float32] = Growing(np.float32)
        self._tells: Growing[np.float32] = Growing(np.float32)
        self._languages: Counter[str] = Counter()
        self._commonest: tuple[str, ...] = ()
        self._removed = 0
        self._telling = 0.0
        self._total_length = 0.0

    def __len__(self) -> int:
        return len(self._lengths)

    @property
    def lengths(self) -> Floats:
        """The number of terms of each record; 0 once removed."""
        return self._lengths.view

    @property
    def language(self) -> str:
        """The commonest language so far."""
        return next(iter(self._commonest), DEFAULT_LANGUAGE)

    def extend(self, told: Told, tells: Floats | None = None) -> None:
        """Index what records say, and who does, under the next rows, as if one by one.

        What a word weighs is counted over what tells something: a question that is asked again and
        again makes its words no commoner. `tells` is 0 for a record that only asks, else 1.
        """
        start, end = len(self), len(self) + len(told)
        terms = indexed(told, self._languages)
        self._commonest = tuple(name for name, _ in self._languages.most_common(MOST_LANGUAGES))
        rows = np.repeat(np.arange(start, end), terms.sizes)
        self._postings.extend(terms.codes, rows, terms.counts)
        lengths = np.bincount(rows - start, terms.counts, minlength=len(told))
        tell = np.ones(len(told), np.float32) if tells is None else tells
        self._lengths.extend(lengths)
        self._tells.extend(tell)
        self._telling += float(tell.sum())
        self._total_length += float((tell * lengths).sum())

    def remove(self, row: int) -> None:
        """Take a record out: scores are as if it had never been added.

        Its postings stay, unread, until the index is built anew.
        """
        tells = float(self._tells.view[row])
        self._telling -= tells
        self._total_length -= tells * float(self._lengths.view[row])
        self._lengths.view[row] = 0.0
        self._removed += 1

    def _terms(self, query: str, tokens: Sequence[Joined]) -> dict[str, list[frozenset[str]]]:
        """Return the terms of each word of a query: its stems in the scope's languages.

        A part of what is written as one is also found by the whole; a whole in prose is none.
        """
        words = split(query)
        languages = self._languages_for(words)
        terms = {word: _word_terms(word, languages) for word in dict.fromkeys(words)}
        for token in tokens:
            whole = frozenset().union(*terms[token.whole])
            for part in token.parts:
                if len(terms[part]) == 1:
                    terms[part] = [terms[part][0] | whole]
        for as_one, several in together(query):
            stems = frozenset[str]().union(*_word_terms(as_one, languages))
            for part in several:
                if len(terms.get(part, ())) == 1:
                    terms[part] = [terms[part][0] | stems]
        in_prose = {token.whole for token in tokens if token.in_prose}
        return {word: own for word, own in terms.items() if word not in in_prose}

    def _languages_for(self, words: Sequence[str]) -> tuple[str, ...]:
        """Return the languages in which a query with these words is stemmed, its own first."""
        return tuple(dict.fromkeys((detect_language(words, self.language), *self._commonest)))

    def hits(self, query: str, focus: Focus | None = None) -> Hits:
        """Look a query up: every occurrence of its terms, and what its terms weigh.

        The words outside its `focus` weigh less, or nothing.
        """
        asking = query if focus is None else focus.text
        tokens = joined(asking)
        terms = self._terms(asking, tokens)
        groups = list(dict.fromkeys(chain.from_iterable(terms.values())))
        within = len(groups)
        if focus is not None and 0 < focus.rest < 1:
            tokens = joined(query)
            terms = self._terms(query, tokens) | terms
            groups = list(dict.fromkeys([*groups, *chain.from_iterable(terms.values())]))
        found = self._found(query, terms, groups)
        rows, which = concatenated([rows for rows, _ in found]), _numbered(found)
        frequencies = np.bincount(which, self._tells.view[rows], len(groups)).astype(np.float32)
        meant = np.array([not is_character_pair(group) for group in groups], np.bool_)
        ideal = information(frequencies, self._telling) * (meant | (frequencies > 0))
        _share_wholes(ideal, frequencies, _places(tokens, terms, groups))
        if focus is not None:
            ideal[within:] *= focus.rest
        kept = np.argsort(-ideal, kind="stable")[:MOST_TERMS]
        weights = ideal[kept] / (float(ideal[kept[:FULL]].sum()) or 1.0)
        return self._hits(weights, [groups[term] for term in kept], [found[term] for term in kept])

    def _found(
        self, query: str, terms: dict[str, list[Term]], groups: list[Term]
    ) -> list[Occurrences]:
        """Return where each of a query's terms occurs, as one word or in parts: "LH 2041"."""
        found = {group: self._occurrences(group) for group in groups}
        ways = [(own[0], parts) for word, own in terms.items() if own for parts in apart(word)]
        languages = self._languages_for(split(query)) if ways else ()
        for group, parts in ways:
            found[group] = self._with_parts(found[group], parts, languages)
        return [found[group] for group in groups]

    def _with_parts(
        self, found: Occurrences, parts: Parts, languages: Sequence[str]
    ) -> Occurrences:
        """Return where a word occurs, and where all of its parts do.

        Function words among the parts ("gate A 12") are in no index: without them it is looked for
        only where it occurs nowhere as one.
        """
        groups = [_word_terms(part, languages) for part in parts]
        own = [group[0] for group in groups if len(group) == 1]
        if not own or (len(own) < len(parts) and len(found[0])):
            return found
        rows = self._occurrences(own[0])[0]
        for group in own[1:]:
            rows = rows[np.isin(rows, self._occurrences(group)[0])]
        more = rows[~np.isin(rows, found[0])]
        joint = np.concatenate([found[0], more])
        counts = np.concatenate([found[1], np.ones(len(more), found[1].dtype)])
        order = np.argsort(joint)
        return joint[order], counts[order]

    def _hits(self, weights: Floats, terms: Sequence[Term], found: Sequence[Occurrences]) -> Hits:
        rows = concatenated([rows for rows, _ in found]).astype(np.int64)
        counts = concatenated([counts for _, counts in found]).astype(np.float32)
        strength = self._strength(rows, counts)
        return Hits(rows, _numbered(found), strength, counts, weights, tuple(terms))

    def _occurrences(self, group: Term) -> Occurrences:
        """Return the rows that hold a term of the group, each once, and how often each does."""
        rows, counts = self._postings.of(group)
        if not self._removed:
            return rows, counts
        lives = self.lengths[rows] > 0
        return rows[lives], counts[lives]

    def _strength(self, rows: Rows, counts: Floats) -> Floats:
        """Return count / (count + k1 (1 - b + b length / average length))."""
        average = max(self._total_length / max(self._telling, 1), 1.0)
        norm = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE / average * self.lengths[rows])
        return np.asarray(counts / (counts + norm), np.float32)


def _numbered(found: Sequence[Occurrences]) -> Rows:
    """Return for each of the occurrences of some terms the number of its term."""
    return np.repeat(np.arange(len(found)), [len(rows) for rows, _ in found])


class _Place(NamedTuple):
    """Where among a query's terms a whole, its parts and its end are; is it all letters?"""

    whole: int
    parts: list[int]
    is_name: bool
    end: int | None


def _word_terms(word: str, languages: Sequence[str]) -> list[frozenset[str]]:
    """Return the terms of one word of a query, whose own language is the first."""
    own = terms_in([word], languages[0])
    if len(own) > 1:  # a run of characters: each is a term of its own, as is each pair
        return [frozenset([term]) for term in own]
    others = (term for language in languages[1:] for term in terms_in([word], language))
    return [frozenset((*own, *others))] if own else []


def _places(
    tokens: Sequence[Joined],
    terms: dict[str, list[frozenset[str]]],
    groups: list[frozenset[str]],
) -> Iterator[_Place]:
    """Yield where among a query's terms each whole and its parts are."""
    for token in tokens:
        if own := terms.get(token.whole):
            parts = chain.from_iterable(terms[part] for part in token.parts)
            places = {groups.index(part) for part in parts} - {groups.index(own[0])}
            end = groups.index(terms[token.end][0]) if token.end else None
            yield _Place(groups.index(own[0]), sorted(places), token.whole.isalpha(), end)


def _share_wholes(ideal: Floats, frequencies: Floats, places: Iterable[_Place]) -> None:
    """Let a whole and its parts weigh together like one word, the whole half of it.

    A name that occurs nowhere as one is written another way here: its parts weigh as words do. So
    is a long number of which only the end occurs: that stands for the whole.
    """
    for whole, parts, is_name, end in places:
        if is_name and not frequencies[whole]:
            ideal[whole] = 0
            continue
        if end is not None and frequencies[end] and not frequencies[whole]:
            ideal[whole] = 0
            _halve(ideal, end, [part for part in parts if part != end])
            continue
        _halve(ideal, whole, parts)


def _halve(ideal: Floats, whole: int, parts: list[int]) -> None:
    """Give a whole half of its weight, and its parts together the other half at most."""
    ideal[whole] /= 2
    ideal[parts] *= min(1.0, float(ideal[whole]) / (float(ideal[parts].sum()) or 1.0))


def information(frequencies: Floats, records: float) -> Floats:
    """Return log(1 + (N - n + 0.5) / (n + 0.5)) with N and n raised by the background."""
    count = records + BACKGROUND_RECORDS
    smoothed = frequencies + BACKGROUND_FREQUENCY
    odds = np.maximum(count - smoothed + 0.5, 0.0) / (smoothed + 0.5)
    return np.asarray(np.log1p(odds), np.float32)


def coverage(hits: Hits, records: int) -> Floats:
    """Return the share of the query's information in each record's own words, in 0..1."""
    scores = np.bincount(hits.rows, hits.weights[hits.which] * hits.strength, records)
    return scores.astype(np.float32)


def contained(hits: Hits, lengths: Floats) -> Mask:
    """Return which records have no terms but those of the query; `lengths` is by row."""
    own = np.bincount(hits.rows, hits.occurrences, minlength=len(lengths))
    return np.asarray(own >= lengths)


def repeated(hits: Hits, lengths: Floats) -> Mask:
    """Return which records have most terms of the query, and no others."""
    held = np.bincount(hits.rows, minlength=len(lengths))
    return contained(hits, lengths) & np.asarray(held >= MOSTLY * len(hits.weights))
