"""Our LangGraph store beside InMemoryStore, SqliteStore and langchain-chroma, in one run.

    python benchmarks/langgraph_store.py [--items 1000 100000] [--rounds 30]

Each step is done on all stores in turn, so that a noisy machine troubles all alike. All have the
same vectors, computed before. SqliteStore needs a Python whose sqlite3 loads extensions.

    python benchmarks/langgraph_store.py --items 100000 --rounds 9 --place ./filled

fills the stores in that folder, or measures those that a former run filled there. InMemoryStore,
which lasts no longer than a run, is left out.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from langchain_core.embeddings import Embeddings
from langgraph.store.base import BaseStore, PutOp
from langgraph.store.memory import InMemoryStore
from langgraph.store.sqlite import SqliteStore

import commonplace
from commonplace_langchain import MemoryStore

DIMENSION = 384
NS = ("notes", "ann")
WORDS = [f"word{number}" for number in range(5_000)]
BATCH = 500


class Staged(Embeddings):
    """Vectors that cost nothing: of each text the same, and of no meaning."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        made = np.random.default_rng(crc32(text.encode())).standard_normal(DIMENSION)
        vector: list[float] = (made / np.linalg.norm(made)).astype(np.float32).tolist()
        return vector


class Chroma:
    """langchain-chroma, as far as it has what a store has."""

    def __init__(self, directory: Path) -> None:
        import langchain_chroma

        self._kept = langchain_chroma.Chroma(
            "items", Staged(), persist_directory=str(directory / "chroma")
        )

    def put_all(self, items: Sequence[tuple[str, dict[str, Any]]]) -> None:
        texts, keys = [value["text"] for _, value in items], [key for key, _ in items]
        self._kept.add_texts(texts, [{"n": value["n"]} for _, value in items], ids=keys)

    def get(self, key: str) -> object:
        return self._kept.get_by_ids([key])

    def listed(self) -> object:
        return self._kept.get(limit=10)

    def filtered(self, least: int) -> object:
        return self._kept.get(where={"n": {"$gte": least}}, limit=10)

    def search(self, query: str) -> object:
        return self._kept.similarity_search_with_score(query, k=10)


class Store:
    """A LangGraph store."""

    def __init__(self, store: BaseStore) -> None:
        self._store = store

    def put_all(self, items: Sequence[tuple[str, dict[str, Any]]]) -> None:
        self._store.batch([PutOp(NS, key, value) for key, value in items])

    def get(self, key: str) -> object:
        return self._store.get(NS, key)

    def listed(self) -> object:
        return self._store.search(NS, limit=10)

    def filtered(self, least: int) -> object:
        return self._store.search(NS, filter={"n": {"$gte": least}}, limit=10)

    def search(self, query: str) -> object:
        return self._store.search(NS, query=query, limit=10)


def items(count: int) -> list[tuple[str, dict[str, Any]]]:
    """Return items of twelve random words each, the first words far more frequent."""
    chances = 1 / np.arange(1, len(WORDS) + 1)
    drawn = np.random.default_rng(7).choice(WORDS, (count, 12), p=chances / chances.sum())
    return [(f"key{n}", {"text": " ".join(words), "n": n}) for n, words in enumerate(drawn)]


@contextmanager
def stores(kept: Path | None) -> Iterator[dict[str, Any]]:
    """Yield the stores in a folder that is kept, or in one for this run."""
    with ExitStack() as closing:
        place = kept or Path(closing.enter_context(tempfile.TemporaryDirectory()))
        place.mkdir(exist_ok=True)
        index: Any = {"dims": DIMENSION, "embed": Staged(), "fields": ["text"]}
        sqlite_index: Any = {**index, "text_fields": ["text"]}
        sqlite: Any = closing.enter_context(
            SqliteStore.from_conn_string(str(place / "sqlite"), index=sqlite_index)
        )
        sqlite.setup()
        memory = closing.enter_context(
            commonplace.open(place / "ours", embedder=Staged(), cache_bytes=2**31)
        )
        passing = {} if kept else {"InMemoryStore": Store(InMemoryStore(index=index))}
        yield {
            "SqliteStore": Store(sqlite),
            **passing,
            "langchain-chroma": Chroma(place),
            "MemoryStore": Store(MemoryStore(memory, fields=["text"])),
        }


def milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return 1_000 * (time.perf_counter() - began)


def measure(opened: dict[str, Any], count: int, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Return milliseconds by step and store."""
    given = items(count + rounds)
    spent: dict[str, dict[str, list[float]]] = {}

    def step(name: str, act: Callable[[Any], object]) -> None:
        for store, one in opened.items():
            spent.setdefault(name, {}).setdefault(store, []).append(milliseconds(lambda: act(one)))  # noqa: B023  # called at once

    is_filled = opened["SqliteStore"].get(f"key{count - 1}") is not None
    for start in range(0, 0 if is_filled else count, BATCH):
        batch = given[start : min(start + BATCH, count)]
        step(f"put {BATCH}", lambda one: one.put_all(batch))  # noqa: B023  # called at once
        if start % 10_000 == 0:
            print(f"{start + len(batch):,} put", file=sys.stderr)
    for one in opened.values():  # the first search reads a store that was written
        one.search("word1")
        one.listed()
    for turn in range(rounds):
        new, key = given[count + turn], f"key{turn * 7 % count}"
        step("put one", lambda one: one.put_all([new]))  # noqa: B023  # as above
        step("get", lambda one: one.get(key))  # noqa: B023  # as above
        step("search, no query", lambda one: one.listed())
        step("search, filter", lambda one: one.filtered(count - 50))
        step("search, query", lambda one: one.search(f"word{turn} word{3 * turn}"))  # noqa: B023  # as above
    return spent


def report(count: int, spent: dict[str, dict[str, list[float]]]) -> None:
    print(f"\n{count:,} items: p50 / p95 in ms, and p50 as a multiple of SqliteStore's")
    for step, by_store in spent.items():
        print(f"  {step}")
        base = float(np.median(by_store["SqliteStore"]))
        for store, times in by_store.items():
            p50, p95 = np.percentile(times, [50, 95])
            print(f"    {store:17} {p50:9.2f} / {p95:9.2f}   {p50 / base:6.2f} x")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, nargs="+", default=[1_000, 100_000])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--place", type=Path, help="a folder that keeps the stores of one size")
    given = parser.parse_args()
    for count in given.items:
        with stores(given.place) as opened:
            report(count, measure(opened, count, given.rounds))


if __name__ == "__main__":
    main()
