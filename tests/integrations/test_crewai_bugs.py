"""What CrewAI's own memory gets wrong, and `crew_memory` does not: both are shown.

CrewAI's default, on LanceDB, has the same embedder. When its part of a test fails, CrewAI has been
mended, and the test can lose that part.
"""

from __future__ import annotations

from crewai_offline import (
    CREWAI_WARNINGS,
    KEY,
    MARIA,
    OffLoopEmbedder,
    agent_with,
    crew_of,
    scripted,
    shown,
)

# isort: split
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from crewai import Task
from crewai.events.event_bus import crewai_event_bus
from crewai.memory.analyze import ConsolidationAction, ConsolidationPlan, MemoryAnalysis
from crewai.memory.unified_memory import Memory as CrewAIMemory
from crewai.state.checkpoint_config import CheckpointConfig

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder
from commonplace_crewai import crew_memory
from commonplace_crewai.analysis import WithoutModel

pytestmark = CREWAI_WARNINGS

Made = Callable[..., CrewAIMemory]
PLAIN: dict[str, Any] = {"categories": [], "importance": 0.5}


@pytest.fixture
def memory() -> Iterator[Memory]:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as opened:
        yield opened


@pytest.fixture
def ours(memory: Memory) -> Made:
    return lambda **options: crew_memory(memory, **options)


@pytest.fixture
def default(tmp_path: Path) -> Made:
    def made(**options: Any) -> CrewAIMemory:
        given: dict[str, Any] = {
            "llm": WithoutModel(),
            "storage": str(tmp_path / "lancedb"),
            "embedder": lambda texts: HashingEmbedder().embed_documents(texts).tolist(),
        }
        return CrewAIMemory(**given | options)

    return made


def test_forgetting_by_scope_and_age_spares_what_is_newer(default: Made, ours: Made) -> None:
    def is_newer_gone(kept: CrewAIMemory) -> bool:
        kept.remember(MARIA, scope="/keys", **PLAIN)
        kept.forget(scope="/keys", older_than=datetime(2025, 1, 1))  # noqa: DTZ001
        return kept.list_records() == []

    assert is_newer_gone(default())
    assert not is_newer_gone(ours())


def test_what_is_private_to_others_takes_no_place_of_a_limit(default: Made, ours: Made) -> None:
    def found(kept: CrewAIMemory) -> list[str]:
        kept.remember(KEY, scope="/", source="bob", private=True, **PLAIN)
        kept.remember(f"{KEY} Nobody.", scope="/", source="bob", private=True, **PLAIN)
        kept.remember(MARIA, scope="/", **PLAIN)
        return [match.record.content for match in kept.recall(KEY, limit=2, depth="shallow")]

    assert found(default()) == []
    assert found(ours()) == [MARIA]


class Merging(WithoutModel):
    """A model that writes a new wording over what is known."""

    def call(self, messages: Any, *, response_model: Any = None, **options: Any) -> Any:
        if response_model is not ConsolidationPlan:
            return super().call(messages, response_model=response_model, **options)
        id = str(messages[-1]["content"]).partition("id=")[2].partition(" ")[0]
        action = ConsolidationAction(action="update", record_id=id, new_content=f"{MARIA}!")
        return ConsolidationPlan(actions=[action], insert_new=False)


class Filing(Merging):
    """The same, and not what marks a memory that needs no model."""


def test_consolidation_makes_nothing_private_public(default: Made, memory: Memory) -> None:
    def is_public(kept: CrewAIMemory) -> bool:
        kept.remember(MARIA, scope="/", source="alice", private=True, **PLAIN)
        kept.remember(f"{MARIA} ", scope="/", **PLAIN)
        found = kept.recall(KEY, source="bob", depth="shallow")
        return [match.record.content for match in found] == [f"{MARIA}!"]

    model: Any = Filing()
    kept = crew_memory(memory, llm=model)
    assert is_public(default(llm=model))
    assert not is_public(kept)


def test_a_crews_reset_ends_at_what_the_crew_was_given(default: Made, memory: Memory) -> None:
    def is_other_gone(memory_of: Made) -> bool:
        for name in ("alice", "bob"):
            memory_of(name).remember(MARIA, scope="/keys", **PLAIN)
        crew_of(scripted("Done"), KEY, memory=memory_of("alice")).reset_memories("memory")
        return memory_of("bob").list_records() == []

    assert is_other_gone(lambda name: default(root_scope=f"/user/{name}"))
    assert not is_other_gone(lambda name: crew_memory(memory.scope("user", name)))


def test_a_crew_that_is_given_another_memory_uses_that(
    default: Made, memory: Memory, tmp_path: Path
) -> None:
    def is_leaking(alice: CrewAIMemory, bob: CrewAIMemory) -> bool:
        llm = scripted("Noted")
        alice.remember(MARIA, scope="/", **PLAIN)
        crew = crew_of(llm, KEY, memory=alice)
        crew.kickoff()
        crew.memory = bob
        crew.kickoff()
        return bool(shown(llm.seen[1]))

    bob = CrewAIMemory(
        storage=str(tmp_path / "bob"), embedder=default().embedder, llm=default().llm
    )
    assert is_leaking(default(), bob)
    scopes = memory.scope("user", "alice"), memory.scope("user", "bob")
    assert not is_leaking(crew_memory(scopes[0]), crew_memory(scopes[1]))
    views: Any = [crew_memory(memory).scope(f"/of/{user}") for user in ("alice", "bob")]
    assert not is_leaking(*views)


def test_a_memory_that_cannot_save_is_logged(
    default: Made, memory: Memory, caplog: pytest.LogCaptureFixture
) -> None:
    def errors(kept: CrewAIMemory) -> set[str]:
        caplog.clear()
        crew_of(scripted(MARIA), KEY, memory=kept).kickoff()
        agent_with(kept, MARIA).kickoff(KEY)
        kept.close()
        crewai_event_bus.flush()
        return {one.name for one in caplog.records if one.levelno >= logging.ERROR}

    def broken(_texts: list[str]) -> Any:
        raise ConnectionError("the embedder is down")

    assert errors(default(embedder=broken)) == set()
    memory.close()
    assert errors(crew_memory(memory)) == {"commonplace"}


class Waiting(Filing):
    """A model that is slow to file."""

    def __init__(self) -> None:
        self.may_answer = threading.Event()

    def call(self, messages: Any, *, response_model: Any = None, **options: Any) -> Any:
        if response_model is MemoryAnalysis:
            self.may_answer.wait()
        return super().call(messages, response_model=response_model, **options)


def test_what_an_agent_learned_is_kept_when_it_returns(default: Made, ours: Made) -> None:
    """What waits then, CrewAI abandons when the process ends."""
    model: Any = Waiting()
    kept = default(llm=model)
    agent_with(kept, "Ann has it").kickoff("Who has it?")
    assert default().list_records() == []
    model.may_answer.set()
    kept.close()

    agent_with(ours(), "Ann has it").kickoff("Who has it?")
    assert [one.content for one in ours().list_records()] == ["Ann has it"]


def test_a_deep_recall_finds_what_lies_at_the_scope_itself(default: Made, ours: Made) -> None:
    def found(kept: CrewAIMemory) -> set[str]:
        kept.remember(MARIA, scope="/", **PLAIN)
        kept.remember("The Zephyr deploy key is blue", scope="/keys", **PLAIN)
        return {match.record.content for match in kept.recall(KEY)}

    assert MARIA not in found(default())
    assert MARIA in found(ours())


def test_a_scope_ends_at_its_segment(default: Made, ours: Made) -> None:
    def left(kept: CrewAIMemory) -> int:
        kept.remember(MARIA, scope="/user/1", **PLAIN)
        kept.remember(MARIA + "!", scope="/user/10", **PLAIN)
        kept.forget(scope="/user/1")
        return len(kept.list_records())

    assert left(default()) == 0
    assert left(ours()) == 1


def test_what_another_has_saved_is_seen(default: Made, ours: Made) -> None:
    def is_seen(one: CrewAIMemory, other: CrewAIMemory) -> bool:
        one.remember("The Zephyr deploy key is blue", scope="/", **PLAIN)
        one.recall(KEY, depth="shallow")
        other.remember(MARIA, scope="/", **PLAIN)
        return MARIA in [match.record.content for match in one.recall(KEY, depth="shallow")]

    assert not is_seen(default(read_only=False), default())
    assert is_seen(ours(), ours())


def test_a_changed_record_stays_below_the_root(default: Made, ours: Made) -> None:
    def scope(kept: CrewAIMemory) -> str:
        record = kept.remember(MARIA, scope="/keys", **PLAIN)
        assert record is not None
        return kept.update(record.id, scope="/doors").scope

    assert scope(default(root_scope="/crew")) == "/doors"
    assert scope(ours(root_scope="/crew")) == "/crew/doors"


def test_a_slice_heeds_a_scope_and_keeps_what_agents_save(default: Made, ours: Made) -> None:
    def outcome(kept: CrewAIMemory) -> tuple[int, int]:
        kept.remember(MARIA, scope="/a", **PLAIN)
        kept.remember("The Zephyr deploy key is blue", scope="/b", **PLAIN)
        part = kept.slice(["/a", "/b"], read_only=False)
        found = part.recall(KEY, scope="/a", depth="shallow")
        agent_with(part, "Noted").kickoff("Say anything")
        kept.drain_writes()
        return len(found), len(kept.list_records())

    assert outcome(default()) == (2, 2)
    assert outcome(ours()) == (1, 3)


def test_a_prompt_holds_no_bookkeeping(default: Made, ours: Made) -> None:
    def block(kept: CrewAIMemory) -> str:
        kept.remember(MARIA, scope="/", metadata={"entities": []}, **PLAIN)
        llm = scripted("Noted")
        crew = crew_of(llm, "x", memory=kept)
        crew.tasks = [Task(description=KEY, expected_output="A name", agent=crew.agents[0])]
        crew.kickoff()
        return "\n".join(shown(llm.seen[0]))

    assert "entities" in block(default())
    assert "entities" not in block(ours())


def test_a_copy_of_an_agent_keeps_its_memory(default: Made, ours: Made) -> None:
    def is_whole(kept: CrewAIMemory) -> bool:
        copied: Any = agent_with(kept, "Noted").copy().memory
        return copied.llm is kept.llm

    model: Any = scripted("x")
    assert not is_whole(default(llm=model))
    assert is_whole(ours(llm=model))


def test_a_copy_of_an_agent_with_a_view_still_runs(default: Made, ours: Made) -> None:
    def answer(kept: CrewAIMemory) -> str:
        return str(agent_with(kept.scope("/keys"), "Noted").copy().kickoff(KEY))

    with pytest.raises(RuntimeError, match="bound"):
        answer(default())
    assert answer(ours()) == "Noted"


async def test_an_awaited_recall_leaves_the_loop_alone(default: Made) -> None:
    def embedder(texts: list[str]) -> Any:
        return OffLoopEmbedder().embed_documents(texts).tolist()

    with pytest.raises(AssertionError, match="event loop"):
        await default(embedder=embedder).arecall(KEY, depth="shallow")
    with commonplace.open(":memory:", embedder=OffLoopEmbedder()) as memory:
        assert await crew_memory(memory).arecall(KEY, depth="shallow") == []


def test_a_crew_with_a_memory_has_checkpoints(default: Made, ours: Made, tmp_path: Path) -> None:
    def written(kept: CrewAIMemory, folder: str) -> int:
        crew = crew_of(scripted("Noted"), KEY, memory=kept)
        crew.checkpoint = CheckpointConfig(location=str(tmp_path / folder))
        crew.kickoff()
        return sum(one.is_file() for one in (tmp_path / folder).rglob("*"))

    assert written(default(), "default") == 0
    assert written(ours(), "ours") == 1
