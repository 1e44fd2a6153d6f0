"""What no key, a wrong key and the key of another scope can do: nothing."""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from commonplace.ports import RecordStore
from commonplace.service.access import Gate
from commonplace.service.confined import Grant
from commonplace.stores.in_memory import InMemoryStore
from commonplace.values.scope import Scope
from http_api import app_on, asking, engine_on, filled, gate_on, stored

KEYS = {
    "all": Grant(name="all"),
    "alice": Grant(Scope.parse("user/alice"), "alice"),
    "slow": Grant(Scope.parse("user/alice"), "slow", requests_per_minute=2),
}
APP = app_on(InMemoryStore(), KEYS)
"""Made once, since to make it costs more than a request; each test gives it a store."""

AT = "2026-05-04T12:00:00Z"


def record(scope: str, **members: object) -> dict[str, Any]:
    return {"text": "Likes coffee", "scope": scope, "id": "new", "created_at": AT, **members}


def bodies(scope: str) -> dict[str, dict[str, Any]]:
    """Return a request for every operation that names a scope."""
    own = "user/alice"
    vector = {"shape": [256], "data": b64encode(bytes(1_024)).decode()}
    return {
        "audit": {"scope": scope},
        "context": {"query": "Oslo", "scope": scope},
        "count": {"scope": scope},
        "delete": {"key": "k", "scope": scope},
        "erase": {"reason": "none", "scope": scope},
        "forget": {"ids": ["of-bob"], "scope": scope},
        "history": {"id": "of-bob", "scope": scope},
        "history ": {"id": "of-bob", "also": [scope]},
        "observe": {"messages": [{"role": "user", "content": "hello"}], "scope": scope},
        "quarantined": {"scope": scope},
        "quarantined ": {"also": [scope]},
        "release": {"ids": ["of-bob"], "scope": scope},
        "sweep": {"scope": scope},
        "get": {"key": "k", "scope": scope},
        "keys": {"scope": scope},
        "recall": {"query": "Oslo", "scope": scope},
        "recall ": {"query": "Oslo", "scope": own, "also": [scope]},
        "record": {"id": "of-bob", "scope": scope},
        "record ": {"id": "of-bob", "also": [scope]},
        "records": {"scope": scope},
        "records ": {"also": [own, scope]},
        "remember": {"items": [{"text": "Likes coffee"}], "scope": scope},
        "set": {"key": "k", "value": 1, "scope": scope},
        "stats": {"scope": scope},
        "update": {"id": "of-bob", "changes": {"text": "Moved"}, "scope": scope},
        "used": {"ids": ["of-bob"], "scope": scope},
        "engine/held": {"scopes": [own, scope], "ids": ["of-bob"]},
        "engine/identities": {"scope": scope},
        "engine/discard": {"records": [record(scope, id="of-bob")]},
        "engine/entries": {"scopes": [scope], "ids": ["of-bob"]},
        "engine/exact": {"scope": scope, "id": "of-bob"},
        "engine/find": {"scopes": [own, scope], "ids": ["of-bob"]},
        "engine/nearest": {"scopes": [scope], "vector": vector},
        "engine/latest": {"scopes": [scope], "limit": 5},
        "engine/of_kinds": {"scopes": [scope], "kinds": ["fact"]},
        "engine/rank": {"scopes": [own, scope], "query": "Oslo"},
        "engine/remove": {"scope": scope, "ids": ["of-bob"]},
        "engine/select": {"scopes": [own, scope]},
        "engine/session": {"scope": scope, "name": "monday", "kind": "message"},
        "engine/swap": {"old": record(scope), "new": record(scope, text="Moved")},
        "engine/tally": {"scopes": [scope]},
        "engine/sweep": {"scope": scope},
        "engine/used": {"records": [record(own), record(scope, id="of-bob")]},
        "engine/versions": {"scopes": [own, scope], "id": "of-bob"},
        "engine/write": {"records": [record(own), record(scope, id="of-bob")]},
        "engine/audit": {"scope": scope},
        "engine/erase": {"scope": scope, "reason": "none"},
    }


def asking_about(store: RecordStore, key: str) -> TestClient:
    APP.state.gate = gate_on(store, KEYS)
    return asking(APP, key)


def every_operation() -> list[tuple[str, str]]:
    paths: dict[str, Any] = APP.everything()["paths"]  # type: ignore[attr-defined]  # our own application
    return [(method, path) for path, methods in paths.items() for method in methods]


@pytest.mark.parametrize(("method", "path"), every_operation())
def test_without_a_key_only_health_and_readiness_answer(method: str, path: str) -> None:
    answer = asking_about(filled(), "").request(method, path, json={})

    assert answer.status_code == (200 if path in ("/health", "/health/ready") else 401)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"all",
        b"Bearer",
        b"Bearer ",
        b"Bearer wrong",
        b"Bearer All",
        b"Bearer all extra",
        b"Bearer all,Bearer all",
        b"Basic YWxsOg==",
        b"Token all",
        b"Bearer \xc3\xa4\xff",
        b"Bearer all\x00",
        b"Bearer " + b"x" * 10_000,
        b'Bearer "all"',
    ],
)
def test_a_header_that_holds_no_key_opens_nothing(header: bytes) -> None:
    store = filled()
    before = stored(store)

    answer = asking_about(store, "").post(
        "/v1/remember", json={"items": [{"text": "x"}]}, headers={b"authorization": header}
    )

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["error"]["type"] == "AccessDeniedError"
    assert stored(store) == before


def test_two_keys_are_none() -> None:
    headers = [("authorization", "Bearer all"), ("authorization", "Bearer all")]
    asked = asking_about(filled(), "")
    del asked.headers["authorization"]

    assert asked.post("/v1/count", json={}, headers=headers).status_code == 401


def test_a_key_in_the_address_or_the_body_is_none() -> None:
    asked = asking_about(filled(), "")

    assert asked.post("/v1/count?api_key=all&key=all", json={}).status_code == 401
    assert asked.post("/v1/count", json={"api_key": "all", "key": "all"}).status_code == 401


OUTSIDE = {
    "a sibling": "user/bob",
    "its parent": "user",
    "the root": "",
    "a name that begins alike": "user/alice2",
    "a name that is a part": "user/alic",
    "another case": "USER/ALICE",
    "a slash that is encoded": "user%2Falice",
    "a sibling by an encoded slash": "user%2Fbob",
    "an encoded sibling": "user/%62ob",
    "up by dots": "user/../user/bob",
    "dots alone": "..",
    "a slash before": "/user/alice",
    "two slashes": "user//alice",
    "a slash after": "user/alice/",
    "a space after": "user/alice ",
    "a null byte after": "user/alice\x00",
    "an encoded null byte": "user/alice%00",
    "encoded twice": "user/%2561lice",
    "a backslash": "user\\alice",
    "a letter that looks alike": "user/\u0430lice",
    "another form of a letter": "user/alic\uff45",
    "a width of nothing": "user/alice\u200b",
    "a star": "*",
    "a pattern": "user/%",
}


@pytest.mark.parametrize("scope", OUTSIDE.values(), ids=OUTSIDE)
def test_no_spelling_of_a_scope_leads_out_of_the_key_s(scope: str) -> None:
    store = filled()
    before = stored(store)
    asked = asking_about(store, "alice")

    for operation, body in bodies(scope).items():
        answer = asked.post(f"/v1/{operation.strip()}", json=body)

        assert answer.status_code in {403, 422}, (operation, answer.text)
        assert "Oslo" not in answer.text, operation
        assert stored(store) == before, operation


WITHIN = [
    "user/alice",
    "user/%61lice",
    "user/alice/..",
    "user/alice/../bob",
    "user/alice/%2E%2E%2Fbob",
]


@pytest.mark.parametrize("scope", WITHIN)
def test_what_only_looks_like_a_way_out_is_a_name_within(scope: str) -> None:
    store = filled()
    others = [one for one in stored(store) if one[0].id == "of-bob"]
    asked = asking_about(store, "alice")

    for operation, body in bodies(scope).items():
        answer = asked.post(f"/v1/{operation.strip()}", json=body)

        assert answer.status_code in {200, 404, 422}, (operation, answer.text)
        assert "Lives in" not in answer.text, operation
    mine = Scope.parse("user/alice")
    assert [one for one in stored(store) if not mine.contains(one[0].scope)] == others


@given(
    scope=st.text(max_size=30)
    | st.lists(st.sampled_from(["user", "bob", "..", "%2F", "/", ""])).map("/".join)
)
def test_no_text_at_all_shows_another_s_record(scope: str) -> None:
    asked = asking_about(filled(), "alice")

    for operation in ("records", "records ", "engine/select"):
        answer = asked.post(f"/v1/{operation.strip()}", json=bodies(scope)[operation])
        assert "Oslo" not in answer.text


def test_the_ids_of_another_s_records_are_unknown() -> None:
    store = filled()
    before = stored(store)
    asked = asking_about(store, "alice")

    for operation, body in {
        "record": {"id": "of-bob"},
        "forget": {"ids": ["of-alice", "of-bob"]},
        "update": {"id": "of-bob", "changes": {"text": "Moved"}},
        "used": {"ids": ["of-alice", "of-bob"]},
        "engine/find": {"scopes": ["user/alice"], "ids": ["of-bob"]},
        "engine/remove": {"scope": "user/alice", "ids": ["of-bob"]},
    }.items():
        answer = asked.post(f"/v1/{operation}", json=body)
        assert answer.status_code == 404, operation
        assert answer.json()["error"]["type"] == "RecordNotFoundError"
    assert stored(store) == before


def test_a_record_is_not_swapped_out_of_the_key_s_scope_or_into_it() -> None:
    store = filled()
    before = stored(store)
    asked = asking_about(store, "alice")
    mine, theirs = record("user/alice", id="of-alice"), record("user/bob", id="of-alice")

    for old, new in ((mine, theirs), (theirs, mine), (theirs, theirs)):
        answer = asked.post("/v1/engine/swap", json={"old": old, "new": new})
        assert answer.status_code in {403, 422}
    assert stored(store) == before


def test_a_repeated_removal_stays_within_the_scope_and_removes_what_lies_below_it() -> None:
    store = filled()
    asked = asking_about(store, "alice")
    below = record("user/alice/diary")
    asked.post("/v1/engine/write", json={"records": [below]})

    answer = asked.post(
        "/v1/engine/remove",
        json={"scope": "user/alice", "ids": ["new", "of-bob"]},
        headers={"x-commonplace-repeated": "1"},
    )

    assert answer.json() == 2
    assert [one.id for one, _ in stored(store)] == ["of-alice", "of-bob"]


@pytest.mark.parametrize("key", ["alice", "all"])
def test_no_key_reaches_the_files_of_the_server_s_machine(key: str, tmp_path: Path) -> None:
    asked = asking_about(filled(), key)
    file = tmp_path / "file"

    made = asked.post("/v1/engine/backup", json={"file": str(file)})
    erased = asked.post(
        "/v1/engine/erase",
        json={"scope": "user/alice", "reason": "none", "backups": [str(file)]},
    )

    assert (made.status_code, erased.status_code) == (403, 403)
    assert not file.exists()
    assert asked.post("/v1/count", json={"scope": "user/alice"}).json() == 1


def test_the_whole_audit_log_is_for_who_may_see_everything() -> None:
    asked = asking_about(filled(), "alice")

    assert asked.post("/v1/engine/verify_audit", json={}).status_code == 403
    assert asked.post("/v1/engine/audit", json={"scope": ""}).status_code == 403


def test_a_key_learns_its_scope_and_nothing_of_others() -> None:
    about = asking_about(filled(), "alice").post("/v1/about", json={}).json()

    assert about["scope"] == "user/alice"
    assert set(about) == {"version", "embedder", "embeds", "scope", "screening"}


def test_metrics_tell_of_operations_and_not_of_what_was_asked() -> None:
    app = app_on(filled(), KEYS)
    asked = asking(app, "alice")
    asked.post("/v1/records", json={"where": {"secret-field": 1}})
    asked.post("/v1/secret-address", json={})
    asked.post("/v1/count", json={"scope": "user/secret-name"})

    said = asked.get("/metrics").text

    assert 'commonplace_requests_total{route="/v1/records",status="200"} 1.0' in said
    assert 'commonplace_requests_total{route="/v1/count",status="403"} 1.0' in said
    assert 'route="other",status="404"' in said
    assert "secret" not in said
    assert "alice" not in said


def test_more_requests_than_a_key_may_send_are_refused_and_others_are_not() -> None:
    asked = asking_about(filled(), "slow")

    codes = [asked.post("/v1/count", json={}).status_code for _ in range(3)]

    assert codes == [200, 200, 429]
    assert asking(APP, "alice").post("/v1/count", json={}).status_code == 200
    error = asked.post("/v1/count", json={}).json()["error"]
    assert error["type"] == "QuotaExceededError"
    assert "2 times a minute" in error["message"]


def test_a_key_counts_no_uses_outside_its_scope() -> None:
    store = filled()
    before = stored(store)
    engine = engine_on(store)
    APP.state.gate = Gate(engine, KEYS.get, embeds=True)
    theirs = record("user/bob", id="of-bob")

    outside = asking(APP, "alice").post("/v1/engine/used", json={"records": [theirs]})
    posing = asking(APP, "alice").post(
        "/v1/engine/used", json={"records": [record("user/alice", id="of-bob")]}
    )

    assert (outside.status_code, posing.status_code) == (403, 200)
    engine._uses.write()
    assert stored(store) == before
