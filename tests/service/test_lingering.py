"""The background server ends by itself once nobody needs it, and not before."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

import commonplace
from agent_processes import DEADLINE_SECONDS, agents, background, server_of
from commonplace.client.joining import joined
from commonplace.testing import HashingEmbedder

LINGER = 0.3


def open_memory(directory: Path) -> commonplace.Memory:
    joined(directory, None)  # so that it is this server, and no other is started
    return commonplace.open(directory, shared=True, embedder=HashingEmbedder())


def test_a_server_ends_after_its_last_client_and_leaves_the_directory_free(tmp_path: Path) -> None:
    with background(tmp_path, LINGER) as server:
        with open_memory(tmp_path) as memory:
            memory.remember("kept")
        assert server.wait(DEADLINE_SECONDS) == 0

    assert not (tmp_path / "run" / "socket").exists()
    with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
        assert [record.text for record in memory.records()] == ["kept"]


def test_a_server_that_nobody_joins_ends(tmp_path: Path) -> None:
    with background(tmp_path, LINGER) as server:
        assert server.wait(DEADLINE_SECONDS) == 0


def test_a_server_stays_for_a_client_that_asks_nothing(tmp_path: Path) -> None:
    with background(tmp_path, LINGER) as server:
        idle = open_memory(tmp_path)
        with open_memory(tmp_path):
            pass
        with pytest.raises(subprocess.TimeoutExpired):
            server.wait(5 * LINGER)

        idle.close()
        assert server.wait(DEADLINE_SECONDS) == 0


def test_a_server_ends_when_its_clients_are_killed(tmp_path: Path) -> None:
    with background(tmp_path, LINGER) as server:
        joined(tmp_path, None)
        with agents(tmp_path, 1) as [agent]:
            agent.opened().kill()
            assert server.wait(DEADLINE_SECONDS) == 0


def test_a_client_goes_on_after_its_server_was_told_to_end(tmp_path: Path) -> None:
    with agents(tmp_path, 1) as [agent]:
        agent.opened().ask("remember", "before")
        with commonplace.open(tmp_path, shared=True, embedder=HashingEmbedder()) as memory:
            os.kill(server_of(tmp_path), signal.SIGTERM)

            assert agent.ask("remember", "after")
            assert len(memory.records()) == 2
