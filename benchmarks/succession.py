"""Does a later fact come before the earlier one that it replaces, and before no other?

    python benchmarks/succession.py

Each case has two short facts, eight others and a question about the present. Where the later fact
gives the thing asked about a new value it should come first; where it only looks like that, the
earlier should. `shown` is the share of new values that are in the context. The set `own` was there
when the rules were made; `first` and `second` were written by others without a look at them; each
look-alike of `third` has the words of a change in it. To measure another build, put its `core` in
front: `PYTHONPATH=/path/to/core`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from itertools import groupby
from pathlib import Path
from typing import Any

from rich.table import Table

import commonplace
from commonplace import Record
from commonplace.embedding import MiniLM
from metrics import Tally
from tables import Bars, arguments, publish

CASES = Path(__file__).parent / "data" / "succession.jsonl"
EARLIER = datetime(2026, 3, 1, tzinfo=timezone.utc)
OTHERS = (
    "The grocery store closes at nine",
    "I have two brothers",
    "My favourite film is Alien",
    "The printer is out of toner",
    "Lunch on Mondays is at noon",
    "My dog is called Rex",
    "I studied physics in Graz",
    "I like hiking in autumn",
)


@dataclass(frozen=True, slots=True)
class Found:
    """Which of the two facts stands first, and whether the later is shown."""

    later_first: bool
    shown: bool


def asked(case: dict[str, Any], embedder: MiniLM) -> Found:
    """Keep both facts among others, and ask."""
    told = [(case["old"], 0), (case["new"], 20), *((other, 1) for other in OTHERS)]
    records = [Record(text, created_at=EARLIER + timedelta(days=day)) for text, day in told]
    with commonplace.open(
        ":memory:", embedder=embedder, clock=lambda: EARLIER + timedelta(days=60)
    ) as memory:
        memory.remember_many(records)
        texts = [match.record.text for match in memory.recall(case["question"], limit=10)]
        shown = case["new"] in memory.context(case["question"])
    ranks = [texts.index(case[one]) if case[one] in texts else len(texts) for one in ("new", "old")]
    return Found(ranks[0] < ranks[1], shown)


def tallies(cases: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, float]]]:
    """Yield the figures of each set and language."""
    embedder = MiniLM()
    for name, group in groupby(cases, lambda case: f"{case['set']}, {case['language']}"):
        tally = Tally()
        for case in group:
            found = asked(case, embedder)
            if case["replaces"]:
                tally.put("replaced, later first", float(found.later_first))
                tally.put("shown", float(found.shown))
            else:
                tally.put("not replaced, later first", float(found.later_first))
        yield name, tally.means()


def main() -> None:
    """Measure every set by language."""
    options = arguments(__doc__).parse_args()
    lines = CASES.read_text(encoding="utf-8").splitlines()
    order = {"own": 0, "first": 1, "second": 2, "third": 3}
    cases = [json.loads(line) for line in lines]
    cases.sort(key=lambda case: (order[case["set"]], case["language"]))
    figures = dict(tallies(cases))
    columns = ("replaced, later first", "shown", "not replaced, later first")
    table = Table("set", *columns, title=f"{len(cases)} pairs of facts")
    for name, means in figures.items():
        table.add_row(name, *(f"{means[column]:.2f}" for column in columns))
    publish(options, [table], figures, [Bars("which fact stands first", figures)])


if __name__ == "__main__":
    main()
