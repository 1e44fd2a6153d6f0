"""Exact values, on every store."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import commonplace
from commonplace import InvalidInputError, Memory, Screening
from commonplace.testing import HashingEmbedder

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        42,
        42.0,
        "42",
        "[1,2]",
        [1, 2],
        True,
        "True",
        None,
        "null",
        "",
        {},
        [],
        2**80,
        -0.0,
        {"a": None},
    ],
)
def test_a_value_comes_back_with_its_type(memory: Memory, value: object) -> None:
    memory.set("key", value)

    assert repr(memory.get("key")) == repr(value)


@given(value=json_values)
def test_every_json_value_comes_back_as_it_was(value: object) -> None:
    model, policy = HashingEmbedder(8), Screening(secrets="off")
    with commonplace.open(":memory:", embedder=model, screening=policy) as memory:
        memory.set("key", value)

        assert repr(memory.get("key")) == repr(value)


def test_null_differs_from_missing(memory: Memory) -> None:
    memory.set("known", None)

    assert memory.get("known", "default") is None
    assert memory.get("missing", "default") == "default"
    assert memory.keys() == ["known"]


def test_setting_again_takes_the_place_of_the_former_value(memory: Memory) -> None:
    memory.set("key", {"long": "x" * 5_000})
    memory.set("key", 2)

    assert memory.get("key") == 2
    assert memory.count() == 1


def test_a_value_belongs_to_exactly_its_scope(memory: Memory) -> None:
    memory.scope("user", "alice").set("timezone", "US/Pacific")

    assert memory.get("timezone") is None
    assert memory.keys() == []
    assert memory.scope("user/alice/session/1").get("timezone") is None


def test_the_own_value_comes_before_an_included_one(memory: Memory) -> None:
    alice, team = memory.scope("user/alice"), memory.scope("team/x")
    team.set("language", "en")
    desk = alice.including(team)
    assert desk.get("language") == "en"

    desk.set("language", "fr")

    assert desk.get("language") == "fr"
    assert team.get("language") == "en"


def test_changing_a_value_got_changes_nothing_kept(memory: Memory) -> None:
    memory.set("list", [1])

    memory.get("list").append(2)

    assert memory.get("list") == [1]


def test_a_value_is_recalled_by_its_meaning(memory: Memory) -> None:
    memory.set("timezone", "US/Pacific")

    assert memory.recall("which timezone?")[0].record.metadata == {"value": "US/Pacific"}


@pytest.mark.parametrize("key", ["", "  ", None, 7, "x" * 1001, "\ud800"])
def test_an_unusable_key_is_refused(memory: Memory, key: Any) -> None:
    for attempt in (
        lambda: memory.set(key, 1),
        lambda: memory.get(key),
        lambda: memory.delete(key),
    ):
        with pytest.raises(InvalidInputError, match="key"):
            attempt()


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        (1, 2),
        {1: 2},
        {"a": {1, 2}},
        object(),
        b"x",
        {"\ud800": 1, "\ud801": 2},  # noqa: F601  # they are two
    ],
)
def test_what_is_not_json_is_refused_and_the_former_value_stays(
    memory: Memory, value: object
) -> None:
    memory.set("key", "before")

    with pytest.raises(InvalidInputError, match="value"):
        memory.set("key", value)

    assert memory.get("key") == "before"


def test_a_value_nested_too_deep_is_refused(memory: Memory) -> None:
    deep: list[object] = []
    for _ in range(5_000):
        deep = [deep]

    with pytest.raises(InvalidInputError, match="nested deeper than 100"):
        memory.set("key", deep)
