"""Of statements about the same the newer answers, unless the past or another thing is meant."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

import commonplace
from commonplace import Memory, Record, Source

JANUARY = datetime(2026, 1, 1, tzinfo=timezone.utc)
APRIL = JANUARY + timedelta(days=90)
OTHER = ("The cat sleeps all day", "Bought new running shoes", "It rained on Sunday")


@pytest.fixture(scope="module")
def opened() -> Iterator[Memory]:
    with commonplace.open(":memory:") as root:
        yield root


@pytest.fixture
def memory(opened: Memory, request: pytest.FixtureRequest) -> Memory:
    return opened.scope("user", str(abs(hash(request.node.name))))


def first(memory: Memory, older: str, newer: str, query: str) -> str:
    """Keep two statements, the newer before the older, and return what a query finds first."""
    memory.remember_many([Record(text, created_at=JANUARY) for text in OTHER])
    memory.remember_many([Record(newer, created_at=APRIL), Record(older, created_at=JANUARY)])
    return memory.recall(query)[0].record.text


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        (
            "Favourite colour is green",
            "Favourite colour is blue now",
            "What is my favourite colour?",
        ),
        ("Lives in Oslo", "Lives in Bergen", "Where do I live?"),
        ("Drives a Volvo", "Drives a Tesla now", "What car do I drive?"),
        ("Deploys run on Fridays", "Deploys run on Mondays", "When do deploys run?"),
        ("My daughter is 4 years old", "My daughter is 5 years old", "How old is my daughter?"),
        ("My first name is Nia", "My first name is Nadia", "What is my first name?"),
        ("Vivo en Madrid", "Ahora vivo en Sevilla", "¿Dónde vivo?"),
        ("我住在北京", "我现在住在上海", "我住在哪里？"),
    ],
)
def test_of_two_statements_put_alike_the_newer_comes_first(
    memory: Memory, older: str, newer: str, query: str
) -> None:
    assert first(memory, older, newer, query) == newer


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        ("I live in Oslo", "I moved to Bergen last week", "Where do I live?"),
        ("I use vim", "I switched to emacs", "Which editor do I use?"),
        ("Our database is MySQL", "We migrated our database to PostgreSQL", "Which database?"),
        ("The meeting is on Tuesday", "The meeting was moved to Thursday", "When is the meeting?"),
        ("Meine Chefin ist Karla", "Meine Chefin ist seit März Petra", "Wer ist meine Chefin?"),
    ],
)
def test_what_tells_of_a_change_replaces_what_is_put_otherwise(
    memory: Memory, older: str, newer: str, query: str
) -> None:
    assert first(memory, older, newer, query) == newer


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        (
            "agent1 learned fact number 3",
            "agent1 learned fact number 8",
            "agent1 learned fact number 3",
        ),
        (
            "The web server runs on port 8080",
            "The mail server runs on port 2525 now",
            "Which port does the web server use?",
        ),
        (
            "My sister lives in Rome",
            "My brother moved to Paris",
            "Where does my sister live?",
        ),
        ("My dentist is Dr. Okafor", "My new doctor is Dr. Ruiz", "Who is my dentist?"),
        ("I live in Oslo", "I moved the couch to the window", "Where do I live?"),
    ],
)
def test_what_the_query_tells_apart_is_not_replaced(
    memory: Memory, older: str, newer: str, query: str
) -> None:
    assert first(memory, older, newer, query) == older


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        ("I live in Oslo", "I live in Bergen now", "Where did I live before?"),
        ("I use vim", "I switched to emacs", "Which editor did I use previously?"),
        ("The budget is 20,000 euros", "The budget is 12,000 euros", "What was the old budget?"),
    ],
)
def test_asked_for_the_past_the_older_comes_first(
    memory: Memory, older: str, newer: str, query: str
) -> None:
    assert first(memory, older, newer, query) == older


def test_a_word_of_the_past_in_what_is_asked_for_lets_no_other_thing_come_first(
    memory: Memory,
) -> None:
    wanted, older = "before learned fact number 24", "after learned fact number 24"
    assert first(memory, older, wanted, wanted) == wanted


def test_a_correction_in_the_same_conversation_replaces_what_it_corrects(memory: Memory) -> None:
    wrong, right = "My flight leaves at 9:40", "Sorry, my flight leaves at 11:15"
    memory.remember_many(
        Record(text, created_at=JANUARY + timedelta(minutes=place), source=Source(session="chat"))
        for place, text in enumerate([wrong, right])
    )
    assert memory.recall("When does my flight leave?")[0].record.text == right
