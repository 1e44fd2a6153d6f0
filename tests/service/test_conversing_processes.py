"""A session of several processes, whoever is killed: nothing lost, nothing twice, one order."""

from __future__ import annotations

import random
from pathlib import Path

from agent_processes import Agent, agents, kill_server

SAID = 18


def of(name: str, said: list[str]) -> list[str]:
    return [text for text in said if text.startswith(f"{name} ")]


def test_writers_of_one_session_see_one_order_though_they_and_their_server_are_killed(
    tmp_path: Path,
) -> None:
    with agents(tmp_path, 3) as started:
        names = ["one", "two", "three"]
        for name, agent in zip(names, started, strict=True):
            agent.opened().tell("converse", name, SAID)
        started[0].await_acknowledged(SAID // 5)
        kill_server(tmp_path)
        started[2].await_acknowledged(SAID // 2)
        started[2].kill()
        assert [agent.answer() for agent in started[:2]] == [SAID] * 2

        said = started[0].ask("said")
        assert said == started[1].ask("said")
        assert len(said) == len(set(said))
        for name in names[:2]:
            assert of(name, said) == [f"{name} says number {number}" for number in range(SAID)]
        # What the killed had sent and not yet heard of may be kept.
        kept = of("three", said)
        assert started[2].acknowledged in (kept, kept[:-1])


def test_who_comes_after_a_killed_owner_says_what_it_may_have_said_once(tmp_path: Path) -> None:
    chance = random.Random(5)
    for round in range(1, 3):
        owner = Agent(tmp_path, "own").opened()
        owner.tell("converse", "one", 10_000)
        owner.await_acknowledged(SAID * round + chance.randrange(SAID))
        owner.kill()
        acknowledged = owner.acknowledged
        owner.end()

    with agents(tmp_path, 1, "own") as [owner]:
        total = len(acknowledged) + 2
        assert owner.opened().ask("said")[: len(acknowledged)] == acknowledged
        assert owner.ask("converse", "one", total) == total
        assert owner.ask("said") == [f"one says number {number}" for number in range(total)]
