"""Real agents of AG2 1.x, on its scripted model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from ag2 import Agent
from ag2.testing import TestConfig, TrackingConfig

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder
from commonplace_ag2 import SharedMemory

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


async def test_what_is_known_reaches_the_model_and_not_the_history(memory: Memory) -> None:
    memory.remember(PEANUTS)
    model = TrackingConfig(TestConfig("No peanuts, then.", "None."))
    shared = SharedMemory(memory, agent="helper", session="monday", on_error="raise")
    agent = Agent("helper", "Be kind.", config=model, middleware=[shared])
    reply = await agent.ask(ALLERGIC)
    assert reply.body == "No peanuts, then."
    again = await reply.ask("Anything else she is allergic to?")

    assert "<memory>" not in str(list(await again.history.get_events()))
    assert said(memory) == {
        ("user", None, ALLERGIC),
        ("agent", "helper", "No peanuts, then."),
        ("user", None, "Anything else she is allergic to?"),
        ("agent", "helper", "None."),
    }
    assert {one.source.session for one in memory.records(kind="message")} == {"monday"}


async def test_a_failing_memory_ends_no_turn_unless_asked(memory: Memory) -> None:
    memory.close()
    agent = Agent("a", config=TestConfig("Noted."), middleware=[SharedMemory(memory)])
    assert (await agent.ask(ALLERGIC)).body == "Noted."

    shared = SharedMemory(memory, on_error="raise")
    strict = Agent("a", config=TestConfig("Noted."), middleware=[shared])
    with pytest.raises(commonplace.MemoryClosedError):
        await strict.ask(ALLERGIC)
