"""Imports into one scope at the same time."""

from __future__ import annotations

from pathlib import Path

import commonplace
from agent_processes import agents
from commonplace.testing import HashingEmbedder
from imported import write_json


def test_two_processes_that_import_one_file_at_once_do_not_double(tmp_path: Path) -> None:
    items = [{"id": str(n) if n % 2 else None, "memory": f"fact {n}"} for n in range(300)]
    path = write_json(tmp_path / "a.json", items)
    others = [
        write_json(tmp_path / f"{name}.json", [{"id": name, "memory": name}]) for name in "bc"
    ]

    with agents(tmp_path / "store", 2) as started:
        for agent in started:
            agent.opened()
        for agent in started:
            agent.tell("bring", str(path))
        reports = [agent.answer() for agent in started]
        for agent, other in zip(started, others, strict=True):
            agent.tell("bring", str(other))
        reports += [agent.answer() for agent in started]

        with commonplace.open(tmp_path / "store", embedder=HashingEmbedder()) as memory:
            assert sorted(one.text for one in memory.records(limit=1_000)) == sorted(
                ["b", "c", *(f"fact {n}" for n in range(300))]
            )
            assert all(len(memory.history(one.id)) == 1 for one in memory.records(limit=20))
            memory.forget("b", "c", "7")
            # Each import knows of the other: what was forgotten stays so.
            again = [memory.import_(one) for one in (path, *others)]

    assert [sum(one.values()) for one in reports] == [300, 300, 1, 1]
    assert [(one.written, one.skipped) for one in again] == [(0, 1), (0, 1), (0, 1)]
