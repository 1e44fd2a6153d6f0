"""Words: an inverted index that is updated in place and scores every record of a scope.

BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009), with
two changes. Document frequencies are smoothed by a background of unseen records, so that a scope
of one record has sensible weights. Scores are divided by the weight of the whole query, so that
they are the share of the query's information that a record covers: absolute, in 0..1, comparable
between scopes and queries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from commonplace.recall.focus import Focus
from commonplace.recall.growing import Floats, Growing, Rows
from commonplace.recall.indexing import commonest, indexed
from commonplace.recall.postings import Postings, joined
from commonplace.recall.terms import (
    detect_language,
    is_character_pair,
    split,
    terms_in,
)

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

MOST_LANGUAGES = 3
"""A query is stemmed in at most this many languages of the scope, the commonest first."""


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


class WordIndex:
    """The words of a scope's records. Rows are given in order of adding and never reused."""

    def __init__(self) -> None:
        """Hold nothing."""
        self._postings = Postings()
        self._lengths: Growing[np.float32] = Growing(np.float32)
        self._tells: Growing[np.float32] = Growing(np.float32)
        self._languages: Counter[str] = Counter()
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
        return commonest(self._languages)

    def add(self, words: Sequence[str], agent: str = "", *, tells: float = 1.0) -> int:
        """Index a record's words, as `split` gives them, and who said it, under the next row.

        What a word weighs is counted over what tells something: a question that is asked again and
        again makes its words no commoner. `tells` is 0 for a record that only asks, else 1.
        """
        row = len(self._lengths)
        language = detect_language(words, self.language)
        terms = terms_in([*split(agent), *words], language)
        self._postings.add(row, Counter(terms))
        self._lengths.append(len(terms))
        self._tells.append(tells)
        self._languages[language] += 1
        self._telling += tells
        self._total_length += tells * len(terms)
        return row

    def extend(
        self, words: Sequence[Sequence[str]], agents: Sequence[str], tells: Floats | None = None
    ) -> None:
        """Add many records: as if one by one, and the first of an index far faster."""
        told = np.ones(len(words), np.float32) if tells is None else tells
        if len(self):
            for own, agent, one in zip(words, agents, told.tolist(), strict=True):
                self.add(own, agent, tells=one)
            return
        many = indexed(words, agents)
        self._postings.extend(many.terms, many.codes, many.rows)
        self._lengths.extend(np.bincount(many.rows, minlength=len(words)))
        self._tells.extend(told)
        self._languages = many.languages
        self._telling = float(told.sum())
        self._total_length = float(told @ self._lengths.view)

    def remove(self, row: int) -> None:
        """Take a record out: scores are as if it had never been added.

        Its postings stay, unread, until the index is built anew.
        """
        tells = float(self._tells.view[row])
        self._telling -= tells
        self._total_length -= tells * float(self._lengths.view[row])
        self._lengths.view[row] = 0.0
        self._removed += 1

    def query_terms(self, query: str) -> list[frozenset[str]]:
        """Return a query's distinct terms: for each word its stems in the scope's languages."""
        words = split(query)
        own_language = detect_language(words, self.language)
        commonest = (language for language, _ in self._languages.most_common(MOST_LANGUAGES))
        languages = dict.fromkeys((own_language, *commonest))
        groups: dict[frozenset[str], None] = {}
        for word in dict.fromkeys(words):
            own = terms_in([word], own_language)
            if len(own) > 1:  # a run of characters: each is a term of its own, as is each pair
                groups.update(dict.fromkeys(frozenset([term]) for term in own))
            elif own:
                stems = (term for language in languages for term in terms_in([word], language))
                groups[frozenset(stems)] = None
        return list(groups)

    def hits(self, query: str, focus: Focus | None = None) -> Hits:
        """Look a query up: every occurrence of its terms, and what its terms weigh.

        The words outside its `focus` weigh less, or nothing.
        """
        asking = query if focus is None else focus.text
        within = self.query_terms(asking)
        has_rest = focus is not None and 0 < focus.rest < 1
        groups = list(dict.fromkeys([*within, *self.query_terms(query)])) if has_rest else within
        found = [self._occurrences(group) for group in groups]
        frequencies = np.array([self._tells.view[rows].sum() for rows, _ in found], np.float32)
        meant = np.array([not is_character_pair(group) for group in groups], np.bool_)
        ideal = information(frequencies, self._telling) * (meant | (frequencies > 0))
        if focus is not None:
            ideal[len(within) :] *= focus.rest
        kept = np.argsort(-ideal, kind="stable")[:MOST_TERMS]
        weights = ideal[kept] / (float(ideal[kept[:FULL]].sum()) or 1.0)
        rows = joined([found[term][0] for term in kept], np.int64)
        counts = joined([found[term][1] for term in kept], np.float32)
        which = np.repeat(np.arange(len(kept)), [len(found[term][0]) for term in kept])
        return Hits(rows, which, self._strength(rows, counts), counts, weights)

    def _occurrences(self, group: frozenset[str]) -> tuple[npt.NDArray[np.int32], Floats]:
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
