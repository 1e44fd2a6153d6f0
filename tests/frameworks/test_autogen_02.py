"""Real agents of AutoGen 0.2.36 to 0.2.40, which run hooks of other names in async chats."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from autogen import ConversableAgent

import commonplace
from commonplace.testing import HashingEmbedder
from commonplace_autogen_classic import SharedMemory, memory_tools
from off_loop import OffLoopEmbedder

PEANUTS = "Alice is allergic to peanuts"
ALLERGIC = "What is Alice allergic to?"


def agent(name: str, shown: list[str]) -> ConversableAgent:
    made = ConversableAgent(name, llm_config=False, human_input_mode="NEVER")

    def reply(recipient: Any, messages: Any, sender: Any, config: Any) -> tuple[bool, str]:
        shown.append(str(messages))
        return True, "No peanuts."

    made.register_reply([ConversableAgent, None], reply, position=0)
    return made


async def test_sync_and_async_chats_are_informed_and_remembered_once_each() -> None:
    with commonplace.open(":memory:", embedder=OffLoopEmbedder()) as memory:
        await asyncio.to_thread(memory.remember, PEANUTS)
        shown: list[str] = []
        helper, user = agent("helper", shown), agent("user", [])
        shared = SharedMemory(memory, on_error="raise")
        shared.add_to_agent(helper)

        await user.a_initiate_chat(helper, message=ALLERGIC, max_turns=1, silent=True)
        await asyncio.gather(*shared._writing)
        said = sorted(one.text for one in memory.records(kind="message"))
        assert said == ["No peanuts.", ALLERGIC]
        await asyncio.to_thread(
            user.initiate_chat, helper, message=ALLERGIC, max_turns=1, silent=True
        )
        assert [one.count("<memory>") for one in shown] == [1, 1]
        assert "<memory>" not in str(helper.chat_messages[user])

        shared.remove_from_agent(helper)
        await user.a_initiate_chat(helper, message=ALLERGIC, max_turns=1, silent=True)
        assert "<memory>" not in shown[-1]


def test_tools_are_told_to_need_a_newer_release() -> None:
    with (
        commonplace.open(":memory:", embedder=HashingEmbedder()) as memory,
        pytest.raises(ModuleNotFoundError, match="0\\.14"),
    ):
        memory_tools(memory)
