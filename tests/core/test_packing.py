"""What goes into a prompt: as much as fits, nothing twice, and of what is too long a part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace import Memory, Record, Source
from commonplace.recall.excerpts import excerpt
from commonplace.recall.packing import packed
from commonplace.values.rendering import block, estimated_tokens
from near_pairs import DIFFERENT

records = st.lists(st.text(min_size=1, max_size=200).map(Record), max_size=8)

LETTER = (
    "Dear team, thank you for the warm welcome last week. The flat is lovely and the harbour is "
    "just around the corner. We walked along the quay twice, and the children fed the ducks. "
    "About the paperwork: the lease begins on 1 March. My blood type is AB negative, which the "
    "clinic asked for. The movers come on Thursday at nine, unless it snows. "
) + "We also enjoyed the concert very much, and hope to hear the choir again soon. " * 20


def texts(always: list[str], found: list[str], max_tokens: int = 1_000) -> list[str]:
    kept = packed(map(Record, always), map(Record, found), max_tokens, estimated_tokens).shown
    return [one.record.text for one in kept]


def part_of(text: str, query: str, size: int) -> str:
    return excerpt(text, query, lambda part: len(part) <= size)


@given(always=records, found=records, budget=st.integers(0, 300))
def test_the_block_never_exceeds_its_budget(
    always: list[Record], found: list[Record], budget: int
) -> None:
    kept = packed(always, found, budget, estimated_tokens).shown

    assert not kept or estimated_tokens(block([one.line for one in kept])) <= budget


@given(always=records, budget=st.integers(0, 300))
def test_what_always_applies_takes_at_most_a_third(always: list[Record], budget: int) -> None:
    kept = packed(always, [], budget, estimated_tokens).shown

    assert not kept or estimated_tokens(block([one.line for one in kept])) <= budget / 3


def test_what_always_applies_comes_first() -> None:
    assert texts(["Prefers concise answers"], ["Lives in Oslo"]) == [
        "Prefers concise answers",
        "Lives in Oslo",
    ]


def test_nothing_is_said_twice() -> None:
    assert texts(
        ["Likes green tea"], ["likes green tea.", "She likes tea from Japan", "!!!", "!!!"]
    ) == ["Likes green tea", "She likes tea from Japan", "!!!"]


@pytest.mark.parametrize("pair", [pair for pairs in DIFFERENT.values() for pair in pairs])
def test_what_differs_in_sense_is_shown_beside_the_other(pair: tuple[str, str]) -> None:
    assert texts([], list(pair)) == list(pair)


@pytest.mark.parametrize(
    "said",
    [
        [f"The grant's deadline for the second round is {day} October" for day in (15, 16)],
        [f"The server {name} in the cellar listens on port 8080" for name in ("ann", "bo")],
        ["The door of the lab is locked at night", "The door of the lab is not locked at night"],
        [f"The pipe to the upper floor is 30 {unit} long" for unit in ("cm", "m")],
    ],
)
def test_one_word_more_or_less_is_something_new(said: list[str]) -> None:
    assert texts([], said) == said


@pytest.mark.parametrize(
    "said",
    [
        ("The budget is $500", "The budget is €500"),
        ("The lab counts 10³ cells", "The lab counts 103 cells"),
        ("The freezer is at -5 degrees", "The freezer is at 5 degrees"),
        ("Ann writes C", "Ann writes C++"),
        ("The limit is < 5", "The limit is > 5"),
        ("Ann gave the plan a 👍", "Ann gave the plan a 👎"),
        ("The tool is Go", "The tool is go"),
        ("The log is in /tmp/a", "The log is in /tmp/A"),
    ],
)
def test_two_that_differ_in_a_sign_or_a_capital_are_both_recalled(
    memory: Memory, said: tuple[str, str]
) -> None:
    memory.remember_many(said)
    query = f"{said[0].split()[1]} {said[0].split()[-1]} {said[0].split()[0]}"
    found = memory.recall(query, min_confidence=0.05)
    assert {match.record.text for match in found} == set(said)


def test_the_same_words_of_somebody_else_are_something_new() -> None:
    ann = Record("I live in Oslo", kind="message", source=Source(agent="ann", origin="user"))
    bob = replace(ann, id="bob", source=Source(agent="bob", origin="user"))

    kept = packed([], [ann, bob, replace(ann, id="again")], 1_000, estimated_tokens).shown

    assert [one.record.id for one in kept] == [ann.id, "bob"]


class TestOverTheBudget:
    @pytest.mark.parametrize(
        ("query", "answer"),
        [
            (
                "what is her blood type?",
                "My blood type is AB negative, which the clinic asked for.",
            ),
            ("when do the movers come?", "The movers come on Thursday at nine, unless it snows."),
            ("when does the lease begin?", "the lease begins on 1 March."),
        ],
    )
    def test_the_part_that_answers_is_shown(self, memory: Memory, query: str, answer: str) -> None:
        memory.remember_many([Record(LETTER, kind="message")])

        shown = memory.context(query, max_tokens=150, min_confidence=0)

        assert answer in shown
        assert "shortened)" in shown
        assert estimated_tokens(shown) <= 150

    @pytest.mark.parametrize(
        ("query", "answer"),
        [
            ("How do I reach the relocation company?", "The movers come on Thursday at nine"),
            ("Which medical facts are known?", "My blood type is AB negative"),
        ],
    )
    def test_the_part_that_answers_in_other_words_is_shown(
        self, memory: Memory, query: str, answer: str
    ) -> None:
        memory.remember_many([Record(LETTER, kind="message")])

        shown = memory.context(query, max_tokens=130, min_confidence=0)

        assert answer in shown

    def test_meaning_is_asked_only_where_the_words_tell_too_little(self) -> None:
        def near(parts: Sequence[str]) -> Sequence[float]:
            asked.append(len(parts))
            return [float("ducks" in part) for part in parts]

        asked: list[int] = []
        found = excerpt(LETTER, "blood type", lambda part: len(part) <= 60, near)
        assert "blood type" in found
        assert not asked
        assert "ducks" in excerpt(LETTER, "animals", lambda part: len(part) <= 90, near)
        assert asked[0] <= 32

    def test_meaning_is_asked_of_the_best_alone_and_not_of_what_always_applies(self) -> None:
        def near(parts: Sequence[str]) -> Sequence[float]:
            asked.append("".join(parts))
            return [0.0] * len(parts)

        asked: list[str] = []
        rule, first, second = (Record(f"{name}. {LETTER}") for name in ("Rule", "One", "Two"))
        kept = packed([rule], [first, second], 600, estimated_tokens, "animals", near=near).shown

        assert len(kept) == 3
        assert {one.split(".")[0] for one in asked} == {"One"}

    def test_others_that_follow_have_room_as_well(self) -> None:
        kept = texts([], [LETTER, "Lives in Bergen", "Works as a nurse"], max_tokens=200)

        assert kept == [LETTER, "Lives in Bergen", "Works as a nurse"]

    def test_an_instruction_over_its_third_is_shown_in_part_or_where_it_was_found(self) -> None:
        rule = Record("Answer in short sentences. " + "Be kind to everybody. " * 20)

        [part] = packed([rule], [], 240, estimated_tokens).shown
        [whole] = packed([rule], [rule], 240, estimated_tokens).shown

        assert part.line.startswith('- "Answer in short sentences. Be kind')
        assert part.line.endswith("shortened)")
        assert rule.text.strip() in whole.line

    def test_where_there_is_room_for_nothing_nothing_is_shown(self) -> None:
        assert texts([], [LETTER], max_tokens=30) == []

    @pytest.mark.parametrize(
        ("text", "query", "answer"),
        [
            (
                "我们昨天去了海边。" * 9 + "她对青霉素过敏。" + "天气很好。" * 9,
                "过敏",
                "她对青霉素过敏。",
            ),
            (
                "so we went, " * 30 + "the code is 4711, " + "and back, " * 30,
                "code",
                "the code is 4711",
            ),
            ("blah " * 50 + "mein Arzt heißt Weber " + "blah " * 50, "Arzt", "Arzt heißt Weber"),
            ("x" * 300 + "钥匙在花盆下面" + "y" * 300, "钥匙", "钥匙在花盆下面"),
            ("one\ntwo\nthe bike is blue\n" + "three\n" * 50, "bike", "the bike is blue"),
            (
                "Wrote <a> & 'b'. " * 9 + "Her cats are gone. " + "Hm. " * 50,
                "cat",
                "Her cats are gone.",
            ),
        ],
    )
    def test_it_is_cut_as_well_as_the_text_allows(self, text: str, query: str, answer: str) -> None:
        part = part_of(text, query, 60)

        assert answer in part
        assert part in text

    def test_of_a_text_without_the_words_the_beginning_is_shown(self) -> None:
        assert part_of(LETTER, "unrelated", 60) == LETTER[: LETTER.index(" The flat")]

    @given(
        text=st.text(alphabet="ab .,\n。茶é", min_size=1, max_size=200),
        query=st.sampled_from(["ab", "茶", "a b. é", ""]),
        size=st.integers(0, 120),
    )
    def test_any_part_is_of_the_text_and_fits(self, text: str, query: str, size: int) -> None:
        part = part_of(text, query, size)

        assert len(part) <= size
        assert part in text
        assert part == text or part.strip() == part
