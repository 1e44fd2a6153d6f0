"""Teams whose agents have one memory: dumped, loaded in another process, and going on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_ext.models.replay import ReplayChatCompletionClient

import commonplace
from agent_processes import end_server
from commonplace import InvalidInputError
from commonplace.testing import HashingEmbedder
from commonplace_autogen import SharedMemory

GO_ON = """
import asyncio, json, sys
import commonplace
from autogen_agentchat.teams import RoundRobinGroupChat
from commonplace.testing import HashingEmbedder

dumped, directory, shared = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3] == "shared"
# A server has a model of its own, the default one; otherwise open already with another.
model = None if shared else HashingEmbedder()
root = commonplace.open(directory, embedder=model, shared=shared)
team = RoundRobinGroupChat.load_component(dumped)
result = asyncio.run(team.run(task="What is Alice allergic to?"))
memories = [memory for agent in team._participants for memory in agent._memory]
client = team._participants[0]._model_client
for memory in memories:
    asyncio.run(memory.remember_result(result))
blocks = ["peanuts" in str(call["messages"]) for call in client.create_calls]
for memory in memories[1:]:
    asyncio.run(memory.close())
found = asyncio.run(memories[0].query("allergic to what?", limit=1)).results[0].content
asyncio.run(memories[0].close())
root.close()
commonplace.open(directory, embedder=model, cache_bytes=1, shared=shared).close()
print(json.dumps([len(memories), len(result.messages), any(blocks), found]))
"""


def team_of_five(memory: SharedMemory) -> RoundRobinGroupChat:
    replies = ReplayChatCompletionClient(["So it is."] * 5)
    agents = [AssistantAgent(f"agent_{one}", replies, memory=[memory]) for one in range(5)]
    return RoundRobinGroupChat(list(agents), max_turns=5)


@pytest.mark.parametrize("how", ["owned", "shared"])
def test_a_team_of_five_with_one_memory_goes_on_in_another_process(
    tmp_path: Path, how: str
) -> None:
    shared = how == "shared"
    try:
        model = None if shared else HashingEmbedder()
        with commonplace.open(tmp_path, embedder=model, shared=shared) as store:
            alice = store.scope("user", "alice")
            alice.remember("Alice is allergic to peanuts")
            dumped = team_of_five(SharedMemory(alice)).dump_component().model_dump_json()
        assert json.loads(dumped)["config"]["participants"][0]["config"]["memory"][0]["config"][
            "shared"
        ] == (how == "shared")

        command = [sys.executable, "-c", GO_ON, dumped, str(tmp_path), how]
        run = subprocess.run(command, capture_output=True, text=True, check=False)

        assert run.returncode == 0, run.stderr
        assert json.loads(run.stdout) == [5, 6, True, "Alice is allergic to peanuts"]
    finally:
        end_server(tmp_path)


def test_a_failed_load_leaves_the_directory_free(tmp_path: Path) -> None:
    dumped = {
        "provider": "commonplace_autogen.SharedMemory",
        "config": {"directory": str(tmp_path), "users": ["user"], "max_tokens": -1},
    }
    with pytest.raises(InvalidInputError):
        SharedMemory.load_component(dumped)
    commonplace.open(tmp_path, cache_bytes=1).close()
