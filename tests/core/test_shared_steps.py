"""Several processes on one Chroma, their requests in any order, each killed anywhere.

What is proved: an order of all calls, each within its time, explains every answer. So no answer is
older than an acknowledged write, nothing that was removed or replaced is returned, no write is lost
or doubled, and what one answer says of several records is as of one moment. All agree in the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

import commonplace
from chroma_server import in_this_process
from commonplace import Memory, Record, RecordNotFoundError, StoreError
from commonplace.chroma import commit_log, shared_catalogue
from commonplace.testing import HashingEmbedder
from stepping import Process, SteppedClient, SteppedLines

PROCESSES = 3
STATEMENTS = ("Likes tea", "Lives in Oslo")
WRITES = frozenset({"set", "remember", "forget"})
BREAKS = ("kill", "refuse")
SMALL_BLOCK = 2
"""So few commits close a block: it happens in every run."""


@dataclass(slots=True)
class Call:
    """What was asked, when, and what came of it.

    A call never ended if its process was killed or Chroma refused a request of it: it may have done
    its work or not.
    """

    what: str
    given: Any
    began: int
    ended: int | None = None
    result: Any = None


class State(NamedTuple):
    """What is stored: the ids of statements, and the value of the key.

    The id is empty of a statement whose call never ended: whoever sees it first learns it.
    """

    ids: frozenset[tuple[str, str]] = frozenset()
    value: Any = None


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
        self.refused: set[int] = set()

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
        self.refused.discard(number)
        self.under_way[number] = Call(what, given, self.now())
        self.calls.append(self.under_way[number])
        self.processes[number].start(work)
        self.settle(number)

    def settle(self, number: int) -> None:
        process = self.processes[number]
        if not process.is_busy:
            call = self.under_way.pop(number)
            if isinstance(process.error, StoreError) and number in self.refused:
                return
            if process.error is not None:
                raise process.error
            call.ended, call.result = self.now(), process.result

    numbers = st.integers(0, PROCESSES - 1)
    texts = st.sampled_from(STATEMENTS)

    @rule(number=numbers, what=st.sampled_from(("set", "delete", "remember", "forget")), text=texts)
    def write(self, number: int, what: str, text: str) -> None:
        """Begin a write, if this process has nothing else to do."""
        if number in self.under_way:
            return
        memory = self.memories[number]
        if what == "set":
            self.value += 1
            self.begin(number, "set", self.value, partial(memory.set, "key", self.value))
        elif what == "delete":
            self.begin(number, "set", None, partial(memory.delete, "key"))
        elif what == "remember":
            self.remember(number, text)
        elif known := [call.result for call in self.said(text) if call.ended is not None]:
            self.begin(number, "forget", known[-1], partial(was_there, memory, known[-1]))

    @rule(number=numbers, what=st.sampled_from(("get", "count", "records", "recall")), text=texts)
    def read(self, number: int, what: str, text: str) -> None:
        """Begin a read, if this process has nothing else to do."""
        if number in self.under_way:
            return
        memory = self.memories[number]
        if what == "recall":
            self.recall(number, text)
        elif what == "records":
            self.begin(number, what, None, lambda: [seen(one) for one in memory.records()])
        else:
            work = partial(memory.get, "key") if what == "get" else memory.count
            self.begin(number, what, None, work)

    def ask(self, number: int, what: str) -> None:
        """Begin a call about the key, or the first statement; the last is the one to remember."""
        begin = self.read if what in {"records", "recall"} else self.write
        begin(number, what, STATEMENTS[-1 if what == "remember" else 0])

    def remember(self, number: int, text: str) -> None:
        memory = self.memories[number]
        self.begin(number, "remember", text, lambda: memory.remember(text).id)

    def recall(self, number: int, text: str) -> None:
        memory = self.memories[number]

        def found() -> list[tuple[str, Any]]:
            return [seen(match.record) for match in memory.recall(text)]

        self.begin(number, "recall", text, found)

    @rule(number=numbers, steps=st.integers(1, 12), then=st.sampled_from(("", "", "", *BREAKS)))
    def step(self, number: int, steps: int, then: str) -> None:
        """Go some steps on, and maybe no further."""
        for _ in range(steps):
            if number in self.under_way:
                self.processes[number].step()
                self.settle(number)
        if number in self.under_way and then == "kill":
            self.kill(number)
        elif number in self.under_way and then == "refuse":
            self.refuse(number)

    @rule(number=numbers)
    def go_on_to_its_end(self, number: int) -> None:
        while number in self.under_way:
            self.processes[number].step()
            self.settle(number)

    def refuse(self, number: int) -> None:
        """Whoever goes on working after an error must not take a part for the whole."""
        self.refused.add(number)
        self.processes[number].refuse()
        self.settle(number)

    def kill(self, number: int) -> None:
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
        assert_linearizable(self.calls)
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
            ids = {call.result for call in said if call.ended is not None}
            if ids.isdisjoint(call.given for call in self.calls if call.what == "forget"):
                assert sum(one.mentions for one in stored) in range(acknowledged, len(said) + 1)
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


def was_there(memory: Memory, id: str) -> bool:
    """Forget a record; tell whether there was one."""
    try:
        memory.forget(id)
    except RecordNotFoundError:
        return False
    return True


def seen(record: Record) -> tuple[str, Any]:
    """Return what an answer says of a record: a statement and its id, or the key and its value."""
    if record.key is not None:
        return record.key, record.metadata["value"]
    return record.text, record.id


def assert_linearizable(calls: Sequence[Call]) -> None:
    """Check that all calls have an order that explains them: each in its time."""
    told = [call for call in calls if call.ended is not None or call.what in WRITES]
    assert _is_explained(tuple(told), State(), set()), calls


def _is_explained(left: tuple[Call, ...], state: State, tried: set[Any]) -> bool:
    if (key := (tuple(map(id, left)), state)) in tried:
        return False
    tried.add(key)
    ends = [call.ended for call in left if call.ended is not None]
    firsts = [call for call in left if not ends or call.began < min(ends)]
    nexts = [(call, after) for call in firsts if (after := _after(call, state)) is not None]
    # A read that fits what is stored now may come next: whatever order there is, it is in one.
    fitting = [one for one in nexts if one[0].what not in WRITES and one[1] == state]
    return not ends or any(
        _is_explained(tuple(one for one in left if one is not call), after, tried)
        for call, after in fitting[:1] or nexts
    )


def _after(call: Call, state: State) -> State | None:
    """Return what is stored after a call; None if it cannot have had its result on this."""
    ids, given, is_known = dict(state.ids), call.given, call.ended is not None
    if call.what == "set":
        return state._replace(value=given)
    if call.what == "forget":
        is_there = given in ids.values()
        left = frozenset((text, id) for text, id in ids.items() if id != given)
        return state._replace(ids=left) if call.result in {None, is_there} else None
    if call.what == "remember":
        answered = [(given, call.result)] if is_known else []
        return _learnt(state._replace(ids=frozenset(({given: ""} | ids).items())), answered)
    return _read(call, state) if is_known else state


def _read(call: Call, state: State) -> State | None:
    """Return what is stored with what an answer tells of it; None if it says otherwise."""
    ids = dict(state.ids)
    there = len(ids) + (state.value is not None)
    if call.what in {"get", "count"}:
        return state if call.result == (state.value if call.what == "get" else there) else None
    is_whole = call.what == "recall" or len(call.result) == there
    is_first = [text for text, _ in call.result[:1]] == [call.given]
    is_found = is_first or call.given not in ids
    return _learnt(state, call.result) if is_whole and is_found else None


def _learnt(state: State, answered: Sequence[tuple[str, Any]]) -> State | None:
    """Return what is stored, with the ids that an answer tells; None if it says otherwise."""
    ids, named = dict(state.ids), dict(answered)
    if len(named) < len(answered) or named.pop("key", state.value) != state.value:
        return None
    if any(ids.get(text) not in {"", id} for text, id in named.items()):
        return None
    return state._replace(ids=frozenset((ids | named).items()))


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
        assert_linearizable(processes.calls)
    finally:
        processes.teardown()


@pytest.mark.parametrize("steps", range(1, 4))
def test_after_a_refused_request_nothing_is_taken_for_known(steps: int) -> None:
    """However far it had come to know of what another wrote."""
    processes = Processes()
    try:
        for text in STATEMENTS:
            processes.remember(0, text)
            processes.go_on_to_its_end(0)
            processes.read(1, "records", "")
            processes.step(1, steps, "refuse" if text == STATEMENTS[-1] else "")
            processes.go_on_to_its_end(1)
        processes.read(1, "records", "")
        processes.go_on_to_its_end(1)

        assert {text for text, _ in processes.calls[-1].result} == set(STATEMENTS)
    finally:
        processes.teardown()


@pytest.mark.parametrize("first", ["set", "remember", "forget", "records", "recall"])
@pytest.mark.parametrize("other", ["set", "remember", "forget"])
def test_whoever_is_overtaken_after_any_request_is_explained(first: str, other: str) -> None:
    """One process stops at each place in turn, and another does its work meanwhile."""
    steps = 0
    while overtaken_after(steps, first, other):
        steps += 1
    assert steps > 1


def overtaken_after(steps: int, first: str, other: str) -> bool:
    """Let another process work after so many steps of the first; tell whether it came to that."""
    processes = Processes()
    try:
        processes.remember(0, STATEMENTS[0])
        processes.go_on_to_its_end(0)
        processes.ask(1, "set")
        processes.go_on_to_its_end(1)
        processes.ask(1, first)
        for _ in range(steps):
            processes.step(1, 1, "")
        is_stopped = 1 in processes.under_way
        processes.ask(0, other)
        processes.go_on_to_its_end(0)
        while 1 in processes.under_way:
            processes.step(1, 1, "")
            processes.ask(2, "records")  # which reads the database: what did not count is there
            processes.go_on_to_its_end(2)
        return is_stopped
    finally:
        processes.teardown()
