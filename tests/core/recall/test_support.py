"""What neighbours and sessions lend."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from commonplace.recall.growing import Floats
from commonplace.recall.support import (
    SELF_SUFFICIENT,
    Flow,
    Sessions,
    neighbourhood_meaning,
    neighbourhood_words,
    openness,
    session_meaning,
    session_norm,
    session_words,
)
from commonplace.recall.words import WordIndex, coverage
from told_texts import told

SESSIONS = st.lists(st.sampled_from(["a", "b", None]), max_size=20)
SIMILARITIES = st.integers(-64, 64).map(lambda number: number / 64)


def joined(names: Iterable[str | None]) -> Sessions:
    sessions = Sessions()
    sessions.extend(list(names))
    return sessions


def near_words(texts: list[str], query: str, asks: list[float] | None = None) -> Floats:
    """Return what the texts, turns of one session, cover of the query with their neighbours."""
    index = WordIndex()
    for text in texts:
        index.extend(told(text))
    asking = np.array(asks or [0.0] * len(texts), np.float32)
    sessions = joined(["s"] * len(texts))
    return neighbourhood_words(index.hits(query), sessions, flow(openness(index.lengths), asking))


def flow(takes: Floats, asks: Floats, **other: Floats) -> Flow:
    """Return the flow where nothing is an echo and nobody is the agent."""
    none = np.zeros_like(takes)
    given = {"tells": 1 - none, "replies": none, "alike": none, **other}
    return Flow(takes=takes, ends_asking=asks, **given)


def test_neighbours_are_those_of_the_same_session() -> None:
    sessions = joined(["a", "b", "a", None, "a"])
    assert sessions.before.tolist() == [-1, -1, 0, -1, 2]
    assert sessions.after.tolist() == [2, -1, 4, -1, -1]
    assert sessions.codes.tolist() == [0, 1, 0, 2, 0]
    assert len(sessions) == 3


@given(SESSIONS, st.data())
def test_removing_records_joins_their_neighbours(
    names: list[str | None], data: st.DataObject
) -> None:
    sessions, kept = joined(names), list(range(len(names)))
    for row in data.draw(st.permutations(kept))[: len(names) // 2]:
        sessions.remove(row)
        kept.remove(row)
    sessions.extend(["a"])
    kept.append(len(names))
    expected = joined([*names, "a"][row] for row in kept)
    place = {row: index for index, row in enumerate(kept)} | {-1: -1}
    assert [place[int(row)] for row in sessions.before[kept]] == expected.before.tolist()
    assert [place[int(row)] for row in sessions.after[kept]] == expected.after.tolist()
    assert sessions.living == expected.living


def test_a_neighbour_lends_less_the_further_it_is_and_nothing_beyond_two_turns() -> None:
    lent = near_words(["zebra", "tea", "milk", "rice"], "zebra")
    assert lent[0] > lent[1] > lent[2] > lent[3] == 0


def test_a_question_lends_more_to_its_answer_than_to_what_came_before_it() -> None:
    lent = near_words(["tea", "zebra?", "milk"], "zebra", [0.0, 1.0, 0.0])
    assert lent[2] > lent[0]


def lent_by_an_echo(**other: list[float]) -> Floats:
    """Return what three turns cover, of which the first is an echo."""
    index = WordIndex()
    for text in ("zebra?", "tea", "milk"):
        index.extend(told(text))
    columns = {name: np.array(values, np.float32) for name, values in other.items()}
    given = flow(openness(index.lengths), np.array([1, 0, 0], np.float32), **columns)
    return neighbourhood_words(index.hits("zebra"), joined(["s"] * 3), given)


def test_an_echo_lends_to_its_answer_alone() -> None:
    lent = lent_by_an_echo(tells=[0, 1, 1])
    assert lent[1] > 0
    assert lent[2] == 0


def test_the_agent_takes_nothing_from_what_puts_the_query_again() -> None:
    assert lent_by_an_echo(replies=[0, 1, 1], alike=[1, 0, 0])[1] == 0


def test_a_long_record_borrows_little() -> None:
    long = " ".join(f"word{number}" for number in range(1_000))
    assert near_words(["zebra", long], "zebra")[1] < near_words(["zebra", "tea"], "zebra")[1] / 5


def test_a_word_that_a_record_has_itself_is_not_counted_again() -> None:
    assert near_words(["zebra", "zebra"], "zebra")[0] == near_words(["zebra", "tea"], "zebra")[0]


@given(st.lists(st.sampled_from(["tea", "zebra tea", "?", "milk rice"]), min_size=1, max_size=8))
def test_support_is_never_less_than_own_words_and_at_most_one(texts: list[str]) -> None:
    index = WordIndex()
    for text in texts:
        index.extend(told(text))
    lent = near_words(texts, "zebra milk", [1.0] * len(texts))
    assert (lent >= coverage(index.hits("zebra milk"), len(texts)) - 1e-6).all()
    assert (lent <= 1 + 1e-6).all()


def test_openness_falls_with_length() -> None:
    shares = openness(np.array([0, SELF_SUFFICIENT, 10 * SELF_SUFFICIENT], np.float32))
    np.testing.assert_allclose(shares, [1, 1 / 2, 1 / 11], rtol=1e-6)


def test_a_record_without_neighbours_lends_itself_meaning() -> None:
    meaning, open_to_all = np.array([0.5, -0.5], np.float32), np.ones(2, np.float32)
    lent = neighbourhood_meaning(meaning, joined([None, None]), open_to_all)
    assert lent[0] > 0 == lent[1]


def test_the_most_similar_neighbour_lends_meaning() -> None:
    meaning, open_to_all = np.array([0.9, 0.0, 0.1], np.float32), np.ones(3, np.float32)
    lent = neighbourhood_meaning(meaning, joined(["s", "s", "s"]), open_to_all)
    assert lent.argmax() == 1
    assert lent[0] < lent[2]


def test_a_session_is_scored_as_one_document() -> None:
    index = WordIndex()
    for text in ("zebra", "milk", "zebra", "rice"):
        index.extend(told(text))
    sessions = joined(["a", "a", "b", "b"])
    all_tell = np.ones(4, np.float32)
    covered = session_words(
        index.hits("zebra milk"), sessions, session_norm(sessions, index.lengths), all_tell
    )
    assert covered[0] > covered[1] > 0


def test_a_removed_record_says_nothing_for_its_session() -> None:
    index = WordIndex()
    index.extend(told("zebra"))
    index.remove(0)
    tells = np.ones(1, np.float32)
    sessions = joined(["a"])
    norm = session_norm(sessions, index.lengths)
    assert session_words(index.hits("zebra"), sessions, norm, tells).tolist() == [0]


def meaning_of(
    values: list[float], names: list[str | None], dead: Iterable[int] = ()
) -> list[float]:
    """Return what the sessions of records with these values mean, without the dead ones."""
    alive = np.ones(len(values), np.bool_)
    alive[list(dead)] = False
    found = session_meaning(np.array(values, np.float32), joined(names), alive)
    return [round(float(one), 4) for one in found]


def test_a_session_is_as_near_as_its_two_nearest_records() -> None:
    assert meaning_of([0.1, 0.7, 0.3, 0.5], ["a", "b", "a", "a"]) == [0.4, 0.7]


def test_two_records_that_are_equally_near_both_count() -> None:
    assert meaning_of([0.5, 0.5, 0.1], ["a", "a", "a"]) == [0.5]


def test_records_without_a_session_are_each_at_no_disadvantage() -> None:
    assert meaning_of([0.5, -0.25], [None, None]) == [0.5, -0.25]


def test_what_is_removed_means_nothing_for_its_session() -> None:
    assert meaning_of([0.9, 0.3, 0.1], ["a", "a", "a"], dead=[0]) == [0.2]
    assert meaning_of([0.9, 0.3], ["a", "a"], dead=[0]) == [0.3]


@given(st.data())
def test_the_meaning_of_sessions_is_that_of_their_living_records_alone(data: st.DataObject) -> None:
    names = data.draw(st.lists(st.sampled_from(["a", "b", None]), min_size=1, max_size=12))
    values = data.draw(st.lists(SIMILARITIES, min_size=len(names), max_size=len(names)))
    dead = data.draw(st.sets(st.integers(0, len(names) - 1)))
    sessions, found = joined(names), meaning_of(values, names, dead)
    for session in range(len(sessions)):
        rows = [row for row in np.flatnonzero(sessions.codes == session) if row not in dead]
        if rows:
            nearest = sorted(values[row] for row in rows)[-2:]
            assert found[session] == round(sum(nearest) / len(nearest), 4)


def test_nothing_supports_nothing() -> None:
    hits, nothing = WordIndex().hits("zebra"), np.zeros(0, np.float32)
    assert neighbourhood_words(hits, Sessions(), flow(nothing, nothing)).tolist() == []
    assert neighbourhood_meaning(nothing, Sessions(), nothing).tolist() == []
    norm = session_norm(Sessions(), nothing)
    assert session_words(hits, Sessions(), norm, nothing).tolist() == []
    assert meaning_of([], []) == []
