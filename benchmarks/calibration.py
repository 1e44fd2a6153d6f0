"""Whether a confidence means something: of ten records at .9, do nine answer?

    python benchmarks/calibration.py
    python benchmarks/calibration.py --locomo locomo10.json --longmemeval longmemeval_oracle.json
    python benchmarks/calibration.py --locomo locomo10.json --beam beam.json --leave-out

The first-person questions (see first_person.py) are always asked; the others where their files are
given (see locomo.py, longmemeval.py, beam.py). Every part of a set weighs the same. The table shows
for each tenth of confidence its mean, and the share of records that answer: of the first matches,
and of the ten best. AUROC is the chance that a question that the memory answers has the higher best
confidence than one that it does not. `--leave-out` fits the constants of the curve on all sets but
one, in turn, and shows what comes out on the one that was left out: one setting for all, chosen by
cross-validation between data sets (needs scipy).
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rich.table import Table

from commonplace.recall.confidence import BELOW, CERTAINTY, MOST_CERTAIN
from judged import Judge, Judged, of_beam, of_first_person, of_locomo, of_longmemeval
from metrics import auroc
from tables import Lines, arguments, publish

Values: TypeAlias = NDArray[np.float64]

SHIPPED = (
    CERTAINTY.known,
    CERTAINTY.by_cosine,
    CERTAINTY.by_crowd,
    CERTAINTY.doubt,
    CERTAINTY.doubting,
    BELOW,
)
SHOWN = 0.05
"""From here on a record is shown to a model, unless told otherwise."""

Row: TypeAlias = dict[str, float]


class Column:
    """The records of many questions as arrays; each part of a set weighs the same."""

    def __init__(self, asked: Sequence[Judged]) -> None:
        each = [(one, place) for one in asked for place in range(len(one.answers))]
        self.cosine = np.array([one.cosine for one, _ in each])
        self.crowd = np.array([one.crowd for one, _ in each])
        self.root = np.sqrt([max(one.below[place], 0) for one, place in each])
        self.sure = np.array([one.confidences[place] for one, place in each])
        self.answers = np.array([float(one.answers[place]) for one, place in each])
        self.is_first = np.array([place == 0 for _, place in each])
        self.answerable = np.array([one.answerable for one, _ in each])
        self.source = np.array([one.source for one, _ in each])
        self.part = np.array([one.part for one, _ in each])
        _, codes, counts = np.unique(self.part, return_inverse=True, return_counts=True)
        self.weight = 1 / counts[codes]

    def likely(self, constants: Sequence[float]) -> Values:
        """Return the confidences under other constants, in the order of SHIPPED."""
        return 1 / (1 + np.exp(-self._log_odds(constants)))

    def loss(self, constants: Sequence[float], which: NDArray[np.bool_]) -> float:
        """Return the mean log loss over some of the records."""
        odds = self._log_odds(constants)
        each = np.logaddexp(0, odds) - self.answers * odds
        return float(np.average(each[which], weights=self.weight[which]))

    def _log_odds(self, constants: Sequence[float]) -> Values:
        known, by_cosine, by_crowd, doubt, doubting, below = constants
        plain = known + by_cosine * self.cosine - by_crowd * self.crowd
        best = np.where(plain > doubt, plain, doubt + doubting * (plain - doubt))
        return np.asarray(np.minimum(best, MOST_CERTAIN) - below * self.root)


def left_out(held: Column) -> tuple[Values, dict[str, list[float]]]:
    """Return confidences by constants fitted on all other sets, and the constants by set."""
    from scipy.optimize import minimize

    likely, chosen = np.zeros(len(held.sure)), {}
    for source in sorted(set(held.source.tolist())):
        own = held.source == source
        fitted = minimize(
            lambda values, others=~own: held.loss(values, others),
            SHIPPED,
            method="Nelder-Mead",
            options={"maxiter": 1_000, "xatol": 0.01, "fatol": 1e-6},
        )
        likely[own] = held.likely(fitted.x)[own]
        chosen[source] = fitted.x.tolist()
    return likely, chosen


def reliability(held: Column, likely: Values, which: NDArray[np.bool_]) -> list[Row]:
    """Return for each tenth of confidence its mean and the share of records that answer."""
    tenth = np.minimum((likely * 10).astype(int), 9)
    rows = []
    for number in range(10):
        inside = which & (tenth == number)
        if inside.any():
            weight = held.weight[inside]
            mean = float(np.average(likely[inside], weights=weight))
            share = float(np.average(held.answers[inside], weights=weight))
            found = {"records": int(inside.sum()), "confidence": mean, "answers": share}
            rows.append({"from": number / 10, **found})
    return rows


def parts(held: Column, likely: Values) -> Iterator[tuple[str, Row]]:
    """Yield by part of a set how many of its questions pass, and its distance from the curve."""
    for name in dict.fromkeys(held.part.tolist()):
        own = held.part == name
        first = own & held.is_first
        pairs = reliability(held, likely, own)
        total = sum(row["records"] for row in pairs)
        apart = sum(row["records"] * abs(row["confidence"] - row["answers"]) for row in pairs)
        yield (
            name,
            {
                "questions": int(first.sum()),
                "mean distance": apart / total,
                "answerable passing": _passing(likely[first & held.answerable]),
                "others passing": _passing(likely[first & ~held.answerable]),
            },
        )


def _passing(likely: Values) -> float:
    return float((likely >= SHOWN).mean()) if len(likely) else float("nan")


def separation(held: Column, likely: Values) -> Row:
    """Return by set the AUROC of its answerable questions against all others of it."""
    found = {}
    for source in dict.fromkeys(held.source.tolist()):
        first = (held.source == source) & held.is_first
        right, wrong = likely[first & held.answerable], likely[first & ~held.answerable]
        found[source] = auroc(right, wrong)
    return found


def measured(held: Column, likely: Values) -> dict[str, Any]:
    """Return all figures for some confidences."""
    everything = np.ones(len(likely), bool)
    return {
        "first matches": reliability(held, likely, held.is_first),
        "ten best": reliability(held, likely, everything),
        "parts": dict(parts(held, likely)),
        "AUROC": separation(held, likely),
    }


def tables(title: str, figures: dict[str, Any]) -> list[Table]:
    """Return the curve, and what the sets show one by one."""
    curve = Table("confidence", "matches", "records", "mean", "answers", title=title)
    for name in ("first matches", "ten best"):
        for row in figures[name]:
            tenth = f"{row['from']:.1f} to {row['from'] + 0.1:.1f}"
            shares = (f"{row[one]:.2f}" for one in ("confidence", "answers"))
            curve.add_row(tenth, name, f"{row['records']}", *shares)
        curve.add_section()
    columns = next(iter(figures["parts"].values()))
    single = Table("set", *columns, title=f"{title}: by set; passing from {SHOWN}")
    for name, row in figures["parts"].items():
        single.add_row(name, f"{row['questions']}", *(f"{row[one]:.3f}" for one in list(row)[1:]))
    told = Table("set", "AUROC", title=f"{title}: answerable or not")
    for name, value in figures["AUROC"].items():
        told.add_row(name, f"{value:.3f}")
    return [curve, single, told]


def chart(figures: dict[str, dict[str, Any]]) -> Lines:
    """Return the reliability curves of first matches."""
    curves = {
        name: [(row["confidence"], row["answers"]) for row in one["first matches"]]
        for name, one in figures.items()
    }
    curves["as it should be"] = [(0.0, 0.0), (1.0, 1.0)]
    return Lines("reliability", "confidence", "share that answers", curves)


def asked(options: argparse.Namespace) -> Iterator[Judged]:
    """Ask the questions of every set that is given."""
    judge = Judge()
    yield from of_first_person(judge)
    sets = ((options.locomo, of_locomo), (options.longmemeval, of_longmemeval))
    for file, questions in (*sets, (options.beam, of_beam)):
        if file:
            yield from questions(judge, file)


def main() -> None:
    """Print the curves."""
    parser = arguments(__doc__)
    for name in ("locomo", "longmemeval", "beam"):
        parser.add_argument(f"--{name}", type=Path, help="its JSON file")
    parser.add_argument("--leave-out", action="store_true", help="fit on the other sets as well")
    options = parser.parse_args()
    if options.leave_out and not (options.locomo or options.longmemeval or options.beam):
        parser.error("--leave-out needs a set beside the first-person questions")
    held = Column(list(asked(options)))
    figures = {"as shipped": measured(held, held.sure)}
    if options.leave_out:
        likely, chosen = left_out(held)
        figures["left out"] = {**measured(held, likely), "constants": chosen}
    shown = [table for title, one in figures.items() for table in tables(title, one)]
    publish(options, shown, figures, [chart(figures)])


if __name__ == "__main__":
    main()
