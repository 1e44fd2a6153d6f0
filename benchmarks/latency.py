"""What remembering and recalling cost, as a store grows: p50 and p95 in milliseconds.

    python benchmarks/latency.py --records 10000 --users 10 100 1000

A store is filled with short records of random words, spread evenly over its users, under random
vectors (which cost a search what real ones do). Then, with the default embedder: the embedding of
a query alone; `recall` in scopes in use, and the first in a scope that is not; the same question
to one raw Chroma collection with a filter on the user; `remember`, beside an embedding and a raw
`add` of Chroma. All in one run, so that a busy machine is busy for all of them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
from chromadb.config import Settings
from rich.console import Console
from rich.progress import track
from rich.table import Table

import commonplace
from commonplace import Memory
from commonplace.embedding import MiniLM
from commonplace.ports import Vectors

WORDS = [f"word{number}" for number in range(5_000)]
FREQUENCIES = 1 / np.arange(1, len(WORDS) + 1)
QUESTIONS = [f"what did she say of word{number} and word{3 * number}?" for number in range(1, 60)]


class RandomDocuments:
    """Gives documents random vectors, and embeds questions with the default embedder."""

    name = "random"

    def __init__(self, model: MiniLM) -> None:
        self._model = model
        self._random = np.random.default_rng(0)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        vectors = self._random.normal(size=(len(texts), self._model.dimension))
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)

    def embed_query(self, text: str) -> Vectors:
        return self._model.embed_query(text)


def milliseconds(calls: Sequence[Callable[[], object]]) -> tuple[float, float]:
    """Return the median and the 95th percentile of what the calls take."""
    spent = []
    for call in calls:
        began = time.perf_counter()
        call()
        spent.append(1_000 * (time.perf_counter() - began))
    return float(np.median(spent)), float(np.percentile(spent, 95))


def texts(count: int, seed: int) -> list[str]:
    """Return short texts of random words, the first words far more frequent than the last."""
    random = np.random.default_rng(seed)
    chances = FREQUENCIES / FREQUENCIES.sum()
    drawn = random.choice(WORDS, size=(count, 15), p=chances)
    return [" ".join(words) for words in drawn]


def filled(directory: Path, embedder: RandomDocuments, users: int, per_user: int) -> Memory:
    """Return a store of so many records."""
    memory = commonplace.open(directory, embedder=embedder)
    for user in track(range(users), f"{users * per_user:,} records of {users:,} users"):
        memory.scope("user", str(user)).remember_many(texts(per_user, user))
    return memory


def raw(directory: Path, embedder: RandomDocuments, users: int, per_user: int) -> Any:
    """Return one Chroma collection of the same records, as memories on Chroma keep them."""
    client = chromadb.PersistentClient(directory, settings=Settings(anonymized_telemetry=False))
    collection = client.create_collection(
        "raw", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )
    for user in track(range(users), "the same in raw Chroma"):
        collection.add(
            ids=[f"{user}-{number}" for number in range(per_user)],
            embeddings=embedder.embed_documents(range(per_user)),  # type: ignore[arg-type]  # only counted
            documents=texts(per_user, user),
            metadatas=[{"user": str(user)}] * per_user,
        )
    return collection


def measured(directory: Path, records: int, users: int) -> dict[str, tuple[float, float]]:
    """Return what each step takes in a store of so many records."""
    model = MiniLM()
    embedder = RandomDocuments(model)
    per_user = records // users
    filled(directory / "ours", embedder, users, per_user).close()
    collection = raw(directory / "raw", embedder, users, per_user)
    with commonplace.open(directory / "ours", embedder=embedder) as memory:
        asked = [memory.scope("user", str(n % min(users, 20))) for n in range(len(QUESTIONS))]
        model.embed_query("warm")
        steps = {
            "first recall in a scope": [
                lambda one=one: one.recall("word7") for one in asked[: min(users, 20)]
            ],
            "embedding a query": [lambda q=q: model.embed_query(q) for q in QUESTIONS],
            "recall": [
                lambda q=q, one=one: one.recall(q) for q, one in zip(QUESTIONS, asked, strict=True)
            ],
            "raw Chroma, filtered query": [
                lambda q=q, n=n: collection.query(
                    query_embeddings=model.embed_query(q)[None],
                    n_results=8,
                    where={"user": str(n % min(users, 20))},
                )
                for n, q in enumerate(QUESTIONS)
            ],
            "remember": [
                lambda q=q, one=one: (model.embed_query(q), one.remember(q))
                for q, one in zip(QUESTIONS, asked, strict=True)
            ],
            "embedding and raw add": [
                lambda q=q: collection.add(
                    ids=[q],
                    embeddings=model.embed_query(q)[None],
                    documents=[q],
                    metadatas=[{"user": "0"}],
                )
                for q in QUESTIONS
            ],
        }
        return {name: milliseconds(calls) for name, calls in steps.items()}  # type: ignore[arg-type]  # no arguments are left to give


def main() -> None:
    """Print a table with a column for each number of users."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--users", type=int, nargs="+", default=[10, 100])
    options = parser.parse_args()
    columns: dict[int, dict[str, tuple[float, float]]] = {}
    for users in options.users:
        with tempfile.TemporaryDirectory() as directory:
            columns[users] = measured(Path(directory), options.records, users)
    table = Table("p50 / p95, ms", *(f"{users:,} users" for users in columns))
    table.title = f"{options.records:,} records"
    for step in next(iter(columns.values())):
        cells = [column[step] for column in columns.values()]
        table.add_row(step, *(f"{p50:.1f} / {p95:.1f}" for p50, p95 in cells))
    Console().print(table)


if __name__ == "__main__":
    main()
