"""What counts as a use, how it is written, and how a record lives on by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import commonplace
from clock import Clock
from commonplace import InvalidInputError, Memory, Record, RecordNotFoundError, StoreError
from commonplace.stores.in_memory import InMemoryStore
from commonplace.testing import HashingEmbedder
from commonplace.values.uses import Uses
from http_api import engine_on

TEA = "Likes green tea"
Opener = Callable[..., Memory]


@pytest.fixture
def alice(memory: Memory) -> Memory:
    return memory.scope("user", "alice")


@pytest.fixture
def settled(memory: Memory, clock: Clock) -> Callable[[], None]:
    """Let so much time go by that what was gathered is written with the next write."""

    def settle() -> None:
        clock.advance(minutes=2)
        memory.set("tick", clock().isoformat())

    return settle


def test_a_record_that_was_shown_to_a_model_was_used(
    alice: Memory, settled: Callable[[], None], clock: Clock
) -> None:
    tea, shown_at = alice.remember(TEA), clock()

    assert TEA in alice.context("green tea?")

    settled()
    assert alice.record(tea.id) == replace(tea, uses=1, used_at=shown_at)


def test_looking_is_no_use(alice: Memory, settled: Callable[[], None]) -> None:
    tea = alice.remember(TEA)

    alice.recall("green tea?")
    alice.records()
    alice.context("green tea?", known=[TEA])
    alice.history(tea.id)

    settled()
    assert alice.record(tea.id) == tea


def test_who_knows_that_a_record_helped_says_so(
    alice: Memory, settled: Callable[[], None], clock: Clock
) -> None:
    tea = alice.remember(TEA)

    alice.used(tea.id)
    clock.advance(seconds=30)
    alice.used(tea.id)

    last = clock()
    settled()
    assert alice.record(tea.id) == replace(tea, uses=2, used_at=last)


def test_an_unknown_record_is_not_used(memory: Memory, alice: Memory) -> None:
    theirs = memory.scope("user", "bob").remember("Lives in Oslo")

    with pytest.raises(RecordNotFoundError):
        alice.used(theirs.id)


def test_what_is_only_included_is_not_counted(
    memory: Memory, alice: Memory, settled: Callable[[], None]
) -> None:
    handbook = memory.scope("team", "handbook")
    rule = handbook.remember("Green tea is served at four")

    assert rule.text in alice.including(handbook).context("when is green tea served?")

    settled()
    assert handbook.record(rule.id) == rule


def test_a_use_makes_no_version_and_changes_no_text_or_vector(
    alice: Memory, settled: Callable[[], None]
) -> None:
    long = alice.remember("Green tea. " * 400)
    before = alice._engine.entries([alice.path], [long.id])[0]

    alice.used(long.id)

    settled()
    after = alice._engine.entries([alice.path], [long.id])[0]
    assert after.record.updated_at is None
    assert alice.history(long.id) == [after.record]
    assert (after.vectors == before.vectors).all()
    assert alice.recall("green tea", limit=1)[0].record == after.record


def test_uses_outlive_the_memory(open_memory: Opener, clock: Clock) -> None:
    with open_memory() as memory:
        tea = memory.remember(TEA)
        memory.used(tea.id)
        if memory.directory is None:
            return

    clock.advance(minutes=2)
    with open_memory() as again:
        again.set("tick", 1)
        assert again.record(tea.id).uses == 1


def test_a_late_count_brings_nothing_back(alice: Memory, settled: Callable[[], None]) -> None:
    forgotten, changed = alice.remember(TEA), alice.remember("Lives in Oslo")
    alice.set("city", "Oslo")
    alice.used(forgotten.id, changed.id, *[one.id for one in alice.records(kind="value")])

    alice.forget(forgotten.id)
    alice.update(changed.id, text="Lives in Rome")
    alice.delete("city")
    alice.set("city", "Rome")

    settled()
    assert [one.text for one in alice.records(kind="fact")] == ["Lives in Rome"]
    assert alice.record(changed.id).uses == 1
    assert [one.uses for one in alice.records(kind="value")] == [0]
    assert [one.text for one in alice.history(changed.id)] == ["Lives in Oslo", "Lives in Rome"]


def test_an_erased_scope_stays_empty(alice: Memory, settled: Callable[[], None]) -> None:
    tea = alice.remember(TEA)
    alice.used(tea.id)

    alice.erase(reason="asked for")
    settled()
    assert alice.count() == 0

    alice.remember_many([tea])
    settled()
    assert alice.record(tea.id) == tea


def test_a_record_that_is_written_again_keeps_its_uses(
    alice: Memory, settled: Callable[[], None]
) -> None:
    tea = alice.remember(TEA)
    alice.used(tea.id)
    settled()
    counted = alice.record(tea.id)

    assert alice.remember_many([tea]) == [counted]
    assert alice.remember_many([replace(tea, importance=0.9)]) == [replace(counted, importance=0.9)]
    assert alice.remember(TEA).uses == 1
    assert alice.update(tea.id, text="Likes black tea").uses == 1
    assert alice.record(tea.id).uses == 1


def test_a_record_lives_on_from_each_use(alice: Memory, clock: Clock) -> None:
    tea = alice.remember(TEA, ttl="10d", refresh_on_use=True)

    for _ in range(5):
        clock.advance(days=9)
        assert TEA in alice.context("green tea?")
    used_at = clock()

    clock.advance(days=9.9)
    assert alice.record(tea.id).expires_at == used_at + timedelta(days=10)
    assert alice.sweep() == 0
    clock.advance(days=0.1)
    assert alice.records() == []
    assert alice.sweep() == 1


def test_a_record_used_within_its_last_moment_is_not_seen_expired(
    alice: Memory, clock: Clock
) -> None:
    tea = alice.remember(TEA, ttl="10d", refresh_on_use=True)
    alice.recall("green tea?")
    clock.advance(days=10, seconds=-1e-6)

    alice.used(tea.id)

    clock.advance(seconds=1e-6)
    assert [match.record.id for match in alice.recall("green tea?")] == [tea.id]
    assert alice.record(tea.id).id == tea.id
    assert alice.sweep() == 0


def test_what_is_expired_is_not_brought_back_by_a_use(alice: Memory, clock: Clock) -> None:
    tea = alice.remember(TEA, ttl="10d", refresh_on_use=True)
    clock.advance(days=10)

    assert alice.context("green tea?") == ""
    with pytest.raises(RecordNotFoundError):
        alice.used(tea.id)
    alice._engine.used([tea])

    clock.advance(minutes=2)
    alice.set("tick", 1)
    assert alice.records(kind="fact") == []


def test_without_the_option_a_use_moves_no_end(alice: Memory, settled: Callable[[], None]) -> None:
    tea = alice.remember(TEA, ttl="10d")
    alice.used(tea.id)

    settled()
    assert alice.record(tea.id).expires_at == tea.expires_at


def test_an_end_that_is_set_is_not_moved_by_use(
    alice: Memory, settled: Callable[[], None], clock: Clock
) -> None:
    tea = alice.remember(TEA, ttl="10d", refresh_on_use=True)
    alice.used(tea.id)
    end = clock() + timedelta(days=2)

    alice.update(tea.id, expires_at=end)

    alice.used(tea.id)
    settled()
    assert alice.record(tea.id).expires_at == end


def test_said_again_a_record_ends_with_the_later_and_lives_on_the_longer(alice: Memory) -> None:
    alice.remember(TEA, ttl="10d", refresh_on_use=True)

    again = alice.remember(TEA, ttl="20d", refresh_on_use=True)
    assert again.ttl_on_use == timedelta(days=20)
    for_ever = alice.remember(TEA)
    assert (for_ever.expires_at, for_ever.ttl_on_use) == (None, None)


def test_uses_are_exported_and_imported(
    memory: Memory, alice: Memory, settled: Callable[[], None], tmp_path: Path
) -> None:
    tea = alice.remember(TEA, ttl="10d", refresh_on_use=True)
    alice.used(tea.id)
    settled()
    kept = alice.record(tea.id)
    alice.export(tmp_path / "alice.jsonl")

    copy = memory.scope("copy")
    assert copy.import_(tmp_path / "alice.jsonl").written == 1
    assert replace(copy.record(tea.id), scope=alice.path) == kept

    copy.used(tea.id)
    settled()
    assert copy.import_(tmp_path / "alice.jsonl").unchanged == 1
    assert copy.record(tea.id).uses == 2


def test_a_thing_that_cannot_live_on_is_refused(alice: Memory, clock: Clock) -> None:
    in_a_day = clock() + timedelta(days=1)

    with pytest.raises(InvalidInputError, match="refresh_on_use needs a ttl"):
        alice.remember(TEA, refresh_on_use=True)
    with pytest.raises(InvalidInputError, match="refresh_on_use is True or False"):
        alice.remember(TEA, ttl="1d", refresh_on_use="yes")  # type: ignore[arg-type]  # wrong on purpose
    for wrong in (
        Record(TEA, uses=-1),
        Record(TEA, uses=True),
        Record(TEA, uses=2),
        Record(TEA, used_at=in_a_day),
        Record(TEA, ttl_on_use=timedelta(days=1)),
        Record(TEA, ttl_on_use=timedelta(), expires_at=in_a_day),
        Record(TEA, ttl_on_use=9.0, expires_at=in_a_day),  # type: ignore[arg-type]  # as well
    ):
        with pytest.raises(InvalidInputError, match="use"):
            alice.remember_many([wrong])
    assert alice.count() == 0


def test_what_no_other_record_was_used_like_is_found_first_of_equals(
    alice: Memory, settled: Callable[[], None]
) -> None:
    teas = alice.remember_many([Record(TEA, kind="event") for _ in range(5)])
    alice.used(teas[2].id)

    settled()
    best = alice.recall("green tea?")[0]
    assert best.record.id == teas[2].id
    assert best.signals["frequency"] > 0


def test_what_is_shown_all_the_time_never_overtakes_what_answers_better(
    alice: Memory, settled: Callable[[], None]
) -> None:
    worse = alice.remember_many([f"Drinks green tea in the office, cup {n}" for n in range(6)])
    for _ in range(30):
        alice.context("what does she drink in the office?")
        alice.used(*[one.id for one in worse])
    settled()

    better = alice.remember("What she drinks in the office is coffee")

    assert alice.recall("what does she drink in the office?")[0].record == better


class Failing(InMemoryStore):
    """A store that cannot count."""

    works = False

    def count_uses(self, uses: Uses) -> list[Record]:
        if not self.works:
            raise StoreError("the disk is full")
        return super().count_uses(uses)


def test_a_count_that_fails_keeps_nothing_from_the_host_and_is_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store, clock = Failing(), Clock()
    engine = engine_on(store)
    engine.clock = engine._uses._clock = clock
    memory = Memory(engine, commonplace.Scope())
    tea = memory.remember(TEA)

    for _ in range(3):
        clock.advance(minutes=11)
        assert TEA in memory.context("green tea?")
    assert "are not written yet" in caplog.text
    assert memory.record(tea.id).uses == 0

    store.works = True
    clock.advance(minutes=11)
    memory.used(tea.id)
    assert memory.record(tea.id).uses == 4


def test_a_store_from_before_there_were_uses_has_none(
    tmp_path: Path, embedder: HashingEmbedder
) -> None:
    with commonplace.open(tmp_path / "store", embedder=embedder) as memory:
        tea = memory.remember(TEA)
        memory._engine._store.store.flush()  # type: ignore[attr-defined]  # Chroma's
        partitions = memory._engine._store.store.chroma._collections(tea.scope)  # type: ignore[attr-defined]  # Chroma's
        [row] = [row for one in partitions for row in one.get(include=["metadatas"])["metadatas"]]

    assert "use" not in row["record"]
    assert "used" not in row
    with commonplace.open(tmp_path / "store", embedder=embedder) as again:
        assert again.record(tea.id) == tea
        again.used(tea.id)
    with commonplace.open(tmp_path / "store", embedder=embedder) as again:
        assert again.record(tea.id).uses == 1


def test_of_an_erased_record_no_file_tells_when_it_was_used(
    tmp_path: Path, embedder: HashingEmbedder, clock: Clock
) -> None:
    clock.advance(days=2_000, seconds=3.141592)
    with commonplace.open(tmp_path / "store", embedder=embedder, clock=clock) as memory:
        alice, bob = memory.scope("user", "alice"), memory.scope("user", "bob")
        alice.used(alice.remember(TEA).id)
        used_at = clock().isoformat()[:26].encode()
        clock.advance(minutes=2)
        kept = bob.remember("Lives in Oslo")
        memory.flush()
        files = [one for one in (tmp_path / "store").rglob("*") if one.is_file()]
        assert any(used_at in file.read_bytes() for file in files)

        assert alice.erase(reason="asked for").records == 1
        bob.used(kept.id)

    files = [one for one in (tmp_path / "store").rglob("*") if one.is_file()]
    assert not any(used_at in file.read_bytes() for file in files)
    with commonplace.open(tmp_path / "store", embedder=embedder, clock=clock) as memory:
        assert memory.scope("user", "bob").record(kept.id).uses == 1
