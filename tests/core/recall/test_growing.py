"""Arrays that grow."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from commonplace.recall.growing import Growing


@given(st.lists(st.integers(-(2**62), 2**62), max_size=70))
def test_the_elements_are_those_appended_in_order(values: list[int]) -> None:
    growing: Growing[np.int64] = Growing(np.int64)
    for value in values:
        growing.append(value)
    assert growing.view.tolist() == values


@given(st.integers(0, 5), st.integers(0, 40))
def test_rows_keep_their_width(width: int, count: int) -> None:
    growing: Growing[np.float32] = Growing(np.float32, width)
    for number in range(count):
        growing.append(np.full(width, number))
    assert growing.view.shape == (count, width)


def test_the_view_writes_through() -> None:
    growing: Growing[np.float32] = Growing(np.float32)
    growing.append(1.0)
    growing.view[0] = 2.0
    assert growing.view.tolist() == [2.0]


def test_what_it_was_given_is_not_written_to() -> None:
    growing: Growing[np.float32] = Growing(np.float32)
    given = np.ones(3, np.float32)
    growing.extend(given)
    growing.view[:] = 2
    assert given.tolist() == [1, 1, 1]
