"""Periods that a query names. The asking time is noon of Thursday, 15 June 2023."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace.recall.dates import Period, closeness, periods

ASKED = datetime(2023, 6, 15, 12, tzinfo=timezone.utc)


def named(query: str, asked: datetime = ASKED) -> list[tuple[str, str]]:
    """Return the first and the last day of each period, in the asker's timezone."""
    return [
        (
            datetime.fromtimestamp(period.start, asked.tzinfo).date().isoformat(),
            datetime.fromtimestamp(period.end - 1, asked.tzinfo).date().isoformat(),
        )
        for period in periods(query, asked)
    ]


@pytest.mark.parametrize(
    ("query", "first", "last"),
    [
        ("what did I do yesterday?", "2023-06-14", "2023-06-14"),
        ("who called last night?", "2023-06-14", "2023-06-14"),
        ("what happened last week?", "2023-06-05", "2023-06-11"),
        ("this week", "2023-06-12", "2023-06-18"),
        ("last month", "2023-05-01", "2023-05-31"),
        ("last year", "2022-01-01", "2022-12-31"),
        ("on Monday", "2023-06-12", "2023-06-12"),
        ("last Friday", "2023-06-09", "2023-06-09"),
        ("last weekend", "2023-06-10", "2023-06-11"),
        ("3 days ago", "2023-06-12", "2023-06-12"),
        ("a couple of days ago", "2023-06-13", "2023-06-13"),
        ("a few weeks ago", "2023-05-22", "2023-05-28"),
        ("did she take part in a month ago", "2023-05-01", "2023-05-31"),
        ("ten years ago", "2013-01-01", "2013-12-31"),
        ("in the past two weeks", "2023-06-01", "2023-06-15"),
        ("the last few months", "2023-03-15", "2023-06-15"),
        ("the past year", "2022-06-15", "2023-06-15"),
        ("in May", "2023-05-01", "2023-05-31"),
        ("in December", "2022-12-01", "2022-12-31"),
        ("in February 2024", "2024-02-01", "2024-02-29"),
        ("in 2021", "2021-01-01", "2021-12-31"),
        ("on May 5", "2023-05-05", "2023-05-05"),
        ("on 3 March 2022", "2022-03-03", "2022-03-03"),
        ("March 3rd, 2022", "2022-03-03", "2022-03-03"),
        ("the week before 9 June 2023", "2023-06-09", "2023-06-09"),
        ("the first half of September 2022", "2022-09-01", "2022-09-15"),
        ("between 3 and 9 May", "2023-05-03", "2023-05-09"),
        ("between the 3rd and 9th of May", "2023-05-03", "2023-05-09"),
        ("from March to May", "2023-03-01", "2023-05-31"),
        ("since Monday", "2023-06-12", "2023-06-15"),
        ("what has changed since May?", "2023-05-01", "2023-06-15"),
        ("after 5 June", "2023-06-06", "2023-06-15"),
        ("before May", "2022-05-01", "2023-04-30"),
        ("at the beginning of May", "2023-05-01", "2023-05-10"),
        ("early in May 2022", "2022-05-01", "2022-05-10"),
        ("mid-May", "2023-05-11", "2023-05-20"),
        ("late April", "2023-04-21", "2023-04-30"),
        ("at the end of last month", "2023-05-21", "2023-05-31"),
        ("the first week of May", "2023-05-01", "2023-05-07"),
        ("the last week of May", "2023-05-25", "2023-05-31"),
        ("at the start of the year", "2023-01-01", "2023-05-01"),
        ("in Q1", "2023-01-01", "2023-03-31"),
        ("in Q4", "2022-10-01", "2022-12-31"),
        ("the second quarter of 2021", "2021-04-01", "2021-06-30"),
        ("last quarter", "2023-01-01", "2023-03-31"),
        ("2022-11-04", "2022-11-04", "2022-11-04"),
        ("5/3/2023", "2023-05-03", "2023-05-03"),
        ("last summer", "2022-06-01", "2022-08-31"),
        ("this summer", "2023-06-01", "2023-08-31"),
        ("this winter", "2022-12-01", "2023-03-02"),
        ("in summer 2021", "2021-06-01", "2021-08-31"),
        ("Was habe ich letzte Woche gemacht und gekocht?", "2023-06-05", "2023-06-11"),
        ("Was war am 3. Mai 2023 in der Stadt?", "2023-05-03", "2023-05-03"),
        ("Qu'est-ce que j'ai fait hier ?", "2023-06-14", "2023-06-14"),
        ("¿qué pasó el 3 de mayo de 2023?", "2023-05-03", "2023-05-03"),
        ("что я делал вчера", "2023-06-14", "2023-06-14"),
        ("我昨天吃了什么", "2023-06-14", "2023-06-14"),
        ("上周我做了什么", "2023-06-05", "2023-06-11"),
        ("去年", "2022-01-01", "2022-12-31"),
        ("2023年5月我去了哪里", "2023-05-01", "2023-05-31"),
        ("2023年5月3日", "2023-05-03", "2023-05-03"),
    ],
)
def test_a_query_names_a_period(query: str, first: str, last: str) -> None:
    assert named(query) == [(first, last)]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "where does she live?",
        "May I go?",
        "her 18th birthday",
        "I have 3 cats",
        "open 24/7",
        "her last name",
        "for the last time",
        "the march of time",
        "how much in total?",
        "what did you do in two weeks?",
        "next month",
        "Mayo Clinic",
        "in 9999-12-31",
        "0001-01-01",
        "99999999 days ago",
        "?!…",
        "🐈",
        "𓀀𓁐",
    ],
)
def test_other_queries_name_none(query: str) -> None:
    assert named(query) == []


@pytest.mark.parametrize(
    ("query", "hours"),
    [
        ("yesterday morning", (5, 12)),
        ("yesterday at noon", (11, 14)),
        ("yesterday afternoon", (12, 18)),
        ("on Monday evening", (17, 24)),
        ("yesterday", (0, 24)),
    ],
)
def test_a_part_of_a_day_is_meant(query: str, hours: tuple[int, int]) -> None:
    [period] = periods(query, ASKED)

    start = datetime.fromtimestamp(period.start, timezone.utc)
    assert (start.hour, start.hour + (period.end - period.start) / 3600) == hours


def test_a_query_may_name_several() -> None:
    assert named("in June 2022 and August 2022") == [
        ("2022-06-01", "2022-06-30"),
        ("2022-08-01", "2022-08-31"),
    ]


def test_days_are_those_of_the_asker() -> None:
    asked = datetime(2023, 6, 15, 1, tzinfo=timezone(timedelta(hours=9)))
    midnight = datetime(2023, 6, 14, tzinfo=timezone(timedelta(hours=9))).timestamp()
    found = periods("yesterday", asked)
    assert [(one.start, one.end) for one in found] == [(midnight, midnight + 86_400)]


@pytest.mark.parametrize(
    ("query", "day"),
    [
        ("the day before yesterday", 9),
        ("Was habe ich gestern gemacht?", 10),
        ("heute morgen", 11),
        ("qu'ai-je fait hier ?", 10),
        ("il y a trois jours", 8),
        ("¿Qué hice anteayer?", 9),
        ("hace tres días", 8),
        ("o que fiz ontem?", 10),
        ("cosa ho fatto l'altro ieri?", 9),
        ("wat deed ik gisteren", 10),
        ("vad gjorde jag igår", 10),
        ("co robiłem wczoraj", 10),
        ("dün ne yaptım", 10),
        ("kemarin saya makan apa", 10),
        ("hôm qua tôi làm gì", 10),
        ("что я делал вчера?", 10),
        ("ماذا فعلت أمس", 10),
        ("昨天我做了什么？", 10),
        ("3天前", 8),
        ("昨日何をした？", 10),
        ("어제 뭐 했어?", 10),
    ],
)
def test_a_day_told_by_today_is_understood_in_many_languages(query: str, day: int) -> None:
    asked = datetime(2026, 5, 11, 9, tzinfo=timezone.utc)
    start = datetime(2026, 5, day, tzinfo=timezone.utc).timestamp()
    assert [(one.start, one.end) for one in periods(query, asked)] == [(start, start + 86_400)]


@pytest.mark.parametrize(
    "query", ["la semaine dernière", "la semana pasada", "上个星期", "先週", "지난주"]
)
def test_last_week_is_understood_in_many_languages(query: str) -> None:
    asked = datetime(2026, 5, 13, 9, tzinfo=timezone.utc)
    start = datetime(2026, 5, 4, tzinfo=timezone.utc).timestamp()
    assert [(one.start, one.end) for one in periods(query, asked)] == [(start, start + 7 * 86_400)]


def test_the_german_here_is_not_the_french_yesterday() -> None:
    assert not periods("Hier wohne ich", datetime(2026, 5, 11, tzinfo=timezone.utc))


def test_of_a_long_query_the_end_is_read() -> None:
    assert named("yesterday " + "word " * 20_000) == []
    assert named("word " * 20_000 + "yesterday") == [("2023-06-14", "2023-06-14")]


def test_dateparser_is_imported_only_for_a_query_that_names_a_date() -> None:
    check = (
        "import sys; from datetime import datetime; from commonplace.recall.dates import periods;"
        "periods('where does she live with 3 cats?', datetime.now());"
        "sys.exit('dateparser' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


@settings(deadline=None)
@given(
    st.text(st.sampled_from("0123456789年月日 ./-:mayjunagolsti昨天")), st.dates(date(1971, 1, 1))
)
def test_every_period_has_an_end(query: str, day: date) -> None:
    asked = datetime(day.year, day.month, day.day, 12, tzinfo=timezone.utc)
    for period in periods(query, asked):
        assert period.start < period.end


@given(st.floats(-1e6, 1e6), st.floats(1, 1e6))
def test_closeness_is_one_inside_a_period_and_falls_outside_it(start: float, length: float) -> None:
    end = start + length
    times = np.array([start, (start + end) / 2, start - 1, end + 86_400, end + 9 * 86_400])
    near = closeness(times, [Period(start, end)])
    assert near[:2].tolist() == [1, 1]
    assert 0.91 > near[2] > near[3] > near[4] > 0
    assert closeness(np.array([end]), [Period(start, end)]) == pytest.approx(0.9)


def test_the_nearest_period_counts() -> None:
    near = closeness(np.array([5.0]), [Period(0.0, 1.0), Period(4.0, 6.0), Period(8e6, 9e6)])
    assert near.tolist() == [1.0]


def test_without_a_period_nothing_is_close() -> None:
    assert closeness(np.array([1.0, 2.0]), []).tolist() == [0, 0]
