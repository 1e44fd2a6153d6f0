"""Files made to hurt: refused with the place, in bounded memory, and nothing runs."""

from __future__ import annotations

import pickle
import sqlite3
import tempfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from commonplace import InvalidInputError, Memory
from commonplace.transfer import archives, json_stream, reading
from commonplace.transfer.importers.pickled import values_by_id
from imported import write_json

TOO_LONG = "line 1: one item here is longer than 64,000,000 bytes"
JSON_FORMATS = ["openai-threads", "openai-conversations", "chatgpt", "chat-log", "mem0",
                "langgraph-store", "telegram", "grok", "deepseek", "gemini", "google-ai-studio",
                "librechat", "open-webui", "claude", "letta", "llamaindex-chat", "graphiti",
                "langchain-messages"]  # fmt: skip


@pytest.mark.parametrize("format", JSON_FORMATS)
@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "line 0: .*not complete JSON"),
        (b'[\n{"a": 1},\n{"a": tru', "line 3: .*not complete JSON"),
        (b'[\n{"a": "\xff"}]', "line 2: .*not complete JSON"),
        (b"[\n" + b"[" * 200_000, "line 2: .*nested deeper than 200"),
        (b'{"a":\n' * 300, "line 201: .*nested deeper than 200"),
        ("[]".encode("utf-16"), "line 1: .*UTF-16"),
        (b"[" + b"9" * 5_000 + b"]", "line 1: .*not complete JSON"),
        (b"[1e999]", "line 1: .*not complete JSON"),
        (b"[1] garbage", "line 1: .*not complete JSON"),
        (b"\x00" * 1_000, "line 1: .*not complete JSON"),
    ],
    ids=range(10),
)
def test_what_is_not_json_is_refused_with_its_line(
    memory: Memory, tmp_path: Path, format: str, data: bytes, says: str
) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(data)

    with pytest.raises(InvalidInputError, match=rf"file\.json, {says}"):
        memory.import_(path, format=format)

    assert memory.count() == 0


@pytest.mark.parametrize("format", JSON_FORMATS)
def test_json_of_any_shape_is_reported_and_breaks_nothing(
    memory: Memory, tmp_path: Path, format: str
) -> None:
    odd: list[Any] = [
        None, 5, "text", [], {}, [[]], {"data": 5}, {"messages": 5},
        {"messages": [None, {"role": []}]}, {"items": {"data": [None]}},
        {"role": None, "content": None}, {"role": "user", "content": {}},
        {"role": "user", "content": [{"type": []}, 5, {"type": "text", "text": 5}]},
        {"object": [], "id": {}}, {"mapping": {"a": 5, "b": {"message": {"author": 5}}}},
        {"mapping": {}}, {"memory": [], "id": 5}, {"memory": "x", "created_at": 10**400, "id": []},
        {"namespace": 5, "key": 5, "value": 5}, {"namespace": [1], "key": "k", "value": 1},
        {"choices": [5]}, {"request": {"messages": [{"role": "user", "tool_calls": [5, {}]}]}},
    ]  # fmt: skip
    path = write_json(tmp_path / "file.json", odd)

    report = memory.import_(path, format=format)

    assert report.skipped + report.written + report.unchanged == report.read
    assert memory.count() == report.written


def test_a_line_of_a_gigabyte_takes_no_gigabyte(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    with path.open("wb") as file:
        file.write(b'["')
        file.truncate(1_000_000_000)  # zeros, which take no space on disk

    for format in ("mem0", "commonplace"):
        with peak_below(300_000_000), pytest.raises(InvalidInputError, match=TOO_LONG):
            memory.import_(path, format=format)


def test_a_long_file_of_small_items_is_read_in_little_memory(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    with path.open("w", encoding="utf-8") as file:
        file.write('{"object": "list", "data": [')
        file.writelines('{"a": "%s"},' % ("x" * 1_000) for _ in range(20_000))
        file.write('{"a": 1}], "has_more": false}')

    with peak_below(4_000_000):
        count = sum(1 for _ in json_stream.elements(path))

    assert count == 20_002


@contextmanager
def peak_below(most: int) -> Iterator[None]:
    """Hold what is allocated within below `most` bytes at any time."""
    import ijson  # noqa: F401  # not counted
    import tqdm  # noqa: F401

    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


def test_a_bomb_in_an_archive_is_refused_before_it_is_unpacked(
    memory: Memory, tmp_path: Path
) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", b"[" + b" " * 50_000_000 + b"]")

    with pytest.raises(InvalidInputError, match="more than 200 times its size"):
        memory.import_(path, format="chatgpt")


def test_an_archive_that_unpacks_to_too_much_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conversations-000.json", b"[]" * 600)
        archive.writestr("conversations-001.json", b"[]" * 600)
    monkeypatch.setattr(archives, "MAX_UNPACKED_BYTES", 2_000)

    with (
        pytest.raises(InvalidInputError, match="unpacks to more than 2,000 bytes"),
        archives.members(path, r"conversations-\d+\.json"),
    ):
        pass


def test_a_damaged_archive_is_refused(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("conversations.json", b'[{"mapping": {}}, "some text that is long"]')
    data = bytearray(path.read_bytes())
    data[60:70] = b"\xff" * 10
    path.write_bytes(bytes(data))

    with pytest.raises(InvalidInputError, match="not a whole ZIP archive"):
        memory.import_(path, format="chatgpt")


def test_a_member_is_closed_when_its_reading_ends_or_breaks_off(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("conversations-000.json", b"[]")
        archive.writestr("conversations-001.json", b"[]")
    given: list[BinaryIO] = []

    with pytest.raises(InvalidInputError, match="not a whole ZIP archive"):
        _take_two_and_break_off(path, given)

    assert [one.closed for one in given] == [True, True]


def _take_two_and_break_off(path: Path, given: list[BinaryIO]) -> None:
    with archives.members(path, r"conversations-\d+\.json") as found:
        for _, member in found:
            assert all(one.closed for one in given)
            given.append(member)
            if len(given) == 2:
                raise zipfile.BadZipFile("Bad CRC-32")


def test_a_member_that_points_outside_is_read_in_place_and_writes_nowhere(
    memory: Memory, tmp_path: Path
) -> None:
    path = tmp_path / "inner" / "export.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../conversations.json", b"[]")

    assert memory.import_(path, format="chatgpt").read == 0
    assert {one.name for one in tmp_path.rglob("*") if one.is_file()} - _of_stores(tmp_path) == {
        "export.zip"
    }


def _of_stores(tmp_path: Path) -> set[str]:
    return {one.name for one in (tmp_path / "store").rglob("*")}


class Runs:
    """What a hostile pickle asks for."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("it ran",)


def unfolding(depth: int) -> object:
    """Return a small graph whose text would double with each level."""
    value: object = "said once"
    for _ in range(depth):
        value = (value, value)
    return value


def within_itself() -> list[object]:
    value: list[object] = []
    value.append(value)
    return value


@pytest.mark.parametrize("name", ["uid_text_dict.pkl", "uid_memo_dict.pkl"])
@pytest.mark.parametrize(
    "data",
    [pickle.dumps({"1": Runs()}), b"", b"garbage", pickle.dumps([1]),
     b"\x80\x02}r" + (2**31).to_bytes(4, "little") + b".",
     pickle.dumps({"1": unfolding(21)}), pickle.dumps({"1": within_itself()}),
     pickle.dumps({1 << 20_000: ("a", "b")})],
    ids=["runs", "empty", "garbage", "list", "room for 2 thousand million places",
         "unfolds", "within itself", "a number of 6,000 digits"],
)  # fmt: skip
def test_a_pickle_runs_nothing(
    memory: Memory, tmp_path: Path, name: str, data: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "teachable"
    folder.mkdir()
    (folder / name).write_bytes(data)

    with pytest.raises(InvalidInputError, match=name):
        memory.import_(folder, format="autogen-chroma")

    assert "it ran" not in capfd.readouterr().out


@pytest.mark.parametrize("format", ["langchain-chroma", "autogen-chroma", "langgraph-store"])
@pytest.mark.parametrize("data", [b"SQLite format 3\x00" + b"\xff" * 5_000, b"no database" * 100])
def test_a_damaged_database_is_refused(
    memory: Memory, tmp_path: Path, format: str, data: bytes
) -> None:
    folder = tmp_path / "theirs"
    folder.mkdir()
    file = folder / "chroma.sqlite3"
    file.write_bytes(data)

    with pytest.raises(InvalidInputError):
        memory.import_(file if format == "langgraph-store" else folder, format=format)

    assert file.read_bytes() == data
    assert {one.name for one in folder.iterdir()} == {"chroma.sqlite3"}


def test_a_file_that_is_large_in_one_item_is_refused_at_the_limit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(reading, "MAX_ITEM_BYTES", 1_000)
    path = write_json(tmp_path / "file.json", [{"a": "x" * 300}] * 10 + [{"a": ["x" * 10] * 200}])

    found: list[json_stream.Element] = []
    with pytest.raises(InvalidInputError, match="longer than 1,000 bytes"):
        found.extend(json_stream.elements(path))


# Changes the class that stands for AutoGen's, instead of an object of it.
CHANGING_A_CLASS = b"\x80\x02cany\nMemo\n}X\x04\x00\x00\x00taskX\x04\x00\x00\x00evilsb."


def test_a_pickle_changes_no_class_of_another(tmp_path: Path) -> None:
    path = tmp_path / "uid_memo_dict.pkl"
    path.write_bytes(CHANGING_A_CLASS)
    with pytest.raises(InvalidInputError):
        values_by_id(path)
    path.write_bytes(b"\x80\x02}X\x01\x00\x00\x001cany\nMemo\n)\x81s.")

    [memo] = values_by_id(path).values()

    assert not hasattr(memo, "task")
    assert type(memo).__module__ != "commonplace"


VIEWS = {
    "langgraph-store": ("file.db", "store", "'a' AS prefix, 'k' AS key, '{}' AS value"),
    "crewai-storage": (
        "long_term_memory_storage.db",
        "long_term_memories",
        "n AS id, 't' AS task_description, '{}' AS metadata, 0 AS datetime, 1 AS score",
    ),
    "langchain-messages": (
        "file.db",
        "message_store",
        "n AS id, 's' AS session_id, '{}' AS message",
    ),
    "langchain-chroma": ("chroma.sqlite3", "collections", "n AS id, 'c' AS name"),
}


@pytest.mark.parametrize("format", VIEWS)
def test_a_view_in_the_place_of_a_table_is_not_run(
    memory: Memory, tmp_path: Path, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    folder = tmp_path / "theirs"
    folder.mkdir()
    name, table, columns = VIEWS[format]
    with closing(sqlite3.connect(folder / name)) as database:
        # It ends here, and could have as many rows as it likes.
        numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 9)"
        database.execute(f"CREATE VIEW {table} AS {numbers} SELECT {columns} FROM c")

    with pytest.raises(
        InvalidInputError, match=r"prohibited|not authorized|defines a view|holds no table"
    ):
        memory.import_(folder if format.endswith("chroma") else folder / name, format=format)

    assert memory.count() == 0
    assert list(temporary.iterdir()) == []
