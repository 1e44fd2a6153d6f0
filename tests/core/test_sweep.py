"""What is expired is never returned, and goes when it is swept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from clock import Clock
from commonplace import Memory, Record


def test_sweeping_removes_what_is_expired_and_nothing_else(memory: Memory, clock: Clock) -> None:
    alice = memory.scope("user", "alice")
    alice.remember("Was here", ttl="1h")
    alice.remember("Is here", ttl="3h")
    memory.scope("user", "bob").remember("Was here too", ttl="1h")
    clock.advance(hours=2)

    assert alice.sweep() == 1
    assert alice.sweep() == 0
    assert [one.text for one in memory.records()] == ["Is here"]
    assert memory.sweep() == 1


def test_a_live_record_is_found_among_many_expired_that_are_nearer(
    open_memory: Callable[..., Memory], clock: Clock
) -> None:
    memory = open_memory()
    memory.remember_many(
        [Record(f"tea tea tea {n}", expires_at=clock() + timedelta(minutes=1)) for n in range(80)]
    )
    memory.remember("She drinks tea with milk in the garden")
    clock.advance(hours=1)

    assert [one.record.text for one in memory.recall("tea tea tea", limit=1)] == [
        "She drinks tea with milk in the garden"
    ]


def test_what_is_expired_is_not_recalled_of_the_past_either(memory: Memory, clock: Clock) -> None:
    then = clock()
    memory.remember("Was here", ttl="1h")
    memory.remember("Is here", ttl="3h")
    clock.advance(hours=2)

    assert [one.record.text for one in memory.recall("here", as_of=then)] == ["Is here"]


def test_an_expired_record_is_swept_with_its_expired_versions(memory: Memory, clock: Clock) -> None:
    home = memory.remember("Lives in Oslo", ttl="1h")
    memory.update(home.id, text="Lives in Rome")
    clock.advance(hours=2)

    assert memory.sweep() == 2
    assert memory.sweep() == 0
