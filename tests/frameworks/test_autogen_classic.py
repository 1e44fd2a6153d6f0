"""Real agents of classic AutoGen, whose replies are scripted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from autogen import ConversableAgent

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder
from commonplace_autogen_classic import SharedMemory

PEANUTS = "Alice is allergic to peanuts"
ALLERGIC = "What is Alice allergic to?"


@pytest.fixture
def memory() -> Iterator[Memory]:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as opened:
        yield opened


def said(memory: Memory) -> set[tuple[str | None, str | None, str]]:
    return {
        (one.source.origin, one.source.agent, one.text) for one in memory.records(kind="message")
    }


def agent(
    name: str, shown: list[list[dict[str, Any]]], says: str = "No peanuts."
) -> ConversableAgent:
    made = ConversableAgent(name, llm_config=False, human_input_mode="NEVER")

    def reply(
        recipient: ConversableAgent, messages: list[dict[str, Any]], sender: Any, config: Any
    ) -> tuple[bool, str]:
        shown.append(messages)
        return True, says

    made.register_reply([ConversableAgent, None], reply, position=0)
    return made


def test_what_is_known_is_shown_and_never_kept(memory: Memory) -> None:
    memory.remember(PEANUTS)
    shown: list[list[dict[str, Any]]] = []
    helper, user = agent("helper", shown), agent("user", [], ALLERGIC)
    shared = SharedMemory(memory, session="monday", on_error="raise")
    shared.add_to_agent(helper)
    shared.add_to_agent(helper)
    user.initiate_chat(helper, message=ALLERGIC, max_turns=3, silent=True)

    assert [sum("<memory>" in str(one) for one in turn) for turn in shown] == [1] * 3
    assert PEANUTS in shown[0][0]["content"]
    assert "<memory>" not in str(helper.chat_messages[user])
    assert ("user", None, ALLERGIC) in said(memory)
    assert ("agent", "helper", "No peanuts.") in said(memory)

    shared.remove_from_agent(helper)
    assert not any(helper.hook_lists.values())


@pytest.mark.parametrize(
    "message",
    [
        {"role": "tool", "content": "42", "tool_responses": [{"content": "42"}]},
        {"role": "user", "content": None},
        {"role": "user", "content": ""},
    ],
)
def test_what_nobody_said_is_neither_asked_nor_kept(
    memory: Memory, message: dict[str, Any]
) -> None:
    helper = agent("helper", [])
    SharedMemory(memory, on_error="raise").add_to_agent(helper)

    assert helper.process_all_messages_before_reply([message]) == [message]
    assert memory.count() == 0


def test_text_beside_an_image_is_what_was_asked(memory: Memory) -> None:
    memory.remember(PEANUTS)
    helper = agent("helper", [])
    SharedMemory(memory, on_error="raise").add_to_agent(helper)
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,"}}
    asked = [{"role": "user", "content": [{"type": "text", "text": ALLERGIC}, image]}]

    shown = helper.process_all_messages_before_reply(asked)
    assert [len(asked), len(shown)] == [1, 2]
    assert PEANUTS in shown[0]["content"]


def test_a_failing_memory_ends_no_chat(memory: Memory) -> None:
    memory.close()
    helper = agent("helper", [])
    SharedMemory(memory).add_to_agent(helper)
    asked = [{"role": "user", "content": ALLERGIC}]
    assert helper.process_all_messages_before_reply(asked) == asked
