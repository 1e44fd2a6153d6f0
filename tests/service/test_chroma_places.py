"""What is wrong with a Chroma server, or with what it holds, is said before anything is changed."""

from __future__ import annotations

import json
import re
from time import time
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from chroma_door import Answer, door
from chroma_server import HERE, client_of_new_database
from commonplace.chroma import connecting
from commonplace.chroma.absence import AskingStore, shown_absent
from commonplace.chroma.connecting import ChromaPlace, connected
from commonplace.chroma.notes import Notes
from commonplace.cli.app import app
from commonplace.errors import (
    AccessDeniedError,
    CommonplaceError,
    EmbedderMismatchError,
    InvalidInputError,
    ServerUnavailableError,
    StoreError,
    StoreFormatError,
)
from commonplace.opening.on_client import engine_on
from commonplace.ports import Erased
from commonplace.service.http_server import Port
from commonplace.service.store_serving import store_service
from commonplace.testing import HashingEmbedder
from commonplace.values.records import Record, now
from commonplace.values.scope import Scope

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

pytestmark = pytest.mark.allow_hosts([HERE])
ANYWHERE = Port(HERE, 0)


@pytest.fixture(scope="module")
def place(chroma_port: int) -> ChromaPlace:
    client = client_of_new_database(chroma_port)
    return ChromaPlace(f"http://{HERE}:{chroma_port}", database=client.database)


@pytest.fixture
def client(chroma_port: int) -> ClientAPI:
    """Return a client of a database that must stay as the test made it."""
    return client_of_new_database(chroma_port)


def names(client: ClientAPI) -> list[str]:
    return sorted(one.name for one in client.list_collections())


@pytest.mark.parametrize("secret", ["hunter2", "a/b", "p@ss", "a:b"])
def test_no_error_repeats_the_password_of_an_address(secret: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        connected(ChromaPlace(f"postgres://ann:{secret}@h/db"))

    assert "'postgres://ann:***@h/db'" in str(refused.value)


def test_a_place_that_is_right_is_connected_to(place: ChromaPlace) -> None:
    assert names(connected(place)) == []


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        ({"url": "chroma.internal"}, InvalidInputError, "http://chroma.internal:8000"),
        ({"url": "http://me:secret@127.0.0.1"}, InvalidInputError, "--header-from-env"),
        ({"url": "http://127.0.0.1:9"}, ServerUnavailableError, "chroma run"),
        ({"tenant": "nobody"}, InvalidInputError, "no tenant 'nobody'.*--tenant"),
        ({"database": "none"}, InvalidInputError, "no database 'none'.*--database"),
    ],
)
def test_a_wrong_place_is_told(
    place: ChromaPlace, change: dict[str, str], error: type[CommonplaceError], said: str
) -> None:
    wrong: dict[str, Any] = {"url": place.url, "database": place.database, **change}

    with pytest.raises(error, match=said) as raised:
        connected(ChromaPlace(**wrong))

    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("path", "answer", "error", "said"),
    [
        ("/version", (200, b'"0.6.3"'), StoreFormatError, "version '0.6.3'.*upgrade"),
        ("/version", (410, b'{"error": "Unimplemented"}'), StoreFormatError, "no Chroma server"),
        ("/version", (200, b"<html>"), StoreFormatError, "no Chroma server"),
        ("/version", (503, b""), ServerUnavailableError, "not ready"),
        ("/identity", (401, b""), AccessDeniedError, "--header-from-env"),
        ("/add", (422, b"unknown"), StoreFormatError, "no lists in metadata.*Upgrade"),
        ("/identity", (200, b'{"tenant": "*", "databases": []}'), InvalidInputError, "--tenant"),
    ],
)
def test_what_another_server_answers_is_told(
    chroma_port: int, path: str, answer: Answer, error: type[CommonplaceError], said: str
) -> None:
    def guard(_: str, asked: str) -> Answer:
        return answer if asked.endswith(path) else None

    with door(chroma_port, guard) as url, pytest.raises(error, match=said):
        connected(ChromaPlace(url))


@pytest.mark.parametrize(("seconds", "how"), [(300, "ahead of"), (-300, "behind")])
def test_a_clock_minutes_apart_is_told(
    place: ChromaPlace, monkeypatch: pytest.MonkeyPatch, seconds: float, how: str
) -> None:
    monkeypatch.setattr(connecting, "time", lambda: time() + seconds)

    with pytest.raises(StoreError, match=f"5 minutes {how}.*NTP"):
        connected(place)


def test_a_token_that_may_make_no_collections_is_told(place: ChromaPlace, chroma_port: int) -> None:
    def guard(method: str, path: str) -> Answer:
        is_making = method == "POST" and path.endswith("/collections")
        refused = json.dumps({"error": "AuthorizationError", "message": "Forbidden"}).encode()
        return (403, refused) if is_making else None

    with door(chroma_port, guard) as url:
        client = connected(ChromaPlace(url, database=place.database))
        with pytest.raises(AccessDeniedError, match=r"may not make.*commonplace-keys.*token"):
            store_service(client, ANYWHERE, "hashing-256")

    assert names(connected(place)) == []


@pytest.mark.parametrize("name", ["commonplace", "commonplace-03", "commonplace-keys"])
def test_a_collection_that_another_made_is_told_and_left_alone(
    client: ClientAPI, name: str
) -> None:
    client.create_collection(name, metadata={"mine": 1}, embedding_function=None)

    with pytest.raises(StoreFormatError, match=f"'{name}' here was not made by Commonplace"):
        store_service(client, ANYWHERE, "hashing-256")

    assert names(client) == [name]


def test_a_store_without_what_says_what_it_is_is_told(client: ClientAPI) -> None:
    engine = engine_on(client, HashingEmbedder())
    engine.write([Record("Likes tea", scope=Scope(("user", "a")), id="1", created_at=now())])
    client.delete_collection("commonplace")
    before = names(client)

    with pytest.raises(StoreFormatError, match=r"a part of it was removed.*backup"):
        store_service(client, ANYWHERE, "hashing-256")

    assert names(client) == before


def test_a_store_of_another_embedder_is_told(client: ClientAPI) -> None:
    engine = engine_on(client, HashingEmbedder())
    engine.write([Record("Likes tea", scope=Scope(("user", "a")), id="1", created_at=now())])
    before = names(client)

    with pytest.raises(EmbedderMismatchError, match=r"'hashing-256'.*commonplace import"):
        store_service(client, ANYWHERE, "another")

    assert names(client) == before


def run(place: ChromaPlace, *words: str) -> Any:
    at = ["--chroma", place.url, "--database", place.database or ""]
    return CliRunner().invoke(app, [*words, *at])


def test_the_commands_take_such_a_store(place: ChromaPlace, client: ClientAPI) -> None:
    here = ChromaPlace(place.url, database=client.database)
    assert "There is no store" in run(here, "list").output
    engine = engine_on(client, HashingEmbedder())
    engine.write([Record("Likes tea", scope=Scope(("user", "a")), id="1", created_at=now())])

    key = run(here, "keys", "add", "user/a").output.strip()
    assert key.startswith("cp_")
    assert json.loads(run(here, "keys", "list", "--json").output)["scope"] == "user/a"
    assert run(here, "keys", "revoke", key.split("_")[1]).exit_code == 0
    assert run(here, "keys", "list").output == ""

    receipt = json.loads(run(here, "erase", "user/a", "--reason", "request 1").output)
    assert receipt["records"] == 1
    assert receipt["verification"] is None
    assert receipt["absence"] == {"by_id": 1, "by_text": 1, "by_metadata": 1, "by_vector": 1}
    assert "chroma vacuum --path" in receipt["for_operator"][0]
    lines = run(here, "audit").output.splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["erase begun", "erased"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["doctor"], "takes a directory"),
        (["reembed"], "takes a directory"),
        (["backup"], "takes a directory"),
        (["restore"], "takes a directory"),
        (["export"], "FILE, not 0 arguments"),
        (["list", "--dir", "./memory"], "either --dir or --chroma"),
        (["export", "./memory", "-"], "stands there and in --chroma"),
        (["list", "--header-from-env", "X-Chroma-Token=NOT_SET"], "'NOT_SET' .* is not set"),
        (["list", "--header-from-env", "secret"], "NAME=VARIABLE"),
    ],
)
def test_a_command_says_how_it_takes_such_a_store(
    place: ChromaPlace, words: list[str], said: str
) -> None:
    ended = run(place, *words)

    assert ended.exit_code == 2
    assert re.search(said, " ".join(ended.output.split()))


def test_what_still_answers_is_not_erased(client: ClientAPI) -> None:
    store = AskingStore(client, "hashing-256")
    engine = engine_on(client, HashingEmbedder())
    scope = Scope(("user", "a"))
    engine.write([Record("Likes tea", scope=scope, id="1", created_at=now())])

    with pytest.raises(StoreError, match=r"1 rows of them in partition .* still answer"):
        shown_absent(store._collections, scope, lambda _: Erased(1, 1, None))

    assert store.erase(scope).records == 1


def test_a_note_outlasts_a_server_that_is_busy_for_a_moment(
    chroma_port: int, client: ClientAPI
) -> None:
    busy = [(503, b"busy"), (429, b"slow down")]

    def guard(_: str, path: str) -> Answer:
        return busy.pop() if busy and path.endswith(("/add", "/get")) else None

    with door(chroma_port, guard) as url:
        notes = Notes(connected(ChromaPlace(url, database=client.database)), "commonplace-x")

        assert notes.first("a", "mine") == "mine"
        assert notes.first("a", "another's") == "mine"
    assert busy == []
