"""How likely the best record answers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from commonplace.recall.confidence import Evidence, confidence
from commonplace.recall.growing import Floats

RELEVANCE = arrays.arrays(np.float32, st.integers(1, 20), elements=st.floats(-1, 2.5, width=32))
EVIDENCE = st.builds(
    Evidence,
    known=st.floats(0, 1),
    relevance=st.floats(-1, 2.5),
    cosine=st.floats(-1, 1),
    records=st.integers(0, 10**7),
)


def of_one(relevance: float, *, known: float, cosine: float, records: int = 1) -> float:
    likely = confidence(
        np.array([relevance], np.float32), Evidence(known, relevance, cosine, records)
    )
    return float(likely[0])


@given(RELEVANCE, EVIDENCE)
def test_confidence_is_a_probability_in_the_order_of_relevance(
    relevance: Floats, evidence: Evidence
) -> None:
    likely = confidence(relevance, evidence)
    assert ((likely >= 0) & (likely <= 1)).all()
    assert (np.diff(likely[np.argsort(relevance, kind="stable")]) >= 0).all()


@given(st.floats(-1, 2.5), st.floats(0, 1.5), EVIDENCE)
def test_a_better_best_record_is_surer(relevance: float, more: float, evidence: Evidence) -> None:
    def sure(best: float) -> float:
        found = replace(evidence, relevance=best)
        return float(confidence(np.array([best], np.float32), found)[0])

    assert sure(relevance + more) >= sure(relevance)


@given(RELEVANCE, st.floats(0, 0.01), EVIDENCE)
def test_what_was_used_makes_no_memory_surer(
    relevance: Floats, more: float, evidence: Evidence
) -> None:
    raised = relevance * np.float32(1 + more)
    found = replace(evidence, relevance=float(relevance.max()))

    assert confidence(raised, found).max() == confidence(relevance, found).max()


@given(st.floats(0, 1), st.floats(0, 1))
def test_names_that_were_never_heard_lower_it(known: float, other: float) -> None:
    low, high = sorted((known, other))
    assert of_one(0.5, known=low, cosine=0.4) <= of_one(0.5, known=high, cosine=0.4)


def test_the_best_of_many_is_less_sure_than_the_same_of_few() -> None:
    few, many = (of_one(0.5, known=0.5, cosine=0.4, records=count) for count in (10, 1_000))
    assert many < few


def test_it_falls_no_further_beyond_the_largest_size_measured() -> None:
    large, larger = (
        of_one(1.0, known=1, cosine=0.6, records=count) for count in (10_000, 10_000_000)
    )
    assert large == larger


def test_one_irrelevant_record_has_low_confidence() -> None:
    assert of_one(0.05, known=0, cosine=0.05) < 0.1


def test_one_record_that_covers_the_query_has_high_confidence() -> None:
    assert of_one(0.8, known=1, cosine=0.6) > 0.9


def test_no_records_have_no_confidence() -> None:
    assert confidence(np.zeros(0, np.float32), Evidence(0, 0, 0, 0)).tolist() == []
