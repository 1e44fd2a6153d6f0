"""Embedders of every accepted shape are taken, and nothing unsound passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from chromadb import Documents, EmbeddingFunction, Embeddings
from langchain_core.embeddings import DeterministicFakeEmbedding

from commonplace.embedding import as_embedder
from commonplace.errors import EmbeddingError, InvalidInputError, ModelUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray


class LengthFunction(EmbeddingFunction[Documents]):
    """A Chroma embedding function that has a model and tells questions from documents."""

    def __init__(self, model_name: str) -> None:
        self._model_name = model_name

    def __call__(self, input: Documents) -> Embeddings:
        return [np.array([len(text), 0.0], dtype=np.float32) for text in input]

    def embed_query(self, input: Documents) -> Embeddings:
        return [np.array([0.0, len(text)], dtype=np.float32) for text in input]

    @staticmethod
    def name() -> str:
        return "length"

    def get_config(self) -> dict[str, Any]:
        return {"model_name": self._model_name}

    @staticmethod
    def build_from_config(config: dict[str, Any]) -> LengthFunction:
        return LengthFunction(config["model_name"])


class PlainFunction(EmbeddingFunction[Documents]):
    """A Chroma embedding function without settings, nor its own way with questions."""

    def __init__(self) -> None:
        pass

    def __call__(self, input: Documents) -> Embeddings:
        return [np.array([3.0, 4.0], dtype=np.float32) for _ in input]

    @staticmethod
    def name() -> str:
        return "plain"

    def get_config(self) -> dict[str, Any]:
        return {}


class OwnEmbedder:
    """An object that keeps to the protocol, and splits texts."""

    name = "own-1"
    dimension = 2

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), 2), 2, dtype=np.float32)

    def embed_query(self, _text: str) -> NDArray[np.float32]:
        return np.array([0, 5], dtype=np.float32)

    def windows(self, text: str) -> list[str]:
        return text.split("|")


def ones(texts: list[str]) -> list[list[float]]:
    return [[1.0, 0.0] for _ in texts]


def _returning(value: object) -> Callable[[list[str]], object]:
    def returning(_texts: list[str]) -> object:
        return value

    return returning


def test_a_plain_function_embeds_documents_and_questions() -> None:
    embedder = as_embedder(ones)

    assert embedder.name == f"{__name__}.ones"
    assert embedder.embed_documents(["a", "b"]).tolist() == [[1, 0], [1, 0]]
    assert embedder.embed_query("a").tolist() == [1, 0]


def test_a_callable_object_is_named_after_its_class() -> None:
    class Model:
        def __call__(self, texts: list[str]) -> list[list[float]]:
            return ones(texts)

    assert as_embedder(Model()).name.endswith("Model")


def test_a_generator_of_vectors_is_taken() -> None:
    def yielding(texts: list[str]) -> Iterator[list[float]]:
        yield from ones(texts)

    assert as_embedder(yielding).embed_documents(["a"]).tolist() == [[1, 0]]


def test_a_chroma_function_keeps_its_model_and_its_own_way_with_questions() -> None:
    embedder = as_embedder(LengthFunction("long-2"))

    assert embedder.name == "chroma:length/long-2"
    assert embedder.embed_documents(["abc"]).tolist() == [[1, 0]]
    assert embedder.embed_query("abc").tolist() == [0, 1]


def test_a_chroma_function_without_model_or_question_method_is_taken() -> None:
    embedder = as_embedder(PlainFunction())

    assert embedder.name == "chroma:plain"
    np.testing.assert_allclose(embedder.embed_query("abc"), [0.6, 0.8], atol=1e-7)


def test_langchain_embeddings_give_their_vectors_at_unit_length() -> None:
    source = DeterministicFakeEmbedding(size=8)
    embedder = as_embedder(source)
    expected = np.array(source.embed_query("tea"))

    assert embedder.name == "langchain:DeterministicFakeEmbedding"
    assert embedder.embed_documents(["tea", "milk"]).shape == (2, 8)
    np.testing.assert_allclose(
        embedder.embed_query("tea"), expected / np.linalg.norm(expected), atol=1e-6
    )


def test_langchain_embeddings_are_named_with_their_model() -> None:
    class Embeddings(DeterministicFakeEmbedding):
        model: str = "deep-3"

    assert as_embedder(Embeddings(size=8)).name.endswith("Embeddings/deep-3")


def test_an_object_of_the_protocol_keeps_its_name_and_windows() -> None:
    embedder = as_embedder(OwnEmbedder())

    assert embedder.name == "own-1"
    assert embedder.windows("a|b") == ["a", "b"]
    assert embedder.embed_query("a").tolist() == [0, 1]


def test_without_windows_of_its_own_a_text_is_one_window() -> None:
    assert as_embedder(ones).windows("a|b") == ["a|b"]


def test_what_was_taken_once_is_taken_again_as_it_is() -> None:
    embedder = as_embedder(ones)

    assert as_embedder(embedder) is embedder


def test_vectors_are_float32_of_unit_length_even_at_the_limits_of_the_type() -> None:
    vectors = as_embedder(_returning([[3e30, 4e30], [3e-30, 4e-30]])).embed_documents(["a", "b"])

    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0.6, 0.8]], atol=1e-7)


def test_a_vector_of_zeros_stays_zero_and_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    embedder = as_embedder(_returning([[0, 0]]))

    assert embedder.embed_query("a").tolist() == [0, 0]
    embedder.embed_query("a")
    (told,) = caplog.records
    assert "_returning.<locals>" in told.message
    assert "a vector of zeros: such a text is found by its words alone" in told.message


def test_what_the_embedder_returned_is_not_changed() -> None:
    returned = np.array([[3, 4]], dtype=np.float32)
    vectors = as_embedder(_returning(returned)).embed_documents(["a"])
    vectors[:] = 0

    assert returned.tolist() == [[3, 4]]


def test_no_texts_need_no_embedder() -> None:
    def failing(_texts: list[str]) -> list[list[float]]:
        raise AssertionError

    assert as_embedder(failing).embed_documents([]).shape == (0, 0)
    assert as_embedder(OwnEmbedder()).embed_documents([]).shape == (0, 2)


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ([[1.0, 0.0]], "1 vectors for 2 texts"),
        ([[1.0, 0.0]] * 3, "3 vectors for 2 texts"),
        ([1.0, 0.0], r"shape \(2,\)"),
        (np.ones((2, 2, 2)), r"shape \(2, 2, 2\)"),
        ([[], []], r"shape \(2, 0\)"),
        ([[1.0, 0.0], [1.0]], "list, not one vector.*: vectors of dimension 1, 2"),
        ([["a"], ["b"]], "list, not one vector"),
        (None, "shape"),
        ("text", "str, not one vector"),
        ({"a": [1.0]}, "dict, not one vector"),
        ([[1.0, float("nan")], [1.0, 0.0]], "NaN or infinite"),
        ([[1.0, 0.0], [float("inf"), 0.0]], "NaN or infinite numbers for text 2 of 2"),
        ([[1.0, None], [1.0, 0.0]], "NaN or infinite"),
    ],
)
def test_what_is_not_a_vector_for_each_text_is_an_error_that_says_so(
    returned: object, said: str
) -> None:
    embedder = as_embedder(_returning(returned))

    with pytest.raises(EmbeddingError, match=said) as caught:
        embedder.embed_documents(["a", "b"])
    assert embedder.name in str(caught.value)


@pytest.mark.parametrize("size", [1e300, 1e-300])
def test_the_direction_of_a_vector_is_kept_however_long_it_is(size: float) -> None:
    embedder = as_embedder(_returning([[3 * size, 4 * size]]))

    assert embedder.embed_documents(["a"])[0] == pytest.approx([0.6, 0.8])


def test_a_failing_embedder_is_named_and_the_failure_is_the_cause() -> None:
    failure = ConnectionError("refused")

    def failing(_texts: list[str]) -> list[list[float]]:
        raise failure

    with pytest.raises(EmbeddingError, match="failing' raised ConnectionError: refused") as caught:
        as_embedder(failing).embed_query("a")
    assert caught.value.__cause__ is failure


def test_an_embedding_error_passes_unchanged() -> None:
    def unavailable(_texts: list[str]) -> list[list[float]]:
        raise ModelUnavailableError("no weights")

    with pytest.raises(ModelUnavailableError, match=r"^no weights$"):
        as_embedder(unavailable).embed_query("a")


def test_an_interrupt_passes_unchanged() -> None:
    def interrupted(_texts: list[str]) -> list[list[float]]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        as_embedder(interrupted).embed_query("a")


def test_windows_that_are_not_texts_are_an_error() -> None:
    class Careless(OwnEmbedder):
        def windows(self, _text: str) -> list[str]:
            return []

    with pytest.raises(EmbeddingError, match="windows"):
        as_embedder(Careless()).windows("a")


@pytest.mark.parametrize("thing", [None, 7, object()])
def test_what_is_no_embedder_is_refused_with_what_is_accepted(thing: object) -> None:
    with pytest.raises(InvalidInputError, match="Chroma embedding function, LangChain"):
        as_embedder(thing)


def test_a_class_in_place_of_an_instance_is_refused_with_the_remedy() -> None:
    with pytest.raises(InvalidInputError, match=r"pass an instance, as in OwnEmbedder\(\.\.\.\)"):
        as_embedder(OwnEmbedder)
