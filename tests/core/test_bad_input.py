"""Bad input gets a clear error, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import pytest

import commonplace
from commonplace import (
    EmbedderMismatchError,
    EmbeddingError,
    InvalidInputError,
    Memory,
    MemoryClosedError,
    Record,
)
from commonplace.testing import HashingEmbedder

NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001  # without a timezone is the point

WRITES: dict[str, tuple[Callable[[Memory], object], str]] = {
    "empty text": (lambda m: m.remember(""), "text is empty"),
    "blank text": (lambda m: m.remember(" \n\t "), "text is empty"),
    "text over the limit": (lambda m: m.remember("x" * 100_001), "the limit is 100,000"),
    "text of a wrong type": (lambda m: m.remember(7), "text is a str"),  # type: ignore[arg-type]
    "half a surrogate pair as an id": (
        lambda m: m.remember_many([Record("x", id="a\ud800")]),
        "not valid Unicode",
    ),
    "half a surrogate pair as a key": (lambda m: m.set("a\ud800", 1), "not valid Unicode"),
    "two fields that become one": (
        lambda m: m.remember("x", metadata={"a\ud800": 1, "a\ud801": 2}),  # noqa: F601  # they are two
        "differ in half a character",
    ),
    "unknown kind": (lambda m: m.remember("x", kind="idea"), "kind 'idea' is unknown"),  # type: ignore[arg-type]
    "a value without a key": (lambda m: m.remember("x", kind="value"), "set"),
    "importance above one": (lambda m: m.remember("x", importance=1.1), "importance"),
    "importance not a number": (lambda m: m.remember("x", importance=float("nan")), "importance"),
    "importance true": (lambda m: m.remember("x", importance=True), "importance"),
    "metadata not a dict": (lambda m: m.remember("x", metadata=[1]), "metadata"),  # type: ignore[arg-type]
    "metadata not JSON": (lambda m: m.remember("x", metadata={"a": {1}}), r"metadata\['a'\]"),
    "metadata with a long integer": (
        lambda m: m.remember("x", metadata={"a": 10**4_300}),
        "4,300 digits",
    ),
    "a value that is a long integer": (lambda m: m.set("a", 10**4_300), "4,300 digits"),
    "metadata with NaN": (lambda m: m.remember("x", metadata={"a": float("nan")}), "nan"),
    "source of a wrong type": (lambda m: m.remember("x", source="me"), "source"),  # type: ignore[arg-type]
    "unknown origin": (
        lambda m: m.remember("x", source=commonplace.Source(origin="god")),  # type: ignore[arg-type]
        "origin 'god'",
    ),
    "ttl in no unit": (lambda m: m.remember("x", ttl="90"), "ttl"),
    "ttl of nothing": (lambda m: m.remember("x", ttl=timedelta()), "longer than nothing"),
    "ttl beyond the calendar": (lambda m: m.remember("x", ttl="99999999w"), "calendar"),
    "ttl and expires_at": (
        lambda m: m.remember("x", ttl="1d", expires_at=datetime.now().astimezone()),
        "not both",
    ),
    "time without a timezone": (lambda m: m.remember("x", expires_at=NAIVE), "timezone"),
    "one bad among many": (lambda m: m.remember_many(["fine", "", "fine"]), "text is empty"),
    "a text for a list": (lambda m: m.remember_many("text"), "takes a list"),
    "many of a wrong type": (lambda m: m.remember_many(["fine", 7]), "texts and Records"),  # type: ignore[list-item]
    "an empty id": (lambda m: m.remember_many([Record("x", id="")]), "id"),
}

READS: dict[str, tuple[Callable[[Memory], object], str]] = {
    "empty query": (lambda m: m.recall(""), "query is empty"),
    "query of a wrong type": (lambda m: m.recall(None), "query is a str"),  # type: ignore[arg-type]
    "query over the limit": (lambda m: m.recall("x" * 100_001), "query has 100,001"),
    "negative limit": (lambda m: m.recall("x", limit=-1), "limit"),
    "limit of a wrong type": (lambda m: m.recall("x", limit="8"), "limit"),  # type: ignore[arg-type]
    "a tokenizer's name": (lambda m: m.context("x", tokenizer="gpt-4o"), "tokenizer"),  # type: ignore[arg-type]
    "confidence above one": (lambda m: m.recall("x", min_confidence=2), "min_confidence"),
    "unknown kind": (lambda m: m.records(kind="idea"), "kind 'idea'"),  # type: ignore[arg-type]
    "negative offset": (lambda m: m.records(offset=-1), "offset"),
    "negative budget": (lambda m: m.context("x", max_tokens=-1), "max_tokens"),
    "time without a timezone": (lambda m: m.recall("x", since=NAIVE), "since"),
    "unknown operator": (lambda m: m.count(where={"a": {"$like": "x"}}), "'\\$like'"),
    "operator above": (lambda m: m.count(where={"$not": []}), "'\\$not'"),
    "operand of $in": (lambda m: m.count(where={"a": {"$in": "x"}}), "\\$in takes a list"),
    "operand of $gt": (lambda m: m.count(where={"a": {"$gt": None}}), "\\$gt takes"),
    "empty $or": (lambda m: m.count(where={"$or": []}), "at least one"),
    "condition of a wrong type": (lambda m: m.count(where=["a"]), "is a dict"),  # type: ignore[arg-type]
    "field of a wrong type": (lambda m: m.count(where={1: 2}), "keys are text"),  # type: ignore[dict-item]
}


@pytest.mark.parametrize("name", WRITES)
def test_a_refused_write_changes_nothing(memory: Memory, name: str) -> None:
    attempt, said = WRITES[name]
    memory.remember("kept")

    with pytest.raises(InvalidInputError, match=said):
        attempt(memory)

    assert [one.text for one in memory.records()] == ["kept"]


@pytest.mark.parametrize("name", READS)
def test_a_refused_read_says_why(memory: Memory, name: str) -> None:
    attempt, said = READS[name]

    with pytest.raises(InvalidInputError, match=said):
        attempt(memory)


def test_a_refused_update_changes_nothing(memory: Memory) -> None:
    record = memory.remember("kept")

    for changes in ({"text": ""}, {"kind": "idea"}, {"colour": "red"}):
        with pytest.raises(InvalidInputError):
            memory.update(record.id, **changes)  # type: ignore[arg-type]  # the wrong fields are the point

    assert memory.records() == [record]


def test_every_verb_of_a_closed_memory_says_so(memory: Memory) -> None:
    alice = memory.scope("user", "alice")
    memory.close()
    memory.close()

    for attempt in (
        lambda: alice.remember("x"),
        lambda: alice.remember_many(["x"]),
        lambda: alice.recall("x"),
        lambda: alice.context("x"),
        lambda: alice.record("x"),
        alice.records,
        lambda: alice.update("x", text="y"),
        lambda: alice.forget("x"),
        alice.count,
        lambda: alice.set("x", 1),
        lambda: alice.get("x"),
        alice.keys,
        lambda: alice.delete("x"),
        alice.stats,
    ):
        with pytest.raises(MemoryClosedError, match="closed"):
            attempt()


@pytest.mark.parametrize(
    "vectors",
    [
        [[float("nan")] * 4],
        [[1.0, 2.0], [3.0, 4.0]],
        [],
        None,
        [["a", "b"]],
        [[[1.0]]],
    ],
    ids=["NaN", "too many", "none", "null", "not numbers", "too deep"],
)
def test_what_is_not_a_vector_per_text_is_refused(
    open_memory: Callable[..., Memory], vectors: object
) -> None:
    memory = open_memory(embedder=lambda _: vectors)

    with pytest.raises(EmbeddingError):
        memory.remember("one text")

    assert memory.count() == 0


def test_a_vector_of_another_dimension_is_refused(open_memory: Callable[..., Memory]) -> None:
    dimension = [4]

    def embedder(texts: list[str]) -> object:
        return np.ones((len(texts), dimension[0]))

    memory = open_memory(embedder=embedder)
    memory.remember("kept")
    dimension[0] = 5

    for attempt in (lambda: memory.remember("lost"), lambda: memory.recall("kept")):
        with pytest.raises(EmbedderMismatchError, match="dimension 5"):
            attempt()
    assert [one.text for one in memory.records()] == ["kept"]


def test_an_embedder_that_raises_loses_nothing(open_memory: Callable[..., Memory]) -> None:
    def embedder(texts: list[str]) -> object:
        if texts == ["fails"]:
            raise ConnectionError("no answer")
        return HashingEmbedder().embed_documents(texts)

    memory = open_memory(embedder=embedder)
    memory.remember("kept")

    with pytest.raises(EmbeddingError, match="no answer"):
        memory.remember("fails")

    assert [one.text for one in memory.records()] == ["kept"]


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"path": ""},
        {"path": 7},
        {"path": "x", "chroma": object()},
        {"path": "x", "api_key": "k"},
        {"path": ":memory:", "shared": True},
        {"path": "http:// not an address"},
    ],
)
def test_opening_nothing_or_two_things_is_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        commonplace.open(**arguments)  # type: ignore[arg-type]  # the wrong types are the point


def test_a_record_given_to_remember_is_refused_with_what_takes_it(memory: Memory) -> None:
    with pytest.raises(InvalidInputError, match="remember_many takes records"):
        memory.remember(Record("Likes tea"))  # type: ignore[arg-type]  # what is tested
