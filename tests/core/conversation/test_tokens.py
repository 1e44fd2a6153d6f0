"""The count of tokens: never below that of a real tokenizer; a picture's by the published rule."""

from __future__ import annotations

import base64
import struct
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commonplace.conversation.images import image_tokens
from commonplace.conversation.tokens import Counter, most_tokens, tokenizer_of
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


@given(text=TEXTS)
@example("def f(x):\n\treturn {'a': [1, 2]}  # ok")
@example("ﷺ")
def test_the_estimate_is_never_below_a_real_tokenizer(wordpieces: Any, text: str) -> None:
    assert most_tokens(text) >= len(wordpieces.encode(text, add_special_tokens=False).ids)


@given(text=TEXTS)
def test_the_estimate_is_never_below_a_token_a_byte(text: str) -> None:
    assert most_tokens(text) >= len(text.encode())


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

    assert tokenizer_of("a-model-of-tomorrow") is most_tokens
    assert tokenizer_of(None) is most_tokens
