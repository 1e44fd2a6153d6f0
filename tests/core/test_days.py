"""Days that a question names: counted from when it is asked, and in the asker's timezone."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from clock import Clock
from commonplace import InvalidInputError, Memory, Record
from commonplace.values.records import Kind

WALK = "Walked around the lake with Ida"


def told(memory: Memory, *moments: datetime, kind: Kind = "event") -> Memory:
    memory.remember_many([Record(WALK, kind=kind, created_at=moment) for moment in moments])
    return memory


def on(day: int, hour: int = 12, minute: int = 0) -> datetime:
    """Return a moment of April 2026, which is past for the clock of the tests."""
    return datetime(2026, 4, day, hour, minute, tzinfo=timezone.utc)


def days(memory: Memory, query: str, **how: object) -> list[int]:
    matches = memory.recall(query, **how)  # type: ignore[arg-type]
    return [match.record.created_at.day for match in matches]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("Who was with me yesterday?", 19),
        ("Where did I walk 3 days ago?", 17),
        ("Mit wem war ich vorgestern am See?", 18),
    ],
)
def test_days_are_counted_from_the_moment_that_is_asked_about(
    memory: Memory, query: str, first: int
) -> None:
    told(memory, *(on(day) for day in (15, 17, 18, 19)))

    assert days(memory, query, as_of=on(20))[0] == first


def test_without_a_moment_they_are_counted_from_now(memory: Memory, clock: Clock) -> None:
    told(memory, *(clock() - timedelta(days=ago) for ago in (0, 1, 2)))

    assert days(memory, "Who was with me yesterday?")[0] == (clock() - timedelta(days=1)).day


@pytest.mark.parametrize("kind", ["event", "message", "fact"])
def test_the_day_itself_comes_before_the_minute_beside_it(memory: Memory, kind: Kind) -> None:
    told(memory, on(18, 23, 59), on(19, 0, 1), on(20, 0, 0), kind=kind)

    assert days(memory, "Who was with me yesterday?", as_of=on(20))[0] == 19


def test_a_question_of_a_day_alone_finds_that_day_first(memory: Memory) -> None:
    said = {28: "Car service done", 29: "Paid the rent", 30: "Called the bank"}
    memory.remember_many(
        [Record(text, kind="event", created_at=on(day - 14)) for day, text in said.items()]
    )
    itself, other = memory.recall("What did I do on Tuesday?", as_of=on(18), limit=2)

    assert itself.record.text == said[28]
    assert other.confidence < itself.confidence


def test_importance_does_not_outvote_the_day(memory: Memory) -> None:
    beside = Record(WALK, kind="event", created_at=on(18, 23), importance=1.0)
    itself = Record(WALK, kind="event", created_at=on(19, 1), importance=0.5)
    memory.remember_many([beside, itself])

    assert days(memory, "Who was with me yesterday?", as_of=on(20))[0] == 19


@pytest.mark.parametrize(
    ("timezone_", "first"),
    [("UTC", 19), ("America/Los_Angeles", 18), ("Asia/Tokyo", 20), (None, 19)],
)
def test_yesterday_is_the_day_of_the_asker(
    memory: Memory, timezone_: str | None, first: int
) -> None:
    # 01:00 UTC of the 20th is the evening of the 19th in California, and 17:00 UTC of the 20th is
    # the 21st in Tokyo.
    told(memory, on(18, 16), on(19, 14, 50), on(20, 10))
    asked = on(20, 17) if timezone_ == "Asia/Tokyo" else on(20, 1)

    assert days(memory, "Who was with me yesterday?", as_of=asked, timezone=timezone_)[0] == first


def test_a_moment_brings_its_own_timezone(memory: Memory) -> None:
    told(memory, on(18, 16), on(19, 16))
    evening = on(20, 1).astimezone(timezone(timedelta(hours=-7)))

    assert days(memory, "Who was with me yesterday?", as_of=evening)[0] == 18
    assert days(memory, "Who was with me yesterday?", as_of=evening, timezone="UTC")[0] == 19


def test_context_takes_a_timezone(memory: Memory, clock: Clock) -> None:
    clock.time = on(20, 1)
    told(memory, on(18, 16), on(19, 16))

    def first_line(zone: str | None) -> str:
        return memory.context("Who was with me yesterday?", timezone=zone).splitlines()[2]

    assert "2026-04-19" in first_line(None)
    assert "2026-04-18" in first_line("America/Los_Angeles")


@pytest.mark.parametrize("name", ["", "Mars/Olympus", "../passwd", "Europe", "UTC+2", 2])
def test_an_unknown_timezone_is_refused(memory: Memory, name: str) -> None:
    with pytest.raises(InvalidInputError, match="IANA name"):
        memory.recall("anything yesterday", timezone=name)
    with pytest.raises(InvalidInputError, match="IANA name"):
        memory.context("anything yesterday", timezone=name)


def test_a_moment_at_the_calendars_end_is_refused(memory: Memory) -> None:
    last = datetime.max.replace(tzinfo=timezone.utc)
    with pytest.raises(InvalidInputError, match="beyond the calendar"):
        memory.recall("anything", as_of=last, timezone="Asia/Tokyo")
