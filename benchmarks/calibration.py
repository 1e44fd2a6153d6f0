"""Whether a confidence means something: the right memory told from a wrong one on LoCoMo.

    python benchmarks/calibration.py --data locomo10.json

Each question is asked of the memory of its own conversation and of the next one's, which knows
nothing of it. AUROC is the chance that the right memory's best match has the higher confidence.
The table shows, for each tenth of confidence, how often the memory asked was the right one, as many
right as wrong ones having been asked; and how many of each a threshold at its lower end lets pass.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

import commonplace
from commonplace import Memory
from commonplace.embedding import MiniLM
from locomo import questions, turns

Confidences = NDArray[np.float64]


def best(memory: Memory, query: str) -> float:
    """Return the confidence of the best match."""
    matches = memory.recall(query, limit=1)
    return matches[0].confidence if matches else 0.0


def asked(samples: list[dict[str, Any]]) -> tuple[Confidences, Confidences]:
    """Return the best confidences of the right memory and of a wrong one, question by question."""
    right: list[float] = []
    wrong: list[float] = []
    with commonplace.open(":memory:", embedder=MiniLM()) as store:
        memories = [store.scope("conversation", str(number)) for number in range(len(samples))]
        for memory, sample in zip(memories, samples, strict=True):
            memory.remember_many(turns(sample["conversation"]))
        for number, sample in enumerate(track(samples, "conversations")):
            other = memories[(number + 1) % len(samples)]
            for query, _ in questions(sample):
                right.append(best(memories[number], query))
                wrong.append(best(other, query))
    return np.array(right), np.array(wrong)


def auroc(right: Confidences, wrong: Confidences) -> float:
    """Return how often a right value exceeds a wrong one, ties counting half (Mann-Whitney)."""
    above = (right[:, None] > wrong[None, :]).mean()
    return float(above + (right[:, None] == wrong[None, :]).mean() / 2)


def main() -> None:
    """Print the AUROC and the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="LoCoMo's JSON file")
    options = parser.parse_args()
    right, wrong = asked(json.loads(options.data.read_text(encoding="utf-8")))
    table = Table("confidence", "asked", "right memory", "right ones passing", "wrong ones passing")
    table.title = f"{len(right)} questions, AUROC {auroc(right, wrong):.3f}"
    for tenth in range(10):
        low, high = tenth / 10, (tenth + 1) / 10 if tenth < 9 else 1.01
        inside = [int(((one >= low) & (one < high)).sum()) for one in (right, wrong)]
        share = f"{inside[0] / sum(inside):.2f}" if sum(inside) else ""
        passing = (f"{(one >= low).mean():.3f}" for one in (right, wrong))
        table.add_row(f"{low:.1f} to {min(high, 1):.1f}", str(sum(inside)), share, *passing)
    Console().print(table)


if __name__ == "__main__":
    main()
