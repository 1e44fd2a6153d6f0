"""Session recall on LongMemEval: is the session found that answers a question?

    python benchmarks/longmemeval.py --data longmemeval_oracle.json

The data is the oracle file of LongMemEval (https://github.com/xiaowu0162/LongMemEval, MIT; not
shipped here). Each turn becomes a record with its session, time and origin. Sessions are ranked by
their best record. Two memories: `pooled`, with the sessions of all questions in one; and
`among 48`, for each question its own sessions beside others drawn at random. At 5: `any` asks for
one of the sessions that hold the answer, `all` for every one. Beside it, in the same run and with
the same vectors: plain dense retrieval and BM25 over the same turns.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from rich.progress import track
from rich.table import Table

import commonplace
from baselines import Bm25, Dense
from commonplace import Memory, Record, Source
from commonplace.values.records import Origin
from embedders import Remembering, add_option
from metrics import Tally
from tables import Bars, arguments, publish

DEPTH = 400
SESSIONS = 48


class Clock:
    """Tells when the question at hand was asked."""

    time = datetime(2023, 1, 1, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.time


def moment(written: str) -> datetime:
    """Read a time such as ``2023/05/28 (Sun) 19:47``."""
    return datetime.strptime(written, "%Y/%m/%d (%a) %H:%M").replace(tzinfo=timezone.utc)


def sessions(samples: Iterable[dict[str, Any]]) -> dict[str, list[Record]]:
    """Return the turns of every session, by the session's id."""
    found: dict[str, list[Record]] = {}
    for sample in samples:
        parts = (
            sample["haystack_session_ids"],
            sample["haystack_dates"],
            sample["haystack_sessions"],
        )
        for name, date, turns in zip(*parts, strict=True):
            found[name] = list(_records(name, moment(date), turns))
    return found


def _records(session: str, began: datetime, turns: list[dict[str, Any]]) -> Iterator[Record]:
    for place, turn in enumerate(turns):
        if turn["content"].strip():
            origin: Origin = "user" if turn["role"] == "user" else "agent"
            yield Record(
                turn["content"],
                kind="message",
                source=Source(session=session, origin=origin),
                created_at=began + timedelta(seconds=place),
            )


class Haystack:
    """The same turns in a memory, as vectors alone, and as words alone."""

    def __init__(self, turns: list[Record], embedder: Remembering, clock: Clock) -> None:
        self._session_of = {record.id: str(record.source.session) for record in turns}
        ids, texts = [record.id for record in turns], [record.text for record in turns]
        self._clock = clock
        self.memory: Memory = commonplace.open(":memory:", embedder=embedder, clock=clock)
        self.memory.remember_many(turns)
        self._baselines = (Dense(ids, texts, embedder), Bm25(ids, texts))

    def rankings(self, query: str, asked: datetime) -> Iterator[tuple[str, list[str]]]:
        """Yield the sessions as each method ranks them."""
        for baseline in self._baselines:
            yield baseline.name, self._sessions(baseline.ranking(query))
        self._clock.time = asked
        matches = self.memory.recall(query, limit=DEPTH)
        yield "Commonplace", self._sessions([match.record.id for match in matches])

    def _sessions(self, ids: Iterable[str]) -> list[str]:
        return list(dict.fromkeys(self._session_of[id] for id in ids))


def add(tallies: dict[str, Tally], haystack: Haystack, sample: dict[str, Any]) -> None:
    """Ask one question of each method."""
    wanted = set(sample["answer_session_ids"])
    for name, found in haystack.rankings(sample["question"], moment(sample["question_date"])):
        hit = wanted & set(found[:5])
        tallies.setdefault(name, Tally()).put("R@5 any", float(bool(hit)))
        tallies[name].put("R@5 all", float(hit == wanted))


def pooled(samples: list[dict[str, Any]], embedder: Remembering) -> dict[str, Tally]:
    """Ask every question of one memory with all sessions."""
    clock, tallies = Clock(), dict[str, Tally]()
    turns = [record for session in sessions(samples).values() for record in session]
    haystack = Haystack(turns, embedder, clock)
    for sample in track(samples, "pooled"):
        add(tallies, haystack, sample)
    return tallies


def among(samples: list[dict[str, Any]], embedder: Remembering, seed: int) -> dict[str, Tally]:
    """Ask each question of a memory of its own sessions and others drawn at random."""
    clock, tallies, known = Clock(), dict[str, Tally](), sessions(samples)
    draw = random.Random(seed)
    for sample in track(samples, f"among {SESSIONS}, seed {seed}"):
        own = set(sample["haystack_session_ids"])
        others = draw.sample(sorted(known.keys() - own), SESSIONS - len(own))
        turns = [record for name in sorted(own | set(others)) for record in known[name]]
        haystack = Haystack(turns, embedder, clock)
        add(tallies, haystack, sample)
        haystack.memory.close()
    return tallies


def main() -> None:
    """Measure what is asked for."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="LongMemEval's oracle file")
    parser.add_argument("--seeds", type=int, default=1, help="how many drawings of 48 sessions")
    add_option(parser)
    options = parser.parse_args()
    samples = json.loads(options.data.read_text(encoding="utf-8"))
    embedder = Remembering(options.embedder)
    runs = {"pooled": pooled(samples, embedder)}
    for seed in range(options.seeds):
        runs[f"among {SESSIONS}, seed {seed}"] = among(samples, embedder, seed)
    figures = {
        run: {name: tally.means() for name, tally in tallies.items()}
        for run, tallies in runs.items()
    }
    title = f"LongMemEval, {len(samples)} questions, {options.embedder}"
    table = Table("", "", *figures["pooled"], title=title)
    for run, means in figures.items():
        for row in ("R@5 any", "R@5 all"):
            table.add_row(run, row, *(f"{one[row]:.3f}" for one in means.values()))
    charts = [Bars(f"LongMemEval, {run}", means) for run, means in figures.items()]
    publish(options, [table], {"embedder": options.embedder, **figures}, charts)


if __name__ == "__main__":
    main()
