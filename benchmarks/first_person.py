"""Whether a confidence belongs to its record: first-person questions over a few short facts.

    python benchmarks/first_person.py

Ten invented users have 5 to 50 facts each, as agents store them ("Works as a nurse in Bergen"); a
third of the questions ask for what they never told. Each user is a memory of its own.
`answerable passing` and `unanswerable passing` are the shares of questions whose best match
reaches a threshold (`context` shows from 0.2). AUROC is the chance that the best match of an
answerable question has the higher confidence. The table of records says how many of the ten best
in each tenth of confidence are evidence: a probability of the record would be that share. The
questions of about half the answers share few words with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

import commonplace
from commonplace import Match, Record
from commonplace.embedding import MiniLM
from metrics import auroc, recall_at
from tables import Lines, arguments, publish

USERS = Path(__file__).parent / "data" / "first_person.jsonl"
DEEPEST = 10
SHOWN_FROM = 0.2
"""The least confidence of what `context` shows unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, its answers, and what was found: ids and confidences, best first."""

    answers: frozenset[str]
    found: list[str]
    confidences: list[float]

    @property
    def best(self) -> float:
        """The confidence of the first match."""
        return self.confidences[0] if self.found else 0.0

    def judged(self) -> Iterator[tuple[float, bool]]:
        """Yield the confidence of each match, and whether it is evidence."""
        for one, confidence in zip(self.found, self.confidences, strict=True):
            yield confidence, one in self.answers


def asked(users: list[dict[str, Any]]) -> Iterator[Asked]:
    """Ask every question of the memory of its user."""
    with commonplace.open(":memory:", embedder=MiniLM()) as store:
        for user in users:
            memory = store.scope("user", user["user"])
            facts = [Record(fact["text"], metadata={"id": fact["id"]}) for fact in user["facts"]]
            memory.remember_many(facts)
            for question in user["questions"]:
                matches = memory.recall(question["text"], limit=DEEPEST)
                yield _judged(question["answers"], matches)


def _judged(answers: list[str], matches: list[Match]) -> Asked:
    found = [str(match.record.metadata["id"]) for match in matches]
    return Asked(frozenset(answers), found, [match.confidence for match in matches])


def summary(answerable: list[Asked], unanswerable: list[Asked]) -> dict[str, float]:
    """Return the figures over all questions."""
    right = np.array([one.best for one in answerable])
    none = np.array([one.best for one in unanswerable])
    return {
        **{f"R@{k}": _recall(answerable, k) for k in (1, 5)},
        "answerable passing": float((right >= SHOWN_FROM).mean()),
        "unanswerable passing": float((none >= SHOWN_FROM).mean()),
        "AUROC": auroc(right, none),
    }


def _recall(answerable: list[Asked], k: int) -> float:
    return float(np.mean([recall_at(one.found, one.answers, k) for one in answerable]))


def reliability(judged: list[tuple[float, bool]]) -> list[dict[str, float]]:
    """Return, for each tenth of confidence, its mean and the share that is evidence."""
    rows = []
    for tenth in range(10):
        inside = [one for one in judged if min(int(one[0] * 10), 9) == tenth]
        row = {"from": tenth / 10, "records": len(inside), "confidence": 0.0, "evidence": 0.0}
        if inside:
            row["confidence"], row["evidence"] = (float(one) for one in np.mean(inside, axis=0))
        rows.append(row)
    return rows


def tables(figures: dict[str, float], records: dict[str, list[dict[str, float]]]) -> list[Table]:
    """Return the figures, and a table of records each for the first match and for all."""
    whole = Table("", "", title="first-person questions")
    for name, value in figures.items():
        whole.add_row(name, f"{value:.3f}")
    return [whole, *(_by_tenth(title, rows) for title, rows in records.items())]


def _by_tenth(title: str, rows: list[dict[str, float]]) -> Table:
    table = Table("confidence", "records", "mean", "evidence", title=title)
    for row in rows:
        shares = [f"{row[one]:.2f}" if row["records"] else "" for one in ("confidence", "evidence")]
        table.add_row(f"{row['from']:.1f} to {row['from'] + 0.1:.1f}", f"{row['records']}", *shares)
    return table


def chart(records: dict[str, list[dict[str, float]]]) -> Lines:
    """Return the reliability curves."""
    curves = {
        name: [(row["confidence"], row["evidence"]) for row in rows if row["records"]]
        for name, rows in records.items()
    }
    curves["as it should be"] = [(0.0, 0.0), (1.0, 1.0)]
    return Lines("reliability of records", "confidence", "share that is evidence", curves)


def main() -> None:
    """Print the figures and the reliability of records."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, default=USERS, help="users, facts and questions")
    options = parser.parse_args()
    lines = options.data.read_text(encoding="utf-8").splitlines()
    every = list(asked([json.loads(line) for line in lines]))
    answerable = [one for one in every if one.answers]
    figures = summary(answerable, [one for one in every if not one.answers])
    records = {
        "first matches": reliability([pair for one in every for pair in [*one.judged()][:1]]),
        "ten best": reliability([pair for one in every for pair in one.judged()]),
    }
    both = {"questions": len(every), "answerable": len(answerable), **figures, "records": records}
    publish(options, tables(figures, records), both, [chart(records)])


if __name__ == "__main__":
    main()
