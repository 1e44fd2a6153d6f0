"""Questions whose matches are judged: does this record answer, and how sure is recall of it?

Every set puts a part of its questions to a memory that cannot answer them: that of another
conversation, one session of it, or what the set itself says has no answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import numpy as np

import commonplace
import first_person
import locomo
import longmemeval
from beam import messages
from commonplace import Memory, Record
from commonplace.recall.confidence import competition
from embedders import Remembering

DEEPEST = 10
COMPETING = 40
"""So many of the best tell how many compete: records farther below add nothing."""

IdOf: TypeAlias = Callable[[Record], object]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The ten best records for one question of a part of a set, best first."""

    part: str
    answerable: bool
    cosine: float
    crowd: float
    below: list[float]
    confidences: list[float]
    answers: list[bool]

    @property
    def source(self) -> str:
        """The data set that the part is of."""
        return self.part.partition(",")[0]


class Judge:
    """Asks memories of one embedder."""

    def __init__(self) -> None:
        self._embedder = Remembering()

    def memory(self, records: Sequence[Record], asked: datetime | None = None) -> Memory:
        """Return a memory of these records, asked at this time or right after the last."""
        clock = repeat(asked or max(record.created_at for record in records)).__next__
        memory = commonplace.open(":memory:", embedder=self._embedder, clock=clock)
        memory.remember_many(records)
        return memory

    def ask(
        self, part: str, memory: Memory, query: str, wanted: Collection[object], id_of: IdOf
    ) -> Judged:
        """Ask a question of a memory; `wanted` are the ids of the records that answer."""
        found = memory.explain(query, limit=COMPETING).found
        relevance = np.array([one.relevance for one in found], np.float32)
        best = found[:DEEPEST]
        return Judged(
            part,
            bool(wanted),
            max(one.signals["semantic"] for one in found),
            competition(relevance),
            (relevance.max() - relevance[:DEEPEST]).tolist(),
            [float(one.confidence or 0) for one in best],
            [id_of(one.record) in wanted for one in best],
        )


def of_first_person(judge: Judge) -> Iterator[Judged]:
    """Yield the first-person questions; a third of them has no answer."""
    for line in first_person.USERS.read_text(encoding="utf-8").splitlines():
        user = json.loads(line)
        facts = [Record(one["text"], metadata={"id": one["id"]}) for one in user["facts"]]
        with judge.memory(facts) as memory:
            for one in user["questions"]:
                yield judge.ask("first person", memory, one["text"], one["answers"], _named("id"))


def of_locomo(judge: Judge, file: Path) -> Iterator[Judged]:
    """Yield the questions put to their conversation, to another, and to single sessions."""
    samples, id_of = _read(file), _named("turn")
    told = [list(locomo.turns(sample["conversation"])) for sample in samples]
    memories = [judge.memory(one) for one in told]
    for number, sample in enumerate(samples):
        sessions = _by_session(judge, told[number])
        other = memories[(number + 1) % len(samples)]
        for place, (query, wanted) in enumerate(locomo.questions(sample)):
            yield judge.ask("LoCoMo", memories[number], query, wanted, id_of)
            if place % 3 == 0:
                yield judge.ask("LoCoMo, another conversation", other, query, (), id_of)
            yield from _in_sessions(judge, sessions, query, wanted, place)


def _by_session(judge: Judge, told: Sequence[Record]) -> dict[str, Memory]:
    sessions: dict[str, list[Record]] = {}
    for record in told:
        sessions.setdefault(str(record.source.session), []).append(record)
    return {name: judge.memory(records) for name, records in sessions.items()}


def _in_sessions(
    judge: Judge, sessions: dict[str, Memory], query: str, wanted: set[str], place: int
) -> Iterator[Judged]:
    """Yield every second question put to the session that answers, and half of those to another."""
    named = {f"session_{locomo.session_of(turn)[1:]}" for turn in wanted}
    if len(named) > 1 or place % 2 or not named <= sessions.keys():
        return
    (own,), part, id_of = named, "LoCoMo, one session", _named("turn")
    yield judge.ask(part, sessions[own], query, wanted, id_of)
    if place % 4 == 0:
        other = Random(place).choice(sorted(sessions.keys() - named))
        yield judge.ask(part, sessions[other], query, (), id_of)


def of_longmemeval(judge: Judge, file: Path) -> Iterator[Judged]:
    """Yield the questions put to their own sessions, and every second to those of another."""
    samples = _read(file)
    turns = longmemeval.sessions(samples)
    for number, sample in enumerate(samples):
        at, query = longmemeval.moment(sample["question_date"]), sample["question"]
        wanted = _turns_that_answer(sample)
        others = samples[(number + 1) % len(samples)]["haystack_session_ids"]
        asked = [("LongMemEval", sample["haystack_session_ids"], wanted)]
        if number % 2 == 0:
            asked.append(("LongMemEval, another's sessions", others, set()))
        for part, sessions, answers in asked:
            records = [record for name in sessions for record in turns[name]]
            with judge.memory(records, at) as memory:
                yield judge.ask(part, memory, query, answers, _session_and_text)


def _turns_that_answer(sample: dict[str, Any]) -> set[object]:
    """Return the session and text of each; none for a question that has no answer."""
    if "_abs" in sample["question_id"]:
        return set()
    sessions = zip(sample["haystack_session_ids"], sample["haystack_sessions"], strict=True)
    return {
        (name, turn["content"])
        for name, turns in sessions
        for turn in turns
        if turn.get("has_answer")
    }


def of_beam(judge: Judge, file: Path) -> Iterator[Judged]:
    """Yield the questions put to their chat, and every second to another."""
    chats, id_of = _read(file), _named("message")
    memories = [judge.memory(list(messages(chat))) for chat in chats]
    for number, chat in enumerate(chats):
        other = memories[(number + 1) % len(chats)]
        for place, one in enumerate(chat["questions"]):
            wanted = set(one["evidence"])
            yield judge.ask("BEAM", memories[number], one["question"], wanted, id_of)
            if place % 2 == 0:
                yield judge.ask("BEAM, another chat", other, one["question"], (), id_of)


def _read(file: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _named(name: str) -> IdOf:
    return lambda record: record.metadata[name]


def _session_and_text(record: Record) -> object:
    return record.source.session, record.text
