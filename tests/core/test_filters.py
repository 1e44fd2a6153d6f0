"""Conditions on metadata."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace import InvalidInputError, Memory, Record
from commonplace.recall.filters import Selection

SAMPLE = {
    "n": 3,
    "f": 3.0,
    "t": "b",
    "yes": True,
    "none": None,
    "tags": ["a", 1],
    "deep": {"x": 1},
    "order": {"total": 30, "by": {"name": "Ann", "tags": ["new"]}, "paid": True},
    "link": {"$ref": 7},
    "a.b": 1,
    "a": {"b": 2},
}


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ({}, True),
        ({"n": 3}, True),
        ({"n": 3.0}, True),
        ({"n": "3"}, False),
        ({"n": True}, False),
        ({"yes": 1}, False),
        ({"yes": True}, True),
        ({"none": None}, True),
        ({"missing": None}, False),
        ({"deep": {"x": 1}}, True),
        ({"tags": ["a", 1]}, True),
        ({"n": 3, "t": "c"}, False),
        ({"n": {"$gt": 2, "$lt": 4}}, True),
        ({"n": {"$gt": 3}}, False),
        ({"n": {"$gte": 3}}, True),
        ({"t": {"$gt": "a"}}, True),
        ({"t": {"$gt": 1}}, False),
        ({"n": {"$lt": "4"}}, False),
        ({"yes": {"$gte": 0}}, False),
        ({"missing": {"$gt": 0}}, False),
        ({"n": {"$ne": 4}}, True),
        ({"missing": {"$ne": 4}}, True),
        ({"n": {"$in": [1, 3]}}, True),
        ({"missing": {"$in": [None]}}, False),
        ({"n": {"$nin": [1, 3]}}, False),
        ({"missing": {"$nin": [1]}}, True),
        ({"tags": {"$contains": "a"}}, True),
        ({"tags": {"$contains": True}}, False),
        ({"t": {"$contains": "b"}}, False),
        ({"$and": [{"n": 3}, {"t": "b"}]}, True),
        ({"$or": [{"n": 4}, {"t": "b"}]}, True),
        ({"$or": [{"n": 4}, {"$and": [{"t": "b"}, {"f": 9}]}]}, False),
        # Members: an operator anywhere makes a condition of an object, which is a value otherwise.
        ({"order": {"total": {"$gt": 20}}}, True),
        ({"order": {"total": {"$gt": 30}}}, False),
        ({"order": {"total": {"$gte": 30}, "paid": True}}, True),
        ({"order": {"total": {"$gte": 30}, "paid": 1}}, False),
        ({"order": {"by": {"name": {"$in": ["Ann", "Bo"]}}}}, True),
        ({"order": {"by": {"tags": {"$contains": "new"}}}}, True),
        ({"order": {"by": {"name": "Ann"}}}, False),
        ({"order": {"by": {"age": {"$lt": 9}}}}, False),
        ({"order": {"by": {"age": {"$ne": 9}}}}, True),
        ({"n": {"total": {"$ne": 9}}}, True),
        ({"missing": {"total": {"$ne": 9}}}, True),
        ({"$or": [{"order": {"total": {"$lt": 3}}}, {"deep": {"x": {"$eq": 1}}}]}, True),
        ({"order.total": 30}, True),
        ({"order.total": {"$gt": 30}}, False),
        ({"order.by.name": "Ann"}, True),
        ({"order.by.name": "Bo"}, False),
        ({"order.by.none": {"$ne": 1}}, True),
        ({"order.by.none": 1}, False),
        ({"n.total": 3}, False),
        ({"a.b": 1}, True),
        ({"a.b": 2}, False),
        # Values within values are compared as exactly as outside.
        ({"deep": {"x": True}}, False),
        ({"tags": ["a", True]}, False),
        ({"tags": {"$contains": 1.0}}, True),
        ({"tags": "a"}, False),
        ({"deep": {}}, False),
        ({"link": {"$eq": {"$ref": 7}}}, True),
        ({"n": {"$in": []}}, False),
        ({"n": {"$nin": []}}, True),
    ],
)
def test_a_condition_holds_as_documented(where: dict[str, object], *, holds: bool) -> None:
    assert Selection(where=where).condition()(Record("x", metadata=SAMPLE)) is holds


@given(value=st.integers(-5, 5), operand=st.integers(-5, 5))
def test_an_operator_and_its_opposite_never_both_hold(value: int, operand: int) -> None:
    record = Record("x", metadata={"n": value})
    for one, other in (("$eq", "$ne"), ("$gt", "$lte"), ("$gte", "$lt")):
        first, second = (
            Selection(where={"n": {name: operand}}).condition()(record) for name in (one, other)
        )
        assert first != second


def test_a_condition_nested_too_deep_is_refused() -> None:
    where: dict[str, object] = {"n": 1}
    for _ in range(1_000):
        where = {"$and": [where]}

    with pytest.raises(InvalidInputError, match="levels"):
        Selection(where=where)


NEVER_MET: dict[str, tuple[Any, str]] = {
    "an operator in a value": ({"deep": {"$eq": {"x": {"$gt": 0}}}}, "within a value"),
    "an operator in a list": ({"tags": [{"$gt": 0}]}, "within a value"),
    "an operator in a list of values": ({"n": {"$in": [{"$gt": 0}]}}, "within a value"),
    "an operator that is contained": ({"tags": {"$contains": {"$gt": 0}}}, "within a value"),
    "an unknown operator below": ({"deep": {"x": {"$like": "a"}}}, "'\\$like' is not an operator"),
    "an operator beside a member": ({"deep": {"x": 1, "$gt": 0}}, "'x' is not an operator"),
    "$and on a field": ({"deep": {"$and": [{"x": 1}]}}, "'\\$and' is not an operator"),
    "an empty $and": ({"$and": []}, "at least one"),
    "an empty $or below": ({"deep": {"$or": []}}, "'\\$or' is not an operator"),
    "$and without a list": ({"$and": {"n": 1}}, "list"),
    "a text for a list": ({"n": {"$nin": "abc"}}, "takes a list"),
    "an order of truths": ({"yes": {"$gt": False}}, "a number or a text"),
    "an order of lists": ({"tags": {"$lt": [1]}}, "a number or a text"),
    "a tuple": ({"n": (1, 2)}, "tuple"),
    "a set of values": ({"n": {"$in": {1, 2}}}, "set"),
    "a time": ({"n": {"$gt": datetime(2026, 1, 1, tzinfo=timezone.utc)}}, "datetime"),
    "no number": ({"n": float("nan")}, "nan"),
}


@pytest.mark.parametrize("name", NEVER_MET)
def test_what_nothing_could_meet_is_refused(name: str) -> None:
    where, said = NEVER_MET[name]

    with pytest.raises(InvalidInputError, match=said):
        Selection(where=where)


def test_times_and_kinds_that_nothing_could_meet_are_refused() -> None:
    first, later = (datetime(2026, 5, day, tzinfo=timezone.utc) for day in (1, 2))

    with pytest.raises(InvalidInputError, match="after until"):
        Selection(since=later, until=first)
    with pytest.raises(InvalidInputError, match="kinds is empty"):
        Selection(kinds=())
    assert Selection(since=first, until=first).condition()(Record("x", created_at=first))


def test_a_selection_does_not_follow_its_caller() -> None:
    where: dict[str, object] = {"deep": {"x": {"$eq": 1}}}
    selection = Selection(where=where)

    where["deep"] = {"x": {"$eq": 2}}

    assert selection.condition()(Record("x", metadata=SAMPLE))


def test_every_verb_that_takes_conditions_takes_members(memory: Memory) -> None:
    cheap = memory.remember("A cup of tea", metadata={"order": {"total": 3}})
    dear = memory.remember("A pot of tea", metadata={"order": {"total": 9}})
    where = {"order": {"total": {"$gt": 5}}}

    assert [match.record for match in memory.recall("tea", where=where)] == [dear]
    assert memory.records(where=where) == [dear]
    assert memory.count(where=where) == 1
    assert memory.recall("tea", where=where, as_of=dear.created_at)[0].record == dear
    assert {one.id for one in memory.records(where={"order": {"total": {"$gt": 1}}})} == {
        cheap.id,
        dear.id,
    }
