"""What a cosine means under an embedder that was measured, and under one that nobody measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

import commonplace
from commonplace.ports import Vectors
from commonplace.recall.scales import MEASURED, UNMEASURED, Scale
from commonplace.recall.tokens import split

MINILM = MEASURED["all-MiniLM-L6-v2"]


class Topics:
    """Vectors by the first word, `common` of which all texts share, as under many models."""

    name = "topics"

    def __init__(self, common: float) -> None:
        self._common = common

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> Vectors:
        topic, _, wording = text.partition(" ")
        own = 0.9 * _direction(topic) + 0.44 * _direction(wording)
        vector = (1 - self._common) ** 0.5 * own + self._common**0.5 * _direction("common")
        return np.asarray(vector / np.linalg.norm(vector), np.float32)


def _direction(seed: str) -> Vectors:
    drawn = np.random.default_rng(list(seed.encode())).standard_normal(96)
    return np.asarray(drawn / np.linalg.norm(drawn), np.float32)


@pytest.mark.parametrize("common", [0.0, 0.5, 0.85])
def test_what_no_record_answers_gets_a_low_confidence_under_any_embedder(common: float) -> None:
    with commonplace.open(":memory:", embedder=Topics(common)) as memory:
        memory.remember_many([f"t{number} qwert{number}" for number in range(20)])
        known = memory.recall("t7 zxcvb", limit=1)[0]
        unknown = memory.recall("t33 zxcvb", limit=1)[0]

        assert known.record.text == "t7 qwert7"
        assert known.confidence > 0.3
        assert unknown.confidence < 0.15


def test_no_confidence_is_complete() -> None:
    with commonplace.open(":memory:", embedder=Topics(0.85)) as memory:
        memory.remember("t1 the same words")

        assert memory.recall("t1 the same words")[0].confidence < 0.99


def test_the_usual_embedder_is_not_moved() -> None:
    cosines = np.linspace(-1, 1, 9, dtype=np.float32)

    assert MINILM.of_query(cosines) is cosines
    assert MINILM.of_records(cosines) is cosines


def test_vectors_that_are_as_far_apart_as_usual_move_nothing() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((50, 64)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = np.array([0.0, 0.5], np.float32)

    assert UNMEASURED.adapted(vectors).of_query(cosines) is cosines


@pytest.mark.parametrize("common", [0.3, 0.5])
def test_what_is_usual_among_records_of_a_measured_embedder_is_told_by_the_scope(
    common: float,
) -> None:
    scale = Scale(usual=0.2, spread=0.02, among=(0.4, 0.02), adapts=True)
    vectors = Topics(common).embed_documents([f"t{number} qwert{number}" for number in range(40)])
    unrelated = np.array([common], np.float32)

    assert scale.adapted(vectors).of_records(unrelated)[0] == pytest.approx(0.1, abs=0.2)
    assert scale.adapted(vectors).of_query(unrelated) == scale.of_query(unrelated)


@pytest.mark.parametrize(
    ("query", "reads"),
    [
        ("Where does my sister live?", True),
        ("umbrella", True),
        ("Was ist mit meinem Bruder und seiner Frau?", False),
        ("私の血液型は何ですか", False),
        ("내 혈액형은 무엇인가요", False),
        ("আমার রক্তের গ্রুপ কী?", False),
        ("Где живёт моя сестра?", False),
        ("คุณอยู่ที่ไหน", False),
    ],
)
def test_which_queries_an_english_embedder_reads(query: str, reads: bool) -> None:  # noqa: FBT001  # a case's outcome
    assert MINILM.reads(split(query), "english") is reads


def test_an_english_embedder_is_sure_of_another_language_only_by_words() -> None:
    facts = ["আমার বোন শিশু হাসপাতালের নার্স।", "গাড়িটা তিনতলায় রাখা আছে।", "বাগানের ফটক ক্যাঁচক্যাঁচ করে।"]
    with commonplace.open(":memory:") as memory:
        memory.remember_many(facts)
        unknown = memory.recall("আমার রক্তের গ্রুপ কী?", limit=1)[0]
        said = memory.recall("শিশু হাসপাতালের নার্স কে?", limit=1)[0]

        assert unknown.confidence < 0.1
        assert said.record.text == facts[0]
        assert said.confidence > 0.3


@pytest.mark.parametrize("model", ["all-MiniLM-L6-v2", "multilingual-e5-small-4bit-words"])
@pytest.mark.parametrize("query", ["🐈", "?!", "…", "👍🏽"])
def test_what_has_no_word_is_read_by_no_embedder(model: str, query: str) -> None:
    assert not MEASURED[model].reads(split(query), "english")
