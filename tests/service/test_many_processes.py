"""Any number of processes, one memory: what one is told, all know at once, whoever is killed."""

from __future__ import annotations

import random
from pathlib import Path

from agent_processes import Agent, agents, kill_server, server_of

WRITERS = 3
WRITES = 50


def everything(started: list[Agent]) -> list[str]:
    return sorted(text for agent in started for text in agent.acknowledged)


def test_every_process_knows_at_once_what_another_was_told(tmp_path: Path) -> None:
    with agents(tmp_path, 3) as started:
        for agent in started:
            agent.opened()

        for round in range(5):
            for number, agent in enumerate(started):
                fact = f"in round {round} the person {number} moved to house {round}{number}"
                agent.ask("remember", fact)
                assert [other.ask("recall", fact)[0] for other in started] == [fact] * 3


def test_nothing_that_was_acknowledged_to_several_writers_is_missing(tmp_path: Path) -> None:
    with agents(tmp_path, WRITERS) as started:
        for number, agent in enumerate(started):
            agent.opened().tell("write", f"agent{number}", WRITES)
        assert [agent.answer() for agent in started] == [WRITES] * WRITERS

        assert sorted(started[0].ask("texts")) == everything(started)
        assert started[1].ask("unfindable") == []


def kill_living_server(directory: Path, agent: Agent) -> int:
    """Kill the server, or if that was killed before, the one that an agent's next write starts."""
    try:
        return kill_server(directory)
    except ProcessLookupError:
        agent.await_acknowledged(len(agent.acknowledged) + 1)
        return kill_living_server(directory, agent)


def test_writers_go_on_when_their_server_is_killed(tmp_path: Path) -> None:
    chance = random.Random(4)
    with agents(tmp_path, WRITERS) as started:
        for number, agent in enumerate(started):
            agent.opened().tell("write", f"agent{number}", WRITES)
        servers = set()
        for killed in range(1, 4):
            agent = chance.choice(started)
            agent.await_acknowledged(killed * WRITES // 5)
            servers.add(kill_living_server(tmp_path, agent))
        assert [agent.answer() for agent in started] == [WRITES] * WRITERS

        assert sorted(started[0].ask("texts")) == everything(started)
        assert started[0].ask("unfindable") == []
        assert server_of(tmp_path) not in servers


def test_writers_go_on_when_others_are_killed(tmp_path: Path) -> None:
    with agents(tmp_path, WRITERS) as started:
        for number, agent in enumerate(started):
            agent.opened().tell("write", f"agent{number}", WRITES)
        victims, survivors = started[:1], started[1:]
        for victim in victims:
            victim.await_acknowledged(WRITES // 4)
            victim.kill()
        assert [agent.answer() for agent in survivors] == [WRITES] * 2

        kept = survivors[0].ask("texts")
        assert len(kept) == len(set(kept))
        assert set(kept) >= set(everything(started))
        # What the killed had sent and not yet heard of may be kept: at most one text each.
        assert len(kept) <= len(everything(started)) + len(victims)
        assert survivors[1].ask("unfindable") == []
