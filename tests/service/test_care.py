"""The commands that care for a directory, as a user types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import commonplace
from commonplace.cli import app

SECRET = "The blue walrus sings at midnight in the harbour"


def run(*words: object) -> Result:
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A store with two users, closed."""
    with commonplace.open(tmp_path / "store") as memory:
        memory.scope("user", "alice").remember(SECRET)
        memory.scope("user", "bob").remember("Likes coffee")
    return tmp_path / "store"


def test_what_is_exported_can_be_imported_twice(directory: Path, tmp_path: Path) -> None:
    file = tmp_path / "alice.jsonl"

    assert "1 records written" in run("export", directory, file, "--scope", "user/alice").output
    into = ("import", "commonplace", file, tmp_path / "other", "--scope", "user/alicia")
    assert run(*into).output == "1 written, 0 unchanged, 0 skipped\n"
    assert run(*into).output == "0 written, 1 unchanged, 0 skipped\n"


def test_erasing_prints_a_receipt_and_leaves_a_proof(directory: Path, tmp_path: Path) -> None:
    kept = tmp_path / "all.backup"
    assert run("backup", directory, kept).exit_code == 0

    erased = run("erase", directory, "user/alice", "--reason", "request 123", "--backup", kept)

    receipt = json.loads(erased.output)
    assert (receipt["records"], receipt["verification"]["occurrences"]) == (1, 0)
    files = [one for one in tmp_path.rglob("*") if one.is_file()]
    assert not any(SECRET.encode() in one.read_bytes() for one in files)
    audited = run("audit", directory)
    assert (audited.exit_code, "request 123" in audited.output) == (0, True)

    log = directory / "audit.jsonl"
    log.write_text(log.read_text().replace("request 123", "request 124"))
    assert run("audit", directory).exit_code == 1


def test_erasing_tells_of_a_scope_without_records_and_takes_no_directory_for_one(
    directory: Path,
) -> None:
    mistyped = run("erase", directory, "user/alcie", "--reason", "request 123")
    alone = run("erase", directory, "--reason", "request 123")

    assert "no record in 'user/alcie'" in mistyped.stderr
    assert (alone.exit_code, "Give SCOPE as well" in alone.output) == (2, True)


def test_an_audit_shows_what_an_erasure_left_to_be_done(directory: Path) -> None:
    is_reachable = False

    def delete_threads(scope: commonplace.Scope) -> None:
        if not is_reachable:
            raise ConnectionError(f"no answer about {scope}")

    with commonplace.open(directory) as memory:
        alice = memory.scope("user", "alice")
        alice.erase(reason="request 123", also=[delete_threads], waits=[])

    audited = run("audit", directory)

    [left] = [line for line in audited.output.splitlines() if line.startswith("unfinished: ")]
    assert "delete_threads: ConnectionError" in left
    assert "alice" not in left
    assert audited.exit_code == 0

    is_reachable = True
    with commonplace.open(directory) as memory:
        memory.scope("user", "alice").erase(reason="request 123", also=[delete_threads])
    assert "unfinished" not in run("audit", directory).output


def test_a_backup_is_put_back_as_it_was(directory: Path, tmp_path: Path) -> None:
    run("backup", directory, tmp_path / "all.backup")

    assert run("restore", tmp_path / "all.backup", tmp_path / "back").exit_code == 0

    with commonplace.open(tmp_path / "back") as memory:
        assert memory.scope("user", "alice").recall("who sings?")[0].record.text == SECRET


def test_a_doctor_finds_a_sound_store_sound(directory: Path) -> None:
    examined = run("doctor", directory)

    assert (examined.exit_code, examined.output) == (0, "2 records; sound\n")


def test_a_sweep_says_how_many_it_removed(directory: Path) -> None:
    assert run("sweep", directory).output == "0 records removed\n"
