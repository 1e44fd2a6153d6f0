"""How likely a record answers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from commonplace.recall.confidence import Certainty, competition, confidence
from commonplace.recall.growing import Floats

RELEVANCE = arrays.arrays(np.float32, st.integers(1, 20), elements=st.floats(-1, 2.5, width=32))
COSINE = st.floats(-1, 1)


def sure(relevance: list[float], cosine: float) -> list[float]:
    values = np.array(relevance, np.float32)
    return [float(one) for one in confidence(values, competition(values), cosine)]


@given(RELEVANCE, COSINE)
def test_confidence_is_a_probability_in_the_order_of_relevance(
    relevance: Floats, cosine: float
) -> None:
    likely = confidence(relevance, competition(relevance), cosine)
    assert ((likely >= 0) & (likely <= 1)).all()
    assert (np.diff(likely[np.argsort(relevance, kind="stable")]) >= 0).all()


@given(st.floats(-1, 2.5), st.floats(0, 1.5), COSINE)
def test_a_better_single_record_is_surer(relevance: float, more: float, cosine: float) -> None:
    assert sure([relevance + more], cosine)[0] >= sure([relevance], cosine)[0] - 1e-6


@given(RELEVANCE, st.floats(0, 0.01), COSINE)
def test_what_was_used_makes_no_memory_surer(relevance: Floats, more: float, cosine: float) -> None:
    raised, crowd = relevance * np.float32(1 + more), competition(relevance)
    assert confidence(raised, crowd, cosine).max() == confidence(relevance, crowd, cosine).max()


def test_one_of_many_that_answer_alike_is_less_sure_than_one_alone() -> None:
    assert sure([0.8, 0.1, 0.1], 0.6)[0] > 2 * sure([0.8] * 10, 0.6)[0]


def test_one_irrelevant_record_has_low_confidence() -> None:
    assert sure([0.0], 0.05)[0] < 0.1


def test_one_record_that_covers_the_query_has_high_confidence() -> None:
    assert sure([0.8], 0.6)[0] > 0.75


def test_no_records_have_no_confidence() -> None:
    assert sure([], 0.0) == []


def test_nothing_is_beyond_doubt_under_any_scale() -> None:
    relevance = np.array([2.0, 0.1], np.float32)

    assert float(confidence(relevance, 0.0, 1.0, Certainty(known=9.0))[0]) < 0.98


def test_the_first_step_below_the_best_costs_most() -> None:
    best, near, far = np.log(np.array(odds([0.8, 0.75, 0.7], 0.6)))
    assert best - near > 1.5 * (near - far)


def test_where_little_speaks_for_any_record_each_tells_less_still() -> None:
    plain = Certainty(doubting=1.0)
    assert Certainty().log_odds(0.1, 2.0) < plain.log_odds(0.1, 2.0)
    assert Certainty().log_odds(0.7, 0.1) == plain.log_odds(0.7, 0.1)


def odds(relevance: list[float], cosine: float) -> list[float]:
    return [one / (1 - one) for one in sure(relevance, cosine)]
