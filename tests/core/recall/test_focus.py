"""What in a long query asks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from commonplace.recall.focus import Focus, focus

CHAT = "I spent the whole weekend in the garden with Ana. We planted roses and tulips. " * 4


def test_a_short_query_is_taken_whole() -> None:
    assert focus("I like tea. Who is my dentist?") == Focus("I like tea. Who is my dentist?", 1.0)


def test_the_question_at_the_end_of_other_talk_stands_for_itself() -> None:
    assert focus(f"{CHAT}Who is my dentist in Oslo?") == Focus("Who is my dentist in Oslo?", 0.0)


def test_a_talk_that_goes_on_after_its_question_is_what_it_is_about() -> None:
    found = focus(f"{CHAT}Who is my dentist in Oslo? I have a toothache.")
    assert found.text == "Who is my dentist in Oslo? I have a toothache."
    assert 0 < found.rest < 1


def test_a_question_before_a_pasted_text_is_found() -> None:
    found = focus(f"What does this letter want?\n{CHAT}{CHAT}")
    assert found.text == "What does this letter want?"
    assert 0 < found.rest < 1


def test_a_question_of_few_words_takes_the_sentence_before_it_along() -> None:
    text = "I met Eva in Bergen this morning. And Bo?"
    assert focus(CHAT + text).text == text


def test_a_text_that_asks_nothing_is_taken_whole() -> None:
    assert focus(CHAT) == Focus(CHAT, 1.0)


@given(st.text(alphabet="ab .?\n", max_size=600))
def test_something_is_always_asked(query: str) -> None:
    assert focus(query).text.strip() or not query.strip()
