"""Uses are written for many records at once, and never one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from clock import Clock
from commonplace import Record, Scope
from commonplace.engine.gathered_uses import MOST, GatheredUses
from commonplace.values.uses import Use, Uses, carried, living_on, used

ALICE = Scope(("user", "alice"))


class Written(list[Uses]):
    """What was written, batch by batch."""

    def __call__(self, uses: Uses) -> None:
        self.append(uses)


def records(count: int) -> list[Record]:
    return [Record(f"note {number}", scope=ALICE, created_at=Clock()()) for number in range(count)]


def test_many_uses_of_few_records_wait_for_a_minute(clock: Clock) -> None:
    written = Written()
    gathered = GatheredUses(written, clock)
    few = records(3)

    for _ in range(59):
        gathered.note(few)
        gathered.write_if_due()
        clock.advance(seconds=1)
    assert written == []

    clock.advance(seconds=1)
    gathered.write_if_due()
    assert [[use.times for use in batch.values()] for batch in written] == [[59, 59, 59]]


def test_many_records_are_written_at_once(clock: Clock) -> None:
    written = Written()
    gathered = GatheredUses(written, clock)

    for one in records(2 * MOST):
        gathered.note([one])
        gathered.write_if_due()

    assert [len(batch) for batch in written] == [MOST, MOST]


def test_a_use_has_more_patience_than_a_write_unless_a_record_lives_on_by_it(clock: Clock) -> None:
    written = Written()
    gathered = GatheredUses(written, clock)
    gathered.note(records(MOST))
    clock.advance(minutes=9)
    gathered.write_if_due(10)
    assert written == []

    [one] = records(1)
    in_a_year = clock() + timedelta(days=365)
    gathered.note([replace(one, expires_at=in_a_year, ttl_on_use=timedelta(days=400))])
    gathered.write_if_due(10)
    assert [len(batch) for batch in written] == [MOST]


def test_who_waits_for_a_batch_waits_for_no_more_than_a_hundred(clock: Clock) -> None:
    written = Written()
    gathered = GatheredUses(written, clock)
    gathered.note(records(3 * MOST))

    gathered.write_if_due()
    assert [len(batch) for batch in written] == [MOST]

    gathered.write()
    assert [len(batch) for batch in written] == [MOST, 2 * MOST]


def test_nothing_is_written_of_nothing(clock: Clock) -> None:
    written = Written()
    gathered = GatheredUses(written, clock)
    [one] = records(1)

    gathered.note([one])
    gathered.drop([one])
    gathered.write()
    gathered.note([one])
    gathered.drop_within(ALICE.first(1))
    gathered.write()

    assert written == []


lives = st.builds(
    Record,
    text=st.just("Likes tea"),
    uses=st.integers(1, 10**6),
    used_at=st.floats(0, 100).map(lambda days: Clock()() + timedelta(days=days)),
    ttl_on_use=st.none() | st.floats(0.1, 10**8).map(lambda days: timedelta(days=days)),
    expires_at=st.none() | st.floats(0, 200).map(lambda days: Clock()() + timedelta(days=days)),
)


@given(one=lives, other=lives)
def test_counts_of_two_copies_come_to_the_same_in_any_order(one: Record, other: Record) -> None:
    merged = carried(one, other)

    assert merged.uses == max(one.uses, other.uses)
    assert merged.used_at == max(one.used_at, other.used_at)  # type: ignore[type-var]  # both were used
    assert carried(one, merged) == carried(other, merged) == merged == living_on(merged)


@given(record=lives, days=st.floats(0, 300))
def test_a_use_never_shortens_a_life_and_never_brings_one_back(record: Record, days: float) -> None:
    at = Clock()() + timedelta(days=days)

    counted = used(record, Use(1, at))

    if record.is_expired(at):
        assert counted is None
        return
    assert counted is not None
    assert (counted.expires_at is None) == (record.expires_at is None)
    if record.expires_at and counted.expires_at:
        assert counted.expires_at >= record.expires_at
        assert counted.expires_at == record.expires_at or counted.ttl_on_use
