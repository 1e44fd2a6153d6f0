"""`/mcp` of the server, as it is asked by what is no MCP client."""

from __future__ import annotations

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from commonplace.service.confined import Grant
from commonplace.stores.in_memory import InMemoryStore
from http_api import app_on

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
HEADERS = {
    "authorization": "Bearer all",
    "accept": "application/json, text/event-stream",
    "content-type": "application/json",
}


def asked(
    address: str = "http://127.0.0.1:8710", method: str = "POST", **headers: str
) -> tuple[int, dict[str, Any]]:
    """Ask for the tools; the server listens at `address`, and is called as `host` says."""
    with TestClient(app_on(InMemoryStore()), base_url=address) as client:
        answer = client.request(
            method, "/mcp", headers={**HEADERS, **headers}, content=json.dumps(LIST)
        )
    return answer.status_code, answer.json()


def test_a_request_stands_by_itself() -> None:
    status, said = asked()

    assert status == 200
    assert len(said["result"]["tools"]) == 7


@pytest.mark.parametrize("key", ["", "Bearer", "Bearer wrong", "Basic all"])
def test_no_key_no_answer(key: str) -> None:
    status, said = asked(authorization=key)

    assert status == 401
    assert "keys add" in said["error"]["message"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "localhost:8710"}, 200),
        ({"host": "127.0.0.1"}, 200),
        ({"host": "[::1]:8710"}, 200),
        ({"host": "127.0.0.1:8710", "origin": "http://127.0.0.1:8710"}, 200),
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example:8710"}, 403),
        ({"host": "localhost.evil.example"}, 403),
        ({"host": ""}, 403),
        ({"host": "["}, 403),
        ({"host": "127.0.0.1:8710", "origin": "https://evil.example"}, 403),
        ({"host": "127.0.0.1:8710", "origin": "http://127.0.0.1:9999"}, 403),
        ({"host": "127.0.0.1:8710", "origin": "null"}, 403),
        ({"host": "127.0.0.1:8710", "origin": "http://["}, 403),
    ],
)
def test_a_page_of_another_site_gets_nothing_from_this_machine(
    headers: dict[str, str], status: int
) -> None:
    assert asked(**headers)[0] == status


@pytest.mark.parametrize(("origin", "status"), [("", 200), ("https://evil.example", 403)])
def test_at_an_address_for_others_any_name_of_the_server_will_do(origin: str, status: int) -> None:
    headers = {"host": "memory.example.org", **({"origin": origin} if origin else {})}

    assert asked("http://192.0.2.1:8710", **headers)[0] == status


def test_a_name_that_a_proxy_passes_on_is_told_to_the_server() -> None:
    app = app_on(InMemoryStore())
    headers = {**HEADERS, "host": "memory.example.org", "origin": "https://memory.example.org"}
    with TestClient(app, base_url="http://127.0.0.1:8710") as client:
        refused = client.post("/mcp", headers=headers, json=LIST)
        app.state.names = frozenset({"memory.example.org"})
        answered = client.post("/mcp", headers=headers, json=LIST)

    assert (refused.status_code, answered.status_code) == (403, 200)
    assert "--name memory.example.org" in refused.json()["error"]["message"]


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_another_method_is_told_to_post(method: str) -> None:
    status, said = asked(method=method)

    assert status == 405
    assert "POST" in said["error"]["message"]


def test_a_revoked_key_opens_nothing_any_more() -> None:
    keys = {"mine": Grant(name="mine")}
    with TestClient(app_on(InMemoryStore(), keys), base_url="http://127.0.0.1:8710") as client:
        headers = {**HEADERS, "authorization": "Bearer mine"}
        assert client.post("/mcp", headers=headers, json=LIST).status_code == 200
        keys.clear()
        assert client.post("/mcp", headers=headers, json=LIST).status_code == 401


def test_without_the_package_the_server_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        raise ModuleNotFoundError("No module named 'mcp'", name="mcp")

    monkeypatch.setattr("commonplace.service.mcp_endpoint._imported", missing)

    status, said = asked()

    assert status == 501
    assert "commonplace-memory[mcp]" in said["error"]["message"]
