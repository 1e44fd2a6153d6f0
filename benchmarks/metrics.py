"""How well a ranking finds what it should."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Confidences: TypeAlias = NDArray[np.float64]


def recall_at(ranking: Sequence[str], wanted: Collection[str], k: int) -> float:
    """Return the share of `wanted` among the first `k`."""
    return len(set(ranking[:k]) & set(wanted)) / len(set(wanted))


def reciprocal_rank(ranking: Sequence[str], wanted: Collection[str]) -> float:
    """Return one over the rank of the first that is wanted, or 0 if none is there."""
    return next((1 / rank for rank, one in enumerate(ranking, 1) if one in wanted), 0.0)


def auroc(right: Confidences, wrong: Confidences) -> float:
    """Return how often a right value exceeds a wrong one, ties counting half (Mann-Whitney)."""
    above = (right[:, None] > wrong[None, :]).mean()
    return float(above + (right[:, None] == wrong[None, :]).mean() / 2)


@dataclass
class Tally:
    """Figures of one method over many questions, by name."""

    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, ranking: Sequence[str], wanted: Collection[str], *, prefix: str) -> None:
        """Take in the ranking of one question."""
        for k in (5, 10, 20):
            self.put(f"{prefix} recall@{k}", recall_at(ranking, wanted, k))
        self.put(f"{prefix} MRR", reciprocal_rank(ranking, wanted))

    def put(self, name: str, value: float) -> None:
        """Take in one value."""
        self.values.setdefault(name, []).append(value)

    def means(self) -> dict[str, float]:
        """Return the mean of each figure."""
        return {name: fmean(values) for name, values in self.values.items()}
