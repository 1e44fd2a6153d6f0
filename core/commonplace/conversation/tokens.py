"""How many tokens of a model messages take: exactly where its tokenizer is there, else no fewer."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import Any

from commonplace.conversation.forms import Message, embedded
from commonplace.conversation.images import image_tokens
from commonplace.errors import InvalidInputError
from commonplace.values.rendering import Tokenizer

PRIMING = 3
"""Tokens with which a reply begins."""

_PER_MESSAGE = 4
_PER_NAME = 1
_PER_CALL = 8
_PLAIN = 2  # members of a message that has a role and a content alone
_BYTES_PER_AUDIO_TOKEN = 100
"""A token is a tenth of a second, in which the thinnest sound has 100 bytes."""

_ENCODINGS = {
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
}
_CACHES = ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR")
_LOADING = Lock()
_AFTER_A_SPACE = re.compile(r"(?<=\S) ([A-Za-z]{2,})(?![A-Za-z'\u2019])")
_ADDRESS = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"


def most_tokens(text: str) -> int:
    """Return a number of tokens that no language model's tokenizer in use exceeds for `text`.

    A common word after a space is one token in all of them. Of all else a token stands for a byte
    at least: that of a text as it is, or as Unicode's NFKC or NFD writes it, which some tokenizers
    do first. For English prose that is about twice the true count, for code and other languages
    three to four times: give a tokenizer where the window matters.

    >>> most_tokens("Where are the others?")
    10
    """
    if not text:
        return 0
    saved = sum(
        len(match[1])
        for match in _AFTER_A_SPACE.finditer(text)
        if match[1] in _common_words() and text[match.end() : match.end() + 1].isascii()
    )
    return _most_bytes(text) - saved + 1


def _most_bytes(text: str) -> int:
    if text.isascii():
        return len(text)
    forms = (text, *(unicodedata.normalize(form, text) for form in ("NFKC", "NFD", "NFKD")))
    return max(len(form.encode(errors="replace")) for form in forms)


@lru_cache(maxsize=1)
def _common_words() -> frozenset[str]:
    file = Path(__file__).with_name("common_words.txt")
    return frozenset(file.read_text(encoding="ascii").split())


def tokenizer_of(model: str | None) -> Tokenizer:
    """Return the tokenizer of a model if it is on this machine, or else `most_tokens`.

    That is tiktoken's, if it is installed and the model's encoding lies in its cache, or comes
    with an installed `litellm`: nothing is downloaded.
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
    folder = next((one for one in _folders() if _is_whole(one, name)), None)
    if folder is None:
        return None
    with _LOADING, _cached_in(folder):
        encoding = tiktoken.get_encoding(name)
    return lambda text: len(encoding.encode(text, disallowed_special=()))


def _folders() -> list[Path]:
    """Return where encodings may lie: tiktoken's cache, and what litellm brings."""
    given = (os.environ.get(name) for name in _CACHES)
    folder = next(filter(None, given), None) or Path(tempfile.gettempdir()) / "data-gym-cache"
    litellm = find_spec("litellm")
    brought = litellm.submodule_search_locations if litellm else None
    within = [Path(one) / "litellm_core_utils" / "tokenizers" for one in brought or ()]
    return [Path(folder), *within]


def _is_whole(folder: Path, name: str) -> bool:
    """Tell whether an encoding lies in a folder, whole: else it would be downloaded."""
    expected = _ENCODINGS.get(name)
    key = hashlib.sha1(_ADDRESS.format(name).encode(), usedforsecurity=False).hexdigest()
    file = folder / key
    if expected is None or not file.is_file():
        return False
    return hashlib.sha256(file.read_bytes()).hexdigest() == expected


@contextmanager
def _cached_in(folder: Path) -> Iterator[None]:
    """Let tiktoken read from `folder`: only its environment variable says so."""
    former = os.environ.get(_CACHES[0])
    os.environ[_CACHES[0]] = str(folder)
    try:
        yield
    finally:
        if former is None:
            del os.environ[_CACHES[0]]
        else:
            os.environ[_CACHES[0]] = former


class Counter:
    """Counts the tokens of messages for one model; the same texts once."""

    def __init__(self, model: str | None = None, tokenizer: Tokenizer | None = None) -> None:
        """Count with `tokenizer`, or else with that of `model`."""
        self._model = model
        counted = tokenizer_of(model) if tokenizer is None else _checked(tokenizer)
        self.text = lru_cache(maxsize=4096)(counted)

    def message(self, message: Message) -> int:
        """Return how many tokens a message takes in a request."""
        content, name = message["content"], message.get("name")
        if isinstance(content, str) and len(message) == _PLAIN:  # most are, and each is asked often
            return _PER_MESSAGE + self.text(content)
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


def _checked(tokenizer: Tokenizer) -> Tokenizer:
    def counted(text: str) -> int:
        tokens: object = tokenizer(text)
        if not hasattr(tokens, "__index__") or isinstance(tokens, bool) or int(tokens) < 0:
            raise InvalidInputError(
                f"tokenizer gave {tokens!r:.80} for {text!r:.40}. It gives a count of tokens, such "
                "as lambda text: len(encoding.encode(text))."
            )
        return int(tokens)

    return counted
