"""The audit log says what was done, without content, and shows whatever is done to it."""

from __future__ import annotations

import json
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace import Scope, Source, StoreError
from commonplace.keeping.audit import HEAD, KEY, LOG, REPAIRED, AuditLog, DirectoryAuditLog
from commonplace.keeping.audit_chain import DAMAGED, from_line, to_line

ALICE = Scope(("user", "alice"))
AT = datetime(2026, 5, 4, 12, tzinfo=timezone.utc)


def write(log: AuditLog, number: int = 1) -> None:
    for place in range(number):
        log.append("forget", ALICE, at=AT, counts={"records": place}, reason=f"request {place}")


@pytest.fixture(params=["in memory", "directory"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> AuditLog:
    return AuditLog() if request.param == "in memory" else DirectoryAuditLog(tmp_path)


@pytest.fixture(scope="module")
def written() -> Iterator[Path]:
    """Give a directory with a log of six entries in it, to be copied."""
    with tempfile.TemporaryDirectory() as directory:
        write(DirectoryAuditLog(Path(directory)), 6)
        yield Path(directory)


def problems(written: Path, change: Callable[[Path], object]) -> list[str]:
    """Return what a log that is open, and one opened afterwards, tell of a change to the files."""
    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / "copy"
        shutil.copytree(written, copy)
        log = DirectoryAuditLog(copy)
        assert log.verify() == []
        change(copy)
        found = log.verify()
        reopened = DirectoryAuditLog(copy)
        assert bool(reopened.verify()) == bool(found)
        write(reopened)
        assert bool(DirectoryAuditLog(copy).verify()) == bool(found)
        return found


def test_an_entry_says_what_was_done_and_when_and_by_whom(log: AuditLog) -> None:
    source = Source(framework="langchain", agent="support", origin="operator", session="s1")

    entry = log.append(
        "erased", ALICE, at=AT, source=source, counts={"records": 3}, reason="Art. 17", note="x"
    )

    assert log.entries() == [entry]
    assert (entry.number, entry.action, entry.at) == (1, "erased", AT)
    assert entry.source == Source(framework="langchain", agent="support", origin="operator")
    assert (entry.counts, entry.reason, entry.note) == ({"records": 3}, "Art. 17", "x")
    assert log.verify() == []


def test_entries_of_a_scope_are_found_by_whoever_knows_its_name(log: AuditLog) -> None:
    log.append("forget", ALICE, at=AT)
    log.append("forget", ALICE.child("session", "1"), at=AT)

    assert [entry.number for entry in log.entries(ALICE)] == [1]
    assert log.entries(Scope(("user", "bob"))) == []


def test_the_files_hold_no_name_of_a_scope_and_are_their_owners_alone(tmp_path: Path) -> None:
    write(DirectoryAuditLog(tmp_path))

    content = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"alice" not in content
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_two_logs_refer_to_one_scope_in_different_ways() -> None:
    assert AuditLog().reference(ALICE) != AuditLog().reference(ALICE)


def test_a_log_goes_on_where_it_ended(tmp_path: Path) -> None:
    write(DirectoryAuditLog(tmp_path), 3)

    log = DirectoryAuditLog(tmp_path)
    write(log, 2)

    assert [entry.number for entry in log.entries()] == [1, 2, 3, 4, 5]
    assert log.entries()[0].scope == log.reference(ALICE)
    assert log.verify() == []


def test_threads_write_one_chain(log: AuditLog) -> None:
    threads = [threading.Thread(target=write, args=(log, 20)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [entry.number for entry in log.entries()] == list(range(1, 81))
    assert log.verify() == []


@given(st.data())
def test_no_byte_of_the_log_can_be_changed_unseen(written: Path, data: st.DataObject) -> None:
    content = (written / LOG).read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda byte: byte != content[place]))

    def change(directory: Path) -> None:
        (directory / LOG).write_bytes(content[:place] + bytes([byte]) + content[place + 1 :])

    assert problems(written, change)


@given(st.data())
def test_no_byte_of_the_head_or_the_key_can_be_changed_unseen(
    written: Path, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from([HEAD, KEY]))
    content = (written / name).read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))

    with tempfile.TemporaryDirectory() as directory:
        copy = Path(directory) / "copy"
        shutil.copytree(written, copy)
        (copy / name).write_bytes(
            content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        )
        assert DirectoryAuditLog(copy).verify()


@given(st.data())
def test_no_entry_can_be_removed_inserted_or_moved_unseen(
    written: Path, data: st.DataObject
) -> None:
    lines = (written / LOG).read_bytes().splitlines(keepends=True)
    changed = data.draw(st.lists(st.sampled_from(lines), max_size=8).filter(lambda x: x != lines))

    assert problems(written, lambda directory: (directory / LOG).write_bytes(b"".join(changed)))


@given(st.integers(min_value=1))
def test_the_end_cannot_be_cut_off_unseen(written: Path, cut: int) -> None:
    content = (written / LOG).read_bytes()
    left = content[: len(content) - 1 - cut % len(content)]

    assert problems(written, lambda directory: (directory / LOG).write_bytes(left))


def test_of_a_log_that_was_cut_it_is_told_how_many_entries_there_were(written: Path) -> None:
    lines = (written / LOG).read_bytes().splitlines(keepends=True)

    found = problems(written, lambda copy: (copy / LOG).write_bytes(b"".join(lines[:4])))

    assert found == ["The log has 4 entries, and its head speaks of 6, or has another seal."]


def test_a_whole_log_or_head_cannot_be_removed_unseen(written: Path) -> None:
    assert problems(written, lambda directory: (directory / LOG).unlink())
    assert problems(written, lambda directory: (directory / HEAD).unlink())


def test_a_log_without_its_key_is_no_proof(written: Path, tmp_path: Path) -> None:
    shutil.copytree(written, tmp_path / "copy")
    (tmp_path / "copy" / KEY).unlink()

    assert DirectoryAuditLog(tmp_path / "copy").verify()


def test_an_entry_that_is_changed_and_sealed_with_a_guessed_key_is_seen(written: Path) -> None:
    def forge(directory: Path) -> None:
        lines = (directory / LOG).read_bytes().splitlines()
        fields = json.loads(lines[-1])
        fields["reason"] = "another"
        fields["hash"] = "0" * 64
        lines[-1] = json.dumps(fields, separators=(",", ":"), sort_keys=True).encode()
        (directory / LOG).write_bytes(b"\n".join(lines) + b"\n")

    assert problems(written, forge)


def test_damage_that_is_found_stays_visible(written: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(written, copy)
    lines = (copy / LOG).read_bytes().splitlines(keepends=True)
    (copy / LOG).write_bytes(b"".join(lines[:3]))

    log = DirectoryAuditLog(copy)
    write(log, 3)

    assert [entry.action for entry in log.entries()][3:5] == [DAMAGED, "forget"]
    assert log.entries()[3].counts == {"entries": 3}
    assert any("found damaged" in problem for problem in log.verify())


@pytest.mark.parametrize("kept", [1, 40, -1])
def test_a_line_that_a_crash_left_incomplete_is_dropped_and_that_is_told(
    written: Path, tmp_path: Path, kept: int
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(written, copy)
    line = (copy / LOG).read_bytes().splitlines()[-1]
    with (copy / LOG).open("ab") as file:
        file.write(line[:kept])

    log = DirectoryAuditLog(copy)

    assert [entry.action for entry in log.entries()][5:] == ["forget", REPAIRED]
    assert log.entries()[-1].counts == {"dropped_bytes": len(line[:kept])}
    assert log.verify() == []


def test_a_crash_between_an_entry_and_the_head_is_no_damage(written: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(written, copy)
    head = (copy / HEAD).read_bytes()
    write(DirectoryAuditLog(copy))
    (copy / HEAD).write_bytes(head)

    log = DirectoryAuditLog(copy)

    assert [entry.action for entry in log.entries()] == ["forget"] * 7
    assert log.verify() == []


def test_a_crash_while_the_log_is_started_is_no_damage(tmp_path: Path) -> None:
    DirectoryAuditLog(tmp_path)
    (tmp_path / KEY).unlink()

    assert DirectoryAuditLog(tmp_path).verify() == []


def test_a_log_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    log = DirectoryAuditLog(tmp_path)
    shutil.rmtree(tmp_path)

    with pytest.raises(StoreError, match="audit log"):
        write(log)


def test_entries_are_read_as_they_are_written(log: AuditLog) -> None:
    write(log, 2)

    for entry in log.entries():
        assert from_line(to_line(entry)) == entry
