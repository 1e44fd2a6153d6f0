"""The count of tokens: never below that of a real tokenizer; a picture's by the published rule."""

from __future__ import annotations

import base64
import struct
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commonplace.conversation.images import image_tokens
from commonplace.conversation.tokens import (
    Counter,
    _common_words,
    most_tokens,
    tokenizer_of,
)
from commonplace.embedding.weights import find

TEXTS = st.one_of(
    st.text(max_size=200),
    st.text(st.characters(min_codepoint=0x300, max_codepoint=0xFFFF, exclude_categories=["Cs"])),
    st.text("abcXYZ019 _-(){}[];:=<>\n\t\"'\\/", max_size=300),
    st.sampled_from(
        ["日本語のテキスト", "한국어 문장입니다", "Ελληνικά", "ﷺ" * 9, "👩‍👩‍👧‍👦🇳🇴", "नमस्ते", "ạ̈"]
    ),
)


@pytest.fixture(scope="module")
def wordpieces() -> Any:
    """Give the tokenizer of the default embedder, which is on every machine that runs these."""
    from tokenizers import Tokenizer

    found = find(None)
    tokenizer = Tokenizer.from_file(str(found.tokenizer))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


@pytest.fixture(scope="module")
def tokenizers(wordpieces: Any) -> list[Callable[[str], int]]:
    """Give real tokenizers of four providers, as the package litellm brings them, and one more."""
    from tokenizers import Tokenizer

    brought = find_spec("litellm")
    assert brought
    assert brought.origin
    folder = Path(brought.origin).parent / "litellm_core_utils" / "tokenizers"
    files = ("anthropic_tokenizer.json", "deepseek_tokenizer.json")
    models = [wordpieces, *(Tokenizer.from_file(str(folder / name)) for name in files)]

    def counting(model: Any) -> Callable[[str], int]:
        return lambda text: len(model.encode(text, add_special_tokens=False).ids)

    return [tokenizer_of("gpt-4"), tokenizer_of("gpt-4o"), *map(counting, models)]


COMMON = st.sampled_from(sorted(_common_words()))
PROSE = st.lists(
    st.one_of(
        COMMON, COMMON.map(" {}".format), st.text(max_size=3), st.sampled_from(list(" '\n.é’"))
    ),
    max_size=30,
).map("".join)


@given(text=st.one_of(TEXTS, PROSE))
@example("def f(x):\n\treturn {'a': [1, 2]}  # ok")
@example("ﷺ")
@example("I do don't know  the theé the\u0301")
@example('{"name": "weather", "arguments": {"city": "Bergen", "days": [1, 2, 3]}}')
def test_the_estimate_is_never_below_a_real_tokenizer(
    tokenizers: list[Callable[[str], int]], text: str
) -> None:
    assert all(most_tokens(text) >= count(text) for count in tokenizers)


def test_each_common_word_is_one_token_after_a_space(
    tokenizers: list[Callable[[str], int]],
) -> None:
    for count in tokenizers:
        one, two = "one", "one two"
        assert count(two) - count(one) == 1
        for word in sorted(_common_words()):
            assert count(f"one {word}") == count(one) + 1, word


def test_of_english_prose_the_estimate_is_about_twice_the_count(
    tokenizers: list[Callable[[str], int]],
) -> None:
    page = Path(__file__).parents[3] / "docs" / "decisions" / "0020-conversation.md"
    prose = page.read_text(encoding="utf-8").replace("\n", " ")

    assert all(most_tokens(prose) < 2.2 * count(prose) for count in tokenizers)


def test_the_count_is_exact_where_the_encoding_is_on_this_machine() -> None:
    assert tokenizer_of("gpt-4o")("Where are the others?") == 5
    assert tokenizer_of("gpt-4o")("<|endoftext|>") == 7  # what a user writes is no control token


@pytest.mark.parametrize("budget_text", ["", "Hello", "日本語"])
def test_a_message_counts_what_stands_around_it(budget_text: str) -> None:
    plain = {"role": "user", "content": budget_text}
    counter = Counter(None, len)

    assert counter.message(plain) == 4 + len(budget_text)
    assert counter.message({**plain, "name": "ann"}) == 4 + len(budget_text) + 4
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert counter.message({**plain, "tool_calls": [call]}) > 4 + len(str(call))


def png(width: int, height: int) -> str:
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + bytes(9)
    return "data:image/png;base64," + base64.b64encode(start).decode()


def gif(width: int, height: int) -> str:
    start = b"GIF89a" + struct.pack("<HH", width, height) + bytes(9)
    return "data:image/gif;base64," + base64.b64encode(start).decode()


def jpeg(width: int, height: int) -> str:
    start = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width)
    return "data:image/jpeg;base64," + base64.b64encode(start + bytes(20)).decode()


@pytest.mark.parametrize(
    ("model", "url", "detail", "tokens"),
    [
        ("gpt-4o", png(1024, 1024), "high", 765),
        ("gpt-4o-2024-11-20", jpeg(2048, 4096), "high", 1105),
        ("gpt-4o", gif(4096, 8192), "low", 85),
        ("gpt-4o", png(512, 512), "auto", 255),
        ("gpt-4o-mini", png(1024, 1024), "high", 25501),
        ("o1", png(1024, 1024), "high", 675),
        ("gpt-4.1-mini", png(1024, 1024), "high", 1659),
        ("o4-mini", png(4096, 4096), "high", 2642),
        ("gpt-4o", "https://example.org/a.png", "high", 1445),
        ("gpt-4o", "data:image/png;base64,!!!", "high", 1445),
        (None, "https://example.org/a.png", "high", 3779),
    ],
)
def test_a_picture_costs_what_the_rule_says(
    model: str | None, url: str, detail: str, tokens: int
) -> None:
    assert image_tokens({"url": url, "detail": detail}, model) == tokens


def test_sounds_and_files_count_at_most_their_bytes() -> None:
    counter = Counter("gpt-4o", len)
    sound = {"type": "input_audio", "input_audio": {"data": "A" * 16_000, "format": "wav"}}
    file = {"type": "file", "file": {"file_data": "A" * 16_000, "filename": "a.pdf"}}

    assert counter.part(sound) == 121
    assert counter.part(file) == 12_001


def test_without_an_encoding_on_this_machine_nothing_is_downloaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(_: str) -> None:
        raise AssertionError("it would be downloaded")

    tiktoken = ModuleType("tiktoken")
    tiktoken.encoding_name_for_model = lambda _: "o200k_base"  # type: ignore[attr-defined]
    tiktoken.get_encoding = refuse  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tiktoken", tiktoken)
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr("commonplace.conversation.tokens.find_spec", lambda _: None)

    assert tokenizer_of("a-model-of-tomorrow") is most_tokens
    assert tokenizer_of(None) is most_tokens
