"""A memory on Chroma behaves as one in memory does, whatever is done to both."""

from __future__ import annotations

import tempfile
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
)

import commonplace
from clock import Clock
from commonplace import Memory, Record, RecordNotFoundError
from commonplace.testing import HashingEmbedder

texts = st.text(min_size=1, max_size=40).filter(lambda text: bool(text.strip()))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)  # fmt: skip
scopes = st.sampled_from(["user/a", "user/b", "user/a/session/1", "team", "x/y/z"])
keys = st.sampled_from(["one", "two"])


class TwoMemories(RuleBasedStateMachine):
    """The memory in memory is the oracle."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.directory = tempfile.TemporaryDirectory()
        self.expected = self.opened(":memory:")
        self.actual = self.opened(self.directory.name)

    def opened(self, path: str) -> Memory:
        return commonplace.open(path, embedder=HashingEmbedder(16), clock=self.clock)

    def both(self, scope: str) -> list[Memory]:
        return [self.expected.scope(scope), self.actual.scope(scope)]

    @rule(
        target=ids,
        scope=scopes,
        given=st.lists(texts, min_size=1, max_size=3),
        hours=st.integers(1, 9),
    )
    def remember(self, scope: str, given: list[str], hours: int) -> object:
        moment = self.clock() + timedelta(hours=hours)
        records = [Record(text, created_at=self.clock(), expires_at=moment) for text in given]
        for memory in self.both(scope):
            memory.remember_many(records)
        return multiple(*(record.id for record in records))

    @rule(scope=scopes, id=ids, text=texts)
    def update(self, scope: str, id: str, text: str) -> None:
        outcomes = [_outcome(lambda m=m: m.update(id, text=text)) for m in self.both(scope)]
        assert outcomes[0] == outcomes[1]

    @rule(scope=scopes, id=ids)
    def forget(self, scope: str, id: str) -> None:
        outcomes = [_outcome(lambda m=m: m.forget(id)) for m in self.both(scope)]
        assert outcomes[0] == outcomes[1]

    @rule(scope=scopes, key=keys, value=values)
    def set(self, scope: str, key: str, value: object) -> None:
        for memory in self.both(scope):
            memory.set(key, value)
            assert repr(memory.get(key)) == repr(value)

    @rule(scope=scopes, key=keys)
    def delete(self, scope: str, key: str) -> None:
        expected, actual = self.both(scope)
        assert expected.delete(key) == actual.delete(key)

    @rule(minutes=st.integers(1, 300))
    def wait(self, minutes: int) -> None:
        self.clock.advance(minutes=minutes)

    @rule()
    def reopen(self) -> None:
        self.actual.close()
        self.actual = self.opened(self.directory.name)

    @rule(scope=scopes, query=texts)
    def recall(self, scope: str, query: str) -> None:
        expected, actual = (
            {
                match.record.id: round(match.confidence, 4)
                for match in memory.recall(query, limit=99)
            }
            for memory in self.both(scope)
        )
        assert expected == actual

    @invariant()
    def hold_the_same(self) -> None:
        for scope in ("user/a", "user/b", "user", "x/y"):
            expected, actual = self.both(scope)
            assert _plain(expected.records()) == _plain(actual.records())
            assert expected.count() == actual.count()
            assert expected.keys() == actual.keys()

    def teardown(self) -> None:
        self.expected.close()
        self.actual.close()
        self.directory.cleanup()


def _plain(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda record: (record.id, str(record.scope)))


def _outcome(attempt: object) -> object:
    try:
        return attempt()  # type: ignore[operator]  # a closure of a rule
    except RecordNotFoundError:
        return "not found"


TestTwoMemories = TwoMemories.TestCase
TestTwoMemories.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
