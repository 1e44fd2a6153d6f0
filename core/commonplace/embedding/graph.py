"""A model as one ONNX graph: tokens in, unit vectors out; built once and kept in a cache.

The graph uses the fused operators of onnxruntime (namespace `com.microsoft`): the vectors of a
plain export, a sentence in less time. What is gained is measured in docs/decisions/0004.

A cached file is the SHA-256 digest of the graph followed by the graph, and what is loaded is the
very bytes that were checked. So a torn, truncated or damaged file is never used, only rebuilt.
"""

from __future__ import annotations

import hashlib
import logging
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from commonplace.embedding import weights

if TYPE_CHECKING:
    from onnx import NodeProto, ValueInfoProto

Tensors = Mapping[str, NDArray[np.float32]]

# Raise it whenever the graph changes, so that one built by an earlier release is not read.
GRAPH_VERSION = 1
LAYERS = 6
HEADS = 12
WIDTH = 384
LAYER_NORM_EPSILON = 1e-12
FUSED = "com.microsoft"
# Old enough for every supported onnxruntime: operator sets, and the file format of their time.
OPERATOR_SETS = {"": 17, FUSED: 1}
FILE_FORMAT = 8
DIGEST_BYTES = hashlib.sha256().digest_size
TOKEN_AXIS = "token_axis", np.array([1], dtype=np.int64)
"""The constant that `pooling_nodes` need."""

_log = logging.getLogger(__name__)


def load(model: Path, cache: Path) -> bytes:
    """Return the graph over the weights in `model`, from the directory `cache` if it is there.

    Raises:
        ModelUnavailableError: the graph is not in the cache, and `model` cannot be read or is not
            the model.
    """
    name = f"{weights.MODEL_NAME}-{weights.SAFETENSORS_SHA256[:16]}-{GRAPH_VERSION}"

    def checked_and_built() -> bytes:
        weights.check_hash(model)
        return build(model)

    return cached(cache / f"{name}.graph", checked_and_built)


def cached(file: Path, built: Callable[[], bytes]) -> bytes:
    """Return the graph that is kept in `file`, or build it and keep it there."""
    kept = _read(file)
    if kept is not None:
        return kept
    graph = built()
    _write(file, graph)
    return graph


def build(model: Path) -> bytes:
    """Return a serialised ONNX graph over the tensors in the safetensors file `model`.

    Inputs: `input_ids` and `mask`, int32 of shape (texts, tokens); the mask is 1 on tokens and 0 on
    the padding, which follows them. Output: `vectors`, float32 of shape (texts, 384), unit length.
    """
    # The only use of `onnx`, which is slow to import: a cached graph starts without it.
    from onnx import TensorProto, helper
    from safetensors.numpy import load_file

    tensors = load_file(model)
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT32, ["texts", "tokens"])
        for name in ("input_ids", "mask")
    ]
    return serialised(weights.MODEL_NAME, inputs, _nodes(), _constants(tensors))


def serialised(
    name: str,
    inputs: list[ValueInfoProto],
    nodes: Iterable[NodeProto],
    constants: Iterable[tuple[str, NDArray[Any]]],
) -> bytes:
    """Return a graph as the bytes of an ONNX file. Its output is named `vectors`."""
    from onnx import TensorProto, helper, numpy_helper

    output = helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["texts", WIDTH])
    graph = helper.make_graph(list(nodes), name, inputs, [output])
    operator_sets = [helper.make_opsetid(name, version) for name, version in OPERATOR_SETS.items()]
    proto = helper.make_model(graph, opset_imports=operator_sets, ir_version=FILE_FORMAT)
    # One after the other and last: there is no moment with several copies of the weights.
    proto.graph.initializer.extend(
        numpy_helper.from_array(value, name) for name, value in constants
    )
    written: bytes = proto.SerializeToString()
    return written


def _constants(tensors: Tensors) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the graph's constants by name: the tensors, in the shapes the operators read."""
    yield "words", tensors["embeddings.word_embeddings.weight"]
    # Every text is of token type 0, so that type's vector can be part of each position's.
    token_type = tensors["embeddings.token_type_embeddings.weight"][0]
    yield "positions", tensors["embeddings.position_embeddings.weight"] + token_type
    yield "norm.scale", tensors["embeddings.LayerNorm.weight"]
    yield "norm.bias", tensors["embeddings.LayerNorm.bias"]
    for layer in range(LAYERS):
        yield from layer_constants(tensors, layer)
    yield TOKEN_AXIS


def layer_constants(tensors: Tensors, layer: int) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the constants of one layer, given the tensors under the names of BERT."""
    source, name = f"encoder.layer.{layer}.", f"{layer}."
    heads = [f"{source}attention.self.{part}." for part in ("query", "key", "value")]
    # Transposed: the operators multiply from the right.
    yield name + "heads", np.concatenate([tensors[head + "weight"].T for head in heads], axis=1)
    yield name + "heads.bias", np.concatenate([tensors[head + "bias"] for head in heads])
    for target, part in (
        ("attention", "attention.output"),
        ("wide", "intermediate"),
        ("narrow", "output"),
    ):
        yield f"{name}{target}", np.ascontiguousarray(tensors[f"{source}{part}.dense.weight"].T)
        yield f"{name}{target}.bias", tensors[f"{source}{part}.dense.bias"]
        if part != "intermediate":
            yield f"{name}{target}.norm", tensors[f"{source}{part}.LayerNorm.weight"]
            yield f"{name}{target}.norm.bias", tensors[f"{source}{part}.LayerNorm.bias"]


def _nodes() -> Iterator[NodeProto]:
    from onnx import TensorProto, helper

    yield fused(
        "EmbedLayerNormalization",
        # Empty: no token types, they are part of the positions.
        ["input_ids", "", "words", "positions", "", "norm.scale", "norm.bias", "mask"],
        ["0.in", "lengths"],
        epsilon=LAYER_NORM_EPSILON,
    )
    for layer in range(LAYERS):
        yield from layer_nodes(layer)
    yield helper.make_node("Cast", ["mask"], ["shares"], to=TensorProto.FLOAT)
    yield from pooling_nodes(f"{LAYERS}.in")


def layer_nodes(layer: int) -> Iterator[NodeProto]:
    """Yield the nodes of one layer, from its "in" to that of the next, (texts, tokens, 384)."""
    name, output = f"{layer}.", f"{layer + 1}.in"
    heads = [f"{name}in", f"{name}heads", f"{name}heads.bias", "lengths"]
    yield fused("Attention", heads, [f"{name}attended"], num_heads=HEADS)
    yield _multiplied(f"{name}attended", f"{name}attention", f"{name}mixed")
    yield added(f"{name}mixed", f"{name}in", f"{name}attention", f"{name}middle")
    yield _multiplied(f"{name}middle", f"{name}wide", f"{name}widened")
    # The exact GELU by the error function, as the model was trained; FastGelu is another function.
    yield fused("BiasGelu", [f"{name}widened", f"{name}wide.bias"], [f"{name}active"])
    yield _multiplied(f"{name}active", f"{name}narrow", f"{name}narrowed")
    yield added(f"{name}narrowed", f"{name}middle", f"{name}narrow", output)


def pooling_nodes(tokens: str) -> Iterator[NodeProto]:
    """Yield the nodes that make a unit vector of a text's `tokens`, each by its share of `shares`.

    A sum does instead of the mean, since only its direction is kept.
    """
    from onnx import helper

    yield helper.make_node("Unsqueeze", ["shares", "token_axis"], ["row_of_shares"])
    yield helper.make_node("MatMul", ["row_of_shares", tokens], ["row_of_sums"])
    yield helper.make_node("Squeeze", ["row_of_sums", "token_axis"], ["sums"])
    yield helper.make_node("LpNormalization", ["sums"], ["vectors"], axis=-1, p=2)


def _multiplied(value: str, matrix: str, output: str) -> NodeProto:
    from onnx import helper

    return helper.make_node("MatMul", [value, matrix], [output])


def added(value: str, skipped: str, constants: str, output: str) -> NodeProto:
    """Return the node that normalises `value` + `skipped` + the bias named after `constants`."""
    norm = [f"{constants}.norm", f"{constants}.norm.bias", f"{constants}.bias"]
    inputs = [value, skipped, *norm]
    return fused("SkipLayerNormalization", inputs, [output], epsilon=LAYER_NORM_EPSILON)


def fused(operator: str, inputs: list[str], outputs: list[str], **attributes: Any) -> NodeProto:
    """Return a node of an operator of onnxruntime."""
    from onnx import helper

    return helper.make_node(operator, inputs, outputs, domain=FUSED, **attributes)


def _read(path: Path) -> bytes | None:
    """Return the graph kept in `path`, or None if there is none that is whole."""
    try:
        with path.open("rb") as file:
            digest, graph = file.read(DIGEST_BYTES), file.read()
    except OSError:
        return None
    if hashlib.sha256(graph).digest() == digest:
        return graph
    _log.warning("the cached graph %s is damaged and is built again", path)
    return None


def _write(path: Path, graph: bytes) -> None:
    """Keep `graph` in `path` for the next start; without a writable cache, go on without."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, [hashlib.sha256(graph).digest(), graph])
    except OSError as error:
        _log.warning("the graph cannot be cached and is built at every start: %s", error)


def _replace(path: Path, parts: list[bytes]) -> None:
    """Put `parts` into `path` at once, so that no reader and no other writer meets half of it."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.stem, delete=False) as file:
        try:
            file.writelines(parts)
            file.close()
            Path(file.name).replace(path)
        except BaseException:
            file.close()
            Path(file.name).unlink()
            raise
