"""One memory at one size: filled in one process, measured in another that has just opened it."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import TypeAlias

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from commonplace.embedding import MiniLM
from embedders import Staged
from peers import MEMORIES, Peer, silence_telemetry

WORDS = np.array([f"word{number}" for number in range(5_000)])
CHANCES = 1 / np.arange(1, len(WORDS) + 1)
CHANCES /= CHANCES.sum()
QUESTIONS = [f"what did she say of word{number} and word{3 * number}?" for number in range(1, 101)]

BATCH = 1_000
FIRST_RECALLS = 20
IN_USE = 5
"""So many users are asked in turn: their records fit into the default cache at every size."""
ADDS = 30
BULK, BULKS = 64, 5

Figures: TypeAlias = dict[str, list[float]]
"""By name: p50 and p95, or one value."""


def milliseconds(call: Callable[..., object], *given: object) -> float:
    """Return what a call takes."""
    began = time.perf_counter()
    call(*given)
    return 1_000 * (time.perf_counter() - began)


def shares(spent: Sequence[float]) -> list[float]:
    """Return the median and the 95th percentile."""
    return [float(np.median(spent)), float(np.percentile(spent, 95))]


def texts(count: int, seed: int) -> list[str]:
    """Return short texts of random words, the first words far more frequent than the last."""
    drawn = np.random.default_rng(seed).choice(WORDS, size=(count, 15), p=CHANCES)
    return [" ".join(words) for words in drawn]


def user_names(users: int) -> list[str]:
    """Return names of which none is the beginning of another."""
    return [f"user{number:06}" for number in range(users)]


def fill(directory: Path, name: str, records: int, users: int) -> float:
    """Make a store of records spread evenly over users; return records per second."""
    silence_telemetry(directory)
    memory = MEMORIES[name](directory, Staged())
    per_user, spent = records // users, 0.0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn()) as progress:
        task = progress.add_task(f"{name}, {users:,} users", total=records)
        for seed, user in enumerate(user_names(users)):
            given = texts(per_user, seed)
            for start in range(0, per_user, BATCH):
                batch = given[start : start + BATCH]
                spent += milliseconds(memory.add_many, user, batch)
                progress.advance(task, len(batch))
    memory.close()
    return 1_000 * per_user * users / spent


def measure(directory: Path, name: str, users: int) -> Figures:
    """Return what each step takes in a process that has just opened the store, in milliseconds."""
    silence_telemetry(directory)
    with tempfile.TemporaryDirectory() as other:  # imports are not to be measured
        empty = MEMORIES[name](Path(other), Staged())
        empty.add("nobody", "nothing")
        empty.recall("nobody", "nothing")
        empty.close()
    before, embedder = resident_megabytes(), Staged()
    asked = [str(one) for one in user_names(users)[:: max(1, users // FIRST_RECALLS)]]
    began = time.perf_counter()
    memory = MEMORIES[name](directory, embedder)
    memory.recall(asked[0], QUESTIONS[0])
    figures = {"open and first recall": [1_000 * (time.perf_counter() - began)]}
    if asked[1:FIRST_RECALLS]:
        further = asked[1:FIRST_RECALLS]
        spent = [milliseconds(memory.recall, user, QUESTIONS[0]) for user in further]
        figures["first recall of a user"] = shares(spent)
    figures |= store_alone(memory, asked[:IN_USE])
    figures["memory, MB"] = [resident_megabytes() - before]
    model = MiniLM()
    embedder.inner = model
    figures |= with_embedding(memory, asked[:IN_USE], model)
    memory.close()
    return figures


def store_alone(memory: Peer, users: Sequence[str]) -> Figures:
    """Return what remembering and recalling take when the vectors are known."""
    for user in users:
        memory.recall(user, QUESTIONS[0])
    asked = zip(cycle(users), QUESTIONS, strict=False)
    told = zip(cycle(users), texts(ADDS, 1_000_001), strict=False)
    return {
        "recall, store alone": shares([milliseconds(memory.recall, *turn) for turn in asked]),
        "add, store alone": shares([milliseconds(memory.add, *turn) for turn in told]),
    }


def with_embedding(memory: Peer, users: Sequence[str], model: MiniLM) -> Figures:
    """Return the same with the model, each beside the embedding alone of the same text."""
    memory.recall(users[0], "warm")
    found: dict[str, list[float]] = {}
    for what, call, said in (
        ("recall", memory.recall, QUESTIONS),
        ("add", memory.add, texts(ADDS, 1_000_002)),
    ):
        for user, text in zip(cycle(users), said, strict=False):
            alone = milliseconds(model.embed_query, text)
            found.setdefault(f"{what}, embedding alone", []).append(alone)
            found.setdefault(what, []).append(milliseconds(call, user, text))
    return {name: shares(spent) for name, spent in found.items()} | in_bulk(memory, model)


def in_bulk(memory: Peer, model: MiniLM) -> Figures:
    """Return how fast many texts are kept with the model, beside the embedding alone."""
    alone, whole = [], []
    for number in range(BULKS):
        bulk = texts(BULK, 1_000_003 + number)
        alone.append(milliseconds(model.embed_documents, bulk))
        whole.append(milliseconds(memory.add_many, "somebody new", bulk))
    return {
        "bulk add, records/s": [1_000 * BULK / float(np.median(whole))],
        "bulk, embedding alone, texts/s": [1_000 * BULK / float(np.median(alone))],
    }


def resident_megabytes() -> float:
    """Return what this process takes of the machine's memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1024**2
