"""A memory in use: what it was asked, and its empty answers, come before no answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

import commonplace
from commonplace import Memory, Record, Source
from commonplace.values.records import Origin

JANUARY = datetime(2026, 1, 1, tzinfo=timezone.utc)
QUESTION = "Who is my dentist?"
FACTS = ("My dentist is Dr. Weber in Bergen", "I work as a nurse", "My sister lives in Oslo")


@pytest.fixture
def memory() -> Iterator[Memory]:
    with commonplace.open(":memory:") as opened:
        yield opened


def ask(memory: Memory, question: str, reply: str, times: int) -> None:
    """Keep a question and its reply as the adapters do, each time in a session of its own."""
    for number in range(times):
        session, at = f"{question}-{number}", JANUARY + timedelta(days=number)
        said: list[tuple[str, Origin]] = [(question, "user"), (reply, "agent")]
        memory.remember_many(
            Record(
                text,
                kind="message",
                source=Source(session=session, origin=origin),
                created_at=at + timedelta(seconds=place),
            )
            for place, (text, origin) in enumerate(said)
        )


@pytest.mark.parametrize("times", [1, 4, 8])
@pytest.mark.parametrize(
    "reply", ["Let me check that for you.", "I do not know who your dentist is.", "Sijui bado."]
)
def test_what_answers_comes_first_however_often_it_was_asked(
    memory: Memory, times: int, reply: str
) -> None:
    memory.remember_many(FACTS)
    ask(memory, QUESTION, reply, times)
    assert memory.recall(QUESTION)[0].record.text == FACTS[0]


@pytest.mark.parametrize(
    "wording", ["who is my dentist", "Hey, who is my dentist?", "Wait. Who is my dentist? Thanks!"]
)
def test_the_question_in_other_words_is_an_echo_too(memory: Memory, wording: str) -> None:
    memory.remember_many(FACTS)
    ask(memory, wording, "One moment please.", 4)
    assert memory.recall(QUESTION)[0].record.text == FACTS[0]


@pytest.mark.parametrize(
    "request_",
    [
        "One more thing - Who is my dentist?",
        "Hey, quick one. Who is my dentist? Thanks!",
        "Now to something else. Who is my dentist?",
        "did I tell you who my dentist is",
        "my dentist, who",
        "I need to know who my dentist is",
        "Find my dentist",
        "Summarise what you know about my dentist",
        "C'est qui mon dentist",
        "谁是我的 dentist",
    ],
)
def test_a_request_or_what_leads_up_to_a_question_is_an_echo_too(
    memory: Memory, request_: str
) -> None:
    memory.remember_many(FACTS)
    ask(memory, request_, "I looked but found nothing.", 6)
    assert memory.recall(request_)[0].record.text == FACTS[0]


def test_a_question_in_an_unlisted_language_is_an_echo_once_it_is_repeated(memory: Memory) -> None:
    memory.remember_many(["Hundurinn minn heitir Snati", "Ég bý á Akureyri"])
    ask(memory, "segðu mér nafn hunda minna hundurinn minn", "Ég veit það ekki.", 3)
    found = memory.recall("Hvað heitir hundurinn minn?")
    assert found[0].record.text == "Hundurinn minn heitir Snati"


def test_a_statement_made_again_answers_a_yes_or_no_question(memory: Memory) -> None:
    ask(memory, "I like sushi", "Noted.", 3)
    memory.remember_many(FACTS)
    assert memory.recall("Do I like sushi?")[0].record.text == "I like sushi"


def test_where_nothing_answers_an_empty_reply_is_not_sure(memory: Memory) -> None:
    memory.remember_many(FACTS[1:])
    ask(memory, QUESTION, "I do not know.", 4)
    assert all(match.confidence < 0.5 for match in memory.recall(QUESTION))


def test_stored_questions_are_found_when_they_are_asked_for(memory: Memory) -> None:
    memory.remember_many(FACTS)
    ask(memory, QUESTION, "Noted.", 1)
    found = memory.recall("What did I ask about the dentist?", limit=2)
    assert QUESTION in [match.record.text for match in found]


def test_an_answer_in_a_conversation_takes_the_words_of_its_question(memory: Memory) -> None:
    said: list[tuple[str, Origin]] = [
        ("Who is your dentist?", "agent"),
        ("Weber, on Main Street", "user"),
        ("Nice weather today", "user"),
    ]
    memory.remember_many(
        Record(
            text,
            kind="message",
            source=Source(session="s", origin=origin),
            created_at=JANUARY + timedelta(seconds=place),
        )
        for place, (text, origin) in enumerate(said)
    )
    assert memory.recall(QUESTION)[0].record.text == said[1][0]


def test_the_same_words_in_many_places_count_once(memory: Memory) -> None:
    ask(memory, "I am off to the dentist", "Fine weather today", 10)
    memory.remember(FACTS[0])
    found = [match.record.text for match in memory.recall("dentist", limit=3)]
    assert FACTS[0] in found[:2]


def test_other_talk_before_a_question_changes_nothing(memory: Memory) -> None:
    memory.remember_many(FACTS)
    chat = "We spent the weekend in the garden with Ana and planted roses and tulips. " * 5
    found = [match.record.text for match in memory.recall(chat + QUESTION)]
    assert found == [match.record.text for match in memory.recall(QUESTION)]


NAMED = [
    ("gate code", "To open the gate type 4471#"),
    ("wifi password pls", "The wifi code at the cabin is blue-otter-77"),
    ("dentist phone number", "Dr. Okafor, my dentist, can be reached at 555 0142"),
    ("need the landlord's email", "Our landlord Petra uses petra@haus.test"),
]


@pytest.mark.parametrize("times", [1, 2, 8])
@pytest.mark.parametrize(
    ("name", "fact"),
    [
        *NAMED,
        ("code portail", "Pour ouvrir le portail, taper 4471"),
        ("código portón", "Para abrir el portón marca 4471"),
        ("код домофона", "Домофон открывается кодом 4471"),
        ("kod do bramy", "Brama otwiera się kodem 4471"),
        ("Schuhgröße", "Meine Schuhgröße ist die 43"),
        ("favourite pizza", "The pizza I like best is capricciosa"),
        ("kids shoe sizes", "The kids' shoes are 31 and 28"),
    ],
)
def test_the_name_of_an_attribute_is_an_echo(
    memory: Memory, name: str, fact: str, times: int
) -> None:
    memory.remember_many([fact, *FACTS])
    ask(memory, name, "Let me check that for you.", times)
    assert memory.recall(name)[0].record.text == fact
    assert fact in memory.context(name)


@pytest.mark.parametrize(("name", "fact"), NAMED)
@pytest.mark.parametrize("asked", ["{}", "What is the {}?"])
def test_the_name_said_once_leaves_others_as_likely_as_they_were(
    memory: Memory, name: str, fact: str, asked: str
) -> None:
    memory.remember_many([fact, *FACTS])
    question = asked.format(name.removesuffix(" pls"))
    [before] = [one for one in memory.recall(question) if one.record.text == fact]
    ask(memory, name.removesuffix(" pls"), "Let me check that for you.", 1)
    found = memory.recall(question)
    [now] = [one for one in found if one.record.text == fact]
    assert now.confidence == pytest.approx(before.confidence, abs=0.05)
    assert [one.confidence for one in found] == sorted(
        (one.confidence for one in found), reverse=True
    )
    assert fact in memory.context(question)


SAID = [
    "Ann likes tea",
    "I moved to Oslo",
    "The gate is green",
    "allergic to nuts",
    "hates phone calls",
    "night owl",
    "no spicy food please",
    "laktoseintolerant",
    "alérgica a los gatos",
    "не ем мясо",
    "对花生过敏",
]


@pytest.mark.parametrize("said", SAID)
def test_a_statement_said_twice_is_found_by_its_own_words(memory: Memory, said: str) -> None:
    memory.remember_many([*FACTS, "Nuts and bolts are in the garage", "The phone is on the desk"])
    ask(memory, said, "Noted.", 2)
    assert memory.recall(said)[0].record.text == said
    assert said in memory.context(said)


@pytest.mark.parametrize("said", SAID)
def test_a_statement_said_twice_is_shown_to_a_question_that_holds_it(
    memory: Memory, said: str
) -> None:
    memory.remember_many([*FACTS, "Nuts and bolts are in the garage", "The phone is on the desk"])
    ask(memory, said, "Noted.", 2)
    assert said in memory.context(f"What do you know about this: {said}?")


def test_a_value_in_a_message_is_no_echo_of_its_name(memory: Memory) -> None:
    memory.remember_many(FACTS)
    ask(memory, "gate code north door 4471", "Noted.", 2)
    assert memory.recall("gate code north door")[0].record.text == "gate code north door 4471"


def test_the_name_of_a_person_said_again_comes_behind_who_it_is(memory: Memory) -> None:
    memory.remember_many(FACTS)
    ask(memory, "my dentist", "Let me check that for you.", 3)
    assert memory.recall(QUESTION)[0].record.text == FACTS[0]
    assert "Weber" in memory.context(QUESTION)


def test_the_name_of_what_nobody_told_is_no_answer(memory: Memory) -> None:
    memory.remember_many(FACTS)
    ask(memory, "gate code", "Let me check that for you.", 3)
    assert memory.recall("gate code")[0].confidence < 0.2
