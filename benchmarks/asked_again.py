"""Evidence recall in a memory in use: each question was asked before, and answered with nothing.

    python benchmarks/asked_again.py --data locomo10.json
    python benchmarks/asked_again.py --data locomo10.json --questions 40 --k 0 8
    python benchmarks/asked_again.py --adapters

The data is LoCoMo's own file (see locomo.py). Each question that names its evidence was asked `k`
times before it is measured, each time in a session of its own, in several wordings, and answered
with one of two dozen replies that tell nothing, in several languages. Both are stored as the
adapters store them: as messages of the user and of the agent. R@5 and R@10 are the shares of
evidence turns among the first 5 and 10; `first is an echo` is the share of questions whose first
match is an earlier question or an empty answer.

Beside it, in the same run and with the same vectors: plain dense retrieval, BM25, and those of
LangGraph's store and mem0 that are installed (`--beside` without a name leaves them out). mem0
adds its texts one by one: with it, ask some questions only. `--adapters` needs no data: it does
the same on a small invented set through agents of LangChain, CrewAI and AutoGen.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from rich.progress import track
from rich.table import Table

import commonplace
from asked_agents import through_agents
from askings import DEEPEST, ask, asked_before
from baselines import Bm25, Dense
from commonplace import Record
from embedders import Remembering
from locomo import questions, turns
from metrics import Tally
from peers import LangGraphInMemory, Mem0Chroma, Peer, silence_telemetry
from tables import Chart, Lines, arguments, publish

ROUNDS = (0, 1, 2, 4, 8)
OTHERS: dict[str, tuple[type[Peer], str]] = {
    "langgraph": (LangGraphInMemory, "langgraph"),
    "mem0": (Mem0Chroma, "mem0"),
}
"""The memories that are measured beside this one, and the package that each needs."""

COLUMNS = ("R@5", "R@10", "first is an echo")


class Contender:
    """A memory that is told records, and ranks their ids for a query."""

    def tell(self, records: Sequence[Record]) -> None:
        """Keep these beside what was told before."""
        raise NotImplementedError

    def ranking(self, query: str) -> list[str]:
        """Return the ids of the records found, best first."""
        raise NotImplementedError


class Ours(Contender):
    """Commonplace, in memory; its clock stands at the latest record."""

    def __init__(self, embedder: Remembering) -> None:
        self._latest: datetime | None = None
        self.memory = commonplace.open(":memory:", embedder=embedder, clock=self._clock)

    def _clock(self) -> datetime:
        assert self._latest is not None, "nothing was told yet"
        return self._latest

    def tell(self, records: Sequence[Record]) -> None:
        self._latest = max(record.created_at for record in records)
        self.memory.remember_many(records)

    def ranking(self, query: str) -> list[str]:
        return [match.record.id for match in self.memory.recall(query, limit=DEEPEST)]


class Rebuilt(Contender):
    """A baseline, which is built anew when more was told."""

    def __init__(self, build: Callable[[list[str], list[str]], Dense | Bm25]) -> None:
        self._build = build
        self._told: list[Record] = []

    def tell(self, records: Sequence[Record]) -> None:
        self._told += records
        ids = [record.id for record in self._told]
        self._built = self._build(ids, [spoken(record) for record in self._told])

    def ranking(self, query: str) -> list[str]:
        return self._built.ranking(query)[:DEEPEST]


class Other(Contender):
    """A memory of another project, which returns texts: an id is told by its text."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._ids: dict[str, str] = {}

    def tell(self, records: Sequence[Record]) -> None:
        for record in records:
            self._ids.setdefault(spoken(record), record.id)
        self._peer.add_many("user", [spoken(record) for record in records])

    def ranking(self, query: str) -> list[str]:
        return [self._ids[text] for text in self._peer.recall("user", query, DEEPEST)]


def spoken(record: Record) -> str:
    """Return what was said with who said it, if that is known."""
    return f"{record.speaker}: {record.text}" if record.speaker else record.text


def contenders(
    embedder: Remembering, others: Sequence[str], closing: ExitStack
) -> dict[str, Contender]:
    """Return the memories to be told, empty, by name."""
    ours = Ours(embedder)
    closing.callback(ours.memory.close)
    found: dict[str, Contender] = {
        "Commonplace": ours,
        Dense.name: Rebuilt(lambda ids, texts: Dense(ids, texts, embedder)),
        Bm25.name: Rebuilt(Bm25),
    }
    for name in others:
        peer = OTHERS[name][0](Path(closing.enter_context(_directory())), embedder)
        closing.callback(peer.close)
        found[peer.name] = Other(peer)
    return found


def _directory() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


def measured(
    samples: list[dict[str, Any]], rounds: Sequence[int], most: int | None, others: Sequence[str]
) -> dict[int, dict[str, Tally]]:
    """Ask the questions of each conversation after so many rounds of asking, of every memory."""
    embedder = Remembering()
    tallies: dict[int, dict[str, Tally]] = {k: {} for k in rounds}
    for sample in track(samples, "conversations"):
        told = list(turns(sample["conversation"]))
        asked = list(_some(list(questions(sample)), most))
        ids = {record.metadata["turn"]: record.id for record in told}
        wanted = [(query, {ids[turn] for turn in evidence}) for query, evidence in asked]
        with ExitStack() as closing:
            memories = contenders(embedder, others, closing)
            for k, records in _stages(told, [query for query, _ in asked], rounds):
                for name, memory in memories.items():
                    memory.tell(records)
                    tally = tallies[k].setdefault(name, Tally())
                    ask(memory.ranking, wanted, set(ids.values()), tally)
    return tallies


def _some(every: list[Any], most: int | None) -> list[Any]:
    """Return so many of a list, spread evenly over it."""
    if most is None or most >= len(every):
        return every
    return [every[place * len(every) // most] for place in range(most)]


def _stages(
    told: list[Record], asked: list[str], rounds: Sequence[int]
) -> Iterator[tuple[int, list[Record]]]:
    """Yield each number of rounds, and what is told since the one before."""
    start, done = max(record.created_at for record in told), 0
    records = told
    for k in rounds:
        records = [*records, *asked_before(asked, range(done + 1, k + 1), start)]
        yield k, records
        records, done = [], k


def table(figures: dict[int, dict[str, dict[str, float]]], title: str) -> Table:
    """Return a row for each number of rounds and each memory."""
    shown = Table("asked before", "memory", *COLUMNS, title=title)
    for k, by_name in figures.items():
        for name, means in by_name.items():
            shown.add_row(str(k), name, *(f"{means[column]:.3f}" for column in COLUMNS))
        shown.add_section()
    return shown


def charts(figures: dict[int, dict[str, dict[str, float]]]) -> list[Chart]:
    """Return recall at 5 by how often a question was asked before."""
    names = next(iter(figures.values()))
    points = {
        name: [(float(k), by_name[name]["R@5"]) for k, by_name in figures.items()] for name in names
    }
    return [Lines("a memory in use", "asked before", "recall at 5", points)]


def main() -> None:
    """Measure what is asked for."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, help="LoCoMo's JSON file")
    parser.add_argument("--questions", type=int, help="at most so many of each conversation")
    parser.add_argument("--k", type=int, nargs="+", default=ROUNDS, help="how often asked before")
    parser.add_argument("--beside", nargs="*", choices=list(OTHERS), help="default: the installed")
    parser.add_argument("--adapters", action="store_true", help="through agents, on a small set")
    options = parser.parse_args()
    if not (options.data or options.adapters):
        parser.error("--data or --adapters says what to measure")
    rounds = sorted(set(options.k))
    with _directory() as directory:
        silence_telemetry(Path(directory))
        tallies = through_agents(rounds) if options.adapters else _on_locomo(options, rounds)
    figures = {
        k: {name: tally.means() for name, tally in by_name.items()}
        for k, by_name in tallies.items()
    }
    title = "asked again, " + ("through agents" if options.adapters else "on LoCoMo")
    publish(options, [table(figures, title)], figures, charts(figures))


def _on_locomo(options: argparse.Namespace, rounds: list[int]) -> dict[int, dict[str, Tally]]:
    installed = [name for name, (_, package) in OTHERS.items() if find_spec(package)]
    others = installed if options.beside is None else options.beside
    samples = json.loads(options.data.read_text(encoding="utf-8"))
    return measured(samples, rounds, options.questions, others)


if __name__ == "__main__":
    main()
