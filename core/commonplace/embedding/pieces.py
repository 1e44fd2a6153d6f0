"""The tokenizer of multilingual-e5-small: a text to the pieces of its vocabulary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate, chain

from commonplace.embedding.packed import Packed
from commonplace.recall.tokens import UNSPACED

WORD_MARK = "▁"


@dataclass(frozen=True, slots=True)
class Pieces:
    """Where the pieces of a text stand in it, and to which word each belongs."""

    offsets: list[tuple[int, int]]
    word_ids: list[int]

    def __len__(self) -> int:
        return len(self.offsets)


class PieceTokenizer:
    """Pieces without the marks at the beginning and the end of a text, and never cut short."""

    def __init__(self, packed: Packed) -> None:
        """Read the vocabulary."""
        import tokenizers

        self._read_as: Mapping[int, str] = packed.replacements
        unigram = tokenizers.models.Unigram(packed.vocabulary, packed.unknown, byte_fallback=False)
        self._tokenizer = tokenizers.Tokenizer(unigram)
        self._tokenizer.normalizer = tokenizers.normalizers.Replace(
            tokenizers.Regex(" {2,}"), content=" "
        )
        self._tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()

    def ids(self, text: str) -> list[int]:
        """Return the numbers of the pieces."""
        found: list[int] = self._tokenizer.encode(text.translate(self._read_as)).ids
        return found

    def encode(self, text: str, *, add_special_tokens: bool) -> Pieces:  # noqa: ARG002  # as windows ask
        """Return where the pieces stand in `text`."""
        read = [self._read_as.get(ord(character), character) for character in text]
        found = self._tokenizer.encode("".join(read))
        places = list(chain.from_iterable([at] * len(one) for at, one in enumerate(read)))
        places.append(len(text))
        offsets = [
            (places[start], places[min(end, len(places) - 1)]) for start, end in found.offsets
        ]
        begins = [
            piece.startswith(WORD_MARK) or UNSPACED.match(piece) is not None
            for piece in found.tokens
        ]
        return Pieces(offsets, list(accumulate(begins)))
