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


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        ("I live in Porto", "I have moved to Ghent", "Where do I live?"),
        ("I live in Porto", "I have moved to Ghent", "Do I live in Porto?"),
        ("My favourite colour is green", "It is blue now", "Is green my favourite colour?"),
        ("The standup is at 9:30", "The standup was moved to 10:15", "Is the standup at 9:30?"),
        (
            "The deadline is 15 October",
            "The deadline is extended to 2 November",
            "Is the deadline 15 October?",
        ),
        ("My girlfriend is called Ana", "Ana and I broke up", "Who is my girlfriend?"),
        ("I'm vegetarian", "I eat meat again since March", "Am I vegetarian?"),
        ("I drive a Golf", "I sold the Golf and bought a Tesla", "What car do I drive?"),
        ("I take ibuprofen for my knee", "My doctor took me off ibuprofen", "Do I take ibuprofen?"),
        ("Our database is MySQL", "We migrated the database to Postgres", "Do we use MySQL?"),
        ("Ich wohne in Köln", "Ich bin nach Bremen gezogen", "Wohne ich in Köln?"),
        ("J'habite à Lyon", "J'ai déménagé à Lille", "Où est-ce que j'habite ?"),
        ("Mi coche es un Seat", "Vendí el Seat y compré un Renault", "¿Qué coche tengo?"),
    ],
)
def test_what_tells_of_a_change_is_shown_beside_what_it_changes(
    memory: Memory, older: str, newer: str, query: str
) -> None:
    first(memory, older, newer, query)
    found = {match.record.text: match.confidence for match in memory.recall(query, limit=2)}
    assert set(found) == {older, newer}
    assert found[newer] >= 0.5 * found[older]


@pytest.mark.parametrize(
    "asked",
    ["Has my flat in Porto been sold by now?", "Did I move away from Porto?", "Noted, moved!"],
)
def test_a_question_or_an_empty_reply_changes_nothing(memory: Memory, asked: str) -> None:
    first(memory, "I live in Porto", "I have a cat", "Where do I live?")
    memory.remember(asked, kind="message", source=Source(origin="user", session="later"))
    found = memory.recall("Where do I live?")

    assert found[0].record.text == "I live in Porto"
    assert next(one.confidence for one in found if one.record.text == asked) < 0.1


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        ("I weigh 82 kg", "I weigh 78 kg", "Do I weigh 82 kg?"),
        ("My manager is Priya", "Tomas is my manager now", "Is Priya my manager?"),
        ("My number is 0201 555 010", "My new number is 0201 555 099", "Is it 0201 555 010?"),
        ("The standup is at 9:30", "The standup was moved to 10:15", "Is the standup at 9:30?"),
        ("I live in Porto", "I have moved to Ghent", "Do I live in Porto?"),
        ("Standup is daily", "Standup is only on Mondays now", "Is standup daily?"),
        ("The release is on 3 May", "The release slipped to 9 June", "Is the release on 3 May?"),
    ],
)
def test_asked_whether_the_older_still_holds_the_newer_comes_first(
    memory: Memory, older: str, newer: str, query: str
) -> None:
    assert first(memory, older, newer, query) == newer


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        ("Anna lives in Bergen", "Ben moved to Bergen", "Does Anna live in Bergen?"),
        ("Anna lives in Bergen", "Ben moved to Oslo last week", "Where does Anna live?"),
        ("I live in Porto", "My brother moved to Lisbon", "Where do I live?"),
        (
            "The key of room 4 is 8812",
            "The key of room 5 is now 9917",
            "Is 8812 the key of room 4?",
        ),
        ("I play tennis", "I stopped playing golf", "Do I play tennis?"),
        ("I bought a bike in May", "I bought a car in June", "When did I buy the bike?"),
        ("My mother lives in Graz", "I moved to Linz", "Where does my mother live?"),
        ("My cat is called Mimi", "My neighbour's cat died", "What is my cat called?"),
        (
            "My library card is number X1234567",
            "My wife's library card is number Y7654321",
            "What is the number of my library card?",
        ),
        ("The flag is --dry-run-only", "The flag is --run-dry", "What is dryRunOnly?"),
        ("I sleep on the sofa", "My nephew sleeps in the attic now", "Where do I sleep?"),
        ("The shop opens at 8", "On public holidays the shop opens at 11", "When does it open?"),
    ],
)
def test_a_change_of_another_thing_takes_no_place(
    memory: Memory, older: str, newer: str, query: str
) -> None:
    assert first(memory, older, newer, query) == older


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        ("My weight is 82 kg", "I'm down to 78 kg", "What is my weight?"),
        ("Emma is 6 years old", "Emma turned 7 yesterday", "How old is Emma?"),
        (
            "The deploy window is Tuesdays at 14:00",
            "Deploys now happen on Thursdays at 10:00",
            "When is the deploy window?",
        ),
        ("I drive a Honda Civic", "Traded the Civic in for a Skoda", "What car do I drive?"),
        ("My gym is FitWorld", "I cancelled FitWorld, IronHouse it is", "Which gym do I go to?"),
        ("Rent is 900 euros a month", "Rent went up to 980 euros", "How much is the rent?"),
        ("Dinner is at 19:00", "Let's make dinner 20:00", "When is dinner?"),
        ("Max is in second grade", "Max started third grade", "Which grade is Max in?"),
        ("Ticket 812 is open", "Ticket 812 was resolved", "Is ticket 812 open?"),
    ],
)
def test_what_is_said_near_enough_of_the_same_replaces_it_in_any_words(
    memory: Memory, older: str, newer: str, query: str
) -> None:
    assert first(memory, older, newer, query) == newer


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        ("Emma is 6 years old", "Emma started school", "How old is Emma?"),
        ("Server A has port 8080", "Server B has port 9090 now", "Which port has server A?"),
        ("Default model is k-4", "The fallback model is k-5 now", "What is the default model?"),
        ("Ana's email is ana@mail.test", "Ben's email is ben@mail.test", "What is Ana's email?"),
        ("Ticket 812 is open", "Ticket 813 was resolved", "Is ticket 812 open?"),
        ("My dentist is Dr. Lee", "My new doctor is Dr. Ray", "Who is my dentist?"),
        ("max_retry_delay is 30", "MAX_RETRY_TIMEOUT is 60", "What is the max retry delay?"),
        ("Likes green tea", "Likes black coffee", "Do I like green tea?"),
        ("The sauna is open to guests", "The pool is open to guests", "Is the sauna open?"),
    ],
)
def test_what_is_near_but_of_another_thing_takes_no_place(
    memory: Memory, older: str, newer: str, query: str
) -> None:
    assert first(memory, older, newer, query) == older


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        ("I work at Initech as an analyst", "I quit Initech and joined Hooli", "Where do I work?"),
        (
            "The office is on Canal Street",
            "Our office relocated to Quay Road",
            "Where is the office?",
        ),
        ("The mascot is called Biff", "The mascot was renamed Ziggy", "What is the mascot called?"),
    ],
)
def test_a_change_that_names_what_held_is_shown(
    memory: Memory, older: str, newer: str, query: str
) -> None:
    first(memory, older, newer, query)

    assert newer in memory.context(query)


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        ("My bank is Nordea", "My bank opened a new branch in Lund", "Which bank do I use?"),
        ("My dentist is Dr. Weber", "My dentist moved to a new practice", "Who is my dentist?"),
        ("My car is a Skoda", "My car has new tyres now", "What car do I have?"),
        ("My sister lives in Ghent", "My sister has a new cat", "Where does my sister live?"),
        ("The server is in Frankfurt", "The server was upgraded to 64 GB", "Where is the server?"),
        ("Our CI runs on Jenkins", "Our CI has two new runners", "What does our CI run on?"),
        ("My boss is Helen", "My boss moved to the third floor", "Who is my boss?"),
        ("My insurer is Allianz", "My insurer raised its premiums", "Who is my insurer?"),
        ("My gym is FitBox", "My gym changed its opening hours", "Which gym do I go to?"),
        ("My plumber is Joe", "My plumber now takes cards", "Who is my plumber?"),
        ("I work at Acme", "I got a new desk at Acme", "Where do I work?"),
    ],
)
def test_what_else_is_told_of_the_same_thing_replaces_nothing(
    memory: Memory, older: str, newer: str, query: str
) -> None:
    assert first(memory, older, newer, query) == older
    assert older in memory.context(query)


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        ("My bank is Nordea", "My bank is SEB now", "Which bank do I use?"),
        ("My car is a Skoda", "My car is a Dacia now", "What car do I have?"),
        ("My sister lives in Ghent", "My sister moved to Bern", "Where does my sister live?"),
        ("The server is in Frankfurt", "The server moved to Dublin", "Where is the server?"),
        ("Standup is at 9:30", "Standup starts at 10 now", "When is standup?"),
        ("Noor is single", "Noor has a girlfriend now", "Is Noor single?"),
    ],
)
def test_what_a_thing_is_now_replaces_what_it_was(
    memory: Memory, older: str, newer: str, query: str
) -> None:
    assert first(memory, older, newer, query) == newer
