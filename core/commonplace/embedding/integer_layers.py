"""Layers of a model whose products are of whole numbers: eight bits for each number of a token.

The scale of these numbers is the token's own, so that a vector depends on nothing else in its
batch. A processor without an instruction for such products adds two of them in 16 bits, and cuts
what has no room there. Weights are small enough that those two have room, so that every processor
computes the same (docs/decisions/0085, 0088).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from commonplace.embedding import graph
from commonplace.embedding.channels import Sizes

if TYPE_CHECKING:
    from onnx import NodeProto

HEADS = ("query", "key", "value")
MOST = 255
MOST_OF_TWO_WEIGHTS = 128
"""What two weights of one sign are together at most: 255 of each has room in 16 bits."""
ZEROS = {"tokens": 128, "active": 32}
"""What stands for 0, in tokens and after GELU, which gives little below 0."""
LEAST_OF_GELU = 0.17
"""GELU gives nothing below its negative."""


def shared_constants() -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the constants that all layers read, by name."""
    yield "all_in_a_row", np.array([-1], np.int64)
    yield "tokens_in_a_row", np.array([-1, graph.WIDTH], np.int64)
    yield "zero_of_weights", np.array(0, np.int8)
    yield "one", np.array(1, np.float32)
    # A token of zeros would be divided by 0.
    for numbers, least in ("tokens", 1e-12), ("active", LEAST_OF_GELU / ZEROS["active"]):
        yield f"zero_of_{numbers}", np.array(ZEROS[numbers], np.uint8)
        yield f"one_of_{numbers}", np.array(1 / (MOST - ZEROS[numbers]), np.float32)
        yield f"least_of_{numbers}", np.array(least, np.float32)


def layer_constants(
    tensors: graph.Tensors, layer: int, read: Sizes, middle: Sizes
) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield the constants of one layer, given the tensors under the names of BERT.

    `read` and `middle` are the sizes of the channels of its "in" and its "middle". These are
    divided by them before they are rounded, and the matrices that read them are multiplied.
    """
    yield f"{layer}.in.evening", 1 / read
    yield f"{layer}.middle.evening", 1 / middle
    for name, value in graph.layer_constants(tensors, layer):
        if value.ndim == 1:
            yield name, value
        elif name == f"{layer}.heads":
            for head, matrix in zip(HEADS, np.split(value, len(HEADS), axis=1), strict=True):
                yield from _whole(f"{layer}.{head}", matrix * read[:, None])
        else:
            is_wide = name == f"{layer}.wide"
            yield from _whole(name, value * middle[:, None] if is_wide else value)


def _whole(name: str, matrix: NDArray[np.float32]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield a matrix in whole numbers, and the scale of each of its columns."""
    # Rounding adds at most a half to each of two.
    scales = _most_of_two(matrix) / np.float32(MOST_OF_TWO_WEIGHTS - 1)
    yield f"{name}.whole", np.rint(matrix / scales).astype(np.int8)
    yield f"{name}.scales", scales


def _most_of_two(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much two weights are together of which one processor adds the products.

    They stand in one column, one below the other. Only those of one sign add up.
    """
    pairs = matrix.reshape(-1, 2, matrix.shape[1])
    above, below = np.maximum(pairs, 0).sum(axis=1), np.minimum(pairs, 0).sum(axis=1)
    most: NDArray[np.float32] = np.maximum(above, -below).max(axis=0)
    return most


def first_nodes(embedded: str) -> Iterator[NodeProto]:
    """Yield the nodes from `embedded`, (texts, tokens, 384), to "0.in".

    What goes from layer to layer has a row for each token of all texts, (texts * tokens, 384).
    """
    from onnx import TensorProto, helper

    yield helper.make_node("Shape", [embedded], ["shape_of_texts"])
    yield helper.make_node("Reshape", [embedded, "tokens_in_a_row"], ["0.in"])
    yield helper.make_node("Reshape", ["mask", "all_in_a_row"], ["mask_in_a_row"])
    yield helper.make_node("Shape", ["mask_in_a_row"], ["number_of_tokens"])
    for numbers, of_each in ZEROS.items():
        zero = helper.make_tensor("zero", TensorProto.UINT8, [1], [of_each])
        zeros = [f"zeros_of_{numbers}"]
        yield helper.make_node("ConstantOfShape", ["number_of_tokens"], zeros, value=zero)


def layer_nodes(layer: int) -> Iterator[NodeProto]:
    """Yield the nodes of one layer, from its "in" to that of the next."""
    name, output = f"{layer}.", f"{layer + 1}.in"
    yield from _evened(f"{name}in")
    yield from _attention(name)
    yield from _whole_tokens(f"{name}attended")
    yield from _multiplied(f"{name}attended", f"{name}attention", f"{name}mixed")
    yield graph.added(f"{name}mixed", f"{name}in", f"{name}attention", f"{name}middle")
    yield from _evened(f"{name}middle")
    yield from _multiplied(f"{name}middle.even", f"{name}wide", f"{name}widened")
    yield graph.fused("BiasGelu", [f"{name}widened", f"{name}wide.bias"], [f"{name}active"])
    yield from _rounded(f"{name}active", f"{name}active", "active")
    yield from _multiplied(f"{name}active", f"{name}narrow", f"{name}narrowed", "active")
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
        yield from _multiplied(f"{name}in.even", f"{name}{head}", product)
        yield helper.make_node("Reshape", [product, "shape_of_texts"], [shaped])
    inputs = [*by_text, f"{name}heads.bias", "lengths"]
    attended = f"{name}attended.by_text"
    yield graph.fused("MultiHeadAttention", inputs, [attended], num_heads=graph.HEADS)
    yield helper.make_node("Reshape", [attended, "tokens_in_a_row"], [f"{name}attended"])


def _evened(value: str) -> Iterator[NodeProto]:
    """Yield the nodes that make whole numbers of each token, its channels alike in size."""
    from onnx import helper

    yield helper.make_node("Mul", [value, f"{value}.evening"], [f"{value}.even"])
    yield from _whole_tokens(f"{value}.even")


def _whole_tokens(value: str) -> Iterator[NodeProto]:
    """Yield the nodes that make whole numbers of each token, as far below 0 as above."""
    from onnx import helper

    yield helper.make_node("Abs", [value], [f"{value}.sizes"])
    yield from _rounded(value, f"{value}.sizes", "tokens")


def _rounded(value: str, sizes: str, numbers: str) -> Iterator[NodeProto]:
    """Yield the nodes that make 255 of the greatest of each token's `sizes`."""
    from onnx import helper

    most, scales = f"{value}.most", f"{value}.scales"
    yield helper.make_node("ReduceMax", [sizes], [most], axes=[-1], keepdims=0)
    yield helper.make_node("Mul", [most, f"one_of_{numbers}"], [f"{value}.exact_scales"])
    least = f"least_of_{numbers}"
    yield helper.make_node("Max", [f"{value}.exact_scales", least], [scales])
    yield helper.make_node("Unsqueeze", [scales, graph.TOKEN_AXIS[0]], [f"{value}.scale_of_each"])
    given = [value, scales, f"zeros_of_{numbers}"]
    yield helper.make_node("QuantizeLinear", given, [f"{value}.whole"], axis=0)


def _multiplied(
    value: str, matrix: str, output: str, numbers: str = "tokens"
) -> Iterator[NodeProto]:
    """Yield the nodes that multiply the whole numbers of `value` and `matrix`, and scale that."""
    from onnx import helper

    scales, zeros = ["one", f"{matrix}.scales"], [f"zero_of_{numbers}", "zero_of_weights"]
    inputs = [f"{value}.whole", f"{matrix}.whole", *scales, *zeros]
    yield graph.fused("MatMulIntegerToFloat", inputs, [f"{output}.unscaled"])
    yield helper.make_node("Mul", [f"{output}.unscaled", f"{value}.scale_of_each"], [output])
