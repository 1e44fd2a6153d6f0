"""Crews in several processes that share one memory."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import commonplace
from agent_processes import DEADLINE_SECONDS, end_server
from commonplace.testing import HashingEmbedder

PROGRAM = Path(__file__).parents[1] / "crewai_program.py"


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "memory"
    end_server(tmp_path / "memory")


def started(*arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", str(PROGRAM), *arguments],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> Any:
    """Wait until a process has ended by itself, which threads that hang would keep it from."""
    output, _ = process.communicate(timeout=DEADLINE_SECONDS)
    assert process.returncode == 0
    return json.loads(output.splitlines()[-1])


def test_what_three_agents_learned_is_shown_to_three_others_once(directory: Path) -> None:
    said(started("learn", str(directory)))

    ways = said(started("ask", str(directory)))

    assert set(ways) == {"sequential", "hierarchical", "flow"}
    for way, blocks in ways.items():
        learned = (
            rf'- "The {way} key is kept by Maria, says (\w+)\." '
            r'\(fact, agent, by "\1", via crewai, '
        )
        for block in blocks:
            found = [match[1] for line in block if (match := re.match(learned, line))]
            assert sorted(found) == ["Clerk", "Scout", "Scribe"]
        assert not any(word in str(blocks) for word in ("categories", "crewai:", "score=", "Task"))


def test_four_crews_in_four_processes_lose_and_leak_nothing(directory: Path) -> None:
    crews = [started("work", str(directory), str(number)) for number in range(4)]

    assert [said(crew) for crew in crews] == [[], [], [], []]

    with commonplace.open(directory, shared=True, embedder=HashingEmbedder()) as memory:
        assert memory.count() == 200
        for number in range(4):
            for user in range(5):
                texts = [one.text for one in memory.scope("user", f"{number}-{user}").records()]
                assert sorted(texts) == sorted(
                    f"user {number}-{user} learned fact {task}" for task in range(user, 50, 5)
                )
