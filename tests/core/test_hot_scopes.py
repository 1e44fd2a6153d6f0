"""Hot scopes follow every write and keep to their bytes."""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from types import FrameType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import commonplace
from commonplace import Record, Scope, Source
from commonplace.adapters.items import Item, Items
from commonplace.ports import Entry
from commonplace.recall.columns import columns_of
from commonplace.recall.filters import Selection, everything
from commonplace.recall.focus import Focus
from commonplace.recall.hot import HotScope
from commonplace.recall.hot_scopes import HotScopes
from commonplace.recall.question import Question
from commonplace.recall.ranking import ranked
from commonplace.recall.succession import MOST_BESIDE
from commonplace.stores.in_memory import InMemoryStore
from commonplace.testing import HashingEmbedder
from commonplace.values.records import last_changed


def entry(text: str, scope: Scope, *, id: str | None = None) -> Entry:
    vector = np.random.default_rng(abs(hash(text)) % 1000).normal(size=(1, 8)).astype(np.float32)
    record = Record(text, scope=scope, id=id) if id else Record(text, scope=scope)
    return Entry(record, vector / np.linalg.norm(vector))


def user(name: str) -> Scope:
    return Scope(("user", name))


def room(records: int) -> int:
    """Return the bytes that a scope of so many short records is reckoned at."""
    return HotScope(entry(f"x{number}", user("a")) for number in range(records)).bytes


@pytest.fixture
def store() -> InMemoryStore:
    store = InMemoryStore()
    for name in "abcdefghij":
        store.put([entry(f"{name}{number}", user(name)) for number in range(10)])
    return store


def test_the_least_recently_used_scope_goes_first(store: InMemoryStore) -> None:
    hot = HotScopes(store, 3 * room(10))

    for name in "abcade":
        hot.of(user(name))

    assert [name for name in "abcdefghij" if hot.held(user(name)) is not None] == ["a", "d", "e"]


def test_the_bytes_held_never_exceed_the_setting(store: InMemoryStore) -> None:
    limit = 4 * room(10)
    hot = HotScopes(store, limit)

    for name in "abcdefghij":
        hot.of(user(name))
        hot.add([entry(f"new {number}", user(name)) for number in range(7)])
        held = [hot.held(user(each)) for each in "abcdefghij"]
        assert sum(one.bytes for one in held if one is not None) <= limit


def test_a_scope_larger_than_the_setting_is_not_held(store: InMemoryStore) -> None:
    hot = HotScopes(store, room(15))

    assert hot.of(user("a")) is not None
    assert hot.of(Scope()) is None
    assert hot.of(Scope(("user",))) is None


def test_a_scope_that_grows_too_large_is_let_go_and_may_shrink_back(store: InMemoryStore) -> None:
    hot = HotScopes(store, room(12))
    assert hot.of(user("a")) is not None
    added = [entry(f"grown {number}", user("a")) for number in range(9)]

    store.put(added)
    hot.add(added)
    assert hot.of(user("a")) is None

    store.remove(added)
    hot.remove(added)
    held = hot.of(user("a"))
    assert held is not None
    assert len(held) == 10


def test_a_write_reaches_every_arrays_that_hold_its_scope(store: InMemoryStore) -> None:
    hot = HotScopes(store, 10**9)
    scopes = [Scope(), Scope(("user",)), user("a"), user("b")]
    before = [len(hot.of(scope) or ()) for scope in scopes]

    hot.add([entry("new", user("a").child("session", "1"))])

    after = [len(hot.of(scope) or ()) for scope in scopes]
    assert [b - a for a, b in zip(before, after, strict=True)] == [1, 1, 1, 0]


def test_many_replacements_leave_no_growing_gaps() -> None:
    store, hot = InMemoryStore(), None
    hot = HotScopes(store, 10**9)
    hot.of(user("a"))

    for number in range(500):
        hot.add([entry(f"version {number}", user("a"), id="same")])

    held = hot.held(user("a"))
    assert held is not None
    assert [record.text for record in held.records()] == ["version 499"]
    assert len(held.arrays) <= 4


def test_a_condition_asked_again_is_held_against_new_rows_alone() -> None:
    hot = HotScope(entry(f"x{number}", user("a"), id=str(number)) for number in range(6))
    looked_at: list[str] = []

    def is_even(record: Record) -> bool:
        looked_at.append(record.id)
        return int(record.id) % 2 == 0

    def admitted() -> list[str]:
        return sorted(hot.record(row).id for row in hot.admitted(is_even).tolist())

    assert admitted() == ["0", "2", "4"]
    looked_at.clear()
    hot.remove(hot.record(0))
    hot.add([entry("new", user("a"), id="8")])
    hot.add([entry("changed", user("a"), id="2")])

    assert admitted() == ["2", "4", "8"]
    assert sorted(looked_at) == ["2", "8"]


def test_equal_selections_ask_the_same_condition() -> None:
    one, other = ({"n": {"$gte": 1}, "of": "a"}, {"of": "a", "n": {"$gte": 1}})

    assert Selection(("fact",), one).condition() is Selection(("fact",), other).condition()
    assert Selection(where={"n": 1}).condition() is not Selection(where={"n": True}).condition()


@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3), st.booleans()), max_size=25),
    st.sampled_from([None, 0, 1, 3, 100]),
)
def test_what_was_changed_last_is_found_as_by_sorting_all(
    steps: list[tuple[int, int, bool]], limit: int | None
) -> None:
    first, condition = datetime(2024, 1, 1, tzinfo=timezone.utc), Selection(("value",)).condition()
    hot, kept = HotScope(), dict[str, Record]()
    for id, minute, is_kept in steps:
        made = entry("a value", user("a"), id=str(id))
        changed = first + timedelta(minutes=minute) if minute else None
        record = replace(made.record, kind="value", created_at=first, updated_at=changed)
        hot.latest(condition, 2)
        if is_kept:
            hot.add([Entry(record, made.vectors)])
            kept[record.id] = record
        else:
            hot.remove(record)
            kept.pop(record.id, None)

    hot = hot.rebuilt() if hot.is_sparse() else hot
    assert hot.latest(condition, limit) == last_changed(kept.values(), limit)


def test_items_come_in_the_same_order_from_arrays_and_from_the_store() -> None:
    for cache_bytes in (0, 2**20):
        memory = commonplace.open(":memory:", embedder=HashingEmbedder(64), cache_bytes=cache_bytes)
        items = Items(memory)
        items.put([Item(("a",), str(one), one, str(one)) for one in range(5)], Source())
        items.put([Item(("a",), "1", "changed", "1")], Source())
        memory.remember("is no item")

        assert [one.key for one in items.all((), limit=2)] == ["1", items.all(())[1].key]
        assert len(items.all(())) == 5
        assert [one.key for one in items.all((), {"value": {"$gte": 4}}, 3)] == ["4"]
        assert items.all((), limit=0) == []


def test_similarity_is_the_best_over_a_records_windows() -> None:
    vectors = np.eye(4, dtype=np.float32)
    hot = HotScope(
        [
            Entry(Record("one", scope=user("a")), vectors[:1]),
            Entry(Record("two", scope=user("a")), vectors[1:4]),
        ]
    )

    assert hot.arrays.cosines(vectors[3]).tolist() == [0.0, 1.0]


def test_the_neighbours_in_a_session_are_those_of_its_time_however_written() -> None:
    moment = datetime(2026, 5, 4, tzinfo=timezone.utc)
    told = [
        Record(text, source=Source(session="1"), scope=user("a"), created_at=moment + age)
        for text, age in (("c", timedelta(3)), ("a", timedelta(1)), ("b", timedelta(2)))
    ]
    vector = np.eye(4, dtype=np.float32)[:1]
    hot = HotScopes(InMemoryStore(), 10**9)
    hot.of(user("a"))

    for record in told:
        hot.add([Entry(record, vector)])

    held = hot.held(user("a"))
    assert held is not None
    sessions = held.arrays.sessions
    before = {held.record(row).text: place for row, place in enumerate(sessions.before.tolist())}
    assert before["a"] == -1
    assert held.record(before["b"]).text == "a"
    assert held.record(before["c"]).text == "b"


@pytest.mark.parametrize("added", ["together", "one by one"])
@pytest.mark.parametrize("count", [5, 50])
@pytest.mark.parametrize(("words", "windows"), [(12, 1), (150, 1), (3_000, 12)])
def test_the_bytes_reckoned_are_at_least_those_spent(
    words: int, windows: int, count: int, added: str
) -> None:
    vocabulary = [f"word{number}" for number in range(5_000)]

    def filled() -> HotScope:
        random = np.random.default_rng(0)
        entries = (
            Entry(
                Record(
                    " ".join(random.choice(vocabulary, words)),
                    source=Source(session="1"),
                    scope=user("a"),
                ),
                random.normal(size=(windows, 384)).astype(np.float32),
            )
            for _ in range(count)
        )
        if added == "together":
            return HotScope(entries)
        hot = HotScope()
        for entry in entries:
            hot.add([entry])
        return hot

    other = filled()  # fills the caches, and holds the words that scopes have in common
    tracemalloc.start()
    hot = filled()
    spent, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(other) == len(hot)

    assert 0.2 * hot.bytes < spent <= hot.bytes


UPDATES = st.lists(
    st.tuples(
        st.integers(0, 7),  # which record
        st.sampled_from([None, "1", "2"]),  # its session
        st.integers(0, 5),  # its age
        st.sampled_from(["tea", "zebra milk?", "rice and tea", "when? last week", "Oslo milk"]),
    ),
    max_size=20,
)


@given(UPDATES, st.lists(st.integers(0, 7), max_size=4), UPDATES, st.integers(1, 5))
def test_arrays_updated_in_place_rank_as_rebuilt_ones(
    first: list[tuple[int, str | None, int, str]],
    removed: list[int],
    then: list[tuple[int, str | None, int, str]],
    together: int,
) -> None:
    def told(number: int, session: str | None, age: int, text: str) -> Entry:
        moment = datetime(2026, 5, 4, tzinfo=timezone.utc) + timedelta(days=30 * age)
        record = Record(
            text,
            id=str(number),
            source=Source(session=session),
            scope=user("a"),
            created_at=moment,
            importance=number / 7,
        )
        return Entry(record, np.eye(8, dtype=np.float32)[[number]])

    hot = HotScope({one[0]: told(*one) for one in first}.values())
    assert_as_rebuilt(hot)
    for number in removed:
        hot.remove(told(number, None, 0, "x").record)
    assert_as_rebuilt(hot)
    for start in range(0, len(then), together):
        hot.add([told(*one) for one in then[start : start + together]])
        assert_as_rebuilt(hot)


def assert_as_rebuilt(hot: HotScope) -> None:
    question = Question(
        "milk tea", Focus("milk tea", 1.0), np.full(8, 8**-0.5, np.float32), [], 0.0
    )
    found, expected = (ranked(one, question, everything, 99) for one in (hot, hot.rebuilt()))

    assert {match.record.id: match.record for match in found} == {
        match.record.id: match.record for match in expected
    }
    confidences = {match.record.id: match.confidence for match in expected}
    for match in found:
        assert match.confidence == pytest.approx(confidences[match.record.id], abs=1e-5)


@dataclass
class Unread:
    """A record that tells whether it was read."""

    record: Record
    was_read: bool = False

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def text(self) -> str:
        return self.record.text

    @property
    def scope(self) -> Scope:
        return self.record.scope

    @property
    def size(self) -> int:
        return len(self.record.text)

    def read(self) -> Record:
        self.was_read = True
        return self.record


def test_records_that_are_far_from_shown_are_not_read() -> None:
    texts = [f"I planted tree {number} at the {number % 9}th lake" for number in range(150)]
    columns = columns_of(
        Entry(Record(text), np.eye(8, dtype=np.float32)[[number % 8]])
        for number, text in enumerate(texts)
    )
    unread = [Unread(one) for one in columns.records if isinstance(one, Record)]
    hot = HotScope(replace(columns, records=unread))
    vector = np.eye(8, dtype=np.float32)[0]

    found = ranked(hot, Question("tree 70", Focus("tree 70", 1.0), vector, [], 0.0), everything, 3)

    assert len(found) == 3
    assert sum(one.was_read for one in unread) <= MOST_BESIDE


@contextmanager
def interrupted(at: str) -> Iterator[None]:
    """Interrupt the body once where a function is called, named by its module and itself."""

    def interrupting(frame: FrameType, event: str, _argument: object) -> None:
        called = f"{Path(frame.f_code.co_filename).stem}.{frame.f_code.co_name}"
        if event == "call" and called == at:
            raise KeyboardInterrupt

    sys.setprofile(interrupting)
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize("at", ["warm_store.write", "hot_scopes.add"])
def test_a_write_that_is_interrupted_leaves_nothing_out_of_step(at: str) -> None:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as memory:
        memory.remember("Geese rest at the lake")
        assert memory.recall("geese")
        with interrupted(at):
            memory.remember("Herons fish in the lake")

        memory.remember("Swans sleep on the lake")

        found = {match.record.text for match in memory.recall("lake", limit=9)}
        assert found == {record.text for record in memory.records()}
        assert {"Geese rest at the lake", "Swans sleep on the lake"} <= found


@pytest.mark.parametrize("at", ["postings.extend", "hot._register"])
def test_a_recall_that_is_interrupted_misses_nothing_that_was_written(at: str) -> None:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as memory:
        memory.remember("Geese rest at the lake")
        assert memory.recall("geese")
        memory.remember("Herons fish in the lake")
        with interrupted(at):
            memory.recall("lake")

        found = {match.record.text for match in memory.recall("lake", limit=9)}
        assert found == {"Geese rest at the lake", "Herons fish in the lake"}


def test_what_is_written_is_taken_into_arrays_at_once_when_they_are_asked() -> None:
    store = InMemoryStore()
    hot = HotScopes(store, 10**9)
    held = hot.of(user("a"))
    assert held is not None

    hot.add([entry("one", user("a"), id="1"), entry("other", user("a"), id="2")])
    hot.add([entry("one, changed", user("a"), id="1")])
    assert not list(held.records())

    assert hot.of(user("a")) is held
    assert sorted(record.text for record in held.records()) == ["one, changed", "other"]


def test_each_record_is_dropped_when_its_own_time_is_over() -> None:
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    days = [start + timedelta(days=day) for day in range(5)]
    ends = {"a": days[1], "b": days[3], "c": None}
    hot = HotScope(
        Entry(Record(text, scope=user("a"), expires_at=end), np.ones((1, 4), np.float32))
        for text, end in ends.items()
    )
    living = []
    for day in days:
        hot.expire(day)
        living.append(sorted(one.text for one in hot.records()))
    assert living == [["a", "b", "c"], ["b", "c"], ["b", "c"], ["c"], ["c"]]


def test_a_record_that_ends_earlier_than_it_did_is_dropped_then() -> None:
    start = datetime(2026, 1, 1, tzinfo=timezone.utc)
    record = Record("a", scope=user("a"), expires_at=start + timedelta(days=9))
    hot = HotScope([Entry(record, np.ones((1, 4), np.float32))])
    hot.expire(start)
    hot.recount(replace(record, expires_at=start + timedelta(days=1)))
    hot.expire(start + timedelta(days=2))
    assert not len(hot)
