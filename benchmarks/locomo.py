"""Evidence recall on LoCoMo: how often the turns that answer a question are found.

    python benchmarks/locomo.py --data locomo10.json
    python benchmarks/locomo.py --data locomo10.json --chat-before 80
    python benchmarks/locomo.py --data locomo10.json --ablation
    python benchmarks/locomo.py --data locomo10.json --embedder multilingual

The data is LoCoMo's own file (https://github.com/snap-research/locomo, CC BY-NC 4.0; not shipped
here). Each turn becomes a record with its session, time and speaker; each conversation a scope.
Every question that names its evidence is asked, whatever its category. Beside it, in the same run
and with the same vectors: plain dense retrieval and BM25 over the same texts, and a hybrid of the
two (RRF). The second table leaves out the questions of category 5, whose answer is not in the
conversation as asked. `--chat-before` puts so many tokens of another conversation before each
question, as in a long message. `--ablation` asks what each part of the ranking adds: the whole,
and the whole without one of them.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from itertools import repeat
from pathlib import Path
from typing import Any, TypeAlias

from rich.progress import track
from rich.table import Table

import commonplace
from ablation import Ablated
from baselines import Bm25, Dense, Hybrid
from commonplace import Memory, Record, Source
from commonplace.ports import Embedder
from embedders import Remembering, add_option
from metrics import Tally
from tables import Bars, arguments, publish

EVIDENCE = re.compile(r"D(\d+):(\d+)")
DEPTH = 200
ABLATION_COLUMNS = ("turn recall@5", "turn recall@10", "turn MRR", "session recall@10")

CHARACTERS_OF_TOKEN = 4
UNANSWERABLE = 5
"""The category of questions whose answer is not in the conversation as asked."""

Figures: TypeAlias = dict[str, dict[str, float]]
"""By method and name."""
Rankings: TypeAlias = Iterator[tuple[str, list[str]]]
"""The turns as each method ranks them, under its name."""


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
    for query, wanted, _ in categorised(sample):
        yield query, wanted


def categorised(sample: dict[str, Any]) -> Iterator[tuple[str, set[str], int]]:
    """Yield each question with the turns that answer it, and its category."""
    known = {record.metadata["turn"] for record in turns(sample["conversation"])}
    for question in sample["qa"]:
        named = {f"D{s}:{t}" for s, t in EVIDENCE.findall(" ".join(question.get("evidence", [])))}
        if named & known:
            yield question["question"], named & known, question["category"]


def chat_of(sample: dict[str, Any], tokens: int, place: int) -> str:
    """Return about so many tokens of a conversation, from another place for each question."""
    if not tokens:
        return ""
    lines = [f"{record.source.agent}: {record.text}" for record in turns(sample["conversation"])]
    start = 7 * place % len(lines)
    return "\n".join([*lines[start:], *lines])[: tokens * CHARACTERS_OF_TOKEN] + "\n"


def session_of(turn: str) -> str:
    """Return the session of a turn such as ``D3:12``."""
    return turn.partition(":")[0]


def ranking(memory: Memory, query: str) -> list[str]:
    """Return the turns that the memory finds, best first."""
    return [match.record.metadata["turn"] for match in memory.recall(query, limit=DEPTH)]


def methods(records: list[Record], memory: Memory, embedder: Embedder) -> Callable[[str], Rankings]:
    """Return what ranks the turns for a question: two baselines and the memory."""
    ids = [record.metadata["turn"] for record in records]
    texts = [f"{record.source.agent}: {record.text}" for record in records]
    baselines = Dense(ids, texts, embedder), Bm25(ids, texts)
    hybrid = Hybrid(baselines)

    def ranked(query: str) -> Rankings:
        for baseline in (*baselines, hybrid):
            yield baseline.name, baseline.ranking(query)
        yield "Commonplace", ranking(memory, query)

    return ranked


def ablations(
    records: list[Record], memory: Memory, embedder: Embedder
) -> Callable[[str], Rankings]:
    """Return what ranks the turns for a question: the memory, and its ranking without each part."""
    ablated = Ablated(records, embedder)

    def ranked(query: str) -> Rankings:
        yield "Commonplace", ranking(memory, query)
        for name, found in ablated.rankings(query):
            yield name, [record.metadata["turn"] for record in found]

    return ranked


def measured(
    samples: list[dict[str, Any]],
    methods: Callable[[list[Record], Memory, Embedder], Callable[[str], Rankings]],
    options: argparse.Namespace,
) -> tuple[dict[str, Tally], dict[str, Tally]]:
    """Ask every question of every method; return the tallies of all, and without category 5."""
    embedder = Remembering(options.embedder)
    every, answerable = dict[str, Tally](), dict[str, Tally]()
    for number, sample in enumerate(track(samples, "conversations")):
        told = list(turns(sample["conversation"]))
        clock = repeat(max(record.created_at for record in told)).__next__
        with commonplace.open(":memory:", embedder=embedder, clock=clock) as memory:
            ranked = methods(memory.remember_many(told), memory, embedder)
            other = samples[(number + 1) % len(samples)]
            for place, (query, wanted, category) in enumerate(categorised(sample)):
                for name, found in ranked(chat_of(other, options.chat_before, place) + query):
                    add(every, name, found, wanted)
                    if category != UNANSWERABLE:
                        add(answerable, name, found, wanted)
    return every, answerable


def add(tallies: dict[str, Tally], name: str, found: list[str], wanted: set[str]) -> None:
    """Take in what a method found for one question."""
    tally = tallies.setdefault(name, Tally())
    tally.add(found, wanted, prefix="turn")
    sessions = list(dict.fromkeys(map(session_of, found)))
    tally.add(sessions, set(map(session_of, wanted)), prefix="session")


def by_figure(figures: Figures, title: str) -> tuple[Table, Bars]:
    """Return a row for each figure, a column for each method."""
    table = Table("", *figures, title=title)
    for row in figures["Commonplace"]:
        table.add_row(row, *(f"{means[row]:.3f}" for means in figures.values()))
    return table, Bars(title, figures)


def by_method(figures: Figures, title: str) -> tuple[Table, Bars]:
    """Return a row for each method, and bars of the first figure."""
    table = Table("", *ABLATION_COLUMNS, title=title)
    for name, means in figures.items():
        table.add_row(name, *(f"{means[column]:.3f}" for column in ABLATION_COLUMNS))
    first = ABLATION_COLUMNS[0]
    return table, Bars(first, {first: {name: means[first] for name, means in figures.items()}})


def main() -> None:
    """Measure what is asked for."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="LoCoMo's JSON file")
    parser.add_argument("--ablation", action="store_true", help="what each part of recall adds")
    parser.add_argument("--chat-before", type=int, default=0, metavar="TOKENS")
    add_option(parser)
    options = parser.parse_args()
    samples = json.loads(options.data.read_text(encoding="utf-8"))
    how = ablations if options.ablation else methods
    every, answerable = measured(samples, how, options)
    shown = [_shown(every, "", options), _shown(answerable, " without category 5", options)]
    figures = {name: tally.means() for name, tally in every.items()}
    without = {name: tally.means() for name, tally in answerable.items()}
    publish(
        options,
        [table for table, _ in shown],
        {"embedder": options.embedder, **figures, "without category 5": without},
        [shown[0][1]],
    )


def _shown(
    tallies: dict[str, Tally], which: str, options: argparse.Namespace
) -> tuple[Table, Bars]:
    figures = {name: tally.means() for name, tally in tallies.items()}
    asked = len(tallies["Commonplace"].values["turn MRR"])
    title = f"LoCoMo{which}, {asked} questions, {options.embedder}"
    if options.chat_before:
        title += f", {options.chat_before} tokens of chat before each"
    return (by_method if options.ablation else by_figure)(figures, title)


if __name__ == "__main__":
    main()
