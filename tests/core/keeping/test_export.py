"""Exported files: exact both ways, whole or not there, and readable by their owner alone."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import commonplace
from clock import Clock
from commonplace import InvalidInputError, Memory, Record, Scope, Source
from commonplace.errors import AccessDeniedError
from commonplace.service.access import Gate
from commonplace.service.confined import Grant
from commonplace.testing import HashingEmbedder
from commonplace.values.records import KINDS, ORIGINS
from commonplace.values.validation import checked_record
from imported import everything

texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(str.strip)
maybe_texts = st.none() | texts
times = st.datetimes(
    datetime(1970, 1, 2),  # noqa: DTZ001  # the strategy gives the timezone
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([timezone.utc, timezone(timedelta(hours=-7))]),
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
sources = st.builds(
    Source,
    framework=maybe_texts,
    agent=maybe_texts,
    session=maybe_texts,
    origin=st.none() | st.sampled_from(ORIGINS),
)
histories: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"version_of": texts, "valid_until": times}
) | st.just({})


@st.composite
def records(draw: st.DrawFn) -> Record:
    shares = st.floats(0, 1) | st.sampled_from([0, 1])
    fields: dict[str, Any] = {
        "text": draw(texts),
        "kind": draw(st.sampled_from([kind for kind in KINDS if kind != "value"])),
        "importance": draw(shares),
        "metadata": draw(st.dictionaries(texts, values, max_size=3)),
        "source": draw(sources),
        "key": draw(maybe_texts),
        "scope": Scope(tuple(draw(st.lists(texts, max_size=3)))),
        "id": draw(texts),
        "created_at": draw(times),
        "updated_at": draw(st.none() | times),
        "mentions": draw(st.integers(1, 10**6)),
        "derived_from": tuple(draw(st.lists(texts, max_size=3))),
        "trust": draw(st.none() | shares),
        "quarantine": draw(maybe_texts),
        **draw(histories),
    }
    return checked_record(Record(**fields))


def memory_below(*names: str) -> Memory:
    return commonplace.open(":memory:", embedder=HashingEmbedder()).scope(names)


def put(memory: Memory, *some: Record) -> None:
    """Store records as they are."""
    memory._engine.write(some)


@given(st.lists(records(), max_size=8, unique_by=lambda one: (one.scope, one.id)))
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_what_is_exported_and_imported_is_the_same_record_for_record(some: list[Record]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "all.jsonl"
        first, second = memory_below("one"), memory_below("two", "deeper")
        put(first, *(_moved(one, first) for one in some))

        assert first.export(path) == len(some)
        report = second.import_(path)

        assert (report.read, report.written) == (len(some), len(some))
        assert _ordered(everything(second)) == _ordered([_moved(one, second) for one in some])
        assert second.import_(path).written == 0


def _moved(record: Record, memory: Memory) -> Record:
    scope = Scope(memory.path.names + record.scope.names)
    return Record(**{**{name: getattr(record, name) for name in Record.__slots__}, "scope": scope})


def _ordered(some: list[Record]) -> list[Record]:
    return sorted(some, key=lambda one: (one.scope, one.id))


def test_an_export_holds_past_versions_and_quarantined_records_but_nothing_expired(
    every_memory: Memory, clock: Clock, tmp_path: Path
) -> None:
    at = clock()
    put(
        every_memory,
        Record("is"),
        Record("was", version_of="1", valid_until=at),
        Record("held back", quarantine="it gives orders"),
        Record("over", expires_at=at - timedelta(days=1)),
    )

    assert every_memory.export(tmp_path / "all.jsonl") == 3
    texts = {json.loads(line)["text"] for line in _lines(tmp_path / "all.jsonl")[1:]}
    assert texts == {"is", "was", "held back"}


def test_a_scope_is_exported_without_its_neighbours(every_memory: Memory, tmp_path: Path) -> None:
    alice = every_memory.scope("user", "alice")
    alice.scope("notes").remember("Alice's")
    every_memory.scope("user", "bob").remember("Bob's")

    assert alice.export(tmp_path / "alice.jsonl") == 1
    header, record = map(json.loads, _lines(tmp_path / "alice.jsonl"))
    assert (record["text"], record["scope"]) == ("Alice's", "notes")
    assert (header["format"], header["version"], header["scope"]) == (
        "commonplace",
        1,
        "user/alice",
    )
    assert header["records"] == 1


def test_an_export_is_imported_below_another_scope(every_memory: Memory, tmp_path: Path) -> None:
    every_memory.scope("user", "alice").scope("notes").remember("Likes tea")
    every_memory.scope("user", "alice").export(tmp_path / "alice.jsonl")

    copy = every_memory.scope("user", "alicia")
    copy.import_(tmp_path / "alice.jsonl")

    assert [one.text for one in copy.scope("notes").records()] == ["Likes tea"]
    assert copy.recall("tea")[0].record.scope == Scope(("user", "alicia", "notes"))
    assert every_memory.scope("user", "alice").count() == 1


def test_an_exact_value_is_there_after_an_import(every_memory: Memory, tmp_path: Path) -> None:
    every_memory.scope("a").set("answer", {"n": 42, "x": 0.1})
    every_memory.scope("a").export(tmp_path / "a.jsonl")

    every_memory.scope("b").import_(tmp_path / "a.jsonl")

    assert every_memory.scope("b").get("answer") == {"n": 42, "x": 0.1}


def test_an_export_is_its_owners_alone_and_leaves_nothing_beside_it(
    memory: Memory, tmp_path: Path
) -> None:
    memory.remember("Likes tea")
    memory.export(tmp_path / "a.jsonl")
    memory.export(tmp_path / "a.jsonl")

    assert (tmp_path / "a.jsonl").stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["a.jsonl"]


def test_an_export_that_fails_leaves_the_former_file(memory: Memory, tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text("the former one", encoding="utf-8")
    put(memory, Record("fine"), Record("not", metadata={"half a character": "\ud800"}))

    with pytest.raises(UnicodeEncodeError):  # no verb would have let it in
        memory.export(file)

    assert file.read_text(encoding="utf-8") == "the former one"
    assert [one.name for one in tmp_path.iterdir()] == ["a.jsonl"]


def test_where_no_file_can_be_written_the_error_says_so(memory: Memory, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()

    for path in (tmp_path / "missing" / "a.jsonl", tmp_path / "folder"):
        with pytest.raises(InvalidInputError, match="could not be written"):
            memory.export(path)
    for bad in ("", 5, "a\x00b"):
        with pytest.raises(InvalidInputError, match="name of a file"):
            memory.export(bad)  # type: ignore[arg-type]  # what callers may pass


@pytest.fixture
def exported(tmp_path: Path) -> Path:
    memory = memory_below("user")
    memory.remember_many([f"fact {number}" for number in range(250)])
    memory.export(tmp_path / "all.jsonl")
    return tmp_path / "all.jsonl"


def test_an_export_that_was_cut_off_is_imported_up_to_there_and_completed_later(
    exported: Path, every_memory: Memory
) -> None:
    whole = exported.read_bytes()
    exported.write_bytes(b"".join(whole.splitlines(keepends=True)[:181]) + b'{"text":"fact')

    with pytest.raises(InvalidInputError, match=r"all\.jsonl, line 182: "):
        every_memory.import_(exported)
    assert every_memory.count() == 180

    exported.write_bytes(whole)
    report = every_memory.import_(exported)
    assert (report.read, report.written, report.unchanged) == (250, 70, 180)
    assert every_memory.count() == 250


def test_an_export_cut_off_between_two_lines_is_noticed(exported: Path, memory: Memory) -> None:
    whole = exported.read_bytes().splitlines(keepends=True)
    exported.write_bytes(b"".join(whole[:200]))

    with pytest.raises(InvalidInputError, match="ends after 199 of 250 records"):
        memory.import_(exported)


def test_what_is_stored_already_is_not_embedded_again(exported: Path) -> None:
    class Counting(HashingEmbedder):
        embedded = 0

        def embed_documents(self, texts: Any) -> Any:
            self.embedded += len(texts)
            return super().embed_documents(texts)

    embedder = Counting()
    with commonplace.open(":memory:", embedder=embedder) as memory:
        memory.import_(exported)
        memory.import_(exported)

    assert embedder.embedded == 250


def line_with(**changes: str) -> bytes:
    """Return the line of a record, with the JSON of some fields changed."""
    fields = {"text": '"tea"', "id": '"1"', "created_at": '"2026-01-01T00:00:00+00:00"', **changes}
    return ("{" + ",".join(f'"{name}":{value}' for name, value in fields.items()) + "}\n").encode()


BAD_LINES = [
    (b"\n", "not a JSON object"),
    (b"[]\n", "not a JSON object"),
    (b'{"text": "\xff"}\n', "in UTF-8"),
    (b'{"text": "tea"}\n', "no 'id'"),
    (line_with(created_at="5"), "not a record"),
    (line_with(created_at='"2026-01-01"'), "timezone"),
    (line_with(source="1"), "not a record"),
    (line_with(scope='"a//b"'), "name is empty"),
    (line_with(scope="[[]]"), "not a record"),
    (line_with(trust="7"), "trust"),
    (line_with(metadata='{"n": NaN}'), "metadata"),
    (line_with(metadata='{"n": ' + "9" * 5_000 + "}"), "not a JSON object"),
    (b"[" * 200_000 + b"\n", "not a JSON object"),
]


@pytest.mark.parametrize(("line", "says"), BAD_LINES, ids=range(len(BAD_LINES)))
def test_a_line_that_is_no_record_is_named_and_those_before_it_are_kept(
    exported: Path, memory: Memory, line: bytes, says: str
) -> None:
    lines = exported.read_bytes().splitlines(keepends=True)
    exported.write_bytes(b"".join([*lines[:3], line, *lines[3:]]))

    with pytest.raises(InvalidInputError, match=rf"all\.jsonl, line 4: .*{says}"):
        memory.import_(exported)

    assert memory.count() == 2


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (b"", "not a JSON object"),
        (b'{"text": "tea"}\n', "not the header"),
        (b'{"format": "other", "version": 1, "records": 1}\n', "not the header"),
        (b'{"format": "commonplace", "version": 2, "records": 1}\n', "Upgrade with"),
        ('{"format": "commonplace"}'.encode("utf-16"), "UTF-16"),
    ],
    ids=range(5),
)
def test_a_file_that_is_no_export_is_refused(
    tmp_path: Path, memory: Memory, header: bytes, says: str
) -> None:
    (tmp_path / "a.jsonl").write_bytes(header)

    with pytest.raises(InvalidInputError, match=says):
        memory.import_(tmp_path / "a.jsonl")


def test_a_mark_of_utf8_at_the_beginning_does_no_harm(exported: Path, memory: Memory) -> None:
    exported.write_bytes(b"\xef\xbb\xbf" + exported.read_bytes())

    assert memory.import_(exported).written == 250


def test_a_file_that_is_not_there_and_a_format_that_is_unknown_are_named(
    memory: Memory, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError, match=r"none\.jsonl.*cannot be read"):
        memory.import_(tmp_path / "none.jsonl")
    with pytest.raises(InvalidInputError, match="'zip' is unknown: give one of commonplace"):
        memory.import_(tmp_path / "none.jsonl", format="zip")


def test_a_key_for_one_scope_exports_no_other(memory: Memory, tmp_path: Path) -> None:
    memory.scope("user", "bob").remember("Bob's")
    gate = Gate(memory._engine, lambda _: Grant(Scope(("user", "alice"))), embeds=True)  # type: ignore[arg-type]  # it is a LocalEngine
    confined = gate.opened("key")

    with pytest.raises(AccessDeniedError):
        Memory(confined, Scope(("user", "bob"))).export(tmp_path / "bob.jsonl")
    assert list(tmp_path.iterdir()) == []


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]
