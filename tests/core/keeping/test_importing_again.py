"""A second import never undoes what was done since the first."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import run

import pytest

import commonplace
from commonplace import Memory
from commonplace.testing import HashingEmbedder
from imported import everything, write_json


def messages(*texts: str) -> list[dict[str, object]]:
    return [
        {"id": f"m-{n}", "role": "user", "content": text, "thread_id": "t", "created_at": 1}
        for n, text in enumerate(texts)
    ]  # fmt: skip


def test_a_correction_is_kept_until_the_source_says_something_new(
    every_memory: Memory, tmp_path: Path
) -> None:
    memory, path = every_memory, tmp_path / "a.json"
    write_json(path, [{"id": "1", "memory": "Lives in Oslo"}, {"id": "2", "memory": "Likes tea"}])
    memory.import_(path, format="mem0")
    memory.update("1", text="Lives in Rome", metadata={"checked": True})
    memory.update("2", importance=0.9)

    report = memory.import_(path, format="mem0")

    assert (report.written, report.unchanged) == (0, 2)
    assert memory.record("1").text == "Lives in Rome"
    assert memory.record("2").importance == 0.9

    write_json(path, [{"id": "1", "memory": "Lives in Bergen"}])
    assert memory.import_(path, format="mem0").written == 1
    *past, present = [one.text for one in memory.history("1")]
    assert (sorted(past), present) == (["Lives in Oslo", "Lives in Rome"], "Lives in Bergen")


def test_a_message_that_was_corrected_keeps_both_once_its_source_changes(
    memory: Memory, tmp_path: Path
) -> None:
    path = write_json(tmp_path / "a.json", messages("I live in Osol"))
    memory.import_(path, format="openai-threads")
    [record] = memory.records()
    memory.update(record.id, text="I live in Oslo")

    assert memory.import_(path, format="openai-threads").unchanged == 1
    assert memory.record(record.id).text == "I live in Oslo"
    memory.import_(write_json(path, messages("I live in Rome")), format="openai-threads")

    *past, present = [one.text for one in memory.history(record.id)]
    assert (sorted(past), present) == (["I live in Oslo", "I live in Osol"], "I live in Rome")


def test_what_was_forgotten_stays_forgotten_and_is_counted(
    every_memory: Memory, tmp_path: Path
) -> None:
    memory = every_memory
    path = write_json(
        tmp_path / "a.json", [{"id": str(n), "memory": f"fact {n}"} for n in range(150)]
    )
    memory.import_(path, format="mem0")
    memory.forget("7", "120")

    report = memory.import_(path, format="mem0")

    assert (report.written, report.unchanged, report.skipped) == (0, 148, 2)
    assert "forgotten here since it was imported" in report.reasons[0].reason
    assert memory.count() == 148
    assert memory.scope("elsewhere").import_(path, format="mem0").written == 150


def test_a_value_that_was_set_or_deleted_since_stays_so(memory: Memory, tmp_path: Path) -> None:
    items = [{"namespace": ["a"], "key": key, "value": 1} for key in ("set", "gone")]
    path = write_json(tmp_path / "a.json", items)
    memory.import_(path, format="langgraph-store")
    memory.scope("a").set("set", 2)
    memory.scope("a").delete("gone")

    memory.import_(path, format="langgraph-store")

    assert (memory.scope("a").get("set"), memory.scope("a").keys()) == (2, ["set"])


def test_an_export_that_is_imported_again_undoes_nothing_either(
    memory: Memory, tmp_path: Path
) -> None:
    tea = memory.scope("a").remember("Likes tea")
    oslo = memory.scope("a").remember("Lives in Oslo")
    memory.scope("a").export(tmp_path / "a.jsonl")
    moved = memory.scope("b")
    moved.import_(tmp_path / "a.jsonl")
    moved.update(tea.id, text="Likes coffee")
    moved.forget(oslo.id)

    report = moved.import_(tmp_path / "a.jsonl")

    assert (report.unchanged, report.skipped) == (1, 1)
    assert [one.text for one in moved.records()] == ["Likes coffee"]


def test_the_log_of_imports_is_no_record_and_is_erased_with_its_scope(
    memory: Memory, tmp_path: Path
) -> None:
    alice = memory.scope("user", "alice")
    path = write_json(tmp_path / "a.json", [{"id": "1", "memory": "Likes tea"}])
    alice.import_(path, format="mem0")

    assert alice.count() == len(alice.records()) == len(everything(alice)) == 1
    assert alice.export(tmp_path / "out.jsonl") == 1
    assert [one.record.text for one in alice.recall("imported")] == ["Likes tea"]
    alice.erase(reason="request 1")
    assert alice.import_(path, format="mem0").written == 1


def test_what_a_source_says_in_two_ways_is_not_written_again(
    memory: Memory, tmp_path: Path
) -> None:
    path = write_json(
        tmp_path / "a.json", [{"id": "1", "memory": text} for text in ("tea", "mate")]
    )
    first = memory.import_(path, format="mem0")

    again = memory.import_(path, format="mem0")

    assert (first.written, again.written, again.unchanged) == (2, 0, 2)
    assert memory.record("1").text == "mate"


def test_a_dry_run_tells_what_would_be_and_writes_nothing(memory: Memory, tmp_path: Path) -> None:
    some = [{"id": str(n), "memory": f"fact {n}"} for n in range(250)]
    path = write_json(tmp_path / "a.json", [*some, some[3], 5])

    told = memory.import_(path, dry_run=True)
    again = memory.import_(path, dry_run=True)

    assert memory.count() == 0
    assert told == again == memory.import_(path)
    assert (told.written, told.unchanged, told.skipped) == (250, 1, 1)


KILLED = """
import os, signal, sys
import commonplace
from commonplace.engine.local_engine import LocalEngine as Engine
from commonplace.testing import HashingEmbedder

writes = int(sys.argv[3])
write = Engine.write

def counted(self, *args, **named):
    global writes
    writes -= 1
    if writes < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return write(self, *args, **named)

Engine.write = counted
with commonplace.open(sys.argv[1], embedder=HashingEmbedder()) as memory:
    memory.import_(sys.argv[2], format="mem0")
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="processes are killed in another way")
@pytest.mark.parametrize("writes", [1, 11])
def test_killed_in_the_middle_and_run_again_it_is_the_same_store(
    tmp_path: Path, writes: int
) -> None:
    some = [{"id": str(n), "memory": f"fact {n}", "created_at": n + 1} for n in range(1_150)]
    path = write_json(tmp_path / "a.json", some)
    killed = run([sys.executable, "-c", KILLED, str(tmp_path / "store"), str(path), str(writes)],
                 env={**os.environ}, check=False)  # fmt: skip
    assert killed.returncode == -signal.SIGKILL

    with commonplace.open(tmp_path / "store", embedder=HashingEmbedder()) as memory:
        before = memory.count()
        report = memory.import_(path, format="mem0")
        records = {one.id: one.text for one in everything(memory)}

    assert 0 < before < 1_150
    assert (report.written, report.unchanged, report.skipped) == (1_150 - before, before, 0)
    assert records == {str(n): f"fact {n}" for n in range(1_150)}


def test_screening_of_the_first_import_is_that_of_the_second(
    open_memory: Callable[..., Memory], tmp_path: Path
) -> None:
    memory = open_memory()
    path = tmp_path / "a.jsonl"
    path.write_text(json.dumps({"id": "1", "memory": "My password is tr0ub4dor-3xyz"}))
    memory.import_(path, format="mem0")
    memory.update("1", text="Has changed her password")

    assert memory.import_(path, format="mem0").unchanged == 1
    assert memory.record("1").text == "Has changed her password"
