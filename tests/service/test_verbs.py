"""The verbs over HTTP, as a program in another language asks for them."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from commonplace.service.access import Gate
from commonplace.service.app import application
from commonplace.service.confined import Grant
from commonplace.stores.in_memory import InMemoryStore
from commonplace.values.scope import Scope
from http_api import ALL, app_on, asking, engine_on

JSON = {"content-type": "application/json"}


@pytest.fixture
def alice() -> TestClient:
    keys = {"alice": Grant(Scope.parse("user/alice"), "alice")}
    return asking(app_on(InMemoryStore(), keys), "alice")


def said(asked: TestClient, verb: str, **body: object) -> Any:
    answer = asked.post(f"/v1/{verb}", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_what_is_remembered_is_recalled_in_the_key_s_scope(alice: TestClient) -> None:
    source = {"framework": "node", "origin": "user"}
    [record] = said(
        alice,
        "remember",
        items=[{"text": "Likes green tea", "metadata": {"year": 2026}, "source": source}],
    )

    [match] = said(alice, "recall", query="tea", where={"year": {"$gte": 2024}})

    assert match["record"] == record
    assert record["scope"] == "user/alice"
    assert record["source"] == source
    assert said(alice, "record", id=record["id"]) == record
    assert "Likes green tea" in said(alice, "context", query="green tea", min_confidence=0)


def test_a_statement_that_is_sent_again_is_kept_once(alice: TestClient) -> None:
    first = said(alice, "remember", items=[{"text": "Likes green tea"}])
    again = said(alice, "remember", items=[{"text": "Likes green tea"}])

    assert again[0]["id"] == first[0]["id"]
    assert again[0]["mentions"] == 2
    assert said(alice, "count") == 1


def test_secrets_are_screened_before_they_are_kept(alice: TestClient) -> None:
    [record] = said(alice, "remember", items=[{"text": "My password is tr0ub4dor&3"}])

    assert "tr0ub4dor" not in record["text"]
    assert said(alice, "about")["screening"]["secrets"] == "redact"
    stats = said(alice, "stats")
    assert (stats["held_back"], stats["redacted"]) == (0, 1)


def test_a_record_is_changed_and_forgotten(alice: TestClient) -> None:
    [record] = said(alice, "remember", items=[{"text": "Likes tea"}], scope="user/alice/diary")

    changed = said(alice, "update", id=record["id"], changes={"text": "Likes coffee"})
    assert (changed["text"], changed["scope"]) == ("Likes coffee", "user/alice/diary")
    assert [one["text"] for one in said(alice, "records", limit=1)] == ["Likes coffee"]
    assert said(alice, "forget", ids=[record["id"]]) == 1
    assert said(alice, "stats")["records"] == 0


@pytest.mark.parametrize("value", [None, True, 1, 1.5, "US/Pacific", [1, "a"], {"a": {"b": []}}])
def test_values_are_kept_exactly(alice: TestClient, value: object) -> None:
    said(alice, "set", key="k", value=value)

    assert said(alice, "get", key="k") == value
    assert said(alice, "keys") == ["k"]
    assert said(alice, "delete", key="k") is True
    assert said(alice, "get", key="k") is None


def test_a_record_lives_on_when_it_is_used() -> None:
    store = InMemoryStore()
    engine = engine_on(store)
    app = application(Gate(engine, ALL.get, embeds=True))
    item = {"text": "Likes green tea", "ttl": "2d", "refresh_on_use": True}
    [record] = said(asking(app), "remember", items=[item])
    assert (record["ttl_on_use"], "uses" in record) == (172_800.0, False)

    said(asking(app), "used", ids=[record["id"]])
    said(asking(app), "context", query="green tea", min_confidence=0)

    engine._uses.write()
    used = said(asking(app), "record", id=record["id"])
    assert (used["uses"], used["used_at"], used["expires_at"]) == (
        2,
        record["created_at"],
        record["expires_at"],
    )
    assert said(asking(app), "engine/write", records=[record]) == [used]


def test_half_a_character_is_mended_over_http_as_elsewhere(alice: TestClient) -> None:
    def sent(verb: str, body: str) -> Any:
        answer = alice.post(f"/v1/{verb}", content=body.replace("HALF", r"\ud83d"), headers=JSON)
        assert answer.status_code == 200, answer.text
        return answer.json()

    [record] = sent("remember", '{"items":[{"text":"tea HALF","metadata":{"aHALF":"bHALF"}}]}')
    sent("observe", '{"messages":[{"role":"user","content":"rain HALF"}]}')
    sent("set", '{"key":"drink","value":{"HALF":"HALF"}}')

    assert (record["text"], record["metadata"]) == ("tea \ufffd", {"a\ufffd": "b\ufffd"})
    assert sent("recall", '{"query":"tea HALF"}')[0]["record"] == record
    assert sent("context", '{"query":"tea HALF","known":["tea HALF"],"min_confidence":1}') == ""
    assert sent("count", '{"where":{"aHALF":"bHALF"}}') == 1
    assert sent("get", '{"key":"drink"}') == {"\ufffd": "\ufffd"}
    assert "rain \ufffd" in [one["text"] for one in sent("records", "{}")]
    body = '{"id":"ID","changes":{"text":"rain HALF"}}'.replace("ID", record["id"])
    assert sent("update", body)["text"] == "rain \ufffd"
    assert sent("erase", '{"reason":"HALF"}')["reason"] == "\ufffd"


@pytest.mark.parametrize(
    ("kind", "body", "message"),
    [
        ("application/json", b"{", "read as JSON: Expecting property name"),
        ("application/json", b'{"query": ', "read as JSON: Expecting value at character 10"),
        ("application/x-www-form-urlencoded", b'{"query": "tea"}', "It says 'application/x-www"),
        ("", b'{"query": "tea"}', "sent with Content-Type: application/json. It says nothing"),
    ],
)
def test_a_body_that_cannot_be_read_is_told(
    kind: str, body: bytes, message: str, alice: TestClient
) -> None:
    """Among them what curl sends of its own accord with -d."""
    answer = alice.post("/v1/recall", content=body, headers={"content-type": kind} if kind else {})

    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]
