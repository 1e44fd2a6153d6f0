"""What is superseded is kept, and can be asked for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from clock import Clock
from commonplace import InvalidInputError, Memory, Record, RecordNotFoundError


def test_an_update_keeps_what_was_said(memory: Memory, clock: Clock) -> None:
    began = clock()
    home = memory.remember("Lives in Oslo")
    clock.advance(hours=1)
    memory.update(home.id, text="Lives in Rome")
    clock.advance(hours=1)
    memory.update(home.id, text="Lives in Bern")

    history = memory.history(home.id)

    assert [one.text for one in history] == ["Lives in Oslo", "Lives in Rome", "Lives in Bern"]
    assert [one.valid_from - began for one in history] == [timedelta(hours=n) for n in range(3)]
    assert [one.valid_until for one in history] == [
        began + timedelta(hours=1),
        began + timedelta(hours=2),
        None,
    ]
    assert {one.version_of for one in history} == {home.id, None}


def test_only_what_is_said_now_is_recalled_listed_and_counted(memory: Memory) -> None:
    home = memory.remember("Lives in Oslo")
    memory.recall("Oslo")
    memory.update(home.id, text="Lives in Rome")
    [past, _] = memory.history(home.id)

    assert [one.record.text for one in memory.recall("lives in Oslo")] == ["Lives in Rome"]
    assert [one.text for one in memory.records()] == ["Lives in Rome"]
    assert memory.count() == 1
    assert "Oslo" not in memory.context("lives in Oslo")
    assert memory.record(past.id) == past


def test_recall_can_ask_what_held_at_a_moment(memory: Memory, clock: Clock) -> None:
    before = clock() - timedelta(hours=1)
    home = memory.remember("Lives in Oslo")
    clock.advance(hours=1)
    then = clock()
    clock.advance(hours=1)
    memory.update(home.id, text="Lives in Rome")
    memory.remember("Likes the sea")

    assert [one.record.text for one in memory.recall("lives", as_of=then)] == ["Lives in Oslo"]
    assert memory.recall("lives", as_of=before) == []
    assert len(memory.recall("lives", as_of=clock())) == 2


def test_a_change_that_says_the_same_makes_no_version(memory: Memory) -> None:
    record = memory.remember("Lives in Oslo")
    memory.update(record.id, importance=0.9)

    assert [one.importance for one in memory.history(record.id)] == [0.9]


def test_a_value_has_a_history(memory: Memory, clock: Clock) -> None:
    alice = memory.scope("user", "alice")
    alice.set("timezone", "CET")
    then = clock()
    clock.advance(hours=1)
    alice.set("timezone", "PST")

    assert alice.get("timezone") == "PST"
    assert alice.get("timezone", as_of=then) == "CET"
    assert alice.get("timezone", "unknown", as_of=then - timedelta(days=1)) == "unknown"
    assert alice.keys() == ["timezone"]
    [past, present] = alice.history(alice.records(kind="value")[0].id)
    assert [past.metadata["value"], present.metadata["value"]] == ["CET", "PST"]


def test_forgetting_forgets_the_past_too(memory: Memory, clock: Clock) -> None:
    alice = memory.scope("user", "alice")
    home = alice.remember("Lives in Oslo")
    alice.update(home.id, text="Lives in Rome")
    [past, _] = alice.history(home.id)
    alice.set("k", 1)
    alice.set("k", 2)

    assert alice.forget(home.id) == 1
    assert alice.delete("k")

    for gone in (home.id, past.id):
        with pytest.raises(RecordNotFoundError):
            memory.record(gone)
    assert alice.recall("lives", as_of=clock()) == []
    assert alice.get("k", as_of=clock()) is None


def test_equal_ids_of_two_scopes_have_two_histories(memory: Memory) -> None:
    one, other = memory.scope("a"), memory.scope("a", "b")
    for place in (one, other):
        place.remember_many([Record(f"{place.path} first", id="same")])
        place.remember_many([Record(f"{place.path} second", id="same")])

    other.forget("same")

    assert [record.text for record in one.history("same")] == ["a first", "a second"]


def test_a_message_that_is_corrected_has_a_history(memory: Memory) -> None:
    memory.remember_many([Record("hello", kind="message", id="m")])
    memory.remember_many([Record("hello there", kind="message", id="m")])

    assert [one.text for one in memory.history("m")] == ["hello", "hello there"]


def test_the_history_of_what_is_unknown_is_an_error(memory: Memory) -> None:
    with pytest.raises(RecordNotFoundError, match="nothing"):
        memory.history("nothing")


def test_a_moment_needs_a_timezone(memory: Memory) -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001  # that is what is tested
    with pytest.raises(InvalidInputError, match="timezone"):
        memory.recall("x", as_of=naive)
    with pytest.raises(InvalidInputError, match="timezone"):
        memory.get("x", as_of=naive)
    assert memory.recall("x", as_of=datetime.max.replace(tzinfo=timezone.utc)) == []
