"""Layers of a model whose products are of whole numbers: eight bits for each number of a token.

The scale of these numbers is the token's own, so that a vector depends on nothing else in its
batch. Of the eight bits of a weight seven are used. A processor without an instruction for such
products adds two of them in 16 bits, and cuts what has no room there. With seven bits all have
room, so that every processor computes the same (docs/decisions/0085).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from commonplace.embedding import graph

if TYPE_CHECKING:
    from onnx import NodeProto

HEADS = ("query", "key", "value")
MOST_OF_A_TOKEN = 127
MOST_OF_A_WEIGHT = 64
ZERO = 128
"""What stands for 0 in a token, whose numbers are then from 1 to 255."""


def shared_constants() -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the constants that all layers read, by name."""
    yield "all_in_a_row", np.array([-1], np.int64)
    yield "tokens_in_a_row", np.array([-1, graph.WIDTH], np.int64)
    yield "zero_of_tokens", np.array(ZERO, np.uint8)
    yield "zero_of_weights", np.array(0, np.int8)
    yield "one", np.array(1, np.float32)
    yield "one_of_most", np.array(1 / MOST_OF_A_TOKEN, np.float32)
    # A token of zeros would be divided by 0.
    yield "least_scale", np.array(1e-12, np.float32)


def layer_constants(tensors: graph.Tensors, layer: int) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the constants of one layer, given the tensors under the names of BERT."""
    for name, value in graph.layer_constants(tensors, layer):
        if value.ndim == 1:
            yield name, value
        elif name == f"{layer}.heads":
            for head, matrix in zip(HEADS, np.split(value, len(HEADS), axis=1), strict=True):
                yield from _whole(f"{layer}.{head}", matrix)
        else:
            yield from _whole(name, value)


def _whole(name: str, matrix: NDArray[np.float32]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield a matrix in whole numbers, and the scale of each of its columns."""
    scales = np.abs(matrix).max(axis=0) / np.float32(MOST_OF_A_WEIGHT)
    yield f"{name}.whole", np.rint(matrix / scales).astype(np.int8)
    yield f"{name}.scales", scales


def first_nodes(embedded: str) -> Iterator[NodeProto]:
    """Yield the nodes from `embedded`, (texts, tokens, 384), to "0.in".

    What goes from layer to layer has a row for each token of all texts, (texts * tokens, 384).
    """
    from onnx import TensorProto, helper

    yield helper.make_node("Shape", [embedded], ["shape_of_texts"])
    yield helper.make_node("Reshape", [embedded, "tokens_in_a_row"], ["0.in"])
    yield helper.make_node("Reshape", ["mask", "all_in_a_row"], ["mask_in_a_row"])
    yield helper.make_node("Shape", ["mask_in_a_row"], ["number_of_tokens"])
    zero = helper.make_tensor("zero", TensorProto.UINT8, [1], [ZERO])
    yield helper.make_node("ConstantOfShape", ["number_of_tokens"], ["zeros"], value=zero)


def layer_nodes(layer: int) -> Iterator[NodeProto]:
    """Yield the nodes of one layer, from its "in" to that of the next."""
    name, output = f"{layer}.", f"{layer + 1}.in"
    yield from _in_whole_numbers(f"{name}in")
    yield from _attention(name)
    yield from _in_whole_numbers(f"{name}attended")
    yield from _multiplied(f"{name}attended", f"{name}attention", f"{name}mixed")
    yield graph.added(f"{name}mixed", f"{name}in", f"{name}attention", f"{name}middle")
    yield from _in_whole_numbers(f"{name}middle")
    yield from _multiplied(f"{name}middle", f"{name}wide", f"{name}widened")
    yield graph.fused("BiasGelu", [f"{name}widened", f"{name}wide.bias"], [f"{name}active"])
    yield from _in_whole_numbers(f"{name}active")
    yield from _multiplied(f"{name}active", f"{name}narrow", f"{name}narrowed")
    yield graph.added(f"{name}narrowed", f"{name}middle", f"{name}narrow", output)


def last_nodes(layers: int, output: str) -> Iterator[NodeProto]:
    """Yield the node that gives what the last layer leaves, (texts, tokens, 384)."""
    from onnx import helper

    yield helper.make_node("Reshape", [f"{layers}.in", "shape_of_texts"], [output])


def _attention(name: str) -> Iterator[NodeProto]:
    """Yield the nodes from the "in" of a layer to its "attended": in here tokens are by text."""
    from onnx import helper

    by_text = [f"{name}{head}.by_text" for head in HEADS]
    for head, shaped in zip(HEADS, by_text, strict=True):
        product = f"{name}{head}.product"
        yield from _multiplied(f"{name}in", f"{name}{head}", product)
        yield helper.make_node("Reshape", [product, "shape_of_texts"], [shaped])
    inputs = [*by_text, f"{name}heads.bias", "lengths"]
    attended = f"{name}attended.by_text"
    yield graph.fused("MultiHeadAttention", inputs, [attended], num_heads=graph.HEADS)
    yield helper.make_node("Reshape", [attended, "tokens_in_a_row"], [f"{name}attended"])


def _in_whole_numbers(value: str) -> Iterator[NodeProto]:
    """Yield the nodes that make whole numbers of each token, the greatest of which is 127."""
    from onnx import helper

    yield helper.make_node("Abs", [value], [f"{value}.sizes"])
    most, scales = f"{value}.most", f"{value}.scales"
    yield helper.make_node("ReduceMax", [f"{value}.sizes"], [most], axes=[-1], keepdims=0)
    yield helper.make_node("Mul", [most, "one_of_most"], [f"{value}.exact_scales"])
    yield helper.make_node("Max", [f"{value}.exact_scales", "least_scale"], [scales])
    yield helper.make_node("Unsqueeze", [scales, graph.TOKEN_AXIS[0]], [f"{value}.scale_of_each"])
    yield helper.make_node("QuantizeLinear", [value, scales, "zeros"], [f"{value}.whole"], axis=0)


def _multiplied(value: str, matrix: str, output: str) -> Iterator[NodeProto]:
    """Yield the nodes that multiply the whole numbers of `value` and `matrix`, and scale that."""
    from onnx import helper

    scales = ["one", f"{matrix}.scales"]
    inputs = [f"{value}.whole", f"{matrix}.whole", *scales, "zero_of_tokens", "zero_of_weights"]
    yield graph.fused("MatMulIntegerToFloat", inputs, [f"{output}.unscaled"])
    yield helper.make_node("Mul", [f"{output}.unscaled", f"{value}.scale_of_each"], [output])
