"""What people pack: archives and folders of several formats, and what in them is of none."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from commonplace import InvalidInputError, Memory
from commonplace.transfer import unpacking
from imported import everything, write_json, write_lines

LOG = {"messages": [{"role": "user", "content": "I like tea"}]}
MEM0 = {"results": [{"id": "m1", "memory": "Likes green", "user_id": "alice"}]}
GPT = [{"id": "c1", "title": "Sea", "create_time": 1.7e9, "current_node": "a", "mapping": {
    "a": {"id": "a", "parent": None, "message": {
        "id": "a", "author": {"role": "user"}, "create_time": 1.7e9,
        "content": {"content_type": "text", "parts": ["I sail"]}}}}}]  # fmt: skip
FILES: dict[str, bytes] = {
    "mine/chatgpt/conversations.json": json.dumps(GPT).encode(),
    "mine/chatgpt/message_feedback.json": json.dumps(
        [{"content": "Good", "user_id": "u"}]
    ).encode(),
    "mine/logs/one.jsonl": json.dumps(LOG).encode(),
    "mine/mem0.json": json.dumps(MEM0).encode(),
    "mine/notes.csv": b"text,id\nOwns a boat,1\n",
    "mine/photo.png": b"\x89PNG\r\n\x1a\n\x00\x00",
    "__MACOSX/mine/._mem0.json": b"\x00\x05",
}
TEXTS = ["I like tea", "I sail", "Likes green", "Owns a boat"]


def as_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def as_tar(path: Path, files: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def as_folder(path: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data)
    return path


def as_zip_in_zip(path: Path, files: dict[str, bytes]) -> Path:
    inner = as_zip(path.with_name("inner.zip"), files)
    return as_zip(path, {"inner.zip": inner.read_bytes()})


PACKED: dict[str, Callable[[Path, dict[str, bytes]], Path]] = {
    "all.zip": as_zip, "all.tar.gz": as_tar, "all.tgz": as_tar, "all": as_folder,
    "twice.zip": as_zip_in_zip,
}  # fmt: skip


@pytest.mark.parametrize("name", PACKED)
def test_several_formats_come_through_together(memory: Memory, tmp_path: Path, name: str) -> None:
    path = PACKED[name](tmp_path / name, FILES)
    dry = memory.import_(path, dry_run=True)

    report = memory.import_(path)
    again = memory.import_(path)

    assert sorted(one.text for one in everything(memory)) == TEXTS
    assert sorted(report.format.split(", ")) == ["chat-log", "chatgpt", "mem0", "table"]
    assert (report.written, report.skipped, report.read) == (4, 1, 5)
    assert (dry.written, dry.skipped) == (4, 1)
    assert (again.written, again.unchanged, again.skipped) == (0, 4, 1)
    [left] = report.reasons
    assert left.reason == "a file of no format that is known"
    assert left.where.endswith("photo.png")
    assert "/commonplace-" not in left.where, "a folder that is gone by now"
    assert memory.scope("user", "alice").records()[0].text == "Likes green"


def test_a_packed_folder_of_one_format_is_what_the_folder_is(
    memory: Memory, tmp_path: Path
) -> None:
    pages = {
        f"threads/{number}.json": json.dumps({"object": "list", "data": [{
            "object": "thread.message", "id": f"m{number}", "role": "user", "created_at": number,
            "content": [{"type": "text", "text": {"value": f"Number {number}"}}]}]}).encode()
        for number in (1, 2)
    }  # fmt: skip
    report = memory.scope("packed").import_(as_tar(tmp_path / "threads.tar.gz", pages))
    memory.scope("plain").import_(as_folder(tmp_path, pages) / "threads")

    assert (report.format, report.written) == ("openai-threads", 2)
    packed, plain = everything(memory.scope("packed")), everything(memory.scope("plain"))
    assert [(one.id, one.source, one.created_at) for one in packed] == [
        (one.id, one.source, one.created_at) for one in plain
    ]


def test_a_named_format_is_asked_of_all_files(memory: Memory, tmp_path: Path) -> None:
    path = as_zip(tmp_path / "all.zip", FILES)

    report = memory.import_(path, format="chat-log")

    assert (report.format, report.written) == ("chat-log", 1)
    assert [one.text for one in everything(memory)] == ["I like tea"]
    assert report.skipped >= 2, "what is in the other files is told"


def test_a_folder_beside_a_database_of_another_format_is_read_too(
    memory: Memory, tmp_path: Path
) -> None:
    (tmp_path / "all").mkdir()
    write_lines(tmp_path / "all" / "log.jsonl", LOG)
    with closing(sqlite3.connect(tmp_path / "all" / "chats.db")) as database:
        database.execute("CREATE TABLE message_store (id INTEGER, session_id TEXT, message TEXT)")
        said = {"type": "human", "data": {"content": "I sail"}}
        database.execute("INSERT INTO message_store VALUES (1, 's', ?)", [json.dumps(said)])
        database.commit()

    report = memory.import_(tmp_path / "all")

    assert report.format == "chat-log, langchain-messages"
    assert sorted(one.text for one in everything(memory)) == ["I like tea", "I sail"]


@pytest.mark.parametrize(
    "name", ["../out.jsonl", "/out.jsonl", "C:/out.jsonl", "a/../../out.jsonl", "..\\out.jsonl"]
)
def test_nothing_is_written_outside(memory: Memory, tmp_path: Path, name: str) -> None:
    line = json.dumps(LOG).encode()
    path = as_tar(tmp_path / "hostile.tar.gz", {name: line, "in.jsonl": line})

    report = memory.import_(path)

    assert (report.written, report.skipped) == (1, 1)
    assert report.reasons[0].reason == "its name leads out of the archive"
    assert [one.name for one in tmp_path.rglob("*")] == ["hostile.tar.gz"]


def test_links_are_not_made(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "links.tar"
    with tarfile.open(path, "w") as archive:
        link = tarfile.TarInfo("passwords.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
        data = tarfile.TarInfo("log.jsonl")
        data.size = len(json.dumps(LOG))
        archive.addfile(data, io.BytesIO(json.dumps(LOG).encode()))

    report = memory.import_(path)

    assert (report.written, report.skipped) == (1, 1)
    assert report.reasons[0].reason == "it is a link or a device, not a file"


def nested(levels: int, data: bytes) -> bytes:
    for number in range(levels):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{number}.zip" if number else "log.jsonl", data)
        data = file.getvalue()
    return data


def test_archives_within_archives_share_one_limit(
    memory: Memory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "SMALL", 1_000)
    (tmp_path / "bomb.zip").write_bytes(nested(3, b" " * 3_000_000))
    (tmp_path / "deep.zip").write_bytes(nested(5, json.dumps(LOG).encode()))

    with pytest.raises(InvalidInputError, match="unpacks to more than"):
        memory.import_(tmp_path / "bomb.zip")
    with pytest.raises(InvalidInputError, match="archives lie more than 3 deep"):
        memory.import_(tmp_path / "deep.zip")
    assert memory.count() == 0


def test_what_is_cut_off_is_told_with_the_archive_s_name(memory: Memory, tmp_path: Path) -> None:
    whole = as_tar(tmp_path / "whole.tar.gz", {"log.jsonl": json.dumps(LOG).encode() * 100})
    (tmp_path / "cut.tar.gz").write_bytes(whole.read_bytes()[:-60])
    with pytest.raises(InvalidInputError, match=r"cut\.tar\.gz.*cannot be unpacked"):
        memory.import_(tmp_path / "cut.tar.gz")

    broken = as_zip(tmp_path / "broken.zip", {"a.jsonl": json.dumps(LOG).encode() + b"\n{"})
    with pytest.raises(InvalidInputError, match=r"broken\.zip: a\.jsonl, line 2: .* 1 written"):
        memory.import_(broken)


def test_an_archive_of_nothing_known_is_refused_once(memory: Memory, tmp_path: Path) -> None:
    path = as_zip(tmp_path / "photos.zip", {"a.png": b"\x89PNG", "b.txt": b"hello"})

    with pytest.raises(InvalidInputError, match=r"photos\.zip' is of no format that is known"):
        memory.import_(path)


HISTORY = [
    ("h1", "m1", None, "Lives in Bergen", "ADD", "2026-01-01T10:00:00+00:00", None, 0, None,
     "user"),
    ("h2", "m1", "Lives in Bergen", "Lives in Oslo", "UPDATE", "2026-01-01T10:00:00+00:00",
     "2026-03-01T10:00:00+00:00", 0, None, "user"),
    ("h3", "m2", None, "Has a cat", "ADD", "2026-01-02T10:00:00+00:00", None, 0, None, None),
    ("h4", "m2", "Has a cat", None, "DELETE", "2026-01-02T10:00:00+00:00",
     "2026-02-01T10:00:00+00:00", 1, None, None),
]  # fmt: skip
COLUMNS = (
    "id", "memory_id", "old_memory", "new_memory", "event", "created_at", "updated_at",
    "is_deleted", "actor_id", "role",
)  # fmt: skip


def history_in(path: Path) -> Path:
    path.parent.mkdir(exist_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"CREATE TABLE history ({', '.join(COLUMNS)})")
        database.execute("CREATE TABLE messages (id, session_scope, role, content)")
        database.execute("INSERT INTO messages VALUES ('1', 'user_id=alice', 'user', 'Hi')")
        marks = ", ".join("?" * len(COLUMNS))
        database.executemany(f"INSERT INTO history VALUES ({marks})", HISTORY)
        database.commit()
    return path


def history_as_json(path: Path) -> Path:
    rows: list[dict[str, Any]] = [dict(zip(COLUMNS, row, strict=True)) for row in HISTORY]
    return write_json(path, rows)


@pytest.mark.parametrize("make", [history_in, history_as_json])
def test_mem0_s_history_is_history(
    memory: Memory, tmp_path: Path, make: Callable[[Path], Path]
) -> None:
    path = make(tmp_path / "history.db")
    messages = 1 if make is history_in else 0

    report = memory.import_(path)

    assert report.format == "mem0"
    assert (report.written, report.skipped, report.read) == (2, 2 + messages, 4 + messages)
    assert "does not name its user" in report.notes[0].what
    [record] = memory.records()
    assert (record.id, record.text) == ("m1", "Lives in Oslo")
    assert [one.text for one in memory.history("m1")] == ["Lives in Bergen", "Lives in Oslo"]
    february = record.created_at.replace(month=2)
    found = memory.recall("where does she live?", as_of=february)
    assert [one.record.text for one in found] == ["Lives in Bergen"]
    assert memory.import_(path).written == 0


def test_a_history_beside_the_memories_is_its_users(memory: Memory, tmp_path: Path) -> None:
    folder = tmp_path / "mem0"
    history_in(folder / "history.db")
    row = {"id": "m1", "memory": "Lives in Oslo", "user_id": "alice", "metadata": {"from": "call"}}
    write_json(folder / "memories.json", {"results": [row]})

    report = memory.import_(folder)

    alice = memory.scope("user", "alice")
    assert (report.written, report.notes) == (2, ())
    assert [one.text for one in alice.history("m1")] == ["Lives in Bergen", "Lives in Oslo"]
    assert alice.records()[0].metadata == {"from": "call"}
    assert memory.import_(folder).written == 0
