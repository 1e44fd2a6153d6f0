"""Splits a text that is longer than the model reads into pieces that it reads whole."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Sizes:
    """In tokens: what a model reads of a text, without the marks that are added around it.

    A piece of a longer text has at most `window`, of which at most `overlap` repeat the end of the
    one before.
    """

    read: int
    window: int
    overlap: int


MINILM = Sizes(read=254, window=200, overlap=40)


class Encoded(Protocol):
    """The tokens of a text: where each stands, and the number of its word."""

    @property
    def offsets(self) -> Sequence[tuple[int, int]]: ...
    @property
    def word_ids(self) -> Sequence[int | None]: ...
    def __len__(self) -> int: ...


class Encoding(Protocol):
    """A tokenizer that does not truncate."""

    def encode(self, text: str, /, *, add_special_tokens: bool) -> Encoded: ...


# Every repetition is bounded, so that a long run of dots or brackets costs no more than its length.
_SENTENCE_END = re.compile(r"""(?<=[.!?…])["'”’)\]]{0,3}\s|[。！？][」』”’）]{0,3}|\n""")


def split(text: str, tokenizer: Encoding, sizes: Sizes = MINILM) -> list[str]:
    """Return `text` in consecutive, overlapping pieces; a text that is read whole as `[text]`.

    Pieces begin and end between sentences where they can, and else between words (MiniLM reads a
    word of more than 100 characters as a single unknown token). Only a word of more than half a
    piece is cut.
    """
    encoding = tokenizer.encode(text, add_special_tokens=False)
    if len(encoding) <= sizes.read:
        return [text]
    starts = [start for start, _ in encoding.offsets]
    starts.append(len(text))
    words, sentences = _word_borders(encoding), _sentence_borders(text, starts)
    return [text[starts[a] : starts[b]].strip() for a, b in _spans(words, sentences, sizes)]


def _word_borders(encoding: Encoded) -> list[int]:
    """Return the numbers of the tokens that begin a word, and the number of tokens, ascending."""
    changes = enumerate(pairwise(encoding.word_ids), start=1)
    borders = [token for token, (before, after) in changes if before != after]
    return [0, *borders, len(encoding)]


def _sentence_borders(text: str, starts: list[int]) -> list[int]:
    """Return the numbers of the tokens that begin a sentence, ascending, perhaps repeated."""
    return [bisect_left(starts, end.end()) for end in _SENTENCE_END.finditer(text)]


def _spans(words: list[int], sentences: list[int], sizes: Sizes) -> list[tuple[int, int]]:
    """Return the first token and the token after the last of each piece."""
    spans = []
    start, last = 0, words[-1]
    while last - start > sizes.window:
        end = _end(start, words, sentences, sizes.window)
        spans.append((start, end))
        start = _next_start(end, words, sentences, sizes.overlap)
    return [*spans, (start, last)]


def _end(start: int, words: list[int], sentences: list[int], window: int) -> int:
    """Return the last sentence border in the second half of a full piece, or its last word's.

    Without either, the piece is full.
    """
    full = start + window
    ends = (_last_at_most(full, borders) for borders in (sentences, words))
    return next((end for end in ends if end > full - window // 2), full)


def _next_start(end: int, words: list[int], sentences: list[int], overlap: int) -> int:
    """Return the first sentence border within the overlap before `end`, or its first word's."""
    sentence = _first_at_least(end - overlap, sentences, end)
    return sentence if sentence < end else min(_first_at_least(end - overlap, words, end), end)


def _last_at_most(token: int, borders: list[int]) -> int:
    place = bisect_left(borders, token + 1)
    return borders[place - 1] if place else 0


def _first_at_least(token: int, borders: list[int], otherwise: int) -> int:
    place = bisect_left(borders, token)
    return borders[place] if place < len(borders) else otherwise
