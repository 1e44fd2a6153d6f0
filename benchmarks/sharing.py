"""What sharing a directory costs: latency through its server, and writes of many processes.

    python benchmarks/sharing.py --json sharing.json

Latency: the same calls on one memory in this process and through the directory's background
server, taken in turns. Throughput: so many processes write one record after another, through our
server and into `chroma run`, Chroma's own server, in turns as well; first with vectors that are
there already, which shows the servers, then with the default embedder, in our server and in
Chroma's clients. The median of several rounds, since other work on the machine comes and goes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table
from tenacity import retry, stop_after_delay, wait_fixed

import commonplace
from commonplace import Memory
from commonplace.files.ownership import owner_of
from commonplace.ports import Vectors
from measuring import milliseconds, texts

DIMENSION = 384
START_SECONDS = 120.0


class KnownVectors:
    """Gives each text a vector drawn once and for all: embedding costs nothing."""

    name = "known"

    def __init__(self) -> None:
        drawn = np.random.default_rng(0).normal(size=(4_096, DIMENSION))
        self._vectors = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        places = [crc32(text.encode()) % len(self._vectors) for text in texts]
        return np.asarray(self._vectors[places])

    def embed_query(self, text: str) -> Vectors:
        vector: Vectors = self.embed_documents([text])[0]
        return vector


def embedder(name: str) -> KnownVectors | None:
    """Return what the clients embed with; None leaves it to the server."""
    return KnownVectors() if name == "known" else None


@contextmanager
def shared(directory: Path, embedder: object = None) -> Iterator[Memory]:
    """Open a directory through its background server, and end that afterwards."""
    with commonplace.open(directory, shared=True, embedder=embedder) as memory:
        yield memory
        owner = owner_of(directory)
        assert owner is not None
        os.kill(owner.pid, signal.SIGTERM)
    wait_for_the_end_of(owner.pid)


@retry(stop=stop_after_delay(START_SECONDS), wait=wait_fixed(0.05))
def wait_for_the_end_of(server: int) -> None:
    """Wait until a server has left its directory, which is about to be removed."""
    assert not Path(f"/proc/{server}").exists()


def latencies(directory: Path, calls: int) -> dict[str, dict[str, tuple[float, float]]]:
    """Return p50 and p95 in ms of each verb, in this process and through the server."""
    model = KnownVectors()
    sentences = texts(3 * calls, 1)
    with (
        commonplace.open(directory / "own", embedder=model) as own,
        shared(directory / "shared", model) as joined,
    ):
        memories = {"in process": own, "through the server": joined}
        for memory in memories.values():
            memory.remember_many(texts(1_000, 2))
            memory.recall("word7")
        return {
            verb: in_turns(memories, call, sentences[number * calls : (number + 1) * calls])
            for number, (verb, call) in enumerate(VERBS.items())
        }


VERBS: dict[str, Callable[[Memory, str], object]] = {
    "remember": lambda memory, text: memory.remember(text, kind="event"),
    "recall": lambda memory, text: memory.recall(text[:40]),
    "get": lambda memory, text: memory.get(text[:20]),
}


def in_turns(
    memories: dict[str, Memory], call: Callable[[Memory, str], object], sentences: list[str]
) -> dict[str, tuple[float, float]]:
    """Return p50 and p95 in ms of a call on each memory: a busy moment is one for all."""
    spent: dict[str, list[float]] = {name: [] for name in memories}
    for text in sentences:
        for name, memory in memories.items():
            spent[name].append(milliseconds(call, memory, text))
    return {
        name: (float(np.median(one)), float(np.percentile(one, 95))) for name, one in spent.items()
    }


@dataclass(frozen=True)
class Load:
    """What the writers write: each so many records, in one scope of all or one of its own."""

    model: str
    scopes: str
    writers: int
    writes: int

    def __str__(self) -> str:
        return f"{self.writers} writers, {self.scopes} scope, {self.model}"

    def user(self, writer: int) -> str:
        return "all" if self.scopes == "one" else str(writer)


def write_ours(directory: str, load: Load, writer: int, *, go: Any, ready: Any) -> None:
    """Write records one by one into a shared memory, once told to."""
    sentences = texts(load.writes, writer)
    with commonplace.open(directory, shared=True, embedder=embedder(load.model)) as memory:
        own = memory.scope("user", load.user(writer))
        own.count()
        ready.release()
        go.wait()
        for number, text in enumerate(sentences):
            own.remember(f"{text} {number}", kind="event")


def write_chroma(port: int, load: Load, writer: int, *, go: Any, ready: Any) -> None:
    """Add records one by one to a collection of Chroma's server, once told to."""
    import chromadb
    from chromadb.config import Settings

    from commonplace.embedding import MiniLM

    sentences = texts(load.writes, writer)
    client = chromadb.HttpClient("127.0.0.1", port, settings=Settings(anonymized_telemetry=False))
    collection = client.get_or_create_collection(
        "raw", embedding_function=None, configuration={"hnsw": {"space": "cosine"}}
    )
    used = embedder(load.model) or MiniLM()
    used.embed_query("warm")
    ready.release()
    go.wait()
    for number, text in enumerate(sentences):
        document = f"{text} {number}"
        collection.add(
            ids=[f"{writer}-{number}"],
            embeddings=used.embed_documents([document]),
            documents=[document],
            metadatas=[{"user": load.user(writer)}],
        )


def written_per_second(write: Callable[..., None], place: object, load: Load) -> float:
    """Return how many records the writers write in a second, started together."""
    spawning = multiprocessing.get_context("spawn")
    go, ready = spawning.Event(), spawning.Semaphore(0)
    processes = [
        spawning.Process(
            target=write, args=(place, load, writer), kwargs={"go": go, "ready": ready}
        )
        for writer in range(load.writers)
    ]
    for process in processes:
        process.start()
    for _ in processes:
        assert ready.acquire(timeout=START_SECONDS), "a writer did not start"
    began = time.perf_counter()
    go.set()
    for process in processes:
        process.join()
        assert process.exitcode == 0, "a writer failed"
    return load.writers * load.writes / (time.perf_counter() - began)


@contextmanager
def chroma_process(directory: Path) -> Iterator[tuple[int, int]]:
    """Run Chroma's own server; give its port and the id of its process."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    chroma = Path(sys.executable).with_name("chroma")
    server = subprocess.Popen(  # noqa: S603  # the program that chromadb installs
        [chroma, "run", "--path", directory, "--port", str(port)], stdout=subprocess.DEVNULL
    )
    try:
        wait_for(port)
        yield port, server.pid
    finally:
        server.terminate()
        server.wait()


@contextmanager
def chroma_server(directory: Path) -> Iterator[int]:
    """Run Chroma's own server and give its port."""
    with chroma_process(directory) as (port, _):
        yield port


@retry(stop=stop_after_delay(START_SECONDS), wait=wait_fixed(0.05), reraise=True)
def wait_for(port: int) -> None:
    """Return once somebody listens on the port."""
    socket.create_connection(("127.0.0.1", port)).close()


def throughputs(load: Load) -> dict[str, float]:
    """Return the records per second of one round, ours and Chroma's."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        with shared(directory / "shared", embedder(load.model)) as memory:
            memory.remember("warm")
            ours = written_per_second(write_ours, str(directory / "shared"), load)
            assert memory.count() == load.writers * load.writes + 1
        with chroma_server(directory / "raw") as port:
            theirs = written_per_second(write_chroma, port, load)
    return {"Commonplace": ours, "chroma run": theirs}


def shown(results: dict[str, Any]) -> Iterator[Table]:
    """Yield the results as tables."""
    latency = Table("p50 / p95, ms", "in process", "through the server", "more, p50")
    for verb, spent in results["latency"].items():
        own, joined = spent["in process"], spent["through the server"]
        latency.add_row(
            verb,
            *(f"{p50:.1f} / {p95:.1f}" for p50, p95 in (own, joined)),
            f"{joined[0] - own[0]:.1f}",
        )
    yield latency
    rate = Table("writes per second", "Commonplace", "chroma run", "times")
    for load, rounds in results["throughput"].items():
        ours, theirs = (
            float(np.median([one[name] for one in rounds]))
            for name in ("Commonplace", "chroma run")
        )
        times = float(np.median([one["Commonplace"] / one["chroma run"] for one in rounds]))
        rate.add_row(load, f"{ours:.0f}", f"{theirs:.0f}", f"{times:.1f}")
    yield rate


def main() -> None:
    """Measure, and print two tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--writes", type=int, default=100, help="of each writer")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", nargs="*", default=["known", "MiniLM"])
    parser.add_argument("--scopes", nargs="+", default=["one", "own"], choices=["one", "own"])
    parser.add_argument("--json", type=Path, help="write all figures here")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        latency = latencies(Path(directory), options.calls) if options.calls else {}
    loads = [
        Load(model, scopes, options.writers, options.writes)
        for model in options.models
        for scopes in options.scopes
    ]
    throughput = {
        str(load): [throughputs(load) for _ in track(range(options.rounds), str(load))]
        for load in loads
    }
    results = {"latency": latency, "throughput": throughput}
    for table in shown(results):
        Console().print(table)
    if options.json:
        options.json.write_text(json.dumps({**vars(options), "json": None, **results}, indent=1))


if __name__ == "__main__":
    main()
