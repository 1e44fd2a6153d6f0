"""Every item of a file ends as written, unchanged or skipped, and reasons name it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import commonplace
from commonplace import InvalidInputError, Memory
from commonplace.testing import HashingEmbedder
from commonplace.transfer.importing import ImportReport
from imported import import_twice, write_json, write_lines

SMALL = settings(max_examples=12, deadline=None)
TEXTS = st.sampled_from(["Likes tea", "No.", "", " ", "Lives in Oslo"])
TIMES = st.sampled_from([None, "2026-05-01T10:00:00Z", "soon", 1_760_000_000, "1760000000.5"])
ODD: st.SearchStrategy[Any] = st.sampled_from([None, 5, "text", [], {}, {"a": 1}, float("nan")])
MESSAGES = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system"]), "content": TEXTS},
    optional={"created_at": TIMES},
)
MEMORIES = st.fixed_dictionaries(
    {"memory": TEXTS, "user_id": st.sampled_from(["alice", "bob"])},
    optional={"created_at": TIMES, "expiration_date": TIMES, "id": st.sampled_from(["1", "2"])},
)
VALUES = st.fixed_dictionaries(
    {"namespace": st.sampled_from([["a"], ["b", "c"], "a.b", 5]),
     "key": st.sampled_from(["k", "l"]),
     "value": ODD},
    optional={"created_at": TIMES, "expires_at": TIMES, "ttl_minutes": st.sampled_from([1, "x"])},
)  # fmt: skip
ITEMS = {
    "openai-threads": MESSAGES,
    "openai-conversations": MESSAGES,
    "mem0": MEMORIES,
    "langgraph-store": VALUES,
}


def imported(format: str, lines: list[str]) -> ImportReport:
    with (
        TemporaryDirectory() as folder,
        commonplace.open(":memory:", embedder=HashingEmbedder()) as memory,
    ):
        path = Path(folder) / "file.jsonl"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return memory.import_(path, format=format)


@pytest.mark.parametrize("format", ITEMS)
@given(data=st.data())
@SMALL
def test_the_numbers_add_up_to_what_the_file_holds(format: str, data: st.DataObject) -> None:
    others = ODD.filter(lambda one: one != [])
    items = data.draw(st.lists(st.one_of(ITEMS[format], others),
                               min_size=1, max_size=12))  # fmt: skip
    for lines in ([json.dumps(items)], [json.dumps(one) for one in items]):
        report = imported(format, lines)

        assert report.read == report.written + report.unchanged + report.skipped
        assert report.read == len(items), report
        assert len(report.reasons) == report.skipped
        assert len({one.where for one in report.reasons}) == report.skipped


@given(chats=st.lists(st.lists(MESSAGES, min_size=1, max_size=4), min_size=1, max_size=5))
@SMALL
def test_each_message_of_each_request_is_counted(chats: list[list[dict[str, Any]]]) -> None:
    report = imported("chat-log", [json.dumps({"messages": chat}) for chat in chats])

    assert report.read == sum(map(len, chats))
    assert report.skipped == len(report.reasons)


def test_in_a_file_of_one_line_reasons_name_the_item(memory: Memory, tmp_path: Path) -> None:
    path = write_json(tmp_path / "a.json", [{"memory": "Likes tea"}, 5, {"memory": " "}])

    report = memory.import_(path, format="mem0")

    assert [one.where for one in report.reasons] == [
        f"{path}, line 1, item 2",
        f"{path}, line 1, item 3",
    ]


def test_an_item_of_several_records_is_one_item(memory: Memory, tmp_path: Path) -> None:
    path = write_json(tmp_path / "a.json", [{"memory": "word " * 50_000}])

    _, report = import_twice(memory, "mem0", path)

    assert (report.read, report.written, memory.count()) == (1, 1, 3)


def test_an_error_tells_what_was_done_before_it(memory: Memory, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"memory": "Likes tea"}\n5\n{"memory": ', encoding="utf-8")

    with pytest.raises(InvalidInputError, match="of 2 items: 1 written, 0 unchanged, 1 skipped"):
        memory.import_(path, format="mem0")


@pytest.mark.parametrize("indent", [None, 2])
def test_a_number_that_json_lacks_costs_its_field_and_not_the_record(
    memory: Memory, tmp_path: Path, indent: int | None
) -> None:
    items = [
        {"memory": 'Says "NaN" \\ often', "metadata": {"score": float("nan"), "n": 1}},
        {"memory": "Likes tea", "metadata": {"scores": [1.5, float("-inf")]}},
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(items, indent=indent), encoding="utf-8")

    records, report = import_twice(memory, "mem0", path)

    assert {one.text: dict(one.metadata) for one in records} == {
        'Says "NaN" \\ often': {"n": 1},
        "Likes tea": {"scores": [1.5, None]},
    }
    assert [one.what for one in report.notes] == [
        "metadata.score: NaN, which JSON does not have, is left out",
        "metadata.scores: -Infinity, which JSON does not have, is left out",
    ]


def test_a_time_that_cannot_be_read_is_told(memory: Memory, tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", {"memory": "Likes tea", "created_at": "soon"})

    report = memory.import_(path, format="mem0")

    assert (report.written, [one.what for one in report.notes]) == (
        1,
        ["created_at is no time: 'soon'"],
    )


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_compressed_file_is_read_as_it_is(memory: Memory, tmp_path: Path, ending: str) -> None:
    plain = write_lines(tmp_path / "a.jsonl", *({"memory": f"fact {n}"} for n in range(300)))
    packed = tmp_path / f"a.jsonl{ending}"
    packed.write_bytes(_packed(plain.read_bytes(), ending))

    memory.import_(packed, format="mem0")

    assert memory.import_(plain, format="mem0").unchanged == 300


@pytest.mark.parametrize("ending", [".gz", ".zst"])
def test_a_compressed_bomb_and_a_cut_file_are_refused(
    memory: Memory, tmp_path: Path, ending: str
) -> None:
    bomb, cut = tmp_path / f"bomb.json{ending}", tmp_path / f"cut.json{ending}"
    bomb.write_bytes(_packed(b"[" + b" " * 50_000_000 + b"]", ending))
    whole = _packed(
        json.dumps([{"memory": f"fact {n * n}"} for n in range(3_000)]).encode(), ending
    )
    cut.write_bytes(whole[: len(whole) // 2])

    with pytest.raises(InvalidInputError, match="more than 200 times its size"):
        memory.import_(bomb, format="mem0")
    with pytest.raises(InvalidInputError, match=r"cannot be unpacked|not complete JSON"):
        memory.import_(cut, format="mem0")


def _packed(data: bytes, ending: str) -> bytes:
    if ending == ".gz":
        return gzip.compress(data)
    return bytes(pytest.importorskip("zstandard", reason="it is optional").compress(data))
