"""What goes into a prompt: as much as fits, nothing twice."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from commonplace import Record
from commonplace.recall.packing import packed
from commonplace.recall.rendering import estimated_tokens, rendered

records = st.lists(st.text(min_size=1, max_size=200).map(Record), max_size=8)


def texts(always: list[str], found: list[str], max_tokens: int = 1_000) -> list[str]:
    kept = packed(map(Record, always), map(Record, found), max_tokens, estimated_tokens)
    return [record.text for record in kept]


@given(always=records, found=records, budget=st.integers(0, 300))
def test_the_block_never_exceeds_its_budget(
    always: list[Record], found: list[Record], budget: int
) -> None:
    kept = packed(always, found, budget, estimated_tokens)

    assert not kept or estimated_tokens(rendered(kept)) <= budget


@given(always=records, budget=st.integers(0, 300))
def test_what_always_applies_takes_at_most_a_third(always: list[Record], budget: int) -> None:
    kept = packed(always, [], budget, estimated_tokens)

    assert not kept or estimated_tokens(rendered(kept)) <= budget / 3


def test_what_always_applies_comes_first() -> None:
    assert texts(["Prefers concise answers"], ["Lives in Oslo"]) == [
        "Prefers concise answers",
        "Lives in Oslo",
    ]


def test_a_record_too_long_gives_way_to_shorter_ones_after_it() -> None:
    assert texts([], ["long " * 200, "short"], max_tokens=60) == ["short"]


def test_nothing_is_said_twice() -> None:
    assert texts(
        ["Likes green tea"],
        ["Likes green tea!", "She likes tea from Japan", "from Japan she likes tea", "!!!", "!!!"],
    ) == ["Likes green tea", "She likes tea from Japan", "!!!"]
