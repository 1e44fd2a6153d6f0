"""Requests whose answers are read later, on a real Chroma server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

import commonplace
from chroma_door import Answer, door
from chroma_server import HERE, client_of, client_of_new_database, in_this_process
from commonplace.chroma import shared_catalogue
from commonplace.chroma.lines import Lines, lines_of
from commonplace.testing import HashingEmbedder

pytestmark = pytest.mark.allow_hosts([HERE])


@pytest.fixture
def client(chroma_port: int) -> Any:
    return client_of_new_database(chroma_port)


@pytest.fixture
def collection(client: Any) -> Any:
    """Return a collection of two rows."""
    made = client.create_collection("mine", embedding_function=None)
    made.add(ids=["a", "b"], embeddings=[[1.0, 0.0], [0.0, 1.0]])
    return made


def asked(*ids: str) -> dict[str, Any]:
    return {"ids": list(ids), "include": []}


def lines_to(client: Any) -> Lines:
    lines = lines_of(client)
    assert lines is not None
    return lines


def test_the_answer_is_the_one_to_the_request(client: Any, collection: Any) -> None:
    lines = lines_to(client)

    with lines.asking(collection, "get", asked("a")) as first:
        with lines.asking(collection, "get", asked("b")) as second:
            assert second()["ids"] == ["b"]
        assert first()["ids"] == ["a"]
    assert lines.answer(collection, "get", asked("c"))["ids"] == []


def test_an_answer_that_nobody_read_is_given_to_nobody_else(client: Any, collection: Any) -> None:
    lines = lines_to(client)
    lines.answer(collection, "get", asked("a"))

    with pytest.raises(KeyError), lines.asking(collection, "get", asked("a")):
        raise KeyError

    assert lines.answer(collection, "get", asked("b"))["ids"] == ["b"]


def test_connections_are_kept_and_closed(client: Any, collection: Any) -> None:
    lines = lines_to(client)
    for _ in range(3):
        lines.answer(collection, "get", asked("a"))
    assert len(lines._idle) == 1

    with lines.asking(collection, "get", asked("a")) as answered:
        lines.close()
        assert answered()["ids"] == ["a"]

    assert lines._idle == []
    assert lines.answer(collection, "get", asked("a")) is None


def test_a_memory_closes_the_connections_that_it_made(
    client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = list[Lines]()

    def noted(chroma: Any) -> Lines:
        made.append(lines_to(chroma))
        return made[-1]

    monkeypatch.setattr(shared_catalogue, "lines_of", noted)
    with commonplace.open(chroma=client, embedder=HashingEmbedder(8)) as memory:
        alice = memory.scope("user", "alice")
        alice.remember("Likes tea")
        alice.recall("tea")
        assert any(one._idle for one in made)

    assert not any(one._idle for one in made)


@pytest.mark.parametrize("refusal", [(401, b"{}"), (503, b"busy"), (200, b"<html>"), (200, b"")])
def test_what_is_refused_has_no_answer(
    client: Any, collection: Any, chroma_port: int, refusal: Answer
) -> None:
    answers = [refusal]

    def guard(_: str, path: str) -> Answer:
        return answers.pop() if answers and path.endswith("/get") else None

    with door(chroma_port, guard) as address:
        lines = lines_to(client_of(int(address.rpartition(":")[2]), client.database))

        assert lines.answer(collection, "get", asked("a")) is None
        assert lines.answer(collection, "get", asked("a"))["ids"] == ["a"]
    lines.close()
    assert lines.answer(collection, "get", asked("a")) is None  # nobody listens any more


def test_a_client_that_was_closed_is_asked_for_nothing(client: Any, collection: Any) -> None:
    lines = lines_to(client)
    client._server._session.close()

    assert lines.answer(collection, "get", asked("a")) is None


def signing(client: httpx.Client) -> None:
    client.auth = ("me", "a password")


def watching(client: httpx.Client) -> None:
    client.event_hooks = {"request": [lambda _: None]}


def proxied(client: httpx.Client) -> None:
    client._mounts = httpx.Client(proxy=f"http://{HERE}:9")._mounts


@pytest.mark.parametrize("change", [signing, watching, proxied])
def test_a_session_that_its_user_has_set_up_is_not_gone_around(
    client: Any, change: Callable[[httpx.Client], None]
) -> None:
    change(client._server._session)

    assert lines_of(client) is None


def test_a_client_in_this_process_has_no_lines() -> None:
    assert lines_of(in_this_process()) is None
