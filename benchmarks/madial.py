"""Recall on MADial-Bench: are the memories found that fit a dialogue, asked with all of it?

    python benchmarks/madial.py --data madial-zh.json

MADial-Bench (https://github.com/hejunqing/MADial-Bench, MIT; not shipped here) tells which memories
of a user an assistant should come to think of at a turn of a dialogue. The file that this reads
is a plain form of one user: `memories` by id, with time and text, and `dialogues` with `turns`
(speaker and text) up to that turn and the ids of the `memories` that fit. The query is the whole
beginning of the dialogue. `any@5` asks for one of the memories among the first five. Beside it, in
the same run: plain dense retrieval with the same vectors, BM25 over characters and pairs of
characters, and a hybrid of the two (RRF).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timezone
from itertools import repeat
from pathlib import Path
from typing import Any

import commonplace
from baselines import CharacterBm25, Dense, Hybrid
from commonplace import Record
from embedders import Remembering, add_option
from locomo import DEPTH, by_figure
from metrics import Tally, recall_at
from tables import arguments, publish


def records(memories: dict[str, dict[str, str]]) -> Iterator[Record]:
    """Yield a user's memories as records."""
    for id, memory in memories.items():
        at = datetime.fromisoformat(memory["time"]).replace(tzinfo=timezone.utc)
        yield Record(memory["text"], kind="event", metadata={"id": id}, created_at=at)


def beginning(dialogue: dict[str, Any]) -> str:
    """Return what was said so far."""
    return "\n".join(f"{turn['speaker']}: {turn['text']}" for turn in dialogue["turns"])


def rankings(data: dict[str, Any], model: str) -> Iterator[tuple[set[str], str, list[str]]]:
    """Yield what is wanted with each method's name and the memories as it ranks them."""
    embedder, told = Remembering(model), list(records(data["memories"]))
    ids, texts = [str(one.metadata["id"]) for one in told], [one.text for one in told]
    baselines = Dense(ids, texts, embedder), CharacterBm25(ids, texts)
    clock = repeat(max(record.created_at for record in told)).__next__
    with commonplace.open(":memory:", embedder=embedder, clock=clock) as memory:
        memory.remember_many(told)
        for dialogue in data["dialogues"]:
            query, wanted = beginning(dialogue), set(dialogue["memories"])
            for baseline in (*baselines, Hybrid(baselines)):
                yield wanted, baseline.name, baseline.ranking(query)
            matches = memory.recall(query, limit=DEPTH)
            yield wanted, "Commonplace", [str(one.record.metadata["id"]) for one in matches]


def main() -> None:
    """Print how often the memories are found."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="one user in the form above")
    add_option(parser)
    options = parser.parse_args()
    data = json.loads(options.data.read_text(encoding="utf-8"))
    tallies: dict[str, Tally] = {}
    for wanted, name, found in rankings(data, options.embedder):
        tally = tallies.setdefault(name, Tally())
        tally.put("any@5", float(not wanted.isdisjoint(found[:5])))
        tally.put("R@5", recall_at(found, wanted, 5))
        tally.put("R@10", recall_at(found, wanted, 10))
    figures = {name: tally.means() for name, tally in tallies.items()}
    asked = len(tallies["Commonplace"].values["R@5"])
    table, chart = by_figure(figures, f"MADial-Bench, {asked} dialogues, {options.embedder}")
    publish(options, [table], {"embedder": options.embedder, **figures}, [chart])


if __name__ == "__main__":
    main()
