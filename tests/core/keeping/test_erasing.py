"""The audited procedure: what it does, records, and tells in the receipt."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from clock import Clock
from commonplace import InvalidInputError, Record, Scope, Source, StoreError
from commonplace.chroma.backup import backup, erase_in_backup
from commonplace.chroma.directory import opened
from commonplace.keeping.audit import AuditLog
from commonplace.keeping.erasing import Erasure, erase, unfinished
from commonplace.keeping.receipt import ErasureReceipt, Step, from_json
from commonplace.ports import Entry, Erased
from commonplace.stores.in_memory import InMemoryStore

ALICE = Scope(("user", "alice"))
BOB = Scope(("user", "bob"))
OPERATOR = Source(agent="dpo", origin="operator")


def entry(scope: Scope) -> Entry:
    return Entry(Record(f"text of {scope}", scope=scope), np.eye(1, 8, dtype=np.float32))


class Case:
    def __init__(self, clock: Clock) -> None:
        self.store = InMemoryStore()
        self.store.put([entry(ALICE), entry(ALICE.child("session", "1")), entry(BOB)])
        self.audit = AuditLog()
        self.clock = clock

    def erase(self, **asked: object) -> ErasureReceipt:
        told = {"waits": (0, 0), **asked}
        erasure = Erasure(scope=ALICE, reason="Art. 17, request 123", source=OPERATOR, **told)  # type: ignore[arg-type]  # keywords of Erasure
        return erase(erasure, self.store.erase, erase_in_backup, self.audit, self.clock)

    def actions(self) -> list[str]:
        return [one.action for one in self.audit.entries()]

    def notes(self) -> list[str]:
        return [one.note for one in self.audit.entries() if one.note]

    def unfinished(self) -> list[str | None]:
        return [one.note for one in unfinished(self.audit.entries())]


@pytest.fixture
def case(clock: Clock) -> Case:
    return Case(clock)


def test_an_erasure_is_recorded_and_confirmed(case: Case) -> None:
    receipt = case.erase()

    begun, concluded = case.audit.entries(ALICE)
    assert (begun.action, concluded.action) == ("erase begun", "erased")
    assert concluded.reason == "Art. 17, request 123"
    assert concluded.source == OPERATOR
    assert concluded.counts["records"] == receipt.records == 2
    assert (receipt.scope, receipt.reference) == (ALICE, concluded.scope)
    assert (receipt.at, receipt.audit_hash) == (concluded.at, concluded.hash)
    assert receipt.is_complete
    assert not receipt.is_checked
    assert [one.record.scope for one in case.store.entries(Scope())] == [BOB]
    assert case.audit.verify() == []


def test_the_callers_own_deletions_are_called_with_the_scope(case: Case) -> None:
    called: list[Scope] = []

    receipt = case.erase(also=[called.append, called.append])

    assert called == [ALICE, ALICE]
    assert [step.error for step in receipt.also] == [None, None]
    assert receipt.is_complete


def delete_thread(scope: Scope) -> None:
    raise TimeoutError(f"no answer about {scope}")


class Failing:
    """A deletion that fails the first times it is called."""

    def __init__(self, times: int) -> None:
        self.__qualname__ = "delete_thread"
        self.times = times
        self.called: list[Scope] = []

    def __call__(self, scope: Scope) -> None:
        self.called.append(scope)
        if len(self.called) <= self.times:
            raise TimeoutError(f"no answer about {scope}")


def test_a_step_that_fails_is_recorded_logged_and_to_be_repeated(
    case: Case, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[Scope] = []

    with caplog.at_level(logging.ERROR, logger="commonplace"):
        receipt = case.erase(also=[delete_thread, called.append])

    assert not receipt.is_complete
    assert receipt.also[0].name == "delete_thread"
    assert [step.error for step in receipt.also] == ["TimeoutError", None]
    assert called == [ALICE]
    assert "delete_thread" in caplog.text
    asked = ["also delete_thread", "also list.append"]
    outcome = ["erase step failed", "erase step taken", "erased in part"]
    assert case.actions() == ["erase step asked"] * 2 + ["erase begun", *outcome]
    assert case.notes() == [*asked, "also delete_thread: TimeoutError", "also list.append"]
    assert receipt.left == ("also delete_thread",)
    assert case.unfinished() == ["also delete_thread: TimeoutError"]


@pytest.mark.parametrize("failures", [0, 1, 2])
def test_a_step_is_tried_again_after_each_wait(case: Case, failures: int) -> None:
    step = Failing(failures)

    receipt = case.erase(also=[step], waits=(0, 0))

    assert step.called == [ALICE] * (failures + 1)
    assert receipt.is_complete
    asked, *done = case.actions()
    assert (asked, done) == ("erase step asked", ["erase begun", "erase step taken", "erased"])
    assert case.unfinished() == []


def test_a_step_without_waits_is_tried_once(case: Case) -> None:
    step = Failing(1)

    assert not case.erase(also=[step], waits=()).is_complete
    assert step.called == [ALICE]


def test_only_a_step_of_its_name_finishes_what_failed(case: Case) -> None:
    step, called = Failing(3), list[Scope]()
    case.erase(also=[step])

    case.erase(also=[called.append])
    assert case.unfinished() == ["also delete_thread: TimeoutError"]

    assert case.erase(also=[step]).is_complete
    assert case.unfinished() == []


def test_of_two_steps_of_one_name_each_is_told_apart(case: Case) -> None:
    receipt = case.erase(also=[Failing(0), Failing(9)])

    assert [step.name for step in receipt.also] == ["delete_thread", "delete_thread #2"]
    assert case.unfinished() == ["also delete_thread #2: TimeoutError"]

    case.erase(also=[Failing(0), Failing(0)])
    assert case.unfinished() == []


def test_what_failed_elsewhere_is_finished_by_a_call_of_its_name(case: Case) -> None:
    case.erase(done=[Step("delete_thread", "TimeoutError")])
    assert case.unfinished() == ["also delete_thread: TimeoutError"]

    case.erase(done=[Step("delete_thread")])
    assert case.unfinished() == []


def test_an_asynchronous_call_that_nobody_awaits_is_a_failure(case: Case) -> None:
    async def delete(scope: Scope) -> None:
        raise AssertionError(scope)

    receipt = case.erase(also=[delete])

    assert [step.error for step in receipt.also] == ["TypeError"]


def test_an_erasure_that_was_broken_off_is_unfinished(case: Case) -> None:
    def end(_: Scope) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        case.erase(also=[end, end])

    *steps, begun = unfinished(case.audit.entries())
    assert (begun.action, begun.counts) == ("erase begun", {"also": 2})
    names = [f"also {end.__qualname__}", f"also {end.__qualname__} #2"]
    assert [one.note for one in steps] == names

    receipt = case.erase(also=[Failing(0)])
    assert (receipt.is_complete, list(receipt.left)) == (False, names)
    assert case.unfinished() == names

    case.erase(done=[Step(end.__qualname__), Step(end.__qualname__)])
    assert case.unfinished() == []


def test_the_audit_log_keeps_no_text_of_an_error(case: Case) -> None:
    case.erase(also=[delete_thread])

    assert "alice" not in repr(case.audit.entries())


class Unreachable(InMemoryStore):
    def erase(self, scope: Scope) -> Erased:
        raise StoreError(f"out of reach: {scope}")


def test_a_store_that_fails_is_recorded_and_raised(case: Case) -> None:
    case.store = Unreachable()
    called: list[Scope] = []

    with pytest.raises(StoreError, match="out of reach"):
        case.erase(also=[called.append])

    assert called == []
    assert case.actions() == ["erase step asked", "erase begun", "erase failed"]
    assert case.unfinished() == ["also list.append", "StoreError"]


def test_an_absent_backup_is_refused_before_anything_is_done(case: Case, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no backup"):
        case.erase(backups=[tmp_path / "absent.zip"])

    assert case.actions() == []
    assert len(list(case.store.entries(ALICE))) == 2


def test_backups_are_erased_from_and_one_that_fails_is_told(case: Case, tmp_path: Path) -> None:
    store, close = opened(tmp_path / "store", "random")
    store.put([entry(ALICE), entry(BOB)])
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    backup(store, good)
    close()
    bad.write_text("no backup")

    receipt = case.erase(backups=[good, bad])

    assert [step.name for step in receipt.backups] == [str(good), str(bad)]
    assert receipt.backups[0].error is None
    assert receipt.backups[1].error in {"StoreDamagedError", "StoreFormatError"}
    assert b"alice" not in good.read_bytes()
    assert not receipt.is_complete
    assert case.unfinished() == [f"backup {bad}: {receipt.backups[1].error}"]


def test_a_receipt_travels_as_json(case: Case, tmp_path: Path) -> None:
    store, close = opened(tmp_path / "store", "random")
    store.put([entry(ALICE), entry(BOB)])
    erasure = Erasure(scope=ALICE, reason="x", source=OPERATOR, also=[delete_thread], waits=())

    for receipt in (
        erase(erasure, store.erase, erase_in_backup, case.audit, case.clock),
        case.erase(),
    ):
        assert from_json(json.loads(json.dumps(receipt.to_dict()))) == receipt
    close()
