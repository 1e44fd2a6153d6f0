"""How large a request may be and how long it may take, before anything is done with it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from starlette.types import ASGIApp, Message

from commonplace.service.limits import MAX_BODY_BYTES, BodyLimit
from commonplace.stores.in_memory import InMemoryStore
from http_api import app_on, asking, stored

LARGE = b'{"items":[{"text":"' + b"x" * 2_000 + b'"}]}'


def pieces() -> Iterator[bytes]:
    for start in range(0, len(LARGE), 100):
        yield LARGE[start : start + 100]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_over_the_limit_is_refused_however_it_is_sent(*, chunked: bool) -> None:
    store = InMemoryStore()
    app: Any = BodyLimit(app_on(store), max_bytes=1_000)

    answer = asking(app).post(
        "/v1/remember",
        content=pieces() if chunked else LARGE,
        headers={"content-type": "application/json"},
    )

    assert answer.status_code == 413
    assert answer.json()["error"]["type"] == "QuotaExceededError"
    assert "1,000 bytes" in answer.json()["error"]["message"]
    assert stored(store) == []


def test_a_body_within_the_limit_is_taken_however_it_is_sent() -> None:
    app: Any = BodyLimit(app_on(InMemoryStore()), max_bytes=len(LARGE))

    answer = asking(app).post(
        "/v1/remember", content=pieces(), headers={"content-type": "application/json"}
    )

    assert answer.status_code == 200


JSON = (b"content-type", b"application/json")


def answered(
    app: ASGIApp, messages: list[Message], *headers: tuple[bytes, bytes], key: bytes = b"all"
) -> tuple[int | None, list[Message]]:
    """Ask for `remember`, sending these messages and then nothing more; return what was unread."""
    answers: list[Message] = []

    async def receive() -> Message:
        if not messages:
            await anyio.sleep_forever()
        return messages.pop(0)

    async def send(message: Message) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/remember",
        "query_string": b"",
        "headers": [(b"authorization", b"Bearer " + key), JSON, *headers],
    }

    async def ask() -> None:
        with anyio.fail_after(10):
            await app(scope, receive, send)

    anyio.run(ask)
    return next((one["status"] for one in answers if "status" in one), None), messages


def part(body: bytes, *, more: bool = True) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_that_is_announced_as_too_large_is_not_read() -> None:
    announced = (b"content-length", str(MAX_BODY_BYTES + 1).encode())

    status, unread = answered(app_on(InMemoryStore()), [part(b"{}")], announced)

    assert status == 413
    assert len(unread) == 1


@pytest.mark.parametrize("length", [b"", b"-1", b"1e9", b"\xb2", b"0x10", b"many"])
def test_a_length_that_is_no_number_is_not_believed(length: bytes) -> None:
    status, _ = answered(
        app_on(InMemoryStore()), [part(b"{}", more=False)], (b"content-length", length)
    )

    assert status == 422


def test_of_a_stranger_s_body_nothing_is_read() -> None:
    status, unread = answered(app_on(InMemoryStore()), [part(LARGE)], key=b"wrong")

    assert status == 401
    assert len(unread) == 1


def test_a_body_that_does_not_arrive_is_given_up() -> None:
    status, _ = answered(BodyLimit(app_on(InMemoryStore()), seconds=0.05), [part(b'{"items"')])

    assert status == 408


def test_half_a_request_of_one_who_went_away_is_none() -> None:
    store = InMemoryStore()
    whole = json.dumps({"items": [{"text": "Likes tea"}]}).encode()
    gone: Message = {"type": "http.disconnect"}

    status, _ = answered(app_on(store), [part(whole), gone], (b"content-type", b"application/json"))

    assert status is None
    assert stored(store) == []
