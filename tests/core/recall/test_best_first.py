"""However few are wanted, they are the first of all in their order."""

from __future__ import annotations

import pytest

import commonplace
from commonplace import Memory, Record, Source
from commonplace.testing import HashingEmbedder


@pytest.fixture(scope="module")
def memory() -> Memory:
    memory = commonplace.open(":memory:", embedder=HashingEmbedder())
    memory.remember_many(
        [Record(f"Jar {n} holds {what}", kind="fact") for n in range(60) for what in ("tea", "jam")]
    )
    for n in range(100):  # the same words, again and again
        source = Source(session=f"day {n}")
        memory.observe([{"role": "user", "content": "I drink tea from a jar"}], source=source)
    return memory


@pytest.mark.parametrize("limit", [3, 20])
@pytest.mark.parametrize("query", ["tea in a jar", "I drink tea", "Which jar holds jam?", "jar 7"])
def test_the_first_are_those_of_a_longer_list(memory: Memory, query: str, limit: int) -> None:
    few = memory.recall(query, limit=limit, min_confidence=0.0)
    many = memory.recall(query, limit=300, min_confidence=0.0)
    assert len(few) == limit
    assert [one.record.text for one in few] == [one.record.text for one in many[:limit]]
    assert [one.confidence for one in few] == [one.confidence for one in many[:limit]]
