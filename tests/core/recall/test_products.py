"""Products on one thread are those of numpy."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.recall import products

SIZES = st.tuples(st.integers(0, 700), st.sampled_from([0, 1, 3, 384, 9_000]))


@given(SIZES)
def test_dots_are_those_of_numpy(size: tuple[int, int]) -> None:
    rows, vector = drawn(size), drawn(size[1:])
    np.testing.assert_allclose(products.dots(rows, vector), rows @ vector, rtol=1e-4)


@given(
    st.sampled_from([1, 3, 384]), st.lists(st.integers(0, 60), min_size=1, max_size=6), st.data()
)
def test_the_last_dots_are_those_of_all_at_once(
    width: int, growth: list[int], data: st.DataObject
) -> None:
    """To the last bit, however rows came, and were cleared."""
    rows, last = drawn((sum(growth), width)), products.LastDots()
    questions = drawn((2, width))
    for end in np.cumsum(growth).tolist():
        vector = questions[data.draw(st.integers(0, 1))]
        if end and data.draw(st.booleans()):
            gone = data.draw(st.integers(0, end - 1))
            last.of(rows[:end], vector)
            rows[gone] = 0.0
            last.clear(slice(gone, gone + 1))
        np.testing.assert_array_equal(
            last.of(rows[:end], vector), products.dots(rows[:end], vector)
        )


def test_a_vector_whose_numbers_were_changed_is_another() -> None:
    rows, vector, last = drawn((4, 3)), drawn((3,)), products.LastDots()
    last.of(rows, vector)

    vector[:] = 1.0

    np.testing.assert_array_equal(last.of(rows, vector), products.dots(rows, vector))


@pytest.mark.parametrize("size", [(0, 0), (0, 384), (1, 384), (127, 384), (128, 384), (200, 2)])
def test_dots_between_rows_are_those_of_numpy(size: tuple[int, int]) -> None:
    rows = drawn(size)
    np.testing.assert_allclose(products.between(rows), rows @ rows.T, rtol=1e-4)


@given(SIZES)
def test_weighted_rows_are_those_of_numpy(size: tuple[int, int]) -> None:
    rows, weights = drawn(size), drawn(size[:1])
    np.testing.assert_allclose(products.weighted(weights, rows), weights @ rows, rtol=1e-4)


def test_no_other_module_of_the_room_multiplies_matrices() -> None:
    """What it multiplied would be divided among threads that wait spinning."""
    for module in Path(products.__file__).parent.glob("*.py"):
        found = [
            node.lineno
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
            if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult)
        ]
        assert module.name == "products.py" or not found, f"{module.name}: lines {found}"


def drawn(shape: tuple[int, ...]) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.random.default_rng(1).random(shape, np.float32)
