"""A text that was embedded a moment ago is not embedded again, and gives the same vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from commonplace.embedding import MiniLM
from commonplace.embedding.recent import MOST_TEXTS, RecentVectors, Vectors


class Model:
    """A model that tells what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def __call__(self, texts: Sequence[str]) -> Vectors:
        self.asked.append(list(texts))
        return np.array([[len(text), ord(text[0])] for text in texts], np.float32)


def test_what_is_held_is_not_embedded_again_and_keeps_its_place() -> None:
    recent, model = RecentVectors(), Model()
    first = recent.embedded(["tea", "milk"], model)
    again = recent.embedded(["milk", "bread", "tea", "bread"], model)
    assert model.asked == [["tea", "milk"], ["bread"]]
    assert again.tolist() == [first[1].tolist(), [5, 98], first[0].tolist(), [5, 98]]


def test_a_caller_may_change_what_it_got() -> None:
    recent, model = RecentVectors(), Model()
    recent.embedded(["tea"], model)[:] = 0
    recent.embedded(["tea"], model)[:] = 0
    assert recent.embedded(["tea"], model).tolist() == [[3, 116]]


def test_the_texts_used_last_are_held_and_no_others() -> None:
    recent, model = RecentVectors(), Model()
    recent.embedded(["tea"], model)
    recent.embedded(["bread"], model)
    for number in range(MOST_TEXTS - 1):
        recent.embedded(["tea"], model)
        recent.embedded([f"text {number}"], model)
    model.asked.clear()
    recent.embedded(["tea"], model)
    recent.embedded(["bread"], model)
    assert model.asked == [["bread"]]


def test_a_long_batch_displaces_nothing() -> None:
    recent, model = RecentVectors(), Model()
    recent.embedded(["tea"], model)
    recent.embedded([f"text {number}" for number in range(2 * MOST_TEXTS)], model)
    model.asked.clear()
    recent.embedded(["tea"], model)
    assert not model.asked


def test_a_question_and_a_text_have_one_vector_under_minilm() -> None:
    model = MiniLM()
    asked = model.embed_query("Where does Ada live?")
    both = model.embed_documents(["Ada lives in Lisbon.", "Where does Ada live?"])
    np.testing.assert_array_equal(both[1], asked)
