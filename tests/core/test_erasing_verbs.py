"""Erasure, its receipt and its proof, wherever the store is."""

from __future__ import annotations

from pathlib import Path

import pytest

from commonplace import InvalidInputError, Memory, Scope, Source
from commonplace.chroma.backup import restore


def test_a_scope_is_erased_with_all_below_it_and_nothing_beside(memory: Memory) -> None:
    alice, bob = memory.scope("user", "alice"), memory.scope("user", "bob")
    home = alice.remember("Lives in Oslo")
    alice.update(home.id, text="Lives in Rome")
    alice.set("timezone", "CET")
    alice.scope("work").remember("Works at Acme")
    kept = bob.remember("Lives in Oslo")
    alice.recall("Oslo")

    receipt = alice.erase(reason="request 123", source=Source(agent="privacy desk"))

    assert (receipt.scope, receipt.records, receipt.is_complete) == (alice.path, 4, True)
    assert (alice.count(), alice.get("timezone"), alice.recall("Oslo")) == (0, None, [])
    assert [one.record for one in memory.recall("Oslo")] == [kept]
    assert bob.remember("Likes tea") in bob.records()


def test_the_log_proves_the_erasure_without_naming_anybody(memory: Memory) -> None:
    alice = memory.scope("user", "alice")
    alice.forget(alice.remember("Likes tea").id)
    receipt = alice.erase(reason="request 123", source=Source(agent="privacy desk"))

    log = alice.audit()

    assert [entry.action for entry in log] == ["forget", "erase begun", "erased"]
    assert (log[-1].hash, log[-1].reason) == (receipt.audit_hash, "request 123")
    assert log[-1].source.agent == "privacy desk"
    assert "alice" not in str(log)
    assert memory.verify_audit() == []
    assert memory.audit() == log
    assert memory.scope("user", "bob").audit() == []


def test_the_callers_own_deletions_are_part_of_it(memory: Memory) -> None:
    alice = memory.scope("user", "alice")
    alice.remember("Likes tea")
    deleted: list[Scope] = []
    tried: list[Scope] = []

    def delete_thread(scope: Scope) -> None:
        tried.append(scope)
        raise ConnectionError(f"no answer about {scope}")

    receipt = alice.erase(reason="request 123", also=[delete_thread, deleted.append], waits=[0, 0])

    assert deleted == [alice.path]
    assert tried == [alice.path] * 3
    assert [step.error for step in receipt.also] == ["ConnectionError", None]
    assert not receipt.is_complete
    assert alice.count() == 0
    assert alice.audit()[-1].action == "erased in part"
    assert "alice" not in str(alice.audit())


def test_what_failed_is_unfinished_until_it_is_repeated(memory: Memory) -> None:
    alice = memory.scope("user", "alice")
    answers: list[Exception] = [ConnectionError("no answer"), TimeoutError("no answer")]

    def delete_thread(_: Scope) -> None:
        if answers:
            raise answers.pop()

    alice.erase(reason="request 123", also=[delete_thread], waits=[])
    assert not alice.erase(reason="request 123").is_complete
    [left] = alice.unfinished()

    assert left.note is not None
    assert left.note.startswith("also ")
    assert left.note.endswith("delete_thread: TimeoutError")
    assert memory.unfinished() == [left]
    assert memory.scope("user", "bob").unfinished() == []

    receipt = alice.erase(reason="again", also=[delete_thread], waits=[0])

    assert receipt.is_complete
    assert memory.unfinished() == []
    assert memory.verify_audit() == []


async def delete_later(scope: Scope) -> None:
    raise AssertionError(scope)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"also": [1]}, "functions"),
        ({"also": len}, "functions"),
        ({"also": [delete_later]}, "asynchronous"),
        ({"also": [print] * 101}, "100"),
        ({"waits": [-1]}, "seconds"),
        ({"waits": [float("nan")]}, "seconds"),
        ({"waits": 3}, "seconds"),
    ],
)
def test_an_erasure_that_cannot_be_done_changes_nothing(
    memory: Memory, asked: dict[str, object], said: str
) -> None:
    memory.remember("Likes tea")

    with pytest.raises(InvalidInputError, match=said):
        memory.erase(reason="request 123", **asked)  # type: ignore[arg-type]  # that is what is tested

    assert memory.count() == 1
    assert memory.audit() == []


@pytest.mark.parametrize("reason", ["", " ", 7])
def test_an_erasure_has_a_reason(memory: Memory, reason: str) -> None:
    memory.remember("Likes tea")

    with pytest.raises(InvalidInputError, match="reason"):
        memory.erase(reason=reason)

    assert memory.count() == 1


def test_a_backup_is_of_the_whole_store_and_can_be_put_back(memory: Memory, tmp_path: Path) -> None:
    memory.scope("user", "alice").remember("Likes tea")
    file = tmp_path / "all.backup"

    if memory.directory is None:
        with pytest.raises(InvalidInputError, match="in a directory"):
            memory.backup(file)
        return
    memory.backup(file)
    restore(file, tmp_path / "back")

    assert (tmp_path / "back" / "chroma").is_dir()
    with pytest.raises(InvalidInputError, match="every scope"):
        memory.scope("user", "alice").backup(tmp_path / "other.backup")
