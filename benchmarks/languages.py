"""Eighteen languages: is the fact found that answers, and is nothing found where none does?

    python benchmarks/languages.py --embedder multilingual

`data/languages` holds 40 facts in each of twelve languages, 27 questions that one of them answers
in other words, and 13 that none does; `data/languages_second` 24 facts, 16 and 8 questions in each
of six more, written before anything was measured on them. Beside it, on the same vectors: plain
dense retrieval, and BM25 over characters and pairs of them, which no language is foreign to.
`answered` is the share of unanswerable questions whose first match has at least some confidence,
`kept` that of the answerable: at .05, from which `context` shows a match, and at .37, which as many
unanswerable questions passed in English as .2 before confidence was fitted anew (decision 0069).
To measure another build, put its `core` in front: `PYTHONPATH=/path/to/core`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from rich.table import Table

import commonplace
from baselines import CharacterBm25, Dense
from commonplace.embedding import as_embedder
from commonplace.ports import Embedder
from embedders import add_option
from metrics import Tally, auroc
from tables import arguments, publish

SETS = {name: Path(__file__).parent / "data" / name for name in ("languages", "languages_second")}
THRESHOLDS = 0.05, 0.37


def parts(file: Path) -> list[list[str]]:
    """Return the facts, the questions that they answer in their order, and those without answer."""
    text = file.read_text(encoding="utf-8")
    return [block.split("\n") for block in text.strip().split("\n\n")]


def figures(file: Path, model: Embedder) -> dict[str, float]:
    """Return the figures of one language."""
    facts, questions, unanswerable = parts(file)
    baselines = Dense(facts, facts, model), CharacterBm25(facts, facts)
    tally, sure, unsure = Tally(), [], []
    with commonplace.open(":memory:", embedder=model) as memory:
        memory.remember_many(facts)
        for number, question in enumerate(questions):
            matches = memory.recall(question, limit=5)
            found = [match.record.text for match in matches]
            sure.append(matches[0].confidence)
            put(tally, "", found, facts[number])
            for one in baselines:
                put(tally, f"{one.name} ", one.ranking(question), facts[number])
        unsure = [memory.recall(question, limit=1)[0].confidence for question in unanswerable]
    right, wrong = np.array(sure), np.array(unsure)
    passed = {
        f"{name} {least:.2f}": float((confidences >= least).mean())
        for least in THRESHOLDS
        for name, confidences in (("answered", wrong), ("kept", right))
    }
    return tally.means() | {"AUROC": auroc(right, wrong)} | passed


def put(tally: Tally, name: str, found: list[str], wanted: str) -> None:
    """Take in where a fact is among those found."""
    tally.put(f"{name}R@1", float(found[0] == wanted))
    tally.put(f"{name}R@5", float(wanted in found[:5]))


def mean(rows: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return the mean of every figure."""
    names = next(iter(rows.values()))
    return {name: float(np.mean([row[name] for row in rows.values()])) for name in names}


def main() -> None:
    """Print the figures by language."""
    parser = arguments(__doc__)
    add_option(parser)
    options = parser.parse_args()
    model = as_embedder(options.embedder)
    shown: dict[str, dict[str, float]] = {}
    for name, directory in SETS.items():
        rows = {file.stem: figures(file, model) for file in sorted(directory.glob("*.txt"))}
        shown |= rows | {f"mean of {name}": mean(rows)}
    table = Table("language", *shown["en"], title=options.embedder)
    for language, row in shown.items():
        table.add_row(language, *(f"{value:.2f}" for value in row.values()))
    publish(options, [table], {"embedder": options.embedder, **shown}, [])


if __name__ == "__main__":
    main()
