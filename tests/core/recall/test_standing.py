"""Recency, importance and frequency move a score a little, and never decide it."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from commonplace.recall.growing import Floats
from commonplace.recall.standing import frequency, raised, recency, saturated, standing

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


counts = st.lists(st.integers(0, 10**9), min_size=1, max_size=20)


def often(uses: list[int], days: float = 0.0, mentions: list[int] | None = None) -> Floats:
    return frequency(
        np.array([saturated(count) for count in uses], np.float32),
        np.zeros(len(uses)),
        np.array([saturated(count - 1) for count in mentions or [1] * len(uses)], np.float32),
        days * DAY,
    )


@given(uses=counts, days=st.floats(0, 10_000), data=st.data())
def test_no_number_of_uses_overtakes_what_is_a_hundredth_better(
    uses: list[int], days: float, data: st.DataObject
) -> None:
    mentions = st.lists(st.integers(1, 10**9), min_size=len(uses), max_size=len(uses))
    found = often(uses, days, data.draw(mentions))
    relevance = np.full(len(uses) + 1, 0.7, np.float32)
    relevance[-1] *= 1.0101

    lifted = raised(relevance, np.append(found, np.float32(0)))

    assert ((found >= 0) & (found <= 1)).all()
    assert lifted.argmax() == len(uses)
    assert (lifted[:-1] >= relevance[:-1]).all()


@given(rounds=st.integers(1, 60), relevance=st.lists(st.floats(0.1, 2.5), min_size=2, max_size=12))
def test_showing_what_was_shown_before_ends_in_no_loop(rounds: int, relevance: list[float]) -> None:
    plain = np.array(relevance, np.float32)
    uses = [0] * len(relevance)

    for _ in range(rounds):
        shown = raised(plain, often(uses)).argsort()[-3:]
        for row in shown:
            uses[row] += 1

    final = raised(plain, often(uses))
    for one in range(len(plain)):
        clearly_worse = plain * 1.0101 < plain[one]
        assert (final[clearly_worse] < final[one]).all()


@given(uses=st.integers(1, 10**9), days=st.floats(0, 1_000))
def test_what_a_use_tells_is_halved_in_a_month(uses: int, days: float) -> None:
    [now], [later] = often([uses], days), often([uses], days + 30)

    np.testing.assert_allclose(later, now / 2, atol=1e-6)


def test_more_and_later_uses_and_more_mentions_tell_more_and_ever_less_more() -> None:
    found = often([0, 1, 2, 4, 8, 16])

    assert found[0] == 0
    assert (np.diff(found) > 0).all()
    assert (np.diff(np.diff(found[:3])) < 0).all()
    assert often([0, 0], mentions=[3, 1])[0] > often([0, 0], mentions=[3, 1])[1] == 0


def test_what_was_never_used_or_repeated_is_ranked_as_if_nothing_counted() -> None:
    relevance = np.array([0.3, -0.2, 1.4], np.float32)

    assert (raised(relevance, often([0, 0, 0])) == relevance).all()
