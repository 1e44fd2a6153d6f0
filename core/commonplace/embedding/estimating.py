"""Windows for a model whose tokenizer is not here: its tokens are estimated, rather too many.

A token of a tokenizer in use has about four letters of Latin script, and one or more of another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from commonplace.embedding import windows
from commonplace.recall.tokens import UNSPACED

_TOKEN = re.compile(r"[A-Za-z\u00c0-\u024f]{1,3}|\S")
_MARKS = 32
"""Tokens kept free for the marks of a text's ends, and for words that are put before it."""


@dataclass(frozen=True, slots=True)
class _Estimated:
    offsets: list[tuple[int, int]]
    word_ids: list[int]

    def __len__(self) -> int:
        return len(self.offsets)


class _Estimating:
    def encode(self, text: str, *, add_special_tokens: bool) -> _Estimated:  # noqa: ARG002  # as windows ask
        offsets = [match.span() for match in _TOKEN.finditer(text)]
        word_ids, word, last = [], 0, 0
        for start, end in offsets:
            word += start > last or UNSPACED.match(text, start) is not None
            word_ids.append(word)
            last = end
        return _Estimated(offsets, word_ids)


def split(text: str, tokens: int) -> list[str]:
    """Return `text` in pieces that a model reads whole which reads so many tokens of a text."""
    read = max(tokens - _MARKS, tokens // 2, 4)
    sizes = windows.Sizes(read=read, window=read * 4 // 5, overlap=read // 8)
    return windows.split(text, _Estimating(), sizes)
