"""The features of a record: what ranking takes from it by itself, packed and unpacked."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from datetime import datetime, timezone
from hashlib import blake2b
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace import Record, Source
from commonplace.ports import Entry
from commonplace.recall import features
from commonplace.recall.coded import Told, code
from commonplace.recall.columns import Columns, columns_of, joined
from commonplace.recall.readings import read, terms_told, wording
from commonplace.recall.tokens import split

MOMENT = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
TEXTS = [
    "My dentist is Dr. Okafor in Lagos.",
    "Who is my dentist?",
    "I moved to Oslo in May, can you find me a dentist?",
    "Let me check that for you.",
    "Release 1.3.2 of user_name@mail.test is at /var/log on 10.0.12.0",
    "Meine Schwester hat zwei Katzen und wohnt seit gestern in Hamburg",
    "¿Dónde está la llave?",
    "Ma sœur n'aime pas l'avion",
    "Я вчера купил красную машину",
    "我养了一只橘猫。昨天去了奥斯陆吗？",
    "私は犬が好きです",
    "나는 서울에 살고 있어요",
    "ฉันชอบกินข้าวผัด",
    "मेरी बहन दिल्ली में रहती है",
    "أختي تسكن في القاهرة",
    "Ayşe'nin evi İzmir'de",
    "Hôm qua tôi đã mua một chiếc xe",
    "👍",
    "no",
]
WORDS = st.sampled_from(" ".join([*TEXTS, "the a und die ?"]).split(" "))
RECORDS = st.builds(
    Record,
    text=st.lists(WORDS, min_size=1, max_size=12).map(" ".join),
    kind=st.sampled_from(["fact", "message", "summary"]),
    source=st.builds(
        Source,
        agent=st.sampled_from([None, "Anna", "养猫 2"]),
        session=st.sampled_from([None, "1", "a b\u00e9"]),
        origin=st.sampled_from([None, "user", "agent", "tool"]),
    ),
    created_at=st.datetimes(datetime.fromisoformat("1990-01-01"), timezones=st.just(timezone.utc)),
    uses=st.integers(0, 10),
    mentioned_at=st.lists(st.just(MOMENT) | st.just(MOMENT.replace(year=2031)), max_size=3).map(
        tuple
    ),
)


def entry(record: Record, windows: int = 1) -> Entry:
    return Entry(record, np.full((windows, 4), windows, np.float32))


@given(st.lists(st.tuples(RECORDS, st.integers(1, 3)), max_size=5))
def test_what_is_packed_comes_back(told: list[tuple[Record, int]]) -> None:
    entries = [entry(*one) for one in told]
    columns = columns_of(entries)

    assert list(columns.records) == [one.record for one in entries]
    assert columns.kinds == [one.record.kind for one in entries]
    assert list(columns.sessions) == [one.record.source.session or "" for one in entries]
    assert list(columns.told.agents) == [one.record.speaker for one in entries]
    assert columns.told.texts == [one.record.text for one in entries]
    assert columns.windows.tolist() == [len(one.vectors) for one in entries]
    for place, one in enumerate(entries):
        reading, numbers = read(one.record.text), columns.numbers[place]
        again = [time.timestamp() for time in one.record.mentioned_at]
        assert columns.again.get(place, np.zeros(0)).tolist() == again
        assert columns.taken([place, 0]).again.get(0, np.zeros(0)).tolist() == again
        only = columns.taken([place]).told
        assert only.languages == columns.told.languages[place : place + 1] == [reading.language]
        assert only.is_sure.tolist() == [reading.is_sure]
        assert terms_of(only) == Counter(
            map(code, terms_told(reading.words, one.record.speaker, reading.language))
        )
        assert numbers["wording"] == wording(split(one.record.text))
        assert numbers["created"] == one.record.created_at.timestamp()
        assert numbers["asks"] == np.float32(reading.asks)
        assert numbers["uses"] == one.record.uses
        assert numbers["by_user"] == (one.record.source.origin == "user")


@given(st.lists(st.tuples(RECORDS, st.integers(1, 3)), max_size=6), st.integers(0, 6))
def test_columns_are_ordered_and_joined_with_their_vectors(
    told: list[tuple[Record, int]], cut: int
) -> None:
    entries = [entry(*one) for one in told]
    parts = [columns_of(entries[:cut]), columns_of(entries[cut:])]

    ordered = joined([part for part in parts if len(part)]).in_order()

    expected = sorted(entries, key=lambda one: (one.record.created_at, one.record.id))
    assert list(ordered.records) == [one.record for one in expected]
    assert vectors_of(ordered) == [len(one.vectors) for one in expected]
    for place, one in enumerate(expected):
        again = [time.timestamp() for time in one.record.mentioned_at]
        assert ordered.again.get(place, np.zeros(0)).tolist() == again


def terms_of(told: Told) -> dict[int, int]:
    """Return how often each term of one record occurs, by its code."""
    return dict(zip(told.terms.codes.tolist(), told.terms.counts.tolist(), strict=True))


def vectors_of(columns: Columns) -> list[int]:
    """Return what the vectors of each entry hold, which is their number."""
    ends = columns.windows.cumsum()
    starts = ends - columns.windows
    spans = zip(starts.tolist(), ends.tolist(), strict=True)
    return [int(np.unique(columns.vectors[start:end]).item()) for start, end in spans]


def test_what_can_not_be_recalled_is_left_out() -> None:
    records = [Record("a"), Record("b", quarantine="held"), Record("c", version_of="1")]

    current = columns_of(map(entry, records)).current()

    assert list(current.records) == records[:1]


@pytest.mark.parametrize("kept", [None, b"", b"\x01", b"\x00" * 200])
def test_what_another_release_packed_is_not_taken(kept: bytes | None) -> None:
    assert not features.is_known(kept)
    assert features.is_known(features.packed(Record("a"), 1))


def test_another_version_of_a_library_has_another_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = features.packed(Record("a"), 1)
    monkeypatch.setattr("Stemmer.version", lambda: "other")
    features.stamp.cache_clear()
    try:
        assert not features.is_known(packed)
    finally:
        features.stamp.cache_clear()


def test_a_change_of_what_is_computed_has_a_version_of_its_own() -> None:
    """If this fails, features changed: count `features.VERSION` up, and put the new digest here.

    Else stores would go on with what a former release computed.
    """
    digest = blake2b(digest_size=8)
    data = Path(__file__).parents[3] / "benchmarks" / "data"
    pairs = map(json.loads, (data / "succession.jsonl").read_text(encoding="utf-8").splitlines())
    told = [text for pair in pairs for text in (pair["old"], pair["new"], pair["question"])]
    for text in [*TEXTS, *told]:
        record = Record(text, kind="message", created_at=MOMENT, id="1", source=Source(agent="Ann"))
        packed = features.packed(replace(record, uses=3, used_at=MOMENT), 2)
        digest.update(packed[4:])  # without the stamp

    assert (features.VERSION, digest.hexdigest()) == (3, "862e211cee2bd859")
