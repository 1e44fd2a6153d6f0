"""Letters and digits are found with a space or without, by what a query has and by its parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import commonplace
from commonplace.recall.spacing import apart, together
from commonplace.recall.words import WordIndex, coverage
from commonplace.testing import HashingEmbedder
from told_texts import told

PAIRS = [
    ("100 GB", "10 GB", "100GB"),
    ("5kg", "15kg", "5 kg"),
    ("Python 3", "Python 2", "Python3"),
    ("10am", "11am", "10 am"),
    ("B-MW 1234", "B-MW 4321", "BMW1234"),
    ("DE89 3704 0044 0532 0130 00", "DE90 3704 0044 0532 0130 01", "DE89370400440532013000"),
    ("DE89370400440532013000", "DE90370400440532013001", "DE89 3704 0044 0532 0130 00"),
    ("Gate A12", "Gate A21", "gate A 12"),
    ("gate A 12", "gate A 21", "Gate A12"),
    ("1,200 euros", "1,300 euros", "1200 euros"),
    ("2500 euros", "3500 euros", "2,500 euros"),
    ("1\u202f250 km", "1\u202f350 km", "1250 km"),
    ("10.000 Euro", "11.000 Euro", "10000 Euro"),
    ("KL1009", "KL1010", "KL 1009"),
    ("plate AB123CD", "plate CD123AB", "AB 123 CD"),
    ("кабинет 12Б", "кабинет 12В", "кабинет 12 Б"),
]


@pytest.mark.parametrize(("wanted", "other", "query"), PAIRS)
def test_a_number_is_found_with_a_space_or_without(wanted: str, other: str, query: str) -> None:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as memory:
        memory.remember_many([f"The note says {wanted} here", f"The note says {other} here"])

        for asked in (query, f"What about {query}?"):
            assert memory.recall(asked)[0].record.text == f"The note says {wanted} here"


def test_another_number_that_is_closed_replaces_none() -> None:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as memory:
        memory.remember("Gate A12 is open")
        memory.remember("Gate A21 is closed")

        assert memory.recall("Is gate A12 open?")[0].record.text == "Gate A12 is open"


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("lh2041", [("lh", "2041")]),
        ("a7iii", [("a", "7", "iii"), ("a7", "iii"), ("a", "7iii")]),
        ("7411", [("7", "411")]),
        ("1000000", [("1", "000", "000")]),
        ("2500000", [("2", "500", "000")]),
        ("300", []),
        ("flight", []),
        ("1.3.2", []),
    ],
)
def test_a_word_comes_apart_where_letters_meet_digits(
    word: str, parts: list[tuple[str, ...]]
) -> None:
    assert apart(word) == parts


def test_neighbours_come_together_where_letters_meet_digits() -> None:
    assert together("Flight LH 2041, gate A 7 B") == [
        ("lh2041", ("lh", "2041")),
        ("a7", ("a", "7")),
        ("a7b", ("a", "7", "b")),
        ("7b", ("7", "b")),
    ]
    assert together("2,500 or 1 000") == [
        ("2500", ("2", "500")),
        ("1000", ("1", "000")),
        ("500or", ("500", "or")),
        ("500or1", ("500", "or", "1")),
        ("or1", ("or", "1")),
    ]
    assert together("version 1.3.2") == [("version1", ("version", "1"))]
    assert together("No number at all") == []


letters = st.text("abcdefghklmnoprstuvwxyzäéñабвгдежзикл", min_size=2, max_size=5)
numbers = st.from_regex(r"\A[1-9]\d{1,5}\Z")


@given(letters, numbers)
def test_what_is_written_as_one_is_covered_like_what_is_written_with_a_space(
    word: str, number: str
) -> None:
    one, two = f"{word}{number}", f"{word} {number}"
    for text, query in ((one, two), (two, one)):
        index = WordIndex()
        index.extend(told(f"note {text}"))
        index.extend(told("note other"))
        found = coverage(index.hits(f"note {query}"), 2)
        assert found[0] > found[1]
