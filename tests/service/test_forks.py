"""A forked process beside its parent, which has a memory open."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from agent_processes import AgentError, agents
from commonplace.client.address import Address
from commonplace.client.connection import Connection


def test_a_forked_process_has_a_connection_of_its_own(tmp_path: Path) -> None:
    with agents(tmp_path, 2) as [parent, other]:
        parent.opened().ask("remember", "said by the parent")
        assert parent.ask("fork", "said by the child")["ended"] == 0
        parent.ask("remember", "said by the parent afterwards")

        assert sorted(other.opened().ask("texts")) == [
            "said by the child",
            "said by the parent",
            "said by the parent afterwards",
        ]


@pytest.mark.parametrize("how", ["exit", "os._exit", "deleted", "closed"])
def test_a_forked_process_can_neither_use_nor_harm_its_parents_store(
    tmp_path: Path, how: str
) -> None:
    with agents(tmp_path, 1, "own") as [parent]:
        parent.opened().ask("remember", "said by the parent")
        said = parent.ask("fork", "said by the child", how)
        assert said["error"] == "StoreInUseError"
        assert "shared=True" in said["message"]
        assert said["ended"] == 0

        with agents(tmp_path, 1, "own") as [other], pytest.raises(AgentError, match="InUse"):
            other.opened()
        parent.ask("remember", "said by the parent afterwards")
        texts = ["said by the parent", "said by the parent afterwards"]
        assert sorted(parent.ask("texts")) == texts
        assert parent.ask("unfindable") == []

    with agents(tmp_path, 1, "own") as [other]:
        assert sorted(other.opened().ask("texts")) == texts
        assert other.ask("unfindable") == []


def test_a_directory_is_free_once_its_owner_is_killed_though_a_fork_lives(tmp_path: Path) -> None:
    with agents(tmp_path, 1, "own") as [parent]:
        parent.opened().ask("remember", "said by the parent")
        child = parent.ask("fork_and_leave")
        try:
            parent.kill()
            with agents(tmp_path, 1, "own") as [other]:
                assert other.opened().ask("texts") == ["said by the parent"]
        finally:
            os.kill(child, 9)


def test_a_connection_can_be_closed_in_a_process_forked_while_another_thread_connects() -> None:
    asked, answer = threading.Event(), threading.Event()

    def locate() -> Address:
        asked.set()
        answer.wait()
        raise AssertionError("never looked for in the forked process")

    connection = Connection(locate)

    def connect() -> None:
        with pytest.raises(AssertionError):
            connection.call("/", {})

    connecting = threading.Thread(target=connect)
    connecting.start()
    asked.wait()
    child = os.fork()
    if child == 0:
        connection.close()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    answer.set()
    connecting.join()
    assert status == 0
