"""Openers of one directory: at the same moment, and after whatever was left there."""

from __future__ import annotations

import json
import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import pytest

import commonplace
from agent_processes import AgentError, agents, background, kill_server, server_of
from commonplace.client.connection import Connection
from commonplace.client.joining import joined
from commonplace.client.remote import RemoteEngine
from commonplace.embedding import as_embedder
from commonplace.errors import ServerUnavailableError
from commonplace.files.ownership import OWNER, owner_of
from commonplace.recall.filters import Selection
from commonplace.testing import HashingEmbedder
from commonplace.values.records import now

OPENERS = 6
EVERYTHING = Selection()


def test_openers_at_the_same_moment_share_one_server(tmp_path: Path) -> None:
    with agents(tmp_path / "new", OPENERS) as started:
        servers = set()
        for number, agent in enumerate(started):
            agent.opened().ask("remember", f"opener {number} was here")
            servers.add(server_of(tmp_path / "new"))

        texts = [f"opener {number} was here" for number in range(OPENERS)]
        assert sorted(started[0].ask("texts")) == texts
        assert len(servers) == 1


def test_a_plain_opener_joins_the_server_that_runs(tmp_path: Path) -> None:
    with agents(tmp_path, 1) as [agent]:
        agent.opened().ask("remember", "said to the server")
        with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
            assert memory.recall("said to the server")[0].record.text == "said to the server"
            memory.remember("said by the plain opener")

        assert "said by the plain opener" in agent.ask("texts")


def test_a_plain_opener_owns_the_directory_of_a_server_that_was_killed(tmp_path: Path) -> None:
    with agents(tmp_path, 1) as [agent]:
        agent.opened().ask("remember", "said to the server")
        kill_server(tmp_path)
        with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
            assert [record.text for record in memory.records()] == ["said to the server"]
            with pytest.raises(AgentError, match=f"StoreInUseError.*process {os.getpid()} "):
                agent.ask("recall", "anything")

        assert agent.ask("recall", "said to the server") == ["said to the server"]


def test_a_sharing_opener_is_told_of_a_process_that_owns_the_directory(tmp_path: Path) -> None:
    with agents(tmp_path, 1, "own") as [owner]:
        owner.opened().ask("remember", "mine")

        with pytest.raises(commonplace.StoreInUseError, match=f"process {owner.pid} ") as caught:
            commonplace.open(tmp_path, shared=True, embedder=HashingEmbedder())
        assert "shared=True" in str(caught.value)
        assert owner.ask("texts") == ["mine"]


def test_what_a_killed_server_left_is_no_obstacle(tmp_path: Path) -> None:
    with agents(tmp_path, 1) as [agent]:
        agent.opened().ask("remember", "before")
        killed = kill_server(tmp_path)
        assert {path.name for path in tmp_path.iterdir()} >= {
            OWNER,
            "commonplace.lock",
            "starting.lock",
            "run",
        }

        with commonplace.open(tmp_path, shared=True, embedder=HashingEmbedder()) as memory:
            assert [record.text for record in memory.records()] == ["before"]
        assert server_of(tmp_path) != killed


def test_a_server_that_is_killed_while_it_starts_is_started_again(tmp_path: Path) -> None:
    directory, killed = tmp_path / "store", list[int]()

    def kill_those_that_start() -> None:
        while len(killed) < 2:
            starting = owner_of(directory)
            if starting and starting.pid not in killed and starting.address is None:
                os.kill(starting.pid, signal.SIGKILL)
                killed.append(starting.pid)

    with ThreadPoolExecutor(1) as beside:
        killing = beside.submit(kill_those_that_start)
        with commonplace.open(directory, shared=True, embedder=HashingEmbedder()) as memory:
            killing.result()
            memory.remember("said to the third")

            assert len(killed) == 2
            assert server_of(directory) not in killed
            assert memory.count() == 1


def test_an_owner_is_known_by_its_lock_and_not_by_its_number(tmp_path: Path) -> None:
    with background(tmp_path, 60.0):
        joined(tmp_path, None)
    left = owner_of(tmp_path)
    assert left is not None
    # The system gave the number of the process that ended to another, which listens as well.
    with socket.socket(socket.AF_UNIX) as listening:
        other = tmp_path / "other"
        listening.bind(str(other))
        listening.listen()
        reused = replace(left, pid=os.getppid(), address=f"unix:{other}")
        (tmp_path / OWNER).write_text(json.dumps(asdict(reused)))

        with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
            memory.remember("the directory was free")


@pytest.mark.parametrize("left", ["", "[]", "{", '{"pid": "x"}', '{"pid": 1, "unknown": 2}'])
def test_an_unreadable_name_of_the_owner_is_no_obstacle(tmp_path: Path, left: str) -> None:
    (tmp_path / OWNER).write_text(left)

    with commonplace.open(tmp_path, embedder=HashingEmbedder()) as memory:
        memory.remember("the directory was free")


def test_a_suspended_server_is_an_error_in_bounded_time(tmp_path: Path) -> None:
    with background(tmp_path, 60.0) as server:
        engine = RemoteEngine(
            Connection(lambda: joined(tmp_path, None), silence_seconds=0.5),
            embedder=as_embedder(HashingEmbedder()),
            clock=now,
        )
        server.send_signal(signal.SIGSTOP)
        with pytest.raises(ServerUnavailableError, match="may be suspended"):
            engine.tally([engine.scope], EVERYTHING)
        with pytest.raises(ServerUnavailableError, match=f"process {server.pid} .* suspended"):
            joined(tmp_path, ["--cache-bytes", "1"], seconds=0.5)

        server.send_signal(signal.SIGCONT)
        assert engine.tally([engine.scope], EVERYTHING) == {}
        engine.close()
