"""One relevance from several arms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from commonplace.recall.fusion import (
    AGENT,
    QUESTION,
    SPREAD,
    TELLING,
    WHEN,
    Arms,
    agreed,
    best_window,
    contrast,
    expectation,
    fuse,
)
from commonplace.recall.growing import Floats

SHARES = arrays.arrays(np.float32, 3, elements=st.floats(0, 1, width=32))
FIELDS = tuple(Arms.__dataclass_fields__)


def arms(**given_arms: Floats) -> Arms:
    return Arms(**{name: given_arms.get(name, np.zeros(3, np.float32)) for name in FIELDS})


def test_the_best_window_speaks_for_a_record() -> None:
    similarities = np.array([0.1, 0.9, 0.2, 0.3], np.float32)
    assert best_window(similarities, np.array([0, 2])).tolist() == [
        np.float32(0.9),
        np.float32(0.3),
    ]


def test_a_record_of_one_window_speaks_for_itself() -> None:
    similarities = np.array([0.1, 0.9], np.float32)
    assert best_window(similarities, None) is similarities


def test_the_contrast_of_nothing_is_nothing() -> None:
    assert contrast(np.ones(2, np.float32), np.zeros(2, np.bool_)).tolist() == [0, 0]


@given(arrays.arrays(np.float32, st.integers(1, 20), elements=st.floats(-1, 1, width=32)))
def test_contrast_keeps_the_order_and_never_widens(cosines: Floats) -> None:
    centred = contrast(cosines, np.ones(len(cosines), np.bool_))
    assert np.ptp(centred) <= np.ptp(cosines) + 1e-6
    assert (np.diff(centred[np.argsort(cosines, kind="stable")]) >= -1e-6).all()


def test_contrast_is_centred_and_of_the_usual_spread_in_a_large_scope() -> None:
    cosines = np.random.default_rng(0).normal(0.3, 0.2, 20_000).astype(np.float32)
    centred = contrast(cosines, np.ones(len(cosines), np.bool_))
    assert float(centred.mean()) == pytest.approx(0, abs=1e-3)
    assert float(centred.std()) == pytest.approx(SPREAD, rel=0.01)


def test_contrast_in_a_scope_of_one_tells_a_hit_from_a_miss() -> None:
    alone = np.ones(1, np.bool_)
    assert contrast(np.array([0.6], np.float32), alone)[0] > 0.3
    assert contrast(np.array([0.0], np.float32), alone)[0] < 0


@given(st.sampled_from(FIELDS), SHARES)
def test_no_arm_ever_lowers_a_record(name: str, values: Floats) -> None:
    assert (fuse(arms(**{name: values})) >= 0).all()


@given(st.sampled_from(FIELDS), SHARES, SHARES)
def test_more_of_any_arm_is_more_relevant(name: str, values: Floats, more: Floats) -> None:
    assert (fuse(arms(**{name: values + more})) >= fuse(arms(**{name: values})) - 1e-6).all()


def test_full_coverage_by_own_words_is_worth_one() -> None:
    covered = np.ones(3, np.float32)
    np.testing.assert_allclose(fuse(arms(own_words=covered, near_words=covered)), 1, rtol=1e-6)


def test_what_only_asks_falls_and_what_tells_the_wanted_time_rises() -> None:
    asks, tells, agent = np.eye(3, dtype=np.float32)
    factor = expectation(asks, tells, agent, asks_when=True, addresses_agent=False)
    np.testing.assert_allclose(factor, [1 - QUESTION, 1 + WHEN, 1 - AGENT], rtol=1e-6)


def test_a_query_that_addresses_the_agent_wants_its_words_too() -> None:
    asks, tells, agent = np.eye(3, dtype=np.float32)
    factor = expectation(asks, tells, agent, asks_when=False, addresses_agent=True)
    np.testing.assert_allclose(factor, [1 - QUESTION, 1, 1], rtol=1e-6)


def test_where_agreement_counts_a_single_word_of_several_tells_less() -> None:
    shares = np.array([0.0, 0.2, TELLING, 0.9], np.float32)

    assert (agreed(shares, 1.0) == shares).all()
    assert agreed(shares, 1.5)[1] < shares[1]
    assert agreed(shares, 1.5)[2] == pytest.approx(TELLING)
    assert (np.diff(agreed(shares, 1.5)) > 0).all()


def test_words_decide_where_the_embedder_does_not_read_the_language() -> None:
    own_words = np.array([0.3, 0.0, 0.0], np.float32)
    meaning = np.array([0.0, 0.4, 0.0], np.float32)
    both = arms(own_words=own_words, near_words=own_words, meaning=meaning, session_meaning=meaning)

    assert fuse(both).argmax() == 1
    assert fuse(both, is_read=False).argmax() == 0
    assert fuse(both, is_read=False)[1] > 0
