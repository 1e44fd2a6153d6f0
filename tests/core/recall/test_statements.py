"""What kind of statement a text is."""

from __future__ import annotations

import pytest

from commonplace.recall.statements import (
    addresses_agent,
    asks_for_past,
    asks_for_questions,
    asks_when,
    change_span,
    tells_time,
)
from commonplace.recall.tokens import split


@pytest.mark.parametrize(
    "text",
    [
        "We met Yesterday.",
        "THIS WEEK I start",
        "since 1999",
        "back in 2021",
        "I go next Tuesday",
        "我昨天去了",
        "5月3日",
        "вчера было",
    ],
)
def test_a_text_may_tell_a_time(text: str) -> None:
    assert tells_time(text, split(text))


@pytest.mark.parametrize(
    "text", ["", "This is it", "May I?", "It lasts", "12021 is odd", "Tuesdays", "我去了", "🐈"]
)
def test_other_texts_tell_no_time(text: str) -> None:
    assert not tells_time(text, split(text))


@pytest.mark.parametrize("query", ["When was it?", "which year", "wie lange", "什么时候", "いつ"])
def test_a_query_may_ask_when(query: str) -> None:
    assert asks_when(query)


@pytest.mark.parametrize("query", ["", "Whenever", "what did she eat", "谁"])
def test_other_queries_do_not_ask_when(query: str) -> None:
    assert not asks_when(query)


@pytest.mark.parametrize(
    ("text", "said"),
    [("I moved to Oslo", "moved"), ("She no longer works", "no longer"), ("Tea", "")],
)
def test_where_a_statement_tells_of_a_change_is_known(text: str, said: str) -> None:
    assert text[slice(*change_span(text))] == said


@pytest.mark.parametrize("query", ["What did you say?", "Was hast du gesagt?", "你说了什么"])
def test_a_query_may_address_the_agent(query: str) -> None:
    assert addresses_agent(query)


@pytest.mark.parametrize("query", ["", "What did she say?", "youth"])
def test_other_queries_do_not_address_the_agent(query: str) -> None:
    assert not addresses_agent(query)


@pytest.mark.parametrize("query", ["what did I ask about last week?", "Was habe ich gefragt?"])
def test_a_query_may_ask_for_questions(query: str) -> None:
    assert asks_for_questions(query)


def test_a_task_is_no_question_asked_for() -> None:
    assert not asks_for_questions("Which task is due?")


@pytest.mark.parametrize("query", ["What was her old address?", "Where did she live before?"])
def test_a_query_may_ask_for_the_past(query: str) -> None:
    assert asks_for_past(query)


def test_a_question_of_now_asks_for_no_past() -> None:
    assert not asks_for_past("What is her favourite colour?")
