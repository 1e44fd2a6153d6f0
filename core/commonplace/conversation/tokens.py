"""How many tokens of a model messages take: exactly where its tokenizer is there, else no fewer."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from commonplace.conversation.forms import Message, embedded
from commonplace.conversation.images import image_tokens
from commonplace.recall.rendering import Tokenizer

PRIMING = 3
"""Tokens with which a reply begins."""

_PER_MESSAGE = 4
_PER_NAME = 1
_PER_CALL = 8
_BYTES_PER_AUDIO_TOKEN = 100
"""A token is a tenth of a second, in which the thinnest sound has 100 bytes."""

_ENCODINGS = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}
_ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"


def most_tokens(text: str) -> int:
    """Return a number of tokens that no tokenizer in use exceeds for `text`.

    A token stands for a byte at least: that of a text as it is, or as Unicode's NFKC or NFD
    writes it, which some tokenizers do first. For English that is about four times the true
    count: give a tokenizer where the window matters.

    >>> most_tokens("Hello")
    6
    """
    if text.isascii():
        return len(text) + 1 if text else 0
    forms = (text, *(unicodedata.normalize(form, text) for form in ("NFKC", "NFD", "NFKD")))
    return max(len(form.encode(errors="replace")) for form in forms) + 1


def tokenizer_of(model: str | None) -> Tokenizer:
    """Return the tokenizer of a model if it is on this machine, or else `most_tokens`.

    That is tiktoken's, if it is installed and the model's encoding lies in its cache: nothing is
    downloaded.
    """
    return _exact(model) or most_tokens if model else most_tokens


@lru_cache(maxsize=16)
def _exact(model: str) -> Tokenizer | None:
    try:
        import tiktoken
    except ModuleNotFoundError:
        return None
    try:
        name = tiktoken.encoding_name_for_model(model)
    except KeyError:
        return None
    if not _is_cached(name):
        return None
    encoding = tiktoken.get_encoding(name)
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def _is_cached(name: str) -> bool:
    """Tell whether an encoding is whole in tiktoken's cache: else it would be downloaded."""
    expected = _ENCODINGS.get(name)
    folder = os.environ.get("TIKTOKEN_CACHE_DIR") or os.environ.get("DATA_GYM_CACHE_DIR")
    key = hashlib.sha1(_ADDRESS.format(name).encode(), usedforsecurity=False).hexdigest()
    file = Path(folder or Path(tempfile.gettempdir()) / "data-gym-cache") / key
    if expected is None or not file.is_file():
        return False
    return hashlib.sha256(file.read_bytes()).hexdigest() == expected


class Counter:
    """Counts the tokens of messages for one model; the same texts once."""

    def __init__(self, model: str | None = None, tokenizer: Tokenizer | None = None) -> None:
        """Count with `tokenizer`, or else with that of `model`."""
        self._model = model
        self.text = lru_cache(maxsize=4096)(tokenizer or tokenizer_of(model))

    def message(self, message: Message) -> int:
        """Return how many tokens a message takes in a request."""
        content, name = message["content"], message.get("name")
        tokens = _PER_MESSAGE + (self.text(name) + _PER_NAME if name else 0)
        tokens += self.text(message.get("tool_call_id") or "")
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or ()
        tokens += sum(self.part(part) for part in parts)
        return tokens + sum(self._call(call) for call in message.get("tool_calls", ()))

    def messages(self, messages: Iterable[Message]) -> int:
        """Return how many tokens messages take together, without those that begin the reply."""
        return sum(map(self.message, messages))

    def part(self, part: Mapping[str, Any]) -> int:
        """Return how many tokens a part of a content takes.

        A picture costs what the provider's rule says; a sound, a token a tenth of a second; a file,
        whose pages no rule counts beforehand, at most a token for each of its bytes.
        """
        if part["type"] == "text":
            return self.text(part["text"])
        if part["type"] == "image_url":
            return image_tokens(part["image_url"], self._model)
        size = len(embedded(part)) * 3 // 4
        if part["type"] == "input_audio":
            return size // _BYTES_PER_AUDIO_TOKEN + 1
        return size + 1

    def _call(self, call: Mapping[str, Any]) -> int:
        return self.text(json.dumps(call, ensure_ascii=False)) + _PER_CALL
