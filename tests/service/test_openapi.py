"""What the OpenAPI page says, as programs in other languages rely on it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from commonplace.stores.in_memory import InMemoryStore
from http_api import app_on, asking

APP = app_on(InMemoryStore())
PAGE: dict[str, Any] = APP.everything()  # type: ignore[attr-defined]  # our own application
PUBLIC: dict[str, Any] = APP.openapi()

# Each operation with its members; * marks those that are needed. Adding is a new release's right;
# what is here stays.
OPERATIONS = {
    "GET /health": "",
    "GET /health/ready": "",
    "GET /metrics": "",
    "POST /v1/about": "",
    "POST /v1/audit": "scope",
    "POST /v1/context": "also kinds known max_tokens min_confidence query* scope timezone",
    "POST /v1/count": "also kind scope where",
    "POST /v1/delete": "key* scope",
    "POST /v1/engine/audit": "scope*",
    "POST /v1/engine/backup": "file*",
    "POST /v1/engine/discard": "records*",
    "POST /v1/engine/embed": "texts*",
    "POST /v1/engine/entries": "ids* scopes*",
    "POST /v1/engine/flush": "",
    "POST /v1/engine/pending": "",
    "POST /v1/engine/erase": "backups done reason* scope* source",
    "POST /v1/engine/erase_steps": "names* scope* source",
    "POST /v1/engine/exact": "id* scope*",
    "POST /v1/engine/find": "ids* scopes*",
    "POST /v1/engine/held": "ids* scopes*",
    "POST /v1/engine/identities": "scope*",
    "POST /v1/engine/nearest": "limit scopes* selection vector*",
    "POST /v1/engine/latest": "limit scopes* selection",
    "POST /v1/engine/of_kinds": "kinds* scopes*",
    "POST /v1/engine/explain": "limit query* scopes* selection vector",
    "POST /v1/engine/scopes": "limit offset scopes*",
    "POST /v1/engine/rank": "limit query* scopes* selection vector",
    "POST /v1/engine/remove": "ids* scope*",
    "POST /v1/engine/select": "limit offset scopes* selection",
    "POST /v1/engine/session": "kind* limit name* scope*",
    "POST /v1/engine/sweep": "scope*",
    "POST /v1/engine/swap": "new* old* vectors",
    "POST /v1/engine/tally": "scopes* selection",
    "POST /v1/engine/used": "records*",
    "POST /v1/engine/verify_audit": "",
    "POST /v1/engine/versions": "id* scopes*",
    "POST /v1/engine/write": "new records* vectors",
    "POST /v1/erase": "reason* scope source",
    "POST /v1/forget": "ids* scope",
    "POST /v1/get": "also as_of default key* scope",
    "POST /v1/history": "also id* scope",
    "POST /v1/keys": "also scope",
    "POST /v1/observe": "messages* scope source",
    "POST /v1/quarantined": "also scope",
    "POST /v1/explain": (
        "also as_of kind limit min_confidence query* scope since timezone until where"
    ),
    "POST /v1/preview": "also known max_tokens min_confidence query* scope timezone",
    "POST /v1/scopes": "also limit offset scope",
    "POST /v1/recall": (
        "also as_of kind limit min_confidence query* scope since timezone until where"
    ),
    "POST /v1/record": "also id* scope",
    "POST /v1/records": "also as_of kind limit offset scope since until where",
    "POST /v1/release": "ids* scope",
    "POST /v1/remember": "items* scope",
    "POST /v1/set": "key* scope value*",
    "POST /v1/stats": "also scope",
    "POST /v1/sweep": "scope",
    "POST /v1/unfinished": "scope",
    "POST /v1/update": "changes* id* scope",
    "POST /v1/used": "ids* scope",
}


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in PAGE["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def followed(schema: dict[str, Any]) -> dict[str, Any]:
    reference = schema.get("$ref", "")
    found: dict[str, Any] = PAGE["components"]["schemas"][reference.rpartition("/")[2]]
    return found


def body_of(operation: dict[str, Any]) -> dict[str, Any]:
    if "requestBody" not in operation:
        return {}
    return followed(operation["requestBody"]["content"]["application/json"]["schema"])


def members(operation: dict[str, Any]) -> str:
    body = body_of(operation)
    needed = body.get("required", [])
    return " ".join(
        f"{name}*" if name in needed else name for name in sorted(body.get("properties", {}))
    )


def test_the_operations_and_their_members_are_these() -> None:
    assert {name: members(operation) for name, operation in operations()} == OPERATIONS


@pytest.mark.parametrize(("name", "operation"), list(operations()))
def test_an_operation_is_described(name: str, operation: dict[str, Any]) -> None:
    assert operation["description"]
    assert operation["operationId"] == name.partition("/")[2].removeprefix("v1/").replace("/", "_")
    assert bool(operation.get("security")) == (name not in ("GET /health", "GET /health/ready"))
    assert body_of(operation).get("additionalProperties", False) is False


@pytest.mark.parametrize(("name", "operation"), list(operations()))
def test_every_error_has_the_one_form(name: str, operation: dict[str, Any]) -> None:
    said = {code: one for code, one in operation["responses"].items() if code != "200"}

    assert {"400", "401", "403", "404", "408", "409", "413", "422", "429", "503"} == set(said), name
    for one in said.values():
        assert one["description"]
        error = followed(one["content"]["application/json"]["schema"])
        assert list(error["properties"]) == ["error"]


def test_answers_have_forms_with_names() -> None:
    answers = {
        name: operation["responses"]["200"]["content"]["application/json"]["schema"]
        for name, operation in operations()
    }

    assert answers["POST /v1/recall"]["items"]["$ref"].endswith("/MatchShape")
    assert answers["POST /v1/remember"]["items"]["$ref"].endswith("/RecordShape")
    assert answers["POST /v1/record"]["$ref"].endswith("/RecordShape")
    assert answers["POST /v1/stats"]["$ref"].endswith("/StatsShape")
    assert answers["POST /v1/count"]["type"] == "integer"


def test_a_key_is_sent_as_a_bearer_s() -> None:
    [scheme] = PAGE["components"]["securitySchemes"].values()

    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
    assert PAGE["servers"] == [{"url": "/", "description": "This server"}]


def test_the_page_shows_examples() -> None:
    recall = body_of(PAGE["paths"]["/v1/recall"]["post"])["properties"]
    item = PAGE["components"]["schemas"]["Item"]["properties"]

    assert recall["query"]["examples"]
    assert recall["where"]["examples"]
    assert item["text"]["examples"]
    assert item["ttl"]["examples"]


def test_anybody_may_read_the_page_and_see_that_the_server_runs() -> None:
    stranger = asking(app_on(InMemoryStore()), key="")

    assert stranger.get("/health").json() == {"status": "ok"}
    assert stranger.get("/openapi.json").json()["info"]["title"] == "Commonplace"
    assert "swagger" in stranger.get("/docs").text


def test_the_page_asks_no_other_host_for_anything() -> None:
    stranger = asking(app_on(InMemoryStore()), key="")

    asked = re.findall(r"(?:src|href)=\"([^\"]+)\"", stranger.get("/docs").text)

    assert len(asked) == 3
    assert [stranger.get(path).status_code for path in asked] == [200, 200, 200]


@pytest.mark.parametrize("path", ["/docs/../../core.py", "/docs/%2e%2e/core.py", "/docs/redoc.js"])
def test_nothing_else_is_read_beside_the_page(path: str) -> None:
    assert asking(app_on(InMemoryStore()), key="").get(path).status_code == 401
    assert asking(app_on(InMemoryStore())).get(path).status_code == 404


def test_the_page_shows_the_verbs_with_bodies_that_work_and_no_engine() -> None:
    paths = PUBLIC["paths"]

    assert next(iter(paths)) == "/v1/remember"
    assert [tag["name"] for tag in PUBLIC["tags"]] == ["memory", "server"]
    assert not [path for path in paths if path.startswith("/v1/engine")]
    assert {path for path in PAGE["paths"] if not path.startswith("/v1/engine")} == set(paths)
    text = json.dumps(PUBLIC)
    named = set(re.findall(r"#/components/schemas/([^\"]+)", text))
    assert named == set(PUBLIC["components"]["schemas"])


@pytest.mark.parametrize("path", [path for path in PUBLIC["paths"] if path.startswith("/v1/")])
def test_the_example_of_an_operation_works_as_it_stands(path: str) -> None:
    example = body_example(PUBLIC["paths"][path]["post"])

    answer = asking(APP).post(path, json=example)

    # Ids are of the reader's own records.
    unknown = answer.status_code == 404 and answer.json()["error"]["type"] == "RecordNotFoundError"
    assert answer.status_code == 200 or (unknown and {"id", "ids"} & example.keys()), answer.text


def body_example(operation: dict[str, Any]) -> dict[str, Any]:
    if "requestBody" not in operation:
        return {}
    example: dict[str, Any] = operation["requestBody"]["content"]["application/json"]["example"]
    return example


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("POST", "/v1/remembr", 404, "'/v1/remember'"),
        ("POST", "/recall", 404, "'/v1/recall'"),
        ("GET", "/", 404, "GET /docs"),
        ("GET", "/v1/recall", 405, "send POST with a JSON object"),
        ("DELETE", "/v1/forget", 405, "send POST"),
        ("POST", "/health", 405, "send GET"),
        ("GET", "/mcp", 405, "send POST"),
    ],
)
def test_what_is_not_there_says_what_is(method: str, path: str, status: int, said: str) -> None:
    answer = asking(APP).request(method, path)

    assert answer.status_code == status
    assert said in answer.json()["error"]["message"]
    assert answer.json()["error"]["type"] == "InvalidInputError"
