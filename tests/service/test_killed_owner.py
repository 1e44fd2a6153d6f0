"""kill -9 of a process that owns the directory: nothing that it was told is lost."""

from __future__ import annotations

import random
from pathlib import Path

from agent_processes import Agent, agents

ROUNDS = 3
# So many writes of 256 numbers each that Chroma has synced its index several times.
MOST_BEFORE_KILL = 160


def test_nothing_that_a_killed_owner_acknowledged_is_lost(tmp_path: Path) -> None:
    chance = random.Random(9)
    acknowledged: list[str] = []
    for round in range(ROUNDS):
        owner = Agent(tmp_path, "own").opened()
        kept = owner.ask("texts")
        assert set(kept) >= set(acknowledged)
        assert len(kept) <= len(acknowledged) + round  # what was sent and not yet acknowledged

        owner.tell("write", f"round{round}", 10_000)
        owner.await_acknowledged(chance.randrange(1, MOST_BEFORE_KILL))
        owner.kill()
        acknowledged += owner.acknowledged
        owner.end()

    with agents(tmp_path, 1, "own") as [owner]:
        assert set(owner.opened().ask("texts")) >= set(acknowledged)
        assert owner.ask("unfindable") == []
