"""Of many servers one at a time keeps house, and another goes on when it dies."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import commonplace
from chroma_server import HERE, client_of_new_database, in_this_process
from clock import Clock
from commonplace.chroma.leases import LASTS_SECONDS, Lease
from commonplace.chroma.notes import Notes
from commonplace.chroma.open_erasures import OpenErasures
from commonplace.opening.on_client import engine_on
from commonplace.service.housekeeping import SWEEP_SECONDS, WORK, Housekeeping
from commonplace.service.store_serving import CLAIMS
from commonplace.testing import HashingEmbedder
from stepping import Process, SteppedClient

# As clocks that nobody sets: they begin anywhere.
BEGINNINGS = (0.0, 10.0**9, 7.5)


class Seconds:
    """What passes for all, and is read by each from a beginning of its own."""

    def __init__(self) -> None:
        self.passed = 0.0

    def since(self, beginning: float) -> Callable[[], float]:
        return lambda: beginning + self.passed


def notes_of(client: Any) -> Notes:
    return Notes(client, CLAIMS)


def leases(client: Any, seconds: Seconds, count: int = 2) -> list[Lease]:
    ticks = [seconds.since(beginning) for beginning in BEGINNINGS[:count]]
    return [Lease(notes_of(client), WORK, one) for one in ticks]


def test_one_holds_it_until_it_was_silent_for_as_long_as_it_lasts() -> None:
    seconds = Seconds()
    one, other = leases(in_this_process(), seconds)
    assert one.hold()
    assert not other.hold()

    for _ in range(3):
        seconds.passed += LASTS_SECONDS - 1
        assert one.hold()
        assert not other.hold()
    seconds.passed += LASTS_SECONDS - 1
    assert not other.hold()
    assert [each.is_held for each in (one, other)] == [True, False]
    seconds.passed += 1
    assert [each.is_held for each in (one, other)] == [False, False]
    assert other.hold()
    assert not one.hold()


def test_who_ends_lets_another_have_it_at_once() -> None:
    one, other = leases(in_this_process(), Seconds())
    assert one.hold()
    other.let_go()  # which is not its own
    assert not other.hold()

    one.let_go()

    assert not one.is_held
    assert other.hold()


def test_who_slept_through_many_numbers_does_not_hold_it() -> None:
    client, seconds, process = in_this_process(), Seconds(), Process()
    one, other = leases(client, seconds)
    sleeper = Lease(notes_of(SteppedClient(client, process)), WORK, seconds.since(3.0))
    assert one.hold()
    assert not sleeper.hold()
    assert not other.hold()
    seconds.passed += LASTS_SECONDS
    process.start(sleeper.hold)
    while process.stopped_before != "add":
        process.step()

    for _ in range(3):  # the number that the sleeper is about to add is taken, and removed
        seconds.passed += 5
        assert other.hold()
    while process.is_busy:
        process.step()

    assert process.result is False
    assert other.is_held


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(["0", "1", "2", "0", "1", "2", "wait", "pass"]), max_size=80))
def test_at_no_moment_two_hold_it(turns: list[str]) -> None:
    """Each is let on a request at a time, and the clock goes on in between."""
    client, seconds = in_this_process(), Seconds()
    processes = [Process() for _ in BEGINNINGS]
    held = [
        Lease(notes_of(SteppedClient(client, process)), WORK, seconds.since(beginning))
        for process, beginning in zip(processes, BEGINNINGS, strict=True)
    ]
    try:
        for turn in turns:
            if turn in {"wait", "pass"}:
                seconds.passed += 10 if turn == "wait" else LASTS_SECONDS
            elif processes[int(turn)].is_busy:
                processes[int(turn)].step()
            else:
                processes[int(turn)].start(held[int(turn)].hold)
            assert sum(one.is_held for one in held) <= 1
    finally:
        for one in processes:
            if one.is_busy:
                one.kill()


SWEEPING = """
import os, signal, sys
import chromadb
from chromadb.api.models.Collection import Collection
from chromadb.config import Settings
from commonplace.chroma.leases import Lease
from commonplace.chroma.notes import Notes
from commonplace.chroma.shared_partition import SharedPartition
from commonplace.chroma.open_erasures import OpenErasures
from commonplace.opening.on_client import engine_on
from commonplace.service.housekeeping import WORK, Housekeeping
from commonplace.testing import HashingEmbedder

settings = Settings(anonymized_telemetry=False)
client = chromadb.HttpClient(sys.argv[1], int(sys.argv[2]), settings=settings, database=sys.argv[3])
notes = Notes(client, sys.argv[4])
house = Housekeeping(
    engine_on(client, HashingEmbedder()), OpenErasures(client), notes, Lease(notes, WORK),
    lambda: float(sys.argv[5]),
)
house.go_on()
SharedPartition.add = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
house.sweep()
"""


@pytest.mark.allow_hosts([HERE])
def test_what_a_killed_process_was_doing_another_does_when_the_lease_has_run_out(
    chroma_port: int,
) -> None:
    client = client_of_new_database(chroma_port)
    seconds, clock, now = Seconds(), Clock(), 50_000.0
    engine = engine_on(client, HashingEmbedder(), clock=clock)
    memory = commonplace.Memory(engine, commonplace.Scope())
    memory.scope("user", "alice").remember("Buy milk", ttl="1h")
    clock.advance(hours=2)
    notes = notes_of(client)
    [lease] = leases(client, seconds, 1)
    house = Housekeeping(engine, OpenErasures(client), notes, lease, lambda: now)
    notes.first(f"{WORK} swept", repr(now - SWEEP_SECONDS))

    command = [sys.executable, "-c", SWEEPING, HERE, str(chroma_port), client.database, CLAIMS]
    run = subprocess.run([*command, repr(now)], check=False)
    assert run.returncode == -signal.SIGKILL
    house.go_on()
    house.sweep()
    assert texts(client) == ["Buy milk"]  # the other may still be at it
    seconds.passed += LASTS_SECONDS
    house.go_on()
    house.sweep()

    assert texts(client) == []
    house.sweep()  # nothing is due
    assert [entry.action for entry in memory.audit()] == ["sweep"]


def texts(client: Any) -> list[str]:
    """Return the text of every row of records."""
    records = [one for one in client.list_collections() if one.name[-2:].isdecimal()]
    return [text for one in records for text in one.get()["documents"] if text]
