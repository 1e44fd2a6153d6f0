"""Whether a confidence means something: the right memory told from a wrong one on LoCoMo.

    python benchmarks/calibration.py --data locomo10.json

Each question is asked of the memory of its own conversation and of the next one's, which knows
nothing of it. AUROC is the chance that the right memory's best match has the higher confidence.
The table shows, for each tenth of confidence, how often the memory asked was the right one, as many
right as wrong ones having been asked; and how many of each a threshold at its lower end lets pass.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track
from rich.table import Table

import commonplace
from commonplace import Memory
from commonplace.embedding import MiniLM
from locomo import questions, turns
from metrics import Confidences, auroc
from tables import Lines, arguments, publish


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


def tenths(right: Confidences, wrong: Confidences) -> list[dict[str, float]]:
    """Return, for each tenth of confidence: how often asked, and how often of the right memory.

    `right passing` and `wrong passing` are the shares that a threshold at its lower end lets pass.
    """
    found = []
    for tenth in range(10):
        low, high = tenth / 10, (tenth + 1) / 10 if tenth < 9 else 1.01
        inside = [int(((one >= low) & (one < high)).sum()) for one in (right, wrong)]
        figures = {"from": low, "asked": sum(inside), "confidence": 0.0, "right memory": 0.0}
        if sum(inside):
            both = np.concatenate([right, wrong])
            figures["confidence"] = float(both[(both >= low) & (both < high)].mean())
            figures["right memory"] = inside[0] / sum(inside)
        figures["right passing"] = float((right >= low).mean())
        figures["wrong passing"] = float((wrong >= low).mean())
        found.append(figures)
    return found


def charts(rows: list[dict[str, float]], right: Confidences, wrong: Confidences) -> list[Lines]:
    """Return the reliability curve, and the right memories passing against the wrong ones."""
    reliable = [(row["confidence"], row["right memory"]) for row in rows if row["asked"]]
    curves = {"measured": reliable, "as it should be": [(0.0, 0.0), (1.0, 1.0)]}
    thresholds = np.linspace(0, 1, 101)
    passing = [(float((wrong >= t).mean()), float((right >= t).mean())) for t in thresholds]
    name = f"AUROC {auroc(right, wrong):.3f}"
    return [
        Lines("reliability", "confidence", "share of right memories", curves),
        Lines("by threshold", "wrong ones passing", "right ones passing", {name: passing}),
    ]


def main() -> None:
    """Print the AUROC and the table."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="LoCoMo's JSON file")
    options = parser.parse_args()
    right, wrong = asked(json.loads(options.data.read_text(encoding="utf-8")))
    rows = tenths(right, wrong)
    table = Table("confidence", "asked", "right memory", "right ones passing", "wrong ones passing")
    table.title = f"{len(right)} questions, AUROC {auroc(right, wrong):.3f}"
    for row in rows:
        share = f"{row['right memory']:.2f}" if row["asked"] else ""
        passing = (f"{row[one]:.3f}" for one in ("right passing", "wrong passing"))
        name = f"{row['from']:.1f} to {row['from'] + 0.1:.1f}"
        table.add_row(name, f"{row['asked']:.0f}", share, *passing)
    figures = {"AUROC": auroc(right, wrong), "tenths": rows}
    publish(options, [table], figures, charts(rows, right, wrong))


if __name__ == "__main__":
    main()
