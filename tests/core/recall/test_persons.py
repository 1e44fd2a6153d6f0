"""Whom a question and a statement are about."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import commonplace
from commonplace import Memory
from commonplace.recall.persons import asks_of_self, is_of_relation


@pytest.fixture
def memory() -> Iterator[Memory]:
    with commonplace.open(":memory:") as opened:
        yield opened


@pytest.mark.parametrize(
    ("query", "about_self"),
    [
        ("Am I a vegetarian?", True),
        ("what car do I drive", True),
        ("When is my birthday?", True),
        ("Wo wohne ich?", True),
        ("¿Cuál es mi trabajo?", True),
        ("我对什么过敏？", True),
        ("When is my son's birthday?", False),
        ("Who do I know at Siemens?", False),
        ("Which allergies are in my family?", False),
        ("Where do we live?", False),
        ("Where does Lena live?", False),
        ("我妹妹住在哪里？", False),
    ],
)
def test_whom_a_question_is_about(query: str, *, about_self: bool) -> None:
    assert asks_of_self(query) is about_self


@pytest.mark.parametrize(
    ("text", "about_relation"),
    [
        ("My wife is a vegetarian", True),
        ("My mother's name is Ruth", True),
        ("Mein Bruder arbeitet bei Siemens", True),
        ("Mi hermano trabaja en Correos", True),
        ("Мой брат живёт в Самаре", True),
        ("我妹妹对花生过敏", True),
        ("My wife and I are vegetarians", False),
        ("I am a vegetarian", False),
        ("My dentist is Dr. Weber", False),
        ("我的大夫姓王", False),
        ("My wife told me that " + "we talked about the garden and the trees. " * 3, False),
    ],
)
def test_whom_a_statement_is_about(text: str, *, about_relation: bool) -> None:
    assert is_of_relation(text) is about_relation


OF_OTHERS = [
    ("My wife is a vegetarian", "Am I a vegetarian?", "I eat everything, even tripe"),
    ("My husband drives a Volvo", "What car do I drive?", "I get around in a Fiat Panda"),
    ("My son's birthday is on 4 May", "When is my birthday?", "I was born on 9 October"),
    ("My mother's name is Ruth", "What is my name?", "You can call me Jonas"),
]


@pytest.mark.parametrize(("of_other", "query", "own"), OF_OTHERS)
def test_what_a_relative_is_hides_nothing_of_who_asks(
    memory: Memory, of_other: str, query: str, own: str
) -> None:
    memory.remember_many([of_other, own, "The bins go out on Thursday"])
    assert own in memory.context(query)
    assert of_other in memory.context(query)


def test_who_asks_comes_before_a_relative(memory: Memory) -> None:
    memory.remember_many(["My sister works at Siemens", "My job is at Dachwerk, on the roofs"])
    assert "Dachwerk" in memory.recall("Where do I work, what is my job?")[0].record.text
    assert "Siemens" in memory.recall("Where does my sister work?")[0].record.text


def test_where_nothing_is_known_of_who_asks_a_relative_is_still_found(memory: Memory) -> None:
    memory.remember_many(["My wife is a vegetarian", "The bins go out on Thursday"])
    assert "wife" in memory.recall("Am I a vegetarian?")[0].record.text
