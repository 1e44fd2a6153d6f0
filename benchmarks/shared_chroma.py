"""What verbs cost on a Chroma server that others write to as well, beside Chroma's own requests.

    python benchmarks/shared_chroma.py --records 10 1000 20000 --before ../main/core

One user has so many records in a database of `chroma run`; vectors are known beforehand. A build
before, whose `core` folder is given, and raw Chroma have databases of their own on the same server,
and are asked by turns, a little at a time. *Raw query* is Chroma's own, of a collection that holds
nothing else; *filtered* is one of the same records by the user's name, as it has to be where users
share a collection. Each verb also tells how many requests it makes. With `--delay` an
answer can be read no sooner than so many milliseconds after its request was sent, as on a network.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TypeAlias
from uuid import uuid4

import chromadb
import numpy as np
from chromadb.config import Settings
from httpcore._backends.sync import SyncStream
from rich.progress import track
from rich.table import Table

import commonplace
from embedders import KnownVectors
from measuring import QUESTIONS, texts
from sharing import chroma_server
from tables import arguments, publish

HERE = "127.0.0.1"
REQUEST = re.compile(rb"(?m)^(?:GET|POST|PUT|DELETE) \S+ HTTP/1\.1\r$")
TURNS = 40
CALLS = {"recall_after": 1, "recall": 2, "count": 2, "get": 2, "remember": 1, "set": 1}
RAW = {"query_after": 1, "query": 2, "filtered": 1, "get": 2, "add": 1}
BESIDE = {
    "recall": "query",
    "recall_after": "query_after",
    "count": "get",
    "get": "get",
    "remember": "add",
    "set": "add",
}
"""Beside which of Chroma's own requests each verb is measured; *after* is right after writes."""

Spent: TypeAlias = dict[str, list[float]]


class Asked:
    """One way to keep records in a database, asked by name."""

    def __init__(self, port: int, delay: float) -> None:
        self.client = client_of(port, f"db-{uuid4().hex[:12]}")
        self._sent = far_away(delay / 1_000)

    def timed(self, name: str, times: int) -> dict[str, Any]:
        """Call it so often; return milliseconds, and requests a call."""
        before, spent = self._sent(), []
        for _ in range(times):
            began = time.perf_counter()
            getattr(self, name)()
            spent.append(1_000 * (time.perf_counter() - began))
        return {"spent": spent, "requests": (self._sent() - before) / times}


def far_away(delay: float) -> Callable[[], int]:
    """Have the answers of this process's requests take so many seconds more; count requests."""
    read, write = SyncStream.read, SyncStream.write
    sent_at: dict[int, float] = {}
    requests = [0]

    def later(stream: SyncStream, most: int, timeout: float | None = None) -> bytes:
        left = sent_at.get(id(stream), 0) + delay - time.perf_counter()
        if left > 0:
            time.sleep(left)  # the network that is measured
        return read(stream, most, timeout)

    def noted(stream: SyncStream, given: bytes, timeout: float | None = None) -> None:
        write(stream, given, timeout)
        sent_at[id(stream)] = time.perf_counter()
        requests[0] += len(REQUEST.findall(given))

    SyncStream.read, SyncStream.write = later, noted  # type: ignore[assignment]  # for this process
    return lambda: requests[0]


class Memories(Asked):
    """The verbs of a memory."""

    def __init__(self, port: int, delay: float, records: int) -> None:
        super().__init__(port, delay)
        opened = commonplace.open(chroma=self.client, embedder=KnownVectors())
        self._alice = opened.scope("user", "alice")
        self._alice.remember_many(texts(records, 0))
        self._alice.set("colour", "green")
        self._number = 0
        self._alice.recall(QUESTIONS[0])

    def recall(self) -> None:
        self._number += 1
        self._alice.recall(QUESTIONS[self._number % len(QUESTIONS)])

    recall_after = recall

    def count(self) -> None:
        self._alice.count()

    def get(self) -> None:
        self._alice.get("colour")

    def remember(self) -> None:
        self._number += 1
        self._alice.remember(f"thing {self._number} of {uuid4()}")

    def set(self) -> None:
        self._number += 1
        self._alice.set("colour", self._number)


class Raw(Asked):
    """Chroma's own requests, on rows like those of a memory."""

    def __init__(self, port: int, delay: float, records: int) -> None:
        super().__init__(port, delay)
        self._collection = self.client.create_collection(
            "raw",
            embedding_function=None,
            configuration={"hnsw": {"space": "cosine", "sync_threshold": 100}},
        )
        self._embedder, self._number = KnownVectors(), 0
        given = texts(records, 0)
        for start in range(0, records, 300):
            self._add(given[start : start + 300])
        self.query()

    def query(self) -> None:
        self._collection.query(query_embeddings=[self._vector()], n_results=8)

    query_after = query

    def filtered(self) -> None:
        here = {"user": "alice"}
        self._collection.query(query_embeddings=[self._vector()], n_results=8, where=here)

    def get(self) -> None:
        self._collection.get(ids=["0"])

    def add(self) -> None:
        self._add([f"thing {self._number} of {uuid4()}"])

    def _vector(self) -> Any:
        self._number += 1
        return self._embedder.embed_query(QUESTIONS[self._number % len(QUESTIONS)])

    def _add(self, given: list[str]) -> None:
        ids = [str(self._number + place) for place in range(len(given))]
        self._number += len(given)
        said = {"user": "alice", "record": "x" * 300}
        self._collection.add(
            ids=ids,
            embeddings=list(self._embedder.embed_documents(given)),
            documents=given,
            metadatas=[said] * len(given),
        )


def client_of(port: int, database: str) -> Any:
    """Return a client of a new database."""
    quiet = Settings(
        anonymized_telemetry=False,
        chroma_api_impl="chromadb.api.fastapi.FastAPI",
        chroma_server_host=HERE,
        chroma_server_http_port=port,
    )
    chromadb.AdminClient(quiet).create_database(database)
    quiet = Settings(anonymized_telemetry=False)
    return chromadb.HttpClient(HERE, port, settings=quiet, database=database)


def work(name: str, port: int, delay: float, records: int) -> None:
    """Be one process: answer each line with what it asks for."""
    kinds: Mapping[str, Callable[[int, float, int], Asked]] = {"raw": Raw}
    asked = kinds.get(name, Memories)(port, delay, records)
    for line in sys.stdin:
        step, times = line.split()
        sys.stdout.write(json.dumps(asked.timed(step, int(times))) + "\n")
        sys.stdout.flush()


@contextmanager
def worker(
    name: str, core: Path | None, port: int, delay: float, records: int
) -> Iterator[Callable[[str, int], Any]]:
    """Start a process with its records in place; give what asks it."""
    command = [sys.executable, __file__, "--work", name, str(port), str(delay), str(records)]
    environment = {**os.environ, **({"PYTHONPATH": str(core)} if core else {})}
    with subprocess.Popen(  # noqa: S603  # this file
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        writing, reading = process.stdin, process.stdout

        def ask(step: str, times: int) -> Any:
            writing.write(f"{step} {times}\n")
            writing.flush()
            return json.loads(reading.readline())

        yield ask
        writing.close()


def measured(port: int, before: Path | None, records: int, delay: float) -> dict[str, Any]:
    """Return milliseconds and requests of each step of each way, at one size."""
    found: dict[str, Any] = {}
    with ExitStack() as closing:
        ways = {"raw": None, "now": None, **({"before": before} if before else {})}
        workers = {
            name: closing.enter_context(worker(name, core, port, delay, records))
            for name, core in ways.items()
        }
        for ask in workers.values():
            ask("get", 1)
        for turn in track(range(TURNS), f"{records:,} records, {delay:g} ms"):
            for name, ask in workers.items():
                if name == "before" and turn % 4:
                    continue  # it takes long
                for step, times in (RAW if name == "raw" else CALLS).items():
                    answer = ask(step, times)
                    known = found.setdefault(f"{name} {step}", {"spent": [], "requests": []})
                    known["spent"] += answer["spent"]
                    known["requests"].append(answer["requests"])
    return found


def table(found: Mapping[str, Any], records: int, delay: float) -> Table:
    """Return the figures of one size: p50 and p95, and how many times Chroma's own request."""
    added = f", {delay:g} ms added" if delay else ""
    made = Table("p50 / p95, ms", "Chroma itself", "before", "now", "now : Chroma", "requests")
    made.title = f"{records:,} records{added}"
    for verb, raw in BESIDE.items():
        cells = [
            found.get(f"{way} {step}")
            for way, step in (("raw", raw), ("before", verb), ("now", verb))
        ]
        written = [_written(cell["spent"]) if cell else "-" for cell in cells]
        now, beside = found[f"now {verb}"], found[f"raw {raw}"]
        ratio = np.median(now["spent"]) / np.median(beside["spent"])
        made.add_row(
            f"{verb}, {raw}".replace("_", " "),
            *written,
            f"{ratio:.2f}",
            f"{np.mean(now['requests']):.2g}",
        )
    made.add_row("filtered query", _written(found["raw filtered"]["spent"]), "", "", "", "")
    return made


def _written(spent: list[float]) -> str:
    return " / ".join(f"{np.percentile(spent, share):.1f}" for share in (50, 95))


def main() -> None:
    """Measure at each size, and with each delay."""
    if "--work" in sys.argv:
        name, *given = sys.argv[2:]
        work(name, int(given[0]), float(given[1]), int(given[2]))
        return
    parser = arguments(__doc__)
    parser.add_argument("--records", type=int, nargs="+", default=[10, 1_000, 20_000])
    parser.add_argument("--delay", type=float, nargs="+", default=[0.0])
    parser.add_argument("--before", type=Path, help="the core folder of the build before")
    options: argparse.Namespace = parser.parse_args()
    figures, tables = {}, []
    with tempfile.TemporaryDirectory() as directory, chroma_server(Path(directory)) as port:
        for records in options.records:
            for delay in options.delay:
                found = measured(port, options.before, records, delay)
                figures[f"{records} {delay:g}"] = found
                tables.append(table(found, records, delay))
    publish(options, tables, figures, [])


if __name__ == "__main__":
    main()
