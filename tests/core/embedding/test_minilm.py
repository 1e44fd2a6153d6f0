"""The default embedder gives the vectors of all-MiniLM-L6-v2, however it is called."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import commonplace.embedding
from commonplace.embedding import MiniLM

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.disable_socket

# The beginnings of the vectors, and the cosines between them, that sentence-transformers 5 with
# PyTorch 2.13 computes from the same weights (`encode(texts, normalize_embeddings=True)`).
REFERENCE = {
    "Ada lives in Lisbon and prefers tea.": [
        0.011226,
        -0.034924,
        0.018329,
        0.057783,
        -0.022916,
        0.057564,
        0.080326,
        -0.02726,
    ],
    "Where does Ada live?": [
        0.036692,
        -0.034795,
        -0.029406,
        0.063489,
        -0.037404,
        0.008794,
        0.060271,
        -0.043123,
    ],
    "Zoë’s café in Århus serves crème brûlée 🙂.": [
        -0.005836,
        -0.072509,
        -0.004871,
        -0.030599,
        -0.062006,
        0.032548,
        0.077802,
        -0.077461,
    ],
    "她住在里斯本，喜欢喝茶。": [
        0.035256,
        0.096599,
        0.113511,
        0.028835,
        0.003313,
        0.008436,
        0.120303,
        0.012787,
    ],
    "The ferry to the island leaves at nine. " * 100: [
        0.017477,
        -0.029363,
        0.017122,
        0.00247,
        0.073301,
        0.081908,
        -0.027001,
        0.019985,
    ],
    " ": [-0.118838, 0.048299, -0.002548, -0.011011, 0.051951, 0.010292, 0.115433, 0.000701],
}
COSINES = [
    [1.0, 0.67102, 0.35244, -0.04608, 0.04485, 0.06519],
    [0.67102, 1.0, 0.16529, -0.05974, 0.00861, 0.09425],
    [0.35244, 0.16529, 1.0, 0.08207, 0.1103, 0.06704],
    [-0.04608, -0.05974, 0.08207, 1.0, 0.06601, 0.13228],
    [0.04485, 0.00861, 0.1103, 0.06601, 1.0, 0.04992],
    [0.06519, 0.09425, 0.06704, 0.13228, 0.04992, 1.0],
]
TEXTS = list(REFERENCE)
LONG = "The ferry to the island leaves at nine. " * 100


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the graph that these tests build out of the user's cache."""
    directory = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(directory))
        yield directory


@pytest.fixture(scope="module")
def model(cache: Path) -> MiniLM:
    assert cache.is_dir()
    model = MiniLM()
    model.embed_query("ready")
    return model


def _python(code: str, **environment: str) -> str:
    """Run `code` in a new interpreter that finds the library, and return what it prints."""
    library = str(Path(commonplace.embedding.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": library, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_vectors_are_those_of_sentence_transformers(model: MiniLM) -> None:
    vectors = model.embed_documents(TEXTS)

    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), model.dimension)
    np.testing.assert_allclose(vectors[:, :8], list(REFERENCE.values()), rtol=0, atol=1e-4)


def test_cosines_are_those_of_sentence_transformers(model: MiniLM) -> None:
    vectors = model.embed_documents(TEXTS)

    np.testing.assert_allclose(vectors @ vectors.T, COSINES, rtol=0, atol=1e-4)


def test_a_question_has_the_vector_of_the_same_document(model: MiniLM) -> None:
    question = model.embed_query(TEXTS[0])

    assert question.shape == (384,)
    np.testing.assert_allclose(question, model.embed_documents(TEXTS)[0], rtol=0, atol=1e-5)


def test_a_vector_does_not_depend_on_the_other_texts_of_the_batch(model: MiniLM) -> None:
    texts = [f"{'tea and ' * (place * 7 % 60)}note {place}" for place in range(70)] + TEXTS
    alone = np.stack([model.embed_query(text) for text in texts])

    np.testing.assert_allclose(model.embed_documents(texts), alone, rtol=0, atol=1e-5)


def test_only_the_first_256_tokens_count(model: MiniLM) -> None:
    np.testing.assert_array_equal(model.embed_query(LONG), model.embed_query(LONG + "And more."))


def test_no_texts_give_no_vectors() -> None:
    assert MiniLM().embed_documents([]).shape == (0, 384)


def test_windows_of_a_long_text_are_read_whole(model: MiniLM) -> None:
    pieces = model.windows(LONG)

    assert len(pieces) > 1
    for piece in pieces:
        without_end = model.embed_query(piece.rpartition(" ")[0])
        assert not np.allclose(model.embed_query(piece), without_end, rtol=0, atol=1e-4)


def test_a_short_text_is_its_own_window(model: MiniLM) -> None:
    assert model.windows("Ada lives in Lisbon.") == ["Ada lives in Lisbon."]


def test_several_threads_get_the_vectors_that_one_gets(model: MiniLM) -> None:
    expected = model.embed_documents(TEXTS[:4])
    shared = MiniLM()
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(shared.embed_documents, [TEXTS[:4]] * 8))

    for result in results:
        np.testing.assert_allclose(result, expected, rtol=0, atol=1e-5)


@pytest.mark.usefixtures("model")
def test_threads_that_come_first_together_load_the_model_once() -> None:
    code = """
import sys
from concurrent.futures import ThreadPoolExecutor
from commonplace.embedding import MiniLM
graphs = []
def watch(event, details):
    if event == "open" and str(details[0]).endswith(".graph"):
        graphs.append(details[0])
sys.addaudithook(watch)
model = MiniLM()
with ThreadPoolExecutor(8) as threads:
    list(threads.map(model.embed_query, ["tea"] * 8))
print(len(graphs))
"""
    assert _python(code) == "1"


@pytest.mark.usefixtures("model")
def test_a_cached_model_needs_no_network_nor_pytorch_nor_the_graph_builder() -> None:
    code = """
import sys
import pytest_socket
from commonplace.embedding import MiniLM
pytest_socket.disable_socket()
for name in ("torch", "sentence_transformers", "chromadb", "onnx"):
    sys.modules[name] = None
print(MiniLM().embed_query("tea").shape)
"""
    assert _python(code) == "(384,)"


@pytest.mark.usefixtures("model")
def test_embedding_leaves_no_trace_of_telemetry(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # onnxruntime keeps quiet under these by itself; the first is set by other tests' use of it.
    for name in ("ORT_DISABLE_TELEMETRY", "CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    code = "from commonplace.embedding import MiniLM; print(MiniLM().embed_query('tea').shape)"

    assert _python(code, HOME=str(tmp_path)) == "(384,)"
    assert list(tmp_path.iterdir()) == []
    assert [entry.name for entry in cache.iterdir()] == ["commonplace"]


def test_importing_the_package_loads_nothing_heavy() -> None:
    code = """
import sys
import commonplace.embedding
heavy = {"onnxruntime", "chromadb", "onnx", "tokenizers", "langchain_core", "torch", "safetensors"}
print(sorted(heavy & set(sys.modules)))
"""
    assert _python(code) == "[]"


def test_making_an_embedder_reads_nothing(tmp_path: Path) -> None:
    assert MiniLM(tmp_path / "absent").name == "all-MiniLM-L6-v2"
