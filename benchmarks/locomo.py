"""Evidence recall on LoCoMo: how often the turns that answer a question are found.

    python benchmarks/locomo.py --data locomo10.json

The data is LoCoMo's own file (https://github.com/snap-research/locomo, CC BY-NC 4.0; not shipped
here). Each turn becomes a record with its session, time and speaker; each conversation a scope.
Every question that names its evidence is asked, whatever its category. Beside it, in the same run
and with the same vectors: plain dense retrieval and BM25 over the same texts.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from itertools import repeat
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

import commonplace
from baselines import Bm25, Dense
from commonplace import Memory, Record, Source
from commonplace.embedding import MiniLM
from metrics import Tally

EVIDENCE = re.compile(r"D(\d+):(\d+)")
DEPTH = 200


def turns(conversation: dict[str, Any]) -> Iterator[Record]:
    """Yield the turns of a conversation as records."""
    for name in sorted(conversation, key=_session_number):
        if not re.fullmatch(r"session_\d+", name):
            continue
        began = _moment(conversation[f"{name}_date_time"])
        for place, turn in enumerate(conversation[name]):
            yield Record(
                turn["text"],
                kind="message",
                source=Source(agent=turn["speaker"], session=name, origin="user"),
                metadata={"turn": turn["dia_id"]},
                created_at=began + timedelta(seconds=place),
            )


def _session_number(name: str) -> int:
    found = re.search(r"\d+", name)
    return int(found[0]) if found else 0


def _moment(written: str) -> datetime:
    """Read a time such as ``1:56 pm on 8 May, 2023``."""
    return datetime.strptime(written, "%I:%M %p on %d %B, %Y").replace(tzinfo=timezone.utc)


def questions(sample: dict[str, Any]) -> Iterator[tuple[str, set[str]]]:
    """Yield each question with the turns that answer it."""
    known = {record.metadata["turn"] for record in turns(sample["conversation"])}
    for question in sample["qa"]:
        named = {f"D{s}:{t}" for s, t in EVIDENCE.findall(" ".join(question.get("evidence", [])))}
        if named & known:
            yield question["question"], named & known


def session_of(turn: str) -> str:
    """Return the session of a turn such as ``D3:12``."""
    return turn.partition(":")[0]


def ranking(memory: Memory, query: str) -> list[str]:
    """Return the turns that the memory finds, best first."""
    return [match.record.metadata["turn"] for match in memory.recall(query, limit=DEPTH)]


def measured(samples: list[dict[str, Any]]) -> dict[str, Tally]:
    """Ask every question of every method."""
    embedder = MiniLM()
    tallies: dict[str, Tally] = {}
    for sample in track(samples, "conversations"):
        told = list(turns(sample["conversation"]))
        clock = repeat(max(record.created_at for record in told)).__next__
        with commonplace.open(":memory:", embedder=embedder, clock=clock) as memory:
            records = memory.remember_many(told)
            ids = [record.metadata["turn"] for record in records]
            texts = [f"{record.source.agent}: {record.text}" for record in records]
            dense, words = Dense(ids, texts, embedder), Bm25(ids, texts)
            for query, wanted in questions(sample):
                for name, found in (
                    ("plain dense", dense.ranking(query)),
                    ("BM25", words.ranking(query)),
                    ("Commonplace", ranking(memory, query)),
                ):
                    tally = tallies.setdefault(name, Tally())
                    tally.add(found, wanted, prefix="turn")
                    sessions = list(dict.fromkeys(map(session_of, found)))
                    tally.add(sessions, set(map(session_of, wanted)), prefix="session")
    return tallies


def main() -> None:
    """Print a table, and the same as JSON if asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="LoCoMo's JSON file")
    parser.add_argument("--json", type=Path, help="write the figures here as well")
    options = parser.parse_args()
    tallies = measured(json.loads(options.data.read_text(encoding="utf-8")))
    figures = {name: tally.means() for name, tally in tallies.items()}
    asked = len(next(iter(tallies.values())).values["turn MRR"])
    table = Table("", *figures, title=f"LoCoMo, {asked} questions with evidence")
    for row in figures["Commonplace"]:
        table.add_row(row, *(f"{means[row]:.3f}" for means in figures.values()))
    Console().print(table)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
