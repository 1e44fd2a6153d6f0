"""Evidence recall on BEAM: are the messages found that answer a question about long chats?

    python benchmarks/beam.py --data beam.json

BEAM (https://github.com/mohammadtavakoli78/BEAM; not shipped here) holds long chats of users with
an assistant, whose answers are far longer than what the users say. The file that this reads is a
list of chats in a plain form: `messages` with id, role, text, session and time, and `questions`
with question, category and evidence, which are ids of messages. All messages of a chat are one
memory, with their sessions, roles and times. Beside it, in the same run and with the same
vectors: plain dense retrieval, BM25, and a hybrid of the two (RRF).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import repeat
from pathlib import Path
from typing import Any

from rich.progress import track
from rich.table import Table

import commonplace
from baselines import Bm25, Dense, Hybrid
from commonplace import Record, Source
from commonplace.adapting import message_record
from commonplace.values.records import Origin
from embedders import Remembering, add_option
from locomo import DEPTH, by_figure
from metrics import Tally
from tables import arguments, publish

Tallies = dict[str, Tally]


def messages(chat: dict[str, Any]) -> Iterator[Record]:
    """Yield the messages of a chat as records, as the adapters make them."""
    for message in chat["messages"]:
        origin: Origin = "user" if message["role"] == "user" else "agent"
        record = message_record(
            message["text"],
            source=Source(session=message["session"], origin=origin),
            message_id=message["id"],
            created_at=datetime.fromisoformat(message["time"]),
        )
        if record is not None:
            yield replace(record, metadata={"message": message["id"]})


def measured(chats: list[dict[str, Any]], model: str) -> tuple[Tallies, dict[str, Tallies]]:
    """Ask every question of every method; return the tallies of all, and by category."""
    embedder = Remembering(model)
    every: Tallies = {}
    by_category: dict[str, Tallies] = {}
    for chat in track(chats, "chats"):
        for question, name, found in rankings(chat, embedder):
            wanted = set(question["evidence"])
            for tallies in (every, by_category.setdefault(question["category"], {})):
                tallies.setdefault(name, Tally()).add(found, wanted, prefix="message")
    return every, by_category


def rankings(
    chat: dict[str, Any], embedder: Remembering
) -> Iterator[tuple[dict[str, Any], str, list[str]]]:
    """Yield each question with each method's name and the messages as it ranks them."""
    told = list(messages(chat))
    ids, texts = [str(one.metadata["message"]) for one in told], [one.text for one in told]
    baselines = Dense(ids, texts, embedder), Bm25(ids, texts)
    clock = repeat(max(record.created_at for record in told)).__next__
    with commonplace.open(":memory:", embedder=embedder, clock=clock) as memory:
        memory.remember_many(told)
        for question in (one for one in chat["questions"] if one["evidence"]):
            query = question["question"]
            for baseline in (*baselines, Hybrid(baselines)):
                yield question, baseline.name, baseline.ranking(query)
            matches = memory.recall(query, limit=DEPTH)
            yield question, "Commonplace", [str(one.record.metadata["message"]) for one in matches]


def categories(figures: dict[str, dict[str, dict[str, float]]]) -> Table:
    """Return the recall at 10 of each method by category."""
    names = next(iter(figures.values()))
    table = Table("recall@10", *names, title="by category")
    for category, means in sorted(figures.items()):
        table.add_row(category, *(f"{means[name]['message recall@10']:.3f}" for name in names))
    return table


def main() -> None:
    """Print recall over all questions, and by category."""
    parser = arguments(__doc__)
    parser.add_argument("--data", type=Path, required=True, help="chats in the form above")
    add_option(parser)
    options = parser.parse_args()
    chats = json.loads(options.data.read_text(encoding="utf-8"))
    every, by_category = measured(chats, options.embedder)
    figures = means(every)
    by_name = {category: means(tallies) for category, tallies in by_category.items()}
    asked = len(every["Commonplace"].values["message MRR"])
    title = f"BEAM, {asked} questions with evidence, {options.embedder}"
    table, chart = by_figure(figures, title)
    written = {"embedder": options.embedder, **figures, "by category": by_name}
    publish(options, [table, categories(by_name)], written, [chart])


def means(tallies: Tallies) -> dict[str, dict[str, float]]:
    """Return the means of each tally."""
    return {name: tally.means() for name, tally in tallies.items()}


if __name__ == "__main__":
    main()
