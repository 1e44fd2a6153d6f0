"""Erasing a scope that never had a record does nothing; one that had any is erased as ever."""

from __future__ import annotations

from pathlib import Path

import pytest

import commonplace
from commonplace import Memory, Scope
from commonplace.chroma.directory import opened as opened_store
from commonplace.chroma.leavings import LEAVINGS
from commonplace.testing import HashingEmbedder

TEXTS = [f"Statement {n} about the blue walrus" for n in range(130)]


def opened(directory: Path) -> Memory:
    return commonplace.open(directory, embedder=HashingEmbedder())


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    with opened(tmp_path / "store") as memory:
        memory.scope("user", "alice", "diary").remember_many(TEXTS)
        memory.scope("user", "bob").remember_many(TEXTS)
    return tmp_path / "store"


def files_of(directory: Path) -> dict[str, bytes]:
    chroma = directory / "chroma"
    return {str(path): path.read_bytes() for path in chroma.rglob("*.*") if path.is_file()}


def test_an_empty_scope_is_erased_without_touching_a_file(directory: Path) -> None:
    with opened(directory) as memory:
        memory.scope("user", "bob").remember("Opens Chroma")
        memory.flush()
        before = files_of(directory)
        for scope in ("user/eve", "user/alice/letters", "team"):
            receipt = memory.scope(scope).erase(reason="request 123")
            assert (receipt.records, receipt.is_complete, receipt.is_checked) == (0, True, True)
            assert receipt.verification is not None
            assert receipt.verification.files == 0
        assert files_of(directory) == before
        assert [entry.action for entry in memory.audit()][-2:] == ["erase begun", "erased"]


def test_for_an_empty_scope_chroma_is_not_even_opened(directory: Path) -> None:
    store, release = opened_store(directory, HashingEmbedder().name)
    before = files_of(directory)

    assert store.erase(Scope(("user", "eve"))).records == 0

    assert not store.chroma.is_open
    assert files_of(directory) == before
    release()


@pytest.mark.parametrize("end", ["same process", "another"])
def test_a_scope_whose_records_were_forgotten_is_erased_down_to_the_bytes(
    directory: Path, end: str
) -> None:
    memory = opened(directory)
    alice = memory.scope("user", "alice")
    alice.forget(*[record.id for record in alice.records(limit=200)])
    if end == "another":
        memory.close()
        memory = opened(directory)
    assert memory.scope("user", "alice").count() == 0

    first, second = (memory.scope("user", "alice").erase(reason="1") for _ in range(2))
    memory.close()

    assert first.verification is not None
    assert second.verification is not None
    assert (first.verification.files > 0, second.verification.files) == (True, 0)
    assert b"alice" not in b"".join(files_of(directory).values())
    with opened(directory) as memory:
        assert memory.scope("user", "bob").count() == len(TEXTS)


def test_a_store_of_which_nobody_noted_what_was_removed_is_rewritten(directory: Path) -> None:
    (directory / LEAVINGS).unlink()

    with opened(directory) as memory:
        receipt = memory.scope("user", "eve").erase(reason="request 123")

    assert receipt.verification is not None
    assert receipt.verification.files > 0
