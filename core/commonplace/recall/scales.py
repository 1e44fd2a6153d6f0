"""What a cosine means: each embedder's own scale, and which languages it reads.

Unrelated texts have a cosine of about .1 under MiniLM, and of .8 under multilingual-e5-small. All
constants of recall are in units of MiniLM's, so cosines of other embedders are moved to it. For an
embedder that nobody measured, the vectors of the scope themselves tell what is usual.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from commonplace.ports import Vectors
from commonplace.recall.confidence import CERTAINTY, Certainty
from commonplace.recall.growing import Floats
from commonplace.recall.products import between, dots
from commonplace.recall.terms import DEFAULT_LANGUAGE, language_read
from commonplace.recall.tokens import UNSPACED, split

USUAL = 0.1
"""The usual cosine of two texts that have nothing to do with one another, and its spread."""

MOST_LOOKED_AT = 128
"""So many vectors of a scope tell what is usual."""

PRIOR_PAIRS = 30
"""What was measured elsewhere weighs as much as so many pairs of a scope."""

NEARLY_THE_SAME = 0.95
"""Records that are nearer say the same with other numbers or names: they tell nothing of others."""

FAR_APART = 0.2
"""Where a query is so much farther from the records than they are from one another, they are about
one thing: then what is usual among them is not what is usual under the embedder."""

LEAST_SPREAD = 0.01


@dataclass(frozen=True, slots=True)
class Scale:
    """The usual cosine of a query with a record that has nothing to do with it, and its spread.

    `among` are those of two unrelated records, where they are others: some embedders treat queries
    differently. `adapts` tells that what is usual among records differs by language and topic, so
    that each scope tells its own; `spread` is None where that does too. A query's is then the same,
    unless it is known. `meaning` is what meaning weighs against words, and `agreement` how far it
    takes several words of a query to tell: `fusion.agreed`. `certainty` is of `confidence`.
    `language` is the one that the embedder reads; None stands for any.
    """

    usual: float = USUAL
    spread: float | None = USUAL
    among: tuple[float, float] | None = None
    meaning: float = 1.0
    certainty: Certainty = CERTAINTY
    agreement: float = 1.0
    adapts: bool = False
    language: str | None = None

    def of_query(self, cosines: Floats) -> Floats:
        """Return cosines of a query with records in the units of recall."""
        tells_of_queries = self.adapts and self.among is None and len(cosines) > 0
        if tells_of_queries and self.usual - _middle(cosines) > FAR_APART:
            return cosines
        return _moved(cosines, self.usual, self.spread)

    def of_records(self, cosines: Floats) -> Floats:
        """Return cosines between records in the units of recall."""
        return _moved(cosines, *(self.among or (self.usual, self.spread)))

    def reads(self, words: Sequence[str], usual: str) -> bool:
        """Tell whether the embedder reads these words; `usual` is the language where none tell.

        Where there are none, as of signs and emoji, it reads nothing: they are alike to it.
        """
        if self.language is None or not words:
            return bool(words)
        unspaced = sum(UNSPACED.match(word) is not None for word in words if not word.isascii())
        return 2 * unspaced < max(len(words), 1) and language_read(words, usual) == self.language

    def adapted(self, vectors: Vectors) -> Scale:
        """Return the scale that vectors of unit length tell, one for each record of a scope."""
        if not self.adapts or len(vectors) < 2:
            return self
        places = np.arange(min(len(vectors), MOST_LOOKED_AT))
        if len(vectors) > len(places):
            vectors = vectors[np.linspace(0, len(vectors) - 1, len(places)).astype(int)]
        cosines = between(vectors)
        pairs = cosines[(places[:, None] < places) & (cosines < NEARLY_THE_SAME)]
        if not len(pairs):
            return self
        share = len(pairs) / (len(pairs) + PRIOR_PAIRS)
        middle, deviation = _lower_half(pairs)
        if self.among is not None:
            known, spread = self.among
            return replace(self, among=(known + share * (middle - known), spread))
        usual = self.usual + share * (middle - self.usual)
        # Nothing is moved where unrelated texts are as far apart as usual, or farther.
        if usual < 2 * USUAL:
            return replace(self, spread=USUAL)
        spread = USUAL + share * (min(USUAL, max(LEAST_SPREAD, deviation)) - USUAL)
        return replace(self, usual=usual, spread=spread)


def _moved(cosines: Floats, usual: float, spread: float | None) -> Floats:
    if usual == USUAL and spread in {USUAL, None}:
        return cosines
    moved = USUAL + (cosines - usual) * (USUAL / (spread or USUAL))
    return np.asarray(moved.clip(-1, 1), np.float32)


def _middle(values: Floats) -> np.float32:
    """Return what `np.median` gives, in a fifth of its time."""
    places = [(len(values) - 1) // 2, len(values) // 2]
    low, high = np.partition(values, places)[places]
    middle: np.float32 = (low + high) / 2
    return middle


def _lower_half(pairs: Floats) -> tuple[float, float]:
    """Return mean and deviation of a normal distribution that has the lower quarter of the pairs.

    Of these hardly any are related, also where much is said twice.
    """
    # What `np.quantile` gives, in a fifth of its time.
    places = np.array([0.05, 0.25]) * (len(pairs) - 1)
    lowest, low = np.interp(places, np.arange(len(pairs)), np.sort(pairs)).tolist()
    deviation = (low - lowest) / 0.970  # in units of the deviation: 1.645 - 0.674
    return low + 0.674 * deviation, deviation


_MINILM = Scale(language="english")

MEASURED = {
    "all-MiniLM-L6-v2": _MINILM,
    "chroma:default": _MINILM,
    "chroma:onnx_mini_lm_l6_v2": _MINILM,
    "multilingual-e5-small-4bit-words": Scale(
        usual=0.79,
        spread=0.018,
        among=(0.82, 0.03),
        meaning=1.5,
        agreement=1.5,
        certainty=Certainty(known=-2.2, by_cosine=6.5, by_crowd=0.0, doubt=0.0, doubting=5.0),
        adapts=True,
    ),
}
"""By the names that stores keep: benchmarks/languages.py."""

UNMEASURED = Scale(spread=None, adapts=True)


def alike(
    embedder: str, query: str, texts: Sequence[str], embed: Callable[[Sequence[str]], Vectors]
) -> Sequence[float]:
    """Return the cosine of each text with a query: 0 for all if the embedder does not read it."""
    if not MEASURED.get(embedder, UNMEASURED).reads(split(query), DEFAULT_LANGUAGE):
        return [0.0] * len(texts)
    vectors = embed([query, *texts])
    found: list[float] = dots(vectors[1:], vectors[0]).tolist()
    return found
