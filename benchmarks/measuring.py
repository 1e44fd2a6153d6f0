"""One memory in a process of its own, first filled, then asked."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import TypeAlias

import numpy as np

from commonplace.embedding import MiniLM
from embedders import Staged
from peers import MEMORIES, silence_telemetry

WORDS = np.array([f"word{number}" for number in range(5_000)])
CHANCES = 1 / np.arange(1, len(WORDS) + 1)
CHANCES /= CHANCES.sum()
QUESTIONS = [f"what did she say of word{number} and word{3 * number}?" for number in range(1, 101)]

BATCH = 1_000
TURNS = 10
SEVERAL = TURNS + 1
IN_USE = 5
"""So many users are asked in turn: their records fit into the default cache at every size."""
ADDS = 4
BULK = 32
"""Texts added in each turn, one by one and at once."""

Spent: TypeAlias = dict[str, list[float]]
"""Milliseconds, by step."""


def milliseconds(call: Callable[..., object], *given: object) -> float:
    """Return what a call takes."""
    began = time.perf_counter()
    call(*given)
    return 1_000 * (time.perf_counter() - began)


def texts(count: int, seed: int) -> list[str]:
    """Return short texts of random words, the first words far more frequent than the last."""
    drawn = np.random.default_rng(seed).choice(WORDS, size=(count, 15), p=CHANCES)
    return [" ".join(words) for words in drawn]


def user_name(number: int) -> str:
    """Return a name that is the beginning of no other."""
    return f"user{number:06}"


class Filling:
    """A memory that is filled."""

    def __init__(self, directory: Path, name: str) -> None:
        silence_telemetry(directory)
        self._memory = MEMORIES[name](directory, Staged())

    def add(self, users: range, per_user: int) -> float:
        """Add the records of some users; return what it took."""
        spent = 0.0
        for number in users:
            given = texts(per_user, number)
            for start in range(0, per_user, BATCH):
                batch = given[start : start + BATCH]
                spent += milliseconds(self._memory.add_many, user_name(number), batch)
        return spent

    def close(self) -> None:
        """Leave the store."""
        self._memory.close()


class Measuring:
    """A memory that a process opens to be asked. Each method returns milliseconds by step."""

    def __init__(self, directory: Path, name: str, users: int) -> None:
        silence_telemetry(directory)
        with tempfile.TemporaryDirectory() as other:  # imports are not to be measured
            empty = MEMORIES[name](Path(other), Staged())
            empty.add("nobody", "nothing")
            empty.recall("nobody", "nothing")
            empty.close()
        self._before = resident_megabytes()
        self._embedder, self._model = Staged(), MiniLM()
        self._users = [user_name(one) for one in range(0, users, max(1, users // SEVERAL))]
        began = time.perf_counter()
        self._memory = MEMORIES[name](directory, self._embedder)
        self._memory.recall(self._users[0], QUESTIONS[0])
        self._opened = 1_000 * (time.perf_counter() - began)

    def opening(self, _: int) -> Spent:
        """Tell what opening and the first recall took."""
        return {"open and first recall": [self._opened]}

    def first_recall(self, turn: int) -> Spent:
        """Recall of a user of whom nobody has asked before."""
        if turn + 1 >= len(self._users):
            return {}
        spent = milliseconds(self._memory.recall, self._users[turn + 1], QUESTIONS[0])
        return {"first recall of a user": [spent]}

    def store_alone(self, turn: int) -> Spent:
        """Recall and add with vectors that are known."""
        self._warm()
        asked = self._told(QUESTIONS[turn::TURNS])
        added = self._told(texts(ADDS, 1_000_000 + turn))
        return {
            "recall, store alone": [milliseconds(self._memory.recall, *one) for one in asked],
            "add, store alone": [milliseconds(self._memory.add, *one) for one in added],
        }

    def memory(self, _: int) -> Spent:
        """Tell by how many MB the process has grown since before it opened the store."""
        return {"memory, MB": [resident_megabytes() - self._before]}

    def with_model(self, turn: int) -> Spent:
        """Recall and add with the model, each beside the embedding alone of the same text."""
        self._embedder.inner = self._model
        self._model.embed_query("warm")
        self._warm()
        found: Spent = {}
        for what, call, said in (
            ("recall", self._memory.recall, QUESTIONS[turn::TURNS]),
            ("add", self._memory.add, texts(ADDS, 2_000_000 + turn)),
        ):
            for user, text in self._told(said):
                # Another text: the model knows what it was given a moment ago.
                alone = milliseconds(self._model.embed_query, f"so {text}")
                found.setdefault(f"{what}, embedding alone", []).append(alone)
                found.setdefault(what, []).append(milliseconds(call, user, text))
        return found

    def bulk(self, turn: int) -> Spent:
        """Add many at once with the model, beside the embedding alone; per text."""
        given = texts(BULK, 3_000_000 + turn)
        alone = milliseconds(self._model.embed_documents, given)
        whole = milliseconds(self._memory.add_many, "somebody-new", given)
        return {"bulk add, a text": [whole / BULK], "bulk, embedding alone": [alone / BULK]}

    def close(self) -> None:
        """Leave the store."""
        self._memory.close()

    def _told(self, said: Sequence[str]) -> list[tuple[str, str]]:
        return list(zip(cycle(self._users[:IN_USE]), said, strict=False))

    def _warm(self) -> None:
        for user in self._users[:IN_USE]:
            self._memory.recall(user, QUESTIONS[0])


def resident_megabytes() -> float:
    """Return what this process takes of the machine's memory."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1024**2
