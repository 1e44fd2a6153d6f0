"""What depends on a text alone is computed once."""

from __future__ import annotations

from dataclasses import dataclass

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
