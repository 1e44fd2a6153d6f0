"""What depends on a text alone is computed once."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from commonplace.recall.of_text import of_text


@dataclass(frozen=True)
class Told:
    text: str
    by: str = ""


def test_it_is_computed_once_for_a_text_whoever_told_it() -> None:
    asked: list[str] = []

    @of_text
    def length(told: Told) -> int:
        asked.append(told.text)
        return len(told.text)

    assert [length(Told("tea", by)) for by in ("ann", "bo", "ann")] == [3, 3, 3]
    assert length(Told("coffee")) == 6
    assert asked == ["tea", "coffee"]


def test_of_many_texts_what_is_known_stays_bounded_and_right() -> None:
    asked: list[str] = []

    @of_text
    def length(told: Told) -> int:
        asked.append(told.text)
        return len(told.text)

    texts = ["x" * size for size in range(3_000)]
    assert [length(Told(text)) for text in texts] == list(range(3_000))
    assert length(Told("")) == 0
    assert len(asked) == 3_001


def test_another_thread_may_have_it_begin_anew_at_any_time() -> None:
    @of_text
    def length(told: Told) -> int:
        return len(told.text)

    looks = count(1)

    class Interrupted(str):
        """Others ask about a thousand texts before it is looked up for the second time."""

        __slots__ = ()

        def __eq__(self, other: object) -> bool:
            return str.__eq__(self, other)

        def __hash__(self) -> int:
            if next(looks) == 2:
                for number in range(1_024):
                    length(Told(f"other {number}"))
            return str.__hash__(self)

    length(Told("tea"))

    assert length(Told(Interrupted("tea"))) == 3
