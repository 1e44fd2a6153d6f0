"""The same statement again reinforces one record."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import commonplace
from clock import Clock
from commonplace import Memory, Record, Source
from commonplace.ports import Entry
from commonplace.testing import HashingEmbedder
from commonplace.values.validation import MAX_MENTIONED_AT
from commonplace.writing.batch import Batch
from commonplace.writing.repetition import reinforced, statement
from commonplace.writing.wording import rough, wording
from near_pairs import DIFFERENT, SAME

ALIKE = [(*pair, language) for language, pairs in SAME.items() for pair in pairs]
APART = [(*pair, language) for language, pairs in DIFFERENT.items() for pair in pairs]
FOUND = {"en": 18, "de": 20, "fr": 19, "es": 19, "zh": 19}
"""How many of the pairs that say the same are found to; the others are kept as two records."""


def test_of_near_pairs_none_that_differ_in_sense_are_merged() -> None:
    merged = [pair for pair in APART if wording(pair[0]) == wording(pair[1])]

    assert merged == []
    assert len(ALIKE) == len(APART) == 120


def test_of_those_that_say_the_same_most_are_found() -> None:
    found = Counter(pair[2] for pair in ALIKE if wording(pair[0]) == wording(pair[1]))

    assert found == FOUND


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Password: ab  cd\n  ef", "Password: ab cd\n ef"),
        ("Rates:\n\tA\t1", "Rates: A 1"),
        ("The key is a\u200db", "The key is ab"),
        ("Flag 𝐀", "Flag A"),
        ("½ cup", "1/2 cup"),
        ("Runs ls -a.", "Runs ls -a"),
        ("Was born in 3.", "Was born in 3"),
        ("Stays at Hotel C.", "Stays at Hotel C"),
        ("Ends with ...", "Ends with"),
        ("US is her home", "us is her home"),
        ("Bill is due", "bill is due"),
    ],
)
def test_in_doubt_both_are_kept(memory: Memory, one: str, other: str) -> None:
    memory.remember(one)

    assert memory.remember(other).text == other
    assert {record.text for record in memory.records()} == {one, other}


@given(st.text())
def test_what_is_worded_the_same_is_roughly_the_same(text: str) -> None:
    """So what a store was written with finds it."""
    assert rough(wording(text)) == rough(text)
    assert wording(wording(text)) == wording(text)


def test_only_lasting_statements_are_joined() -> None:
    assert statement(Record("ok", kind="message")) is None
    assert statement(Record("Went running", kind="event")) is None
    assert statement(Record("...")) == "..."


@given(st.text(min_size=1).filter(str.strip))
@example("\u00ad")
def test_every_text_states_something_and_the_same_as_itself(text: str) -> None:
    assert statement(Record(text))
    assert statement(Record(text)) == statement(Record(f" {text} "))


def test_a_statement_made_again_reinforces_its_record(memory: Memory, clock: Clock) -> None:
    alice = memory.scope("user", "alice")
    first = alice.remember("Likes tea", importance=0.4, metadata={"a": 1}, ttl="1d")
    clock.advance(hours=1)

    again = alice.remember("likes tea.", kind="preference", importance=0.9, metadata={"b": 2})

    assert again.id == first.id
    assert alice.records() == [again]
    assert (again.text, again.created_at, again.mentions) == ("Likes tea", first.created_at, 2)
    assert (again.kind, again.importance, again.metadata) == ("preference", 0.9, {"a": 1, "b": 2})
    assert again.expires_at is None
    assert alice.recall("tea", limit=1)[0].record == again


def test_a_statement_is_of_its_own_scope(memory: Memory) -> None:
    memory.remember("Likes tea")
    memory.scope("user", "bob").remember("Likes tea")
    memory.scope("user", "bob", "work").remember("Likes tea")

    assert memory.count() == 3


def test_an_expired_statement_is_made_anew(memory: Memory, clock: Clock) -> None:
    memory.remember("Likes tea", ttl="1h")
    clock.advance(hours=2)

    assert memory.remember("Likes tea").mentions == 1
    assert memory.count() == 1


def test_a_batch_holds_each_statement_once(memory: Memory) -> None:
    memory.remember("Likes tea")

    records = memory.remember_many(["Likes tea", "Lives in Oslo", "lives in Oslo", Record("x")])

    assert [one.mentions for one in records] == [2, 1, 2, 1]
    assert memory.count() == 3


def test_a_record_with_an_id_of_its_own_is_kept_as_it_is(memory: Memory) -> None:
    memory.remember_many([Record("Likes tea"), Record("Likes tea")])

    assert memory.count() == 2


def test_eight_threads_that_say_the_same_make_one_record(memory: Memory) -> None:
    started = Barrier(8)

    def say() -> None:
        started.wait()
        for _ in range(12):
            memory.remember("The office is closed on Friday")

    threads = [Thread(target=say) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    [record] = memory.records()
    assert record.mentions == 96


def test_the_longest_life_wins(memory: Memory, clock: Clock) -> None:
    memory.remember("Likes tea", ttl="2d")
    again = memory.remember("Likes tea", ttl="1d")

    assert again.expires_at == clock() + timedelta(days=2)


def test_an_update_frees_what_was_stated(memory: Memory) -> None:
    record = memory.remember("Likes tea")
    memory.update(record.id, text="Likes coffee")

    assert memory.remember("Likes tea").id != record.id
    assert memory.remember("Likes coffee").id == record.id


def test_a_more_trusted_source_takes_over(memory: Memory) -> None:
    memory.remember("Likes tea", source=Source(agent="scraper", origin="document"))
    again = memory.remember("Likes tea", source=Source(agent="alice", origin="user"))

    assert again.source.agent == "alice"


class TestTimes:
    """Of what was said in January and again in June, neither time is lost."""

    def test_it_is_found_by_each_time_it_was_said(self, memory: Memory, clock: Clock) -> None:
        january = clock()
        record = memory.remember("Likes tea")
        clock.advance(days=150)
        june = clock()
        again = memory.remember("likes tea.")

        assert again.said_at == (january, june)
        assert (again.created_at, again.mentions) == (january, 2)
        day = timedelta(days=1)
        for start, end in ((january - day, january + day), (june - day, june + day)):
            assert memory.records(since=start, until=end) == [again]
            found = memory.recall("tea", since=start, until=end)
            assert [one.record.id for one in found] == [record.id]
        assert memory.records(since=january + day, until=june - day) == []
        assert memory.records(since=june + day) == memory.records(until=january - day) == []

    def test_a_question_that_names_either_day_finds_it(self, memory: Memory, clock: Clock) -> None:
        memory.remember("The heating at the lake house failed")
        clock.advance(days=60)
        memory.remember("The roof of the lake house leaks")
        clock.advance(days=60)
        memory.remember("The heating at the lake house failed")
        clock.advance(days=1)

        for question in ("what failed at the lake house yesterday", "and 121 days ago"):
            date = {one.record.text: one.signals["date"] for one in memory.recall(question)}
            assert date["The heating at the lake house failed"] == 1
            assert date["The roof of the lake house leaks"] < 0.5

    def test_what_a_model_is_shown_has_both(self, memory: Memory, clock: Clock) -> None:
        first = f"{clock():%Y-%m-%d}"
        memory.remember("Likes tea")
        clock.advance(days=150)
        memory.remember("Likes tea")

        assert f"(fact, {first}, again {clock():%Y-%m-%d})" in memory.context("tea")

    def test_both_are_exported(self, memory: Memory, clock: Clock, tmp_path: Path) -> None:
        memory.remember("Likes tea")
        clock.advance(days=150)
        again = memory.remember("Likes tea")
        memory.export(tmp_path / "all.jsonl")

        with commonplace.open(":memory:", embedder=HashingEmbedder()) as other:
            other.import_(tmp_path / "all.jsonl")
            assert other.records()[0].said_at == again.said_at

    def test_the_last_thousand_are_kept(self) -> None:
        record = Record("Likes tea")
        for number in range(1, MAX_MENTIONED_AT + 5):
            at = record.created_at + timedelta(days=number)
            record = reinforced(record, Record("Likes tea", created_at=at))

        assert len(record.mentioned_at) == MAX_MENTIONED_AT
        assert (record.said_at[0], record.said_at[-1]) == (record.created_at, at)
        assert record.mentions == MAX_MENTIONED_AT + 5


class TestWhatItReplaces:
    def test_other_metadata_leaves_the_former_in_the_history(
        self, memory: Memory, clock: Clock
    ) -> None:
        january = clock()
        memory.remember("Likes tea", metadata={"ticket": 1, "topic": "food"})
        clock.advance(days=150)
        again = memory.remember("Likes tea", metadata={"ticket": True})

        past, present = memory.history(again.id)

        assert present == again
        assert present.metadata == {"ticket": True, "topic": "food"}
        assert past.metadata == {"ticket": 1, "topic": "food"}
        assert (past.valid_from, past.valid_until) == (january, clock())
        [then] = memory.recall("tea", as_of=january + timedelta(days=1))
        assert then.record == past
        assert memory.count() == 1

    def test_another_source_does_too(self, memory: Memory) -> None:
        memory.remember("Likes tea", source=Source(agent="scraper", origin="document"))
        again = memory.remember("Likes tea", source=Source(agent="alice", origin="user"))

        assert [one.source.agent for one in memory.history(again.id)] == ["scraper", "alice"]

    def test_what_only_adds_makes_no_version(self, memory: Memory) -> None:
        memory.remember("Likes tea", metadata={"a": 1})
        again = memory.remember("Likes tea", metadata={"a": 1, "b": 2})

        assert memory.history(again.id) == [again]


def test_a_statement_that_was_written_over_in_its_batch_is_a_new_one(clock: Clock) -> None:
    vectors = np.ones((1, 4), np.float32)
    batch = Batch([], clock())
    batch.add(Entry(Record("Likes tea", id="first"), vectors))
    batch.upsert(Entry(Record("Likes coffee", id="first"), vectors))

    assert batch.add(Entry(Record("Likes tea", id="second"), vectors)).id == "second"
