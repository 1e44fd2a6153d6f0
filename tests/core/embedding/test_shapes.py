"""Embedders of other libraries, and asynchronous ones, as they are."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from chromadb.utils.embedding_functions import OpenAIEmbeddingFunction
from langchain_core.embeddings import Embeddings
from llama_index.core.base.embeddings.base import BaseEmbedding
from openai import AsyncOpenAI

import commonplace
from commonplace.embedding import as_embedder
from commonplace.embedding.awaiting import result_of
from commonplace.errors import EmbeddingError
from embeddings_server import EmbeddingsServer, vectors
from threaded_server import running

TEXTS = ["tea", "a cat"]


@pytest.fixture
def server() -> Iterator[EmbeddingsServer]:
    with running(EmbeddingsServer()) as one:
        yield one


class Index(BaseEmbedding):
    """As LlamaIndex asks of an embedding: the batches and the rest are the library's."""

    def _get_text_embedding(self, text: str) -> list[float]:
        return [float(len(text)), 0.0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return [0.0, float(len(query))]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


class Sentences:
    """What a SentenceTransformer is to its callers, which can also be called as a module."""

    max_seq_length = 64

    class model_card_data:  # noqa: N801  # the library's name
        base_model = "BAAI/bge-m3"

    def __call__(self, features: object) -> object:
        raise AssertionError(features)

    def encode(self, sentences: list[str]) -> np.ndarray[Any, Any]:
        return np.array([[len(one), 0] for one in sentences], np.float32)

    def encode_query(self, sentences: list[str]) -> np.ndarray[Any, Any]:
        return np.array([[0, len(one)] for one in sentences], np.float32)


class Fast:
    """What a fastembed.TextEmbedding is to its callers."""

    model_name = "BAAI/bge-small-en-v1.5"

    def passage_embed(self, texts: list[str]) -> Iterator[np.ndarray[Any, Any]]:
        yield from (np.array([len(text), 0], np.float32) for text in texts)

    def query_embed(self, query: list[str]) -> Iterator[np.ndarray[Any, Any]]:
        yield from (np.array([0, len(text)], np.float32) for text in query)


class Later:
    """Only asynchronous: each call must be on one and the same event loop, and not the caller's."""

    model = "later-1"

    def __init__(self) -> None:
        self.loops: set[int] = set()

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        self.loops.add(id(asyncio.get_running_loop()))
        await asyncio.sleep(0)
        return [[float(len(text)), 0.0] for text in texts]

    async def aembed_query(self, text: str) -> list[float]:
        self.loops.add(id(asyncio.get_running_loop()))
        return [0.0, float(len(text))]


class LaterInLangChain(Embeddings):
    """LangChain asks for the plain methods too; who has none raises there."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise NotImplementedError

    def embed_query(self, text: str) -> list[float]:
        raise NotImplementedError

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        return [[float(len(text)), 0.0] for text in texts]

    async def aembed_query(self, text: str) -> list[float]:
        return [0.0, float(len(text))]


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (Index(model_name="own"), "llama-index:Index/own"),
        (Sentences(), "sentence-transformers:BAAI/bge-m3"),
        (Fast(), "fastembed:Fast/BAAI/bge-small-en-v1.5"),
        (Later(), "langchain:Later/later-1"),
        (LaterInLangChain(), "langchain:LaterInLangChain"),
    ],
    ids=lambda thing: type(thing).__name__,
)
def test_texts_and_questions_are_embedded_each_in_its_way(thing: object, name: str) -> None:
    embedder = as_embedder(thing)

    assert embedder.name == name
    assert embedder.embed_documents(TEXTS).tolist() == [[1, 0], [1, 0]]
    assert embedder.embed_query("tea?").tolist() == [0, 1]


def test_a_model_that_says_how_much_it_reads_is_given_windows() -> None:
    pieces = as_embedder(Sentences()).windows("Ada walked on. " * 40)

    assert len(pieces) > 1
    assert as_embedder(Fast()).windows("Ada walked on. " * 40) == ["Ada walked on. " * 40]


async def test_an_asynchronous_embedder_serves_both_memories_and_never_on_their_loop() -> None:
    embedder = Later()
    with commonplace.open(":memory:", embedder=embedder) as memory:
        memory.remember("on the loop's own thread")
        found = await commonplace.AsyncMemory(memory).recall("loop")

    assert [match.record.text for match in found] == ["on the loop's own thread"]
    assert len(embedder.loops) == 1
    assert id(asyncio.get_running_loop()) not in embedder.loops


def test_an_asynchronous_function_and_threads() -> None:
    async def later(texts: list[str]) -> list[list[float]]:
        await asyncio.sleep(0)
        return [[3.0, 4.0] for _ in texts]

    embedder, found = as_embedder(later), []
    threads = [
        threading.Thread(target=lambda: found.append(embedder.embed_query("tea"))) for _ in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()

    np.testing.assert_allclose(found, [[0.6, 0.8]] * 4)
    assert embedder.name.endswith("later")


def test_what_an_asynchronous_embedder_raises_is_told() -> None:
    async def failing(_texts: list[str]) -> list[list[float]]:
        raise ConnectionError("refused")

    with pytest.raises(EmbeddingError, match="failing' raised ConnectionError: refused"):
        as_embedder(failing).embed_query("tea")


@pytest.mark.enable_socket
def test_clients_of_openai_in_their_asynchronous_form(server: EmbeddingsServer) -> None:
    client = AsyncOpenAI(api_key="none", base_url=server.address)

    async def embed(texts: list[str]) -> list[list[float]]:
        given = await client.embeddings.create(model="bge-m3", input=texts)
        return [one.embedding for one in given.data]

    embedder = as_embedder(embed)
    for _ in range(2):  # the second time over the connection of the first
        np.testing.assert_allclose(embedder.embed_documents(TEXTS), vectors(TEXTS), atol=1e-6)
    result_of(client.close())


@pytest.mark.enable_socket
def test_chromas_own_function_for_openai(
    server: EmbeddingsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SERVERS_KEY", "none")
    function = OpenAIEmbeddingFunction(
        model_name="bge-m3", api_base=server.address, api_key_env_var="SERVERS_KEY"
    )
    embedder = as_embedder(function)

    assert embedder.name == "chroma:openai/bge-m3"
    np.testing.assert_allclose(embedder.embed_documents(TEXTS), vectors(TEXTS), atol=1e-6)
    np.testing.assert_allclose(embedder.embed_query("tea"), vectors(["tea"])[0], atol=1e-6)
