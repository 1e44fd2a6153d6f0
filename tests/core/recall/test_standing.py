"""Recency and importance move a score a little, and never decide it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from commonplace.recall.growing import Floats
from commonplace.recall.standing import recency, standing

DAY = 86_400.0

ages = st.lists(st.floats(0, 10_000), min_size=1, max_size=20)


def factors(days: list[float], importance: list[float], alive: list[bool] | None = None) -> Floats:
    living = np.array(alive or [True] * len(days))
    recent = recency(-DAY * np.array(days), living)
    return standing(recent, np.array(importance, np.float32), living)


@given(days=ages, data=st.data())
def test_no_factor_moves_a_score_by_a_tenth(days: list[float], data: st.DataObject) -> None:
    shares = st.lists(st.floats(0, 1), min_size=len(days), max_size=len(days))

    found = factors(days, data.draw(shares))

    assert found.max() / found.min() < 1.1
    assert ((found > 0.9) & (found < 1.1)).all()


@given(day=st.floats(0, 1_000), importance=st.floats(0, 1), count=st.integers(1, 9))
def test_equal_records_stand_alike(day: float, importance: float, count: int) -> None:
    np.testing.assert_allclose(factors([day] * count, [importance] * count), 1, atol=1e-6)


def test_the_newer_and_the_more_important_stand_higher() -> None:
    assert factors([0, 400], [0.5, 0.5]).tolist() == sorted(factors([0, 400], [0.5, 0.5]))[::-1]
    assert factors([0, 0], [0.9, 0.1])[0] > factors([0, 0], [0.9, 0.1])[1]


def test_a_year_old_perfect_match_beats_a_fresh_poor_one() -> None:
    old, fresh = factors([365, 0], [0.0, 1.0])

    assert 0.9 * old > 0.7 * fresh


def test_a_removed_record_counts_for_nothing() -> None:
    with_removed = factors([0, 400, 800], [0.5, 0.5, 1.0], [False, True, True])
    without = factors([400, 800], [0.5, 1.0])

    np.testing.assert_allclose(with_removed[1:], without, atol=1e-6)


def test_nothing_alive_has_no_standing() -> None:
    assert factors([1.0], [0.5], [False]).tolist() == [1.0]
