"""Several processes on one Chroma, their requests in any order, each killed anywhere.

What is proved: no answer is older than an acknowledged write, no acknowledged write is lost or
doubled, and all agree in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

import commonplace
from chroma_server import in_this_process
from commonplace import Memory
from commonplace.chroma import commit_log, shared_catalogue
from commonplace.testing import HashingEmbedder
from stepping import Process, SteppedClient, SteppedLines

PROCESSES = 3
STATEMENTS = ("Likes tea", "Lives in Oslo")
SMALL_BLOCK = 2
"""So few commits close a block: it happens in every run."""


@dataclass(slots=True)
class Call:
    """What was asked, when, and what came of it; a call of a killed process never ended."""

    what: str
    given: Any
    began: int
    ended: int | None = None
    result: Any = None


class Processes(RuleBasedStateMachine):
    """Three processes; the last has no room in memory, so it reads from the database."""

    def __init__(self) -> None:
        super().__init__()
        self.patched = pytest.MonkeyPatch()
        self.patched.setattr(commit_log, "BLOCK", SMALL_BLOCK)
        self.patched.setattr(shared_catalogue, "lines_of", self.lines_of)
        self.client = in_this_process()
        self.calls: list[Call] = []
        self.time = self.value = 0
        self.processes = [Process() for _ in range(PROCESSES)]
        self.memories = [self.opened(number) for number in range(PROCESSES)]
        self.under_way: dict[int, Call] = {}

    def opened(self, number: int) -> Memory:
        client: Any = SteppedClient(self.client, self.processes[number])
        room = 0 if number == PROCESSES - 1 else 2**20
        embedder = HashingEmbedder(8)
        root = commonplace.open(chroma=client, embedder=embedder, cache_bytes=room)
        return root.scope("user", "alice")

    def lines_of(self, client: Any) -> Any:
        """Give all processes but the second what works while it waits for an answer."""
        is_stepped = isinstance(client, SteppedClient)
        has_lines = is_stepped and client._process is not self.processes[1]
        return SteppedLines() if has_lines else None

    def now(self) -> int:
        self.time += 1
        return self.time

    def begin(self, number: int, what: str, given: Any, work: Callable[[], object]) -> None:
        self.under_way[number] = Call(what, given, self.now())
        self.calls.append(self.under_way[number])
        self.processes[number].start(work)
        self.settle(number)

    def settle(self, number: int) -> None:
        process = self.processes[number]
        if not process.is_busy:
            call = self.under_way.pop(number)
            if process.error is not None:
                raise process.error
            call.ended, call.result = self.now(), process.result

    numbers = st.integers(0, PROCESSES - 1)

    @rule(number=numbers)
    def set(self, number: int) -> None:
        if number not in self.under_way:
            self.value += 1
            memory, value = self.memories[number], self.value
            self.begin(number, "set", value, lambda: memory.set("key", value))

    @rule(number=numbers)
    def delete(self, number: int) -> None:
        if number not in self.under_way:
            memory = self.memories[number]
            self.begin(number, "set", None, lambda: memory.delete("key"))

    @rule(number=numbers)
    def get(self, number: int) -> None:
        if number not in self.under_way:
            memory = self.memories[number]
            self.begin(number, "get", None, lambda: memory.get("key"))

    @rule(number=numbers, text=st.sampled_from(STATEMENTS))
    def remember(self, number: int, text: str) -> None:
        if number not in self.under_way:
            memory = self.memories[number]
            self.begin(number, "remember", text, lambda: memory.remember(text).id)

    @rule(number=numbers, text=st.sampled_from(STATEMENTS))
    def recall(self, number: int, text: str) -> None:
        if number not in self.under_way:
            memory = self.memories[number]

            def texts() -> list[str]:
                return [one.record.text for one in memory.recall(text, kind="fact")]

            self.begin(number, "recall", text, texts)

    @rule(number=numbers, steps=st.integers(1, 12))
    def step(self, number: int, steps: int) -> None:
        for _ in range(steps):
            if number in self.under_way:
                self.processes[number].step()
                self.settle(number)

    @rule(number=numbers)
    def go_on_to_its_end(self, number: int) -> None:
        while number in self.under_way:
            self.processes[number].step()
            self.settle(number)

    @rule(number=numbers)
    def kill(self, number: int) -> None:
        if number in self.under_way:
            self.processes[number].kill()
            self.under_way.pop(number)
            self.processes[number] = Process()
            self.memories[number] = self.opened(number)

    def teardown(self) -> None:
        try:
            self.finish()
        finally:
            self.patched.undo()

    def finish(self) -> None:
        while self.under_way:
            for number in list(self.under_way):
                self.processes[number].step()
                self.settle(number)
        self.check_recalls()
        assert_linearizable([call for call in self.calls if call.what in {"set", "get"}])
        fresh = commonplace.open(chroma=self.client, embedder=HashingEmbedder(8)).scope(
            "user", "alice"
        )
        everything = fresh.records()
        for memory in self.memories:
            for process in self.processes:
                assert not process.is_busy
            assert memory.records() == everything
            assert memory.count() == len(everything)
        self.check_statements(everything)
        self.check_history(fresh)

    def said(self, text: str) -> list[Call]:
        return [call for call in self.calls if (call.what, call.given) == ("remember", text)]

    def check_statements(self, records: Sequence[commonplace.Record]) -> None:
        for text in STATEMENTS:
            said = self.said(text)
            acknowledged = sum(call.ended is not None for call in said)
            stored = [one for one in records if one.text == text]
            assert len(stored) <= 1
            assert sum(one.mentions for one in stored) in range(acknowledged, len(said) + 1)
            ids = {call.result for call in said if call.ended is not None}
            assert ids <= {one.id for one in stored}

    def check_history(self, memory: Memory) -> None:
        """Every value that was acknowledged is one version, and no value is two."""
        calls = [call for call in self.calls if call.what == "set"]
        if None in {call.given for call in calls}:
            return  # what is deleted has no history
        present = [one for one in memory.records() if one.key == "key"]
        versions = memory.history(present[0].id) if present else []
        values = [one.metadata["value"] for one in versions]
        assert len(values) == len(set(values))
        assert {call.given for call in calls if call.ended is not None} <= set(values)

    def check_recalls(self) -> None:
        """What was acknowledged before a recall began is found; what nobody said is not."""
        for call in self.calls:
            if call.what == "recall" and call.ended is not None:
                said = [
                    one for one in self.calls if (one.what, one.given) == ("remember", call.given)
                ]
                before = any(one.ended is not None and one.ended < call.began for one in said)
                begun = any(one.began < call.ended for one in said)
                found = call.result.count(call.given)
                assert int(before) <= found <= int(begun), self.calls


def assert_linearizable(calls: Sequence[Call], value: Any = None) -> None:
    """Check that calls of `set` and `get` have an order that explains them: each in its time."""
    assert _is_explained(tuple(calls), value, set()), calls


def _is_explained(left: tuple[Call, ...], value: Any, seen: set[Any]) -> bool:
    state = (tuple(map(id, left)), value)
    if state in seen:
        return False
    seen.add(state)
    ends = [call.ended for call in left if call.ended is not None]
    return not ends or any(
        _is_explained(
            tuple(one for one in left if one is not call),
            call.given if call.what == "set" else value,
            seen,
        )
        for call in left
        if call.began < min(ends) and _is_possible(call, value)
    )


def _is_possible(call: Call, value: Any) -> bool:
    return call.what == "set" or call.ended is None or call.result == value


TestProcesses = Processes.TestCase
TestProcesses.settings = settings(max_examples=12, stateful_step_count=40, deadline=None)


def test_a_recall_finds_what_another_wrote_before_it_began() -> None:
    """Whether its read is carried out before it ranks, or after that."""
    processes = Processes()
    try:
        for text in STATEMENTS:
            for number, do in ((0, processes.recall), (1, processes.remember)) * 2:
                do(number, text)
                processes.go_on_to_its_end(number)
            processes.recall(0, text)
            processes.go_on_to_its_end(0)
        processes.check_recalls()
    finally:
        processes.teardown()
