"""Whatever is sent: no failure of the server, errors in one form, nothing changed by a refusal."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any, cast
from uuid import NAMESPACE_OID, uuid5

import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance
from starlette.testclient import TestClient

from by_turns import ByTurns
from chroma_server import HERE, client_of, client_of_new_database
from commonplace import Scope, errors
from commonplace.chroma.shared_store import SharedStore
from commonplace.ports import RecordStore
from commonplace.stores.in_memory import InMemoryStore
from commonplace.testing import HashingEmbedder
from http_api import app_on, asking, filled, gate_on, stored

APP = app_on(InMemoryStore())
"""Made once, since to make it costs more than a request; each test gives it a store."""
OPERATIONS = schemathesis.openapi.from_dict(APP.everything())  # type: ignore[attr-defined]  # our own application
OPERATIONS.app = APP


@OPERATIONS.parametrize()
@settings(
    max_examples=5,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),  # they are about time
)
def test_any_request_gets_an_answer_as_described(case: schemathesis.Case[Any]) -> None:
    store = filled()
    before = stored(store)
    APP.state.gate = gate_on(store)

    # What a text may say, such as not being blank, is not all in the description.
    answer = case.call(headers={"Authorization": "Bearer all"})
    case.validate_response(answer, excluded_checks=[positive_data_acceptance])

    if answer.status_code != 200:
        assert is_error(answer.json())
        assert stored(store) == before


@pytest.fixture(scope="module")
def between(chroma_port: int) -> Iterator[RecordStore]:
    """Give two engines on one Chroma, asked by turns, with what `filled` has."""
    client = client_of_new_database(chroma_port)
    name = HashingEmbedder().name
    store = ByTurns(
        [SharedStore(one, name, 2**26) for one in (client, client_of(chroma_port, client.database))]
    )
    store.put(list(filled().entries(Scope())))
    yield cast("RecordStore", store)
    store.close()


def any_request() -> st.SearchStrategy[schemathesis.Case[Any]]:
    operations = [one.ok() for one in OPERATIONS.get_all_operations() if isinstance(one, Ok)]
    return st.sampled_from(operations).flatmap(lambda one: one.as_strategy())


@pytest.mark.allow_hosts([HERE])
@settings(
    max_examples=25,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(case=st.deferred(any_request))
def test_two_servers_answer_any_request_as_described(
    case: schemathesis.Case[Any], between: RecordStore
) -> None:
    before = stored(between)
    APP.state.gate = gate_on(between)

    answer = case.call(headers={"Authorization": "Bearer all"})
    case.validate_response(answer, excluded_checks=[positive_data_acceptance])

    if answer.status_code != 200:
        assert is_error(answer.json())
        assert stored(between) == before


def asking_about(store: RecordStore) -> TestClient:
    APP.state.gate = gate_on(store)
    return asking(APP)


def is_error(said: Any) -> bool:
    return (
        set(said) == {"error"}
        and set(said["error"]) == {"type", "message"}
        and issubclass(getattr(errors, said["error"]["type"]), errors.CommonplaceError)
    )


def vector(*numbers: float) -> dict[str, Any]:
    rows = np.array(numbers, "<f4")
    return {"shape": [len(numbers)], "data": b64encode(rows.tobytes()).decode()}


def ones(dimension: int) -> dict[str, Any]:
    return vector(1.0, *[0.0] * (dimension - 1))


def record(**members: object) -> dict[str, Any]:
    made = {"text": "x", "scope": "user/eve", "id": "of-eve", "created_at": "2026-05-04T12:00:00Z"}
    return {**made, **members}


def sent(path: str, **members: object) -> tuple[str, str]:
    return path, json.dumps(members)


REFUSED: dict[str, tuple[str, str | bytes]] = {
    "no body": ("remember", ""),
    "no JSON": ("remember", "{items"),
    "two values": ("remember", "{}{}"),
    "bytes that are no text": ("remember", b'{"items": [{"text": "\xff"}]}'),
    "a list for an object": ("remember", "[]"),
    "an object for a list": sent("remember", items={"text": "x"}),
    "text for an object": sent("remember", items=["x"]),
    "nothing to remember": sent("remember", items=[]),
    "deep nesting": ("remember", '{"items":' + "[" * 100_000 + "]" * 100_000 + "}"),
    "deep metadata": (
        "remember",
        '{"items":[{"text":"x","metadata":{"a":' + "[" * 200 + "]" * 200 + "}}]}",
    ),
    "a number of 5,000 digits": ("recall", '{"query":"x","limit":' + "9" * 5_000 + "}"),
    "NaN as importance": ("remember", '{"items":[{"text":"x","importance":NaN}]}'),
    "NaN in metadata": ("remember", '{"items":[{"text":"x","metadata":{"a":NaN}}]}'),
    "infinity in a condition": ("recall", '{"query":"x","where":{"a":{"$gt":1e999}}}'),
    "infinity as a value": ("set", '{"key":"k","value":1e999}'),
    "half a surrogate pair as a key": ("set", r'{"key":"\ud800","value":1}'),
    "half a surrogate pair as a member": ("count", r'{"\ud800":1}'),
    "half a surrogate pair as a scope": ("count", r'{"scope":"user/\ud800"}'),
    "half a surrogate pair as an id": ("forget", r'{"ids":["\ud800"]}'),
    "two fields that become one": (
        "remember",
        r'{"items":[{"text":"x","metadata":{"\ud800":1,"\ud801":2}}]}',
    ),
    "a member that there is not": sent("count", wher={"a": 1}),
    "a blank text": sent("remember", items=[{"text": " \n"}]),
    "a text over the limit": sent("remember", items=[{"text": "x" * 100_001}]),
    "a query over the limit": sent("recall", query="x" * 100_001),
    "one bad item of two": sent("remember", items=[{"text": "good"}, {"text": ""}]),
    "a negative limit": sent("recall", query="x", limit=-1),
    "a limit in words": sent("recall", query="x", limit="8"),
    "true as a limit": sent("recall", query="x", limit=True),
    "half a limit": sent("recall", query="x", limit=0.5),
    "confidence above one": sent("recall", query="x", min_confidence=1.5),
    "a number as a time": sent("recall", query="x", since=0),
    "a time without a timezone": sent("recall", query="x", since="2026-05-04T12:00:00"),
    "a time beyond the calendar": sent("recall", query="x", since="9999-12-31T23:59:59-23:59"),
    "a time before the calendar": sent(
        "remember", items=[{"text": "x", "expires_at": "0001-01-01T00:00:00+23:59"}]
    ),
    "a span beyond the calendar": sent("remember", items=[{"text": "x", "ttl": "9" * 20 + "w"}]),
    "a span and a time": sent(
        "remember", items=[{"text": "x", "ttl": "1d", "expires_at": "2027-01-01T00:00:00Z"}]
    ),
    "an operator within a value": sent("count", where={"a": {"$eq": {"b": {"$gt": 1}}}}),
    "an unknown operator": sent("recall", query="x", where={"a": {"$regex": "("}}),
    "an unknown kind": sent("records", kind="idea"),
    "too many scopes": sent("count", also=["user/eve"] * 101),
    "an empty name in a scope": sent("count", scope="user//alice"),
    "a scope too deep": sent("count", scope="/".join("x" * 17)),
    "a value without a key": sent("remember", items=[{"text": "x", "kind": "value"}]),
    "a null for a kind": sent("update", id="of-alice", scope="user/alice", changes={"kind": None}),
    "an update to no record": sent("update", id="nobody", changes={"text": "y"}),
    "one unknown id of two": sent("forget", ids=["of-alice", "nobody"]),
    "an id over the limit": sent("record", id="x" * 1_001),
    "vectors that are no base64": sent(
        "engine/write", records=[record()], vectors=[{"shape": [1], "data": "%%"}]
    ),
    "vectors of a broken size": sent(
        "engine/write", records=[record()], vectors=[{"shape": [1], "data": "AAA="}]
    ),
    "vectors of another shape": sent(
        "engine/write", records=[record()], vectors=[{**ones(256), "shape": [2, 256]}]
    ),
    "vectors of a huge shape": sent(
        "engine/write", records=[record()], vectors=[{**ones(256), "shape": [10**30]}]
    ),
    "vectors of a negative shape": sent(
        "engine/write", records=[record()], vectors=[{**ones(256), "shape": [-1]}]
    ),
    "vectors of no length": sent(
        "engine/write", records=[record()], vectors=[{"shape": [1, 0], "data": ""}]
    ),
    "vectors with NaN": sent("engine/write", records=[record()], vectors=[vector(float("nan"))]),
    "vectors that are too long": sent("engine/write", records=[record()], vectors=[vector(1e30)]),
    "vectors of another dimension": sent("engine/write", records=[record()], vectors=[ones(3)]),
    "fewer vectors than records": sent("engine/write", records=[record()], vectors=[]),
    "vectors of two dimensions": sent(
        "engine/write", records=[record(), record(id="b")], vectors=[ones(256), ones(3)]
    ),
    "more windows than a text has": sent(
        "engine/write", records=[record()], vectors=[{**ones(2_001), "shape": [2_001, 1]}]
    ),
    "a question of another dimension": sent(
        "engine/rank", scopes=["user"], query="x", vector=ones(3)
    ),
    "neighbours in another dimension": sent("engine/nearest", scopes=["user"], vector=ones(3)),
    "no scope": sent("engine/find", scopes=[], ids=[]),
    "a record of no time": sent("engine/write", records=[record(created_at=None)]),
    "a record said never": sent("engine/write", records=[record(mentions=0)]),
    "a swap for another record": sent("engine/swap", old=record(), new=record(id="b")),
    "a swap of no record": sent("engine/swap", old=record(), new=record(text="y")),
    "nothing to embed": sent("engine/embed", texts=[]),
}


@pytest.mark.parametrize(("path", "body"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_used_is_refused_and_changes_nothing(path: str, body: str | bytes) -> None:
    store = filled()
    before = stored(store)

    answer = asking_about(store).post(
        f"/v1/{path}", content=body, headers={"content-type": "application/json"}
    )

    assert answer.status_code in {400, 404, 409, 422}, answer.text
    assert is_error(answer.json())
    assert stored(store) == before


@pytest.mark.parametrize("dimension", [1, 3, 1_000])
def test_the_first_vectors_of_a_store_are_as_long_as_the_model_s(dimension: int) -> None:
    store = InMemoryStore()
    body = {"records": [record()], "vectors": [ones(dimension)]}

    answer = asking_about(store).post("/v1/engine/write", json=body)

    assert answer.status_code == 422
    assert "dimension" in answer.json()["error"]["message"]
    assert stored(store) == []


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "a/b;"]
)
def test_a_body_of_another_type_is_refused(kind: str) -> None:
    store = filled()
    before = stored(store)

    answer = asking_about(store).post(
        "/v1/remember", content='{"items":[{"text":"x"}]}', headers={"content-type": kind}
    )

    assert answer.status_code == 400
    assert is_error(answer.json())
    assert stored(store) == before


ODD: dict[str, tuple[str, str]] = {
    "a null byte in a text": sent("remember", items=[{"text": "a\x00b"}]),
    "a null byte in metadata": sent(
        "remember", items=[{"text": "x", "metadata": {"\x00": "\x00"}}]
    ),
    "a null byte in a scope": sent("remember", scope="user/\x00", items=[{"text": "x"}]),
    "a null byte in a source": sent("remember", items=[{"text": "x", "source": {"agent": "\x00"}}]),
    "a null byte in a key": sent("set", key="\x00", value="\x00"),
    "the value under it": sent("get", key="\x00"),
    "a null byte in an id": sent("engine/write", records=[record(id="\x00")]),
    "that record": sent("engine/find", scopes=["user/eve"], ids=["\x00"]),
    "half a surrogate pair as an id": ("record", r'{"id":"\ud800"}'),
    "half a surrogate pair as one of two ids": ("forget", r'{"ids":["a","\ud800"]}'),
    "a huge whole number": sent("set", key="k", value=10**400),
    "a huge number in a condition": sent("recall", query="x", where={"a": {"$gt": 10**400}}),
    "a huge limit": sent("recall", query="x", limit=10**40),
    "a huge page": sent("records", limit=10**40, offset=10**40),
    "a huge budget": sent("context", query="x", max_tokens=10**40),
    "a large text": sent("remember", items=[{"text": "x" * 100_000}]),
    "a large text of words": sent("remember", items=[{"text": "tea " * 25_000}]),
    "a query of 100 kB": sent("recall", query="tea 2024 " * 11_000),
    "only signs": sent("recall", query="%_*?\\'\";--"),
    "times of long ago": sent(
        "engine/write", records=[record(id="old", created_at="0001-01-01T00:00:00Z")]
    ),
    "times of long after": sent(
        "engine/write",
        records=[record(id="new", created_at="9999-12-31T23:59:59Z", kind="event")],
    ),
    "what is asked about them": sent("recall", query="what happened yesterday, or in 9999?"),
    "the same member twice": ("count", '{"scope": "user", "scope": "user/eve"}'),
    "the same record twice": sent("engine/write", records=[record(), record(text="y")]),
    "a new record that is not new": sent(
        "engine/write", records=[record(text="z")], new=["of-eve"]
    ),
    "ids that are said twice": sent("engine/find", scopes=["user/eve"], ids=["of-eve", "of-eve"]),
    "a blank id": sent("engine/find", scopes=["user"], ids=[""]),
    "a vector of zeros": sent(
        "engine/write", records=[record(id="zero")], vectors=[vector(*[0.0] * 256)]
    ),
    "a fact in the place of a value": sent(
        "engine/write", records=[record(scope="", id=str(uuid5(NAMESPACE_OID, "taken")))]
    ),
    "the value that it is not": sent("get", key="taken"),
    "an emoji of parts": sent("remember", items=[{"text": "👩‍👩‍👧‍👦 \u202e\ufeff"}]),
}


def test_what_is_odd_is_taken_or_refused_by_every_store(store: RecordStore) -> None:
    asked = asking_about(store)

    for name, (path, body) in ODD.items():
        answer = asked.post(
            f"/v1/{path}", content=body, headers={"content-type": "application/json"}
        )
        assert answer.status_code < 500, (name, answer.text[:500])
    assert asked.post("/v1/recall", json={"query": "tea"}).status_code == 200


def test_an_error_quotes_no_more_than_a_person_reads() -> None:
    answer = asking_about(filled()).post("/v1/recall", json={"query": "x", "where": ["y" * 10**6]})

    assert len(answer.content) < 5_000
