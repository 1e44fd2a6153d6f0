"""A backup holds all of a store, and comes back whole or not at all."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import commonplace
from commonplace import InvalidInputError, Scope, StoreError, StoreInUseError
from commonplace.chroma import backup as backups
from commonplace.chroma.backup import backup, backup_directory, erase_in_backup, restore
from commonplace.chroma.directory import DirectoryStore, opened
from commonplace.errors import StoreDamagedError, StoreFormatError
from commonplace.keeping.audit import DirectoryAuditLog
from commonplace.testing import HashingEmbedder
from commonplace.values.records import now

ALICE = Scope(("user", "alice"))
EMBEDDER = HashingEmbedder()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DirectoryStore]:
    """Give a store of two users, with an audit log, an API key and an index beside the queue."""
    directory = tmp_path / "store"
    with commonplace.open(directory, embedder=EMBEDDER) as memory:
        memory.scope("user", "alice").remember_many([f"alice text {n}" for n in range(130)])
        memory.scope("user", "bob").remember_many([f"bob text {n}" for n in range(3)])
    DirectoryAuditLog(directory).append("forget", ALICE, at=now())
    (directory / "keys.json").write_text("{}")
    store, close = opened(directory, EMBEDDER.name)
    yield store
    close()


@pytest.fixture
def file(store: DirectoryStore, tmp_path: Path) -> Path:
    backup(store, tmp_path / "backup.zip")
    return tmp_path / "backup.zip"


def texts(directory: Path) -> list[str]:
    with commonplace.open(directory, embedder=EMBEDDER) as memory:
        return sorted(record.text for record in memory.records(limit=1_000))


def test_a_backup_is_restored_with_every_record_findable(file: Path, tmp_path: Path) -> None:
    restore(file, tmp_path / "restored")

    with commonplace.open(tmp_path / "restored", embedder=EMBEDDER) as memory:
        assert memory.count() == 133
        for text in ("alice text 0", "alice text 129", "bob text 2"):
            assert text in [match.record.text for match in memory.recall(text, limit=3)]


def test_the_store_goes_on_during_a_backup(store: DirectoryStore, file: Path) -> None:
    assert len(list(store.entries(Scope()))) == 133
    with pytest.raises(InvalidInputError, match="exists"):
        backup(store, file)


def test_a_backup_has_the_audit_log_and_no_api_keys(file: Path, tmp_path: Path) -> None:
    restore(file, tmp_path / "restored")

    log = DirectoryAuditLog(tmp_path / "restored")
    assert [entry.action for entry in log.entries(ALICE)] == ["forget"]
    assert log.verify() == []
    assert not (tmp_path / "restored" / "keys.json").exists()


def test_a_directory_is_backed_up_while_nobody_has_it_open(
    store: DirectoryStore, tmp_path: Path
) -> None:
    store.close()
    backup_directory(tmp_path / "store", tmp_path / "backup.zip")
    restore(tmp_path / "backup.zip", tmp_path / "restored")
    assert len(texts(tmp_path / "restored")) == 133

    with (
        commonplace.open(tmp_path / "store", embedder=EMBEDDER),
        pytest.raises(StoreInUseError, match="already in this process"),
    ):
        backup_directory(tmp_path / "store", tmp_path / "another.zip")
    with pytest.raises(InvalidInputError, match="no store"):
        backup_directory(tmp_path / "absent", tmp_path / "another.zip")
    assert not (tmp_path / "another.zip").exists()


def test_a_backup_is_its_owners_alone(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_backup_that_cannot_be_written_leaves_nothing(
    store: DirectoryStore, tmp_path: Path
) -> None:
    with pytest.raises(StoreError, match="writing"):
        backup(store, tmp_path / "absent" / "backup.zip")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["store"]
    assert len(list(store.entries(ALICE))) == 130


def test_only_an_empty_directory_is_restored_to(file: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    restore(file, tmp_path / "empty")
    assert len(texts(tmp_path / "empty")) == 133

    for taken in (tmp_path / "empty", file):
        with pytest.raises(InvalidInputError, match="new or empty"):
            restore(file, taken)


def hostile(names: list[str], *, compression: int = zipfile.ZIP_STORED) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with zipfile.ZipFile(path, "w", compression) as archive:
            archive.writestr("backup.json", json.dumps({"format": 1}))
            for name in names:
                archive.writestr(name, b"\0" * 1_000_000)

    return write


@pytest.mark.parametrize(
    "write",
    [
        lambda path: path.write_bytes(b"no archive"),
        lambda path: path.write_bytes(b""),
        hostile([]),
        hostile(["chroma/chroma.sqlite3", "../outside"]),
        hostile(["chroma/chroma.sqlite3", "/outside"]),
        hostile(["chroma/chroma.sqlite3", "chroma/../../outside"]),
        hostile(["chroma/chroma.sqlite3", "keys.json"]),
        hostile(["chroma/chroma.sqlite3"]),
        hostile(["chroma/chroma.sqlite3"], compression=zipfile.ZIP_DEFLATED),
    ],
)
def test_what_is_no_backup_is_refused_and_nothing_is_left(
    write: Callable[[Path], object], tmp_path: Path
) -> None:
    write(tmp_path / "hostile.zip")

    with pytest.raises((StoreFormatError, StoreDamagedError)):
        restore(tmp_path / "hostile.zip", tmp_path / "below" / "restored")

    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "hostile.zip"]
    assert list((tmp_path / "below").glob("*")) == []


def test_a_backup_of_a_newer_release_is_refused(
    store: DirectoryStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "FORMAT", 2)
    backup(store, tmp_path / "newer.zip")
    monkeypatch.undo()

    with pytest.raises(StoreFormatError, match="newer release"):
        restore(tmp_path / "newer.zip", tmp_path / "restored")


@pytest.mark.parametrize("part", [0.2, 0.5, 0.9])
def test_a_backup_that_was_changed_or_cut_is_refused(
    file: Path, tmp_path: Path, part: float
) -> None:
    content = file.read_bytes()
    place = int(len(content) * part)
    for changed in (content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :],
                    content[:place]):  # fmt: skip
        file.write_bytes(changed)

        with pytest.raises((StoreDamagedError, StoreFormatError)):
            restore(file, tmp_path / "restored")

        assert not (tmp_path / "restored").exists()


def test_a_scope_is_erased_from_a_backup_down_to_the_bytes(file: Path, tmp_path: Path) -> None:
    assert b"alice" in file.read_bytes()
    (tmp_path / "backup.zip.erasing").mkdir()  # what a process that was killed has left

    erased = erase_in_backup(file, ALICE)

    assert erased.records == 130
    assert erased.verification is not None
    assert b"alice" not in file.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup.zip", "store"]
    restore(file, tmp_path / "restored")
    assert texts(tmp_path / "restored") == [f"bob text {n}" for n in range(3)]


def test_a_backup_that_cannot_be_erased_from_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no backup")

    with pytest.raises((StoreFormatError, StoreDamagedError)):
        erase_in_backup(tmp_path / "file", ALICE)

    assert (tmp_path / "file").read_text() == "no backup"
