"""The index of words."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.recall.coded import joined
from commonplace.recall.growing import Floats
from commonplace.recall.words import MOST_TERMS, WordIndex, coverage
from told_texts import told

VOCABULARY = ["zebra", "milk", "rice", "tea", "Oslo", "Hamburg", "gestern", "养猫", "книга", "the"]
TEXTS = st.lists(st.lists(st.sampled_from(VOCABULARY), max_size=6).map(" ".join), max_size=12)
ENGLISH = st.sampled_from(["zebra", "milk", "rice", "tea", "Oslo", "Hamburg", "the"])
PASSAGES = st.lists(
    st.sampled_from([*VOCABULARY, "und", "die", "was", "the", "a", "et", "la", "no", "que", "в"]),
    max_size=9,
).map(" ".join)
QUERIES = st.lists(st.sampled_from([*VOCABULARY, "unheard"]), max_size=6)

ROWS = range(520)
LANGUAGES = [
    "My sister bought a house in London",
    "Meine Schwester hat zwei Katzen und wohnt in Hamburg",
    "Я вчера купил красную машину",
    "我养了一只橘猫",
    "私は犬が好きです",
    "나는 서울에 살고 있어요",
    "ฉันชอบกินข้าวผัด",
    "Ma voiture est rouge et elle est à Paris",
]


def index_of(texts: list[str]) -> WordIndex:
    index = WordIndex()
    for text in texts:
        index.extend(told(text))
    return index


def covered(texts: list[str], query: str) -> Floats:
    index = index_of(texts)
    return coverage(index.hits(query), len(index))


@given(TEXTS, QUERIES)
def test_coverage_is_a_share(texts: list[str], query: list[str]) -> None:
    index = index_of(texts)
    hits = index.hits(" ".join(query))
    shares = coverage(hits, len(index))
    assert ((shares >= 0) & (shares <= 1)).all()
    assert float(hits.weights.sum()) == pytest.approx(1.0 if len(hits.weights) else 0.0)


@given(TEXTS, QUERIES, st.randoms(use_true_random=False))
def test_the_order_of_a_query_does_not_matter(
    texts: list[str], query: list[str], random: object
) -> None:
    shuffled = sorted(query, key=lambda _: random.random())  # type: ignore[attr-defined]  # a Random
    expected = covered(texts, " ".join(query))
    np.testing.assert_allclose(covered(texts, " ".join(shuffled)), expected, atol=1e-6)


@given(
    st.lists(st.lists(ENGLISH, max_size=6).map(" ".join), max_size=12),
    st.lists(ENGLISH, max_size=6),
    st.integers(0, 12),
)
def test_after_a_removal_scores_are_as_if_the_record_had_never_been(
    texts: list[str], query: list[str], row: int
) -> None:
    place = min(row, len(texts))
    index = index_of([*texts[:place], "zebra milk 42", *texts[place:]])
    index.remove(place)
    hits, expected = index.hits(" ".join(query)), index_of(texts).hits(" ".join(query))
    shares = coverage(hits, len(index))
    assert shares[place] == 0
    np.testing.assert_allclose(np.delete(shares, place), coverage(expected, len(texts)), atol=1e-5)


@given(st.lists(st.tuples(PASSAGES, st.sampled_from(["", "Anna", "养猫"])), max_size=12), QUERIES)
def test_many_records_are_indexed_as_if_one_by_one(
    said: list[tuple[str, str]], query: list[str]
) -> None:
    together, one_by_one = WordIndex(), WordIndex()
    each = [told(text, agent=agent) for text, agent in said]
    if each[:-1]:
        together.extend(joined(each[:-1]))
    for one in each[-1:]:
        together.extend(one)
    for one in each:
        one_by_one.extend(one)

    hits, expected = together.hits(" ".join(query)), one_by_one.hits(" ".join(query))

    assert together.language == one_by_one.language
    assert together.lengths.tolist() == one_by_one.lengths.tolist()
    for field in ("rows", "which", "strength", "occurrences", "weights"):
        assert getattr(hits, field).tolist() == getattr(expected, field).tolist()


def test_an_index_that_is_asked_often_finds_the_same() -> None:
    """Occurrences are sorted in after some questions: before, after, and with new ones beside."""
    texts = [" ".join(f"word{(7 * row + 3 * place) % 400}" for place in range(12)) for row in ROWS]
    often, once = WordIndex(), WordIndex()
    often.extend(told(*texts[:500]))
    for number in range(400):
        assert len(often.hits(f"word{number}").rows) == sum(
            f"word{number}" in text.split() for text in texts[:500]
        )
    often.extend(told(*texts[500:]))
    once.extend(told(*texts))

    hits, expected = often.hits("word3 word14 word399"), once.hits("word3 word14 word399")

    for field in ("rows", "which", "strength", "occurrences", "weights"):
        assert getattr(hits, field).tolist() == getattr(expected, field).tolist()


def test_one_rare_term_beats_many_common_ones() -> None:
    common = "tea milk rice"
    shares = covered([*[common] * 200, "zebra"], f"zebra {common}")
    assert shares.argmax() == 200


def test_a_scope_of_one_record_has_sensible_scores() -> None:
    assert 0.3 < covered(["I keep a zebra"], "zebra")[0] < 1


def test_a_second_occurrence_adds_less_than_the_first() -> None:
    none, once, twice = covered(["tea rice", "zebra rice", "zebra zebra"], "zebra")
    assert none == 0 < once < twice < 2 * once


def test_who_said_it_is_found_too() -> None:
    index = index_of(["I moved to Oslo"])
    index.extend(told("I moved to Oslo", agent="Caroline"))
    assert coverage(index.hits("Caroline"), 2).argmax() == 1


@pytest.mark.parametrize("row", range(len(LANGUAGES)))
def test_texts_of_every_language_find_themselves(row: int) -> None:
    assert covered(LANGUAGES, LANGUAGES[row]).argmax() == row


@pytest.mark.parametrize(
    ("query", "row"),
    [
        ("Where did she buy houses?", 0),
        ("Wo wohnt deine Schwester mit der Katze?", 1),
        ("машина", 2),
        ("我的猫是什么颜色", 3),
        ("犬", 4),
        ("서울", 5),
        ("ข้าวผัด", 6),
        ("voitures rouges", 7),
    ],
)
def test_other_forms_of_the_words_find_them_too(query: str, row: int) -> None:
    assert covered(LANGUAGES, query).argmax() == row


def test_forms_of_one_word_in_two_languages_are_one_term() -> None:
    index = index_of(
        ["the lake is near the house and we like it", "el lago lake y la casa de mi madre"]
    )
    hits = index.hits("lake")
    assert len(hits.weights) == 1
    assert sorted(hits.rows.tolist()) == [0, 1]


@pytest.mark.parametrize("query", ["", "   ", "what did you", "?!… —", "🐈🐕", "\x00", "𓀀𓁐"])
def test_a_query_without_known_terms_finds_nothing(query: str) -> None:
    index = index_of(["I keep a zebra", "and a 🐈"])
    hits = index.hits(query)
    assert coverage(hits, 2).tolist() == [0, 0]


def test_of_a_long_query_the_weightiest_terms_count() -> None:
    query = " ".join(["zebra", *(f"word{number}" for number in range(15_000))])
    hits = index_of(["zebra", *[" ".join(f"word{n}" for n in range(60))] * 3]).hits(query)
    assert len(query) > 100_000
    assert len(hits.weights) == MOST_TERMS


def test_nothing_is_found_in_nothing() -> None:
    hits = WordIndex().hits("zebra")
    assert coverage(hits, 0).tolist() == []


def test_writing_after_reading_works() -> None:
    index = index_of(["zebra"])
    hits = index.hits("zebra")
    index.extend(told("zebra"))
    assert hits.rows.tolist() == [0]
    assert index.hits("zebra").rows.tolist() == [0, 1]


def test_frames_that_a_profiler_keeps_are_in_nobodys_way() -> None:
    """What a kept frame views cannot grow: so a record would be written and its words not."""
    index, frames = WordIndex(), []
    index.extend(told("geese at the lake"))
    sys.setprofile(lambda frame, *_: frames.append(frame))
    index.hits("Where are geese?")
    sys.setprofile(None)

    index.extend(told("geese on the meadow"))

    assert frames
    assert coverage(index.hits("geese"), 2).all()


def test_the_commonest_language_is_that_of_unclear_texts() -> None:
    index = index_of(["Ich habe gestern nicht gelesen", "wo ist das Haus mit dem Garten", "Zebra"])
    assert index.language == "german"
