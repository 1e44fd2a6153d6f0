"""Whatever is done to a memory, on any store, it holds what the rules say: `memory_model.py`.

    pytest -n 0 tests/core/test_memory_properties.py -k OnChroma --operations 10000

does that many random operations on Chroma, which is opened again in between; without the option
each store sees as many as `OPERATIONS` says.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

import commonplace
from by_turns import two_servers
from chroma_server import HERE, client_of_new_database
from clock import Clock
from commonplace import Memory, Record, RecordNotFoundError, Scope, Source
from commonplace.testing import HashingEmbedder
from memory_model import HELD, SAID, Model
from serving import serving

STEPS = 50

texts = st.sampled_from([said.text for said in SAID])
kinds = st.sampled_from(["fact", "fact", "preference", "instruction", "event", "message"])
sources = st.sampled_from([None, "user", "agent", "document", "operator"]).map(
    lambda origin: Source(origin=origin)  # type: ignore[arg-type]  # origins
)
lives = st.none() | st.integers(1, 9).map(lambda hours: timedelta(hours=hours))
metadata = st.sampled_from([{}, {"topic": "food"}, {"topic": "home", "year": 2026}])
shares = st.sampled_from([0.1, 0.5, 0.9])
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(alphabet="abc äß茶", max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=5,
)  # fmt: skip
VIEWS = ["", "user", "user/a", "user/b", "user/a/session/1", "team"]
scopes = st.sampled_from(VIEWS[2:])
keys = st.sampled_from(["one", "two"])
chosen_ids = st.sampled_from(["first", "second", "third"])


class MemoryRules(RuleBasedStateMachine):
    """A memory in memory, and the rules."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.began = self.clock()
        self.closing = ExitStack()
        self.folder = Path(self.closing.enter_context(tempfile.TemporaryDirectory()))
        self.exported: dict[str, list[Record]] = {}
        self.imported_into: list[Scope] = []
        self.model = Model(self.clock)
        self.touched = Scope()
        self.memory = self.opened(":memory:")

    def opened(self, path: str) -> Memory:
        return commonplace.open(path, embedder=HashingEmbedder(16), clock=self.clock)

    def at(self, scope: str) -> tuple[Memory, Scope]:
        self.touched = Scope.parse(scope)
        return (self.memory.scope(scope) if scope else self.memory), self.touched

    @rule(
        target=ids, scope=scopes, text=texts, kind=kinds, source=sources, ttl=lives,
        metadata=metadata, importance=shares,
    )  # fmt: skip
    def remember(self, scope: str, text: str, ttl: timedelta | None, **told: Any) -> str:
        memory, place = self.at(scope)
        kept = memory.remember(text, ttl=ttl, **told)
        ends = None if ttl is None else self.clock() + ttl
        record = Record(text, scope=place, id=kept.id, created_at=self.clock(), expires_at=ends)
        self.say(replace(record, **told), kept)
        assert seen(kept) == seen(self.model.kept[place, kept.id])
        return kept.id

    def say(self, record: Record, kept: Record) -> None:
        """Follow a new statement; which of several records that make it already is left open."""
        record = self.model.allowed(record, record.scope)
        known = {one.id: one for one in self.model.repeated(record)}
        assert not known or kept.id in known
        if known:
            self.model.reinforce(known[kept.id], record)
        else:
            self.model.kept[record.scope, record.id] = record

    @rule(target=ids, scope=scopes, said=st.lists(texts, min_size=1, max_size=4))
    def remember_many_texts(self, scope: str, said: list[str]) -> object:
        memory, place = self.at(scope)
        written = memory.remember_many(said)
        for text, kept in zip(said, written, strict=True):
            self.say(Record(text, scope=place, id=kept.id, created_at=self.clock()), kept)
        last = {one.id: one for one in written}
        assert all(seen(one) == seen(self.model.kept[place, id]) for id, one in last.items())
        return multiple(*last)

    @rule(
        target=ids, scope=scopes, id=chosen_ids, text=texts, kind=kinds, source=sources, ttl=lives,
        parent=ids | st.none(),
    )  # fmt: skip
    def remember_a_record(
        self, scope: str, ttl: timedelta | None, parent: str | None, text: str, **told: Any
    ) -> str:
        memory, place = self.at(scope)
        ends = None if ttl is None else self.clock() + ttl
        parents = () if parent is None else (parent,)
        record = Record(
            text, created_at=self.clock(), expires_at=ends, derived_from=parents, **told
        )
        [kept] = memory.remember_many([record])
        expected = self.model.allowed(replace(record, scope=place), place)
        assert seen(kept) == seen(expected)
        if self.model.kept.get((place, record.id)) != expected:
            self.model.upsert(expected)
        return record.id

    @rule(
        scope=scopes,
        id=ids,
        changes=st.fixed_dictionaries(
            {},
            optional={
                "text": texts, "kind": kinds, "importance": shares, "metadata": metadata,
                "expires_at": st.none(),
            },
        ),
    )  # fmt: skip
    def update(self, scope: str, id: str, changes: dict[str, Any]) -> None:
        memory, place = self.at(scope)
        try:
            possible = {one.scope: one for one in self.model.found(place, id)}
        except RecordNotFoundError:
            with pytest.raises(RecordNotFoundError):
                memory.update(id, **changes)
            return
        kept = memory.update(id, **changes)
        self.model.update(place, possible[kept.scope], changes)
        assert seen(kept) == seen(self.model.kept[kept.scope, id])

    @rule(scope=scopes, id=ids)
    def forget(self, scope: str, id: str) -> None:
        memory, place = self.at(scope)
        try:
            found = self.model.found(place, id)
        except RecordNotFoundError:
            with pytest.raises(RecordNotFoundError):
                memory.forget(id)
            return
        assert memory.forget(id) == len(found)
        self.model.remove(found)

    @rule(scope=scopes)
    def release(self, scope: str) -> None:
        memory, place = self.at(scope)
        held = {one.id for one in self.model.held(place)}
        released = memory.release(*sorted(held))
        assert {one.id for one in released} == held
        for id in held:
            for one in self.model.found(place, id):
                self.model.kept[one.scope, id] = replace(one, quarantine=None)

    @rule(scope=scopes, key=keys, value=values)
    def set(self, scope: str, key: str, value: object) -> None:
        memory, place = self.at(scope)
        memory.set(key, value)
        [kept] = [one for one in memory.records(kind="value", limit=99)
                  if one.scope == place and one.key == key]  # fmt: skip
        record = replace(kept, mentions=1, created_at=self.clock(), metadata={"value": value})
        assert seen(kept) == seen(record)
        if self.model.kept.get((place, kept.id)) != record:
            self.model.upsert(record)

    @rule(scope=scopes, key=keys)
    def delete(self, scope: str, key: str) -> None:
        memory, place = self.at(scope)
        found = [one for one in self.model.current(place) if one.scope == place and one.key == key]
        assert memory.delete(key) == bool(found)
        self.model.remove(found)

    @rule(hours=st.integers(1, 3))
    def wait(self, hours: int) -> None:
        self.clock.advance(hours=hours)

    @rule(scope=st.sampled_from(VIEWS))
    def sweep(self, scope: str) -> None:
        memory, place = self.at(scope)
        assert memory.sweep() == self.model.sweep(place)

    @rule(scope=st.sampled_from(["user/a", "user/b", "user/a/session/1", "user", "team"]))
    def erase(self, scope: str) -> None:
        memory, place = self.at(scope)
        within = self.model.within(place)
        imports = [one for one in self.imported_into if place.contains(one)]
        erased = memory.erase(reason="request 123").records
        assert len(within) <= erased <= len(within) + len(imports)  # each notes what it brought
        self.imported_into = [one for one in self.imported_into if one not in imports]
        self.model.remove(within)
        assert memory.audit()[-1].action == "erased"

    @rule(scope=scopes)
    def export(self, scope: str) -> None:
        memory, place = self.at(scope)
        live = self.model.live(place)
        assert memory.export(self.folder / scope.replace("/", "-")) == len(live)
        self.exported[scope] = live

    @rule(scope=scopes, source=scopes)
    def import_(self, scope: str, source: str) -> None:
        """Also what was exported elsewhere, and what has been changed or erased since.

        Once into each scope: what a second import leaves alone is in `test_importing_again.py`.
        """
        memory, place = self.at(scope)
        if source not in self.exported or place in self.imported_into:
            return
        report = memory.import_(self.folder / source.replace("/", "-"))
        self.imported_into.append(place)
        depth = len(Scope.parse(source).names)
        moved = [
            replace(one, scope=Scope(place.names + one.scope.names[depth:]))
            for one in self.exported[source]
            if not one.is_expired(self.clock())
        ]
        fresh = [one for one in moved if self.model.kept.get((one.scope, one.id)) != one]
        assert (report.written, report.unchanged) == (len(fresh), len(moved) - len(fresh))
        for one in fresh:
            self.model.upsert(one)

    @rule(scope=st.sampled_from(VIEWS), hours=st.integers(0, 30), key=keys)
    def look_back(self, scope: str, hours: int, key: str) -> None:
        memory, place = self.at(scope)
        moment = self.began + timedelta(hours=hours)
        then = self.model.as_of(place, moment)
        found = [match.record for match in memory.recall("tea", as_of=moment, limit=9_999)]
        assert all_seen(found) == all_seen(then)
        here = [one.metadata["value"] for one in then if (one.scope, one.key) == (place, key)]
        assert repr(memory.get(key, "none", as_of=moment)) == repr(here[0] if here else "none")

    @rule(scope=st.sampled_from(VIEWS), id=ids)
    def history(self, scope: str, id: str) -> None:
        memory, place = self.at(scope)
        try:
            expected = self.model.history(place, id)
        except RecordNotFoundError:
            with pytest.raises(RecordNotFoundError):
                memory.history(id)
        else:
            assert all_seen(memory.history(id)) == all_seen(expected)

    @invariant()
    def hold_what_the_rules_say(self) -> None:
        for scope in {Scope(), self.touched}:
            memory = self.memory.scope(scope.names) if scope.names else self.memory
            current = self.model.current(scope)
            assert all_seen(memory.records(limit=9_999)) == all_seen(current)
            assert memory.count() == len(current)
            assert all_seen(memory.quarantined()) == all_seen(self.model.held(scope))
            recalled = [match.record for match in memory.recall("tea in Oslo", limit=9_999)]
            assert all_seen(recalled) == all_seen(current)
            kept = {one.key: one.metadata["value"] for one in current
                    if one.kind == "value" and one.scope == scope}  # fmt: skip
            assert memory.keys() == sorted(map(str, kept))
            assert repr({key: memory.get(str(key)) for key in kept}) == repr(kept)

    def teardown(self) -> None:
        assert self.memory.verify_audit() == []
        self.memory.close()
        self.closing.close()


class OnChroma(MemoryRules):
    """The same in a directory, which is opened again in between."""

    def opened(self, _: str) -> Memory:
        return super().opened(str(self.folder / "store"))

    @rule()
    def reopen(self) -> None:
        self.memory.close()
        self.memory = self.opened("")


class BehindAServer(MemoryRules):
    """The same through a directory's server, to which the client connects again in between."""

    def opened(self, _: str) -> Memory:
        directory = self.folder / "store"
        if not directory.exists():
            self.closing.enter_context(serving(directory, HashingEmbedder(16), self.clock))
        return commonplace.open(directory, clock=self.clock)

    @rule()
    def reopen(self) -> None:
        self.memory.close()
        self.memory = self.opened("")


class BetweenTwoServers(MemoryRules):
    """The same through two servers of one Chroma database, which are asked by turns."""

    chroma_port = 0

    def opened(self, _: str) -> Memory:
        client = client_of_new_database(self.chroma_port)
        opener = self.closing.enter_context(two_servers(client, clock=self.clock))
        return opener(HashingEmbedder())


def seen(record: Record) -> Record:
    """Return a record without what the rules leave open: ids of versions, and reasons."""
    return replace(
        record,
        id=record.id if record.version_of is None else "",
        quarantine=HELD if record.quarantine else None,
    )


def all_seen(records: Iterable[Record]) -> list[str]:
    return sorted(repr(seen(one)) for one in records)


OPERATIONS: dict[type[MemoryRules], int] = {
    MemoryRules: 10_000,
    OnChroma: 500,
    BehindAServer: 250,
}
OPERATIONS_BETWEEN = 50


@pytest.mark.parametrize("machine", OPERATIONS)
def test_a_memory_does_what_the_rules_say(
    machine: type[MemoryRules], pytestconfig: pytest.Config
) -> None:
    run(machine, pytestconfig.getoption("operations") or OPERATIONS[machine])


@pytest.mark.allow_hosts([HERE])
def test_a_memory_does_it_between_two_servers(
    chroma_port: int, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    monkeypatch.setattr(BetweenTwoServers, "chroma_port", chroma_port)
    run(BetweenTwoServers, pytestconfig.getoption("operations") or OPERATIONS_BETWEEN)


def run(machine: type[MemoryRules], operations: int) -> None:
    """Do so many random operations."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=operations // STEPS,
            stateful_step_count=STEPS,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],  # which is the machine's affair
        ),
    )
