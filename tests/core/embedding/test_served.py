"""An embedder behind an OpenAI-compatible API, over real HTTP to a server with a scripted model."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import numpy as np
import pytest

import commonplace
from commonplace.embedding import OpenAICompatible, as_embedder, endpoint
from commonplace.errors import EmbedderMismatchError, EmbeddingError, InvalidInputError
from embeddings_server import (
    HERE,
    Answer,
    EmbeddingsServer,
    LimitedServer,
    answer,
    busy,
    embeddings,
    in_base64,
    refusal,
    vectors,
)
from threaded_server import running

pytestmark = pytest.mark.enable_socket

TEXTS = ["Ada lives in Porto.", "The cat is grey.", "Tea is in the tin.", "It rained.", "Yes."]


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    with running(EmbeddingsServer()) as one:
        yield one


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("MY_SERVERS_KEY", "a-secret")
    return "MY_SERVERS_KEY"


def _embedder(server: EmbeddingsServer, **options: object) -> OpenAICompatible:
    return OpenAICompatible("bge-m3", server.address, **options)  # type: ignore[arg-type]  # a case's options


def _same(found: object, texts: list[str] = TEXTS) -> None:
    np.testing.assert_allclose(np.asarray(found), vectors(texts), atol=1e-6)


def test_a_memory_remembers_and_recalls_by_a_server_that_an_address_names(
    server: EmbeddingsServer,
) -> None:
    with commonplace.open(":memory:", embedder=f"openai:bge-m3@{server.address}") as memory:
        memory.remember_many(TEXTS)

        assert memory.recall("Where does Ada live?")[0].record.text == TEXTS[0]
        assert memory.stats().embedder == "openai-compatible:bge-m3"
    assert server.paths[0] == "/v1/embeddings"
    assert server.asked[0] == {"model": "bge-m3", "input": TEXTS}
    assert server.keys == [None, None]


def test_the_key_is_that_of_the_variable_and_the_rest_is_sent_as_it_is_named(
    server: EmbeddingsServer, key: str
) -> None:
    name = f"openai:@cf/bge@{server.address}?api-version=3#api_key_env={key}&dimensions=8"
    options = "&query_prefix=query:+&query.input_type=query&document.input_type=passage"
    embedder = as_embedder(name + options)
    embedder.embed_documents(["tea"])
    embedder.embed_query("tea?")

    told, asked = server.asked
    assert told == {"model": "@cf/bge", "input": ["tea"], "dimensions": 8, "input_type": "passage"}
    assert asked["input"] == ["query: tea?"]
    assert asked["input_type"] == "query"
    assert server.keys == ["Bearer a-secret"] * 2
    assert server.paths[0] == "/v1/embeddings?api-version=3"
    assert embedder.name == (
        "openai-compatible:@cf/bge#dimensions=8&query_prefix=query%3A+"
        "&query.input_type=query&document.input_type=passage"
    )


def test_many_texts_are_sent_in_batches_and_come_back_in_their_order(
    server: EmbeddingsServer,
) -> None:
    _same(_embedder(server, batch=2).embed_documents(TEXTS))
    assert [len(asked["input"]) for asked in server.asked] == [2, 2, 1]
    assert _embedder(server).embed_query("tea").shape == (16,)


@pytest.mark.parametrize(
    "data",
    [
        embeddings(TEXTS)[::-1],
        in_base64(embeddings(TEXTS)),
        [{"embedding": one["embedding"]} for one in embeddings(TEXTS)],
    ],
    ids=["by index", "base64", "without index"],
)
def test_answers_of_every_form_give_the_same_vectors(
    server: EmbeddingsServer, data: list[dict[str, object]]
) -> None:
    server.first(answer(data))

    _same(_embedder(server).embed_documents(TEXTS))


def test_texts_that_an_answer_leaves_out_are_sent_again(server: EmbeddingsServer) -> None:
    server.first(answer([embeddings(TEXTS)[3], embeddings(TEXTS)[0]]))

    _same(_embedder(server).embed_documents(TEXTS))
    assert server.asked[1]["input"] == [TEXTS[1], TEXTS[2], TEXTS[4]]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_asked_again(server: EmbeddingsServer, status: int) -> None:
    server.first(busy(status), busy(status))

    _same(_embedder(server).embed_documents(TEXTS))
    assert len(server.asked) == 3


def test_what_does_not_pass_is_not_waited_for(server: EmbeddingsServer) -> None:
    embedder = _embedder(server)
    spent = refusal("You exceeded your quota.", 429, "insufficient_quota")
    for one, said in ((busy(retry_after="3600"), "429: slow down"), (spent, "your quota")):
        server.first(one)
        with pytest.raises(EmbeddingError, match=said):
            embedder.embed_query("tea")
    assert len(server.asked) == 2


def test_a_server_that_stays_busy_is_given_up(server: EmbeddingsServer) -> None:
    server.first(*[busy()] * endpoint.ATTEMPTS)

    with pytest.raises(EmbeddingError, match=r"/v1/embeddings answered 429: slow down"):
        _embedder(server).embed_query("tea")
    assert len(server.asked) == endpoint.ATTEMPTS


def test_retry_after_is_read_in_seconds_and_as_a_date() -> None:
    assert endpoint._retry_after("1.5") == 1.5
    assert endpoint._retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert endpoint._retry_after("soon") is None
    assert endpoint._retry_after(None) is None


def test_too_many_texts_at_once_are_sent_in_fewer_from_then_on() -> None:
    with running(LimitedServer(texts=2)) as server:
        embedder = _embedder(server)
        _same(embedder.embed_documents(TEXTS))
        before = len(server.asked)
        embedder.embed_documents(TEXTS)

        assert [len(asked["input"]) for asked in server.asked[before:]] == [2, 2, 1]


def test_a_text_that_is_refused_as_too_long_is_shortened_and_that_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    long = "The secret garden is green. " * 30
    with running(LimitedServer(characters=300)) as server, caplog.at_level(logging.WARNING):
        found = _embedder(server).embed_documents(["tea", long, "cat"])

        _same(found, ["tea", long[:210], "cat"])
    assert "text 2 has 840 characters" in caplog.text
    assert "takes the first 210" in caplog.text
    assert "garden" not in caplog.text


def test_a_long_text_is_remembered_in_windows(server: EmbeddingsServer) -> None:
    for text in ("Ada walked on. " * 200, "x" * 3000, "阿达走了。" * 300):
        pieces = _embedder(server, reads=256).windows(text)

        assert len(pieces) > 1
        assert all(piece in text for piece in pieces)
        assert sum(map(len, pieces)) >= len(text.strip()) - len(pieces)
    assert _embedder(server).windows("short") == ["short"]


def test_a_refusal_names_the_place_of_its_text_and_never_the_text(
    server: EmbeddingsServer,
) -> None:
    def refuses(asked: dict[str, list[str]]) -> Answer | None:
        if "It rained." not in asked["input"]:
            return None
        detail = [{"loc": ["body", "input"], "msg": "bad", "input": asked["input"]}]
        return Answer({"detail": detail}, 422)

    server.scripts.extend([refuses] * 9)
    with pytest.raises(EmbeddingError, match=r"^Text 4 was refused: .*422: bad\.$") as caught:
        _embedder(server).embed_documents(TEXTS)
    assert "rained" not in str(caught.value)

    server.scripts[:] = []
    server.first(refusal("cannot embed 'Ada lives in Porto.'"), refusal("no"))
    with pytest.raises(EmbeddingError) as caught:
        _embedder(server).embed_documents(TEXTS[:1])
    assert "Ada" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (refusal("Incorrect API key", 401), r"401: Incorrect API key\. Name .*api_key_env\.$"),
        (refusal("no model 'bge-m3'", 404), r"404: no model 'bge-m3'\.$"),
        (Answer(b"<html>"), r"no list of embeddings under 'data'.*ends in /v1\.$"),
        (Answer({"embeddings": [[1.0]]}), r"but \['embeddings'\]"),
        (answer([]), "gave no vector for 2 texts"),
        (answer(embeddings(TEXTS)), "2 texts has 5 vectors"),
        (answer([embeddings(TEXTS)[0]] * 2), r"index \[0, 0\].*batch=1"),
        (answer([{"index": 0, "embedding": "***"}]), "neither a list of numbers nor base64"),
        (answer([{"index": 0, "embedding": None}]), "NoneType as an embedding"),
        (
            answer([{"index": 0, "embedding": [1, 2]}, {"index": 1, "embedding": [1]}]),
            r"vectors of one dimension, and gave such of \[1, 2\]",
        ),
        (answer([*embeddings(["a"]), {"index": 1, "embedding": [0.0] * 16}]), "zeros for text 2"),
        (
            answer([*embeddings(["a"]), {"index": 1, "embedding": [float("nan")] * 16}]),
            "NaN or infinite numbers for text 2 of 2",
        ),
        (answer([*embeddings(["a"]), {"index": 1, "embedding": ["a"] * 16}]), "no number"),
    ],
)
def test_what_is_no_vector_for_each_text_is_an_error_that_says_so(
    server: EmbeddingsServer, given: Answer, said: str
) -> None:
    server.first(given)
    with commonplace.open(":memory:", embedder=_embedder(server)) as memory:
        with pytest.raises(EmbeddingError, match=said):
            memory.remember_many(TEXTS[:2])

        assert memory.count() == 0


def test_a_server_that_ignores_the_dimension_or_changes_it_is_not_used(
    server: EmbeddingsServer,
) -> None:
    server.first(answer(embeddings(["a"], 32)))
    with pytest.raises(EmbeddingError, match=r"vectors of 8 numbers, and gave such of \[32\]"):
        _embedder(server, dimensions=8).embed_query("a")

    with commonplace.open(":memory:", embedder=_embedder(server)) as memory:
        memory.remember("tea")
        server.first(answer(embeddings(["a"], 32)))
        with pytest.raises(EmbedderMismatchError, match=r"dimension 16, and .* gave dimension 32"):
            memory.recall("a")


def test_nobody_there(server: EmbeddingsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "ATTEMPTS", 1)
    server.server_close()
    with pytest.raises(EmbeddingError, match=r"/v1/embeddings does not answer \(ConnectError"):
        _embedder(server).embed_query("tea")


def test_a_server_that_does_not_finish_in_time(
    server: EmbeddingsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "ATTEMPTS", 1)
    server.first(Answer(b"{}", headers={"content-length": "100"}))
    with pytest.raises(EmbeddingError, match="does not answer"):
        _embedder(server, timeout=0.05).embed_query("tea")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("openai:", "names no model"),
        ("openai:@http://localhost/v1", "names no model"),
        ("openai:bge@localhost:11434/v1", "names no model"),
        ("openai:bge@http:///v1", "is not an http"),
        ("openai:bge@http://ada:pw@localhost/v1", "holds a name or password"),
        ("openai:bge@http://localhost#dimensions=many", "dimensions is a number, not 'many'"),
        ("openai:bge@http://localhost#dimensions=0", "dimensions is a whole number of at least 1"),
        ("openai:bge@http://localhost#timeout=nan", "timeout is a number of seconds above 0"),
        ("openai:bge@http://localhost#key=3", "'key' is no option"),
        ("openai:bge@http://localhost#api_key_env=NOT_SET", "variable 'NOT_SET'"),
        ("openai:bge@http://localhost#api_key_env=sk-secret", "variable of that name"),
        ("openai:text-embedding-3-small", "'OPENAI_API_KEY', which api_key_env"),
    ],
)
def test_what_names_no_server_is_refused_before_anything_is_opened(
    name: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(InvalidInputError, match=said) as caught:
        commonplace.open(":memory:", embedder=name)
    assert "sk-secret" not in str(caught.value)
    assert "pw@" not in str(caught.value)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("batch", 2.5), ("batch", "3"), ("dimensions", 8.0), ("reads", True), ("reads", -1)),
        *(("timeout", "60"), ("timeout", float("inf")), ("timeout", None)),
    ],
)
def test_a_number_that_is_none_is_refused(option: str, value: object) -> None:
    with pytest.raises(InvalidInputError, match=f"^{option} is a .*, not {value!r}"):
        OpenAICompatible("bge-m3", "http://localhost/v1", **{option: value})  # type: ignore[arg-type]  # wrong on purpose


def test_half_a_character_is_sent_and_no_key_is_shown_elsewhere(
    server: EmbeddingsServer, key: str
) -> None:
    server.first(Answer({}, 302, {"location": f"http://{HERE}:9/elsewhere"}))
    embedder = _embedder(server, api_key_env=key)
    with pytest.raises(EmbeddingError, match="answered 302"):
        embedder.embed_query("tea \ud83d")
    assert json.loads(json.dumps(server.asked[0]))["input"] == ["tea \ud83d"]
