"""Times of ISO 8601 are read alike on every Python, in whatever spelling they came."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace import Memory
from commonplace.values.times import parsed_time
from imported import import_twice, write_json, write_lines

ZONES = {
    "Z": timedelta(0),
    "+00:00": timedelta(0),
    "+0530": timedelta(hours=5, minutes=30),
    "-08": timedelta(hours=-8),
}


@given(
    at=st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)),  # noqa: DTZ001  # the zone is drawn apart
    separator=st.sampled_from("T "),
    point=st.sampled_from(".,"),
    digits=st.integers(0, 9),
    zone=st.sampled_from(sorted(ZONES)),
)
def test_every_spelling_of_a_time_is_read(
    at: datetime, separator: str, point: str, digits: int, zone: str
) -> None:
    fraction = f"{at.microsecond:06}999"[:digits]
    written = f"{at:%Y-%m-%d}{separator}{at:%H:%M:%S}{point if fraction else ''}{fraction}{zone}"
    microsecond = int(f"{fraction[:6]:0<6}")

    expected = at.replace(microsecond=microsecond, tzinfo=timezone(ZONES[zone]))
    assert parsed_time(written) == expected


@given(st.datetimes(timezones=st.just(timezone.utc)))
def test_what_isoformat_writes_is_read_as_it_was(at: datetime) -> None:
    assert parsed_time(at.isoformat()) == at


@pytest.mark.parametrize(
    "text", ["", "Z", "tomorrow", "2026-02-30T00:00:00Z", "1714557600", "٢٠٢٦"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # the words are those of Python or dateutil
        parsed_time(text)


ODD = "2026-03-01T09:30:00.1234567Z"
READ = datetime(2026, 3, 1, 9, 30, 0, 123456, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("format", "item"),
    [
        ("mem0", {"memory": "Likes tea", "created_at": ODD}),
        ("openai-threads", {"id": "m", "role": "user", "content": "x", "created_at": ODD}),
        ("chat-log", {"role": "user", "content": "x", "timestamp": ODD}),
    ],
)
def test_an_importer_reads_a_time_that_ends_in_z(
    memory: Memory, tmp_path: Path, format: str, item: dict[str, object]
) -> None:
    records, _ = import_twice(memory, format, write_json(tmp_path / "all.json", [item]))

    assert [one.created_at for one in records] == [READ]


def test_a_file_of_ours_that_another_program_wrote_may_say_z(
    memory: Memory, tmp_path: Path
) -> None:
    path = write_lines(
        tmp_path / "all.jsonl",
        {"format": "commonplace", "version": 1, "records": 1},
        {"text": "Likes tea", "id": "a", "created_at": ODD, "expires_at": "2999-01-01T00:00:00Z"},
    )
    memory.import_(path)

    assert memory.record("a").created_at == READ


def test_a_message_that_is_observed_may_say_z(memory: Memory) -> None:
    [record] = memory.observe([{"role": "user", "content": "I like tea", "created_at": ODD}])

    assert record.created_at == READ
