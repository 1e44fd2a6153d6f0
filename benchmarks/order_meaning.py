"""Find the direction in which orders to a model lie, for each embedder that ships.

    python benchmarks/order_meaning.py --conversations locomo-dev.json beam-dev.json
    python benchmarks/order_meaning.py --conversations locomo-dev.json --write

A logistic regression on the vectors of the labelled texts in `screening_corpus/`, but for the parts
`fresh…`, and of real conversations as harmless ones. It prints how many texts of each kind would be
held, each judged by a direction that was found without it (five folds); `--write` renews
`commonplace/writing/data/order_directions.npz`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from commonplace.embedding.minilm import MiniLM
from commonplace.embedding.multilingual import MultilingualE5
from screening import CORPUS, filled, rows
from screening_values import Maker

FILE = Path("core/commonplace/writing/data/order_directions.npz")
ORDERS = ("orders", "instructions")
HARMLESS = ("statements", "harmless", "lookalikes")
LEAST = (1.5, 2.0, 2.5, 3.0)
FOLDS = 5
PENALTY = 0.1
SCALE = 20  # standard deviations of all numbers of the vectors are one unit of the penalty
WEIGHT_OF_ORDERS = 2.0
PER_FILE = 400
MOST_STEPS, ENOUGH = 30, 1e-3
Numbers = NDArray[np.float64]


class Labelled(NamedTuple):
    """A text, where it comes from, and in which language it is."""

    text: str
    source: str
    language: str

    @property
    def is_order(self) -> bool:
        """Whether it gives orders to a model."""
        return self.source in ORDERS


def corpus() -> Iterator[Labelled]:
    """Yield the labelled texts, but for those that are kept to measure with."""
    for name in (*ORDERS, *HARMLESS):
        for seed, row in rows(name, "all"):
            if not row["part"].startswith("fresh"):
                make = Maker(seed)
                filled_in = name in {"harmless", "lookalikes"}
                text = make.like(filled(row["text"], make)) if filled_in else row["text"]
                yield Labelled(text, name, row["language"])


def conversations(file: Path) -> list[Labelled]:
    """Return some of the messages of a file, spread over the whole of it."""
    told = [text for text in said(json.loads(file.read_text("utf-8"))) if 15 < len(text) < 600]
    places = np.linspace(0, len(told) - 1, min(len(told), PER_FILE)).astype(int)
    language = "zh" if "-zh-" in file.name else "en"
    return [Labelled(told[place], "conversations", language) for place in places]


def said(value: Any) -> Iterator[str]:
    """Yield the texts of messages in a nested value."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if key in {"text", "content", "utterance"} and isinstance(item, str):
            yield item
        elif isinstance(item, dict | list):
            yield from said(item)


def direction(vectors: Numbers, is_order: NDArray[np.bool_]) -> Numbers:
    """Return the weights of a logistic regression, by Newton's method, and the constant last."""
    middle = vectors.mean(0)
    spread = (vectors - middle).std() * SCALE
    design = np.c_[(vectors - middle) / spread, np.ones(len(vectors))]
    shares = np.where(is_order, WEIGHT_OF_ORDERS, 1.0)
    weights = np.zeros(design.shape[1])
    for _ in range(MOST_STEPS):
        odds = 1 / (1 + np.exp(-design @ weights))
        slope = design.T @ (shares * (odds - is_order)) + PENALTY * np.r_[weights[:-1], 0]
        bend = (design * (shares * odds * (1 - odds))[:, None]).T @ design
        step = np.linalg.solve(bend + PENALTY * np.eye(len(weights)), slope)
        weights -= step
        if np.abs(step).max() < ENOUGH:
            break
    found = weights[:-1] / spread
    return np.asarray(np.r_[found, weights[-1] - found @ middle], np.float64)


def judged(vectors: Numbers, is_order: NDArray[np.bool_]) -> Numbers:
    """Return the log odds of each text, by a direction found without it."""
    fold = np.random.default_rng(0).integers(0, FOLDS, len(vectors))
    odds = np.zeros(len(vectors))
    for one in range(FOLDS):
        found = direction(vectors[fold != one], is_order[fold != one])
        odds[fold == one] = vectors[fold == one] @ found[:-1] + found[-1]
    return odds


def table(name: str, texts: list[Labelled], odds: Numbers) -> Table:
    """Return how many texts of each source would be held, from which odds on."""
    shown = Table(name, *map(str, LEAST), title="Held by meaning alone")
    for source in dict.fromkeys(text.source for text in texts):
        own = odds[[text.source == source for text in texts]]
        shown.add_row(source, *(f"{(own > least).sum()} of {len(own)}" for least in LEAST))
    return shown


def main() -> None:
    """Print the tables, and write the directions if asked to."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--conversations", type=Path, nargs="*", default=[])
    parser.add_argument("--write", action="store_true", help="renew the directions")
    options = parser.parse_args()
    everything = [
        *corpus(),
        *(one for file in options.conversations for one in conversations(file)),
    ]
    found = {}
    for embedder, language in ((MiniLM(), "en"), (MultilingualE5(), None)):
        texts = [text for text in everything if language in {None, text.language}]
        vectors = np.asarray(embedder.embed_documents([one.text for one in texts]), np.float64)
        is_order = np.array([one.is_order for one in texts])
        Console().print(table(embedder.name, texts, judged(vectors, is_order)))
        found[embedder.name] = direction(vectors, is_order).astype(np.float32)
    if options.write:
        np.savez(CORPUS.parents[1] / FILE, **found)  # type: ignore[arg-type]  # arrays by name


if __name__ == "__main__":
    main()
