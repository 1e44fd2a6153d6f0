"""Every promise of `RecordStore`, on every store."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pytest

from commonplace import Record, Scope, Source
from commonplace.ports import Entry, RecordStore
from commonplace.values.uses import Use

ALICE = Scope(("user", "alice"))
BOB = Scope(("user", "bob"))
ROOT = Scope()


def entry(text: str, scope: Scope = ALICE, *, windows: int = 1, seed: int = 0) -> Entry:
    vectors = np.random.default_rng(seed).normal(size=(windows, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Entry(Record(text, scope=scope), vectors)


def texts(entries: Iterable[Entry]) -> list[str]:
    return sorted(one.record.text for one in entries)


def test_an_entry_comes_back_exactly_as_it_was_put(store: RecordStore) -> None:
    moment = datetime(2024, 2, 29, 23, 59, 59, 999999, tzinfo=timezone.utc)
    record = Record(
        "Zoë said: “naïve”\n\tline two \u2028 and \U0001f9e0",
        kind="event",
        importance=0.123456789,
        metadata={"nested": {"list": [1, 1.0, "1", True, None]}, "größe": -0.0, "big": 2**70},
        source=Source(framework="langchain", agent="a/b", session="s 1", origin="user"),
        scope=ALICE.child("session", "7/8"),
        created_at=moment,
        updated_at=moment + timedelta(microseconds=1),
        expires_at=moment + timedelta(days=1),
    )
    put = Entry(record, entry("x", windows=3).vectors)

    store.put([put])

    [found] = store.find(ALICE, [record.id])
    assert found.record == record
    assert [type(one) for one in found.record.metadata["nested"]["list"]] == [
        int,
        float,
        str,
        bool,
        type(None),
    ]
    np.testing.assert_allclose(found.vectors, put.vectors, atol=1e-6)


@pytest.mark.parametrize(
    "text", ["a\x00b", "  padded  ", "\ufeffmark", "x" * 100_000, "'; --", "%"]
)
def test_awkward_texts_come_back_unchanged(store: RecordStore, text: str) -> None:
    store.put([entry(text)])

    assert [one.record.text for one in store.entries(ALICE)] == [text]


def test_a_scope_holds_what_lies_at_it_and_below_it_and_nothing_else(store: RecordStore) -> None:
    inside = [entry("at", ALICE), entry("below", ALICE.child("session", "1"))]
    outside = [entry("beside", BOB), entry("above", Scope(("user",))), entry("root", ROOT)]
    prefix = entry("longer name", Scope(("user", "alice2")))
    store.put([*inside, *outside, prefix])

    assert texts(store.entries(ALICE)) == ["at", "below"]
    assert sorted(one.text for one in store.records(ALICE)) == ["at", "below"]
    assert texts(store.entries(Scope(("user",)))) == [
        "above",
        "at",
        "below",
        "beside",
        "longer name",
    ]
    assert len(list(store.entries(ROOT))) == 6


def test_equal_ids_in_different_scopes_do_not_meet(store: RecordStore) -> None:
    mine = entry("mine", ALICE)
    other = Entry(replace(mine.record, text="other", scope=BOB), mine.vectors)
    store.put([mine, other])

    store.remove([other])

    assert texts(store.entries(ROOT)) == ["mine"]


def test_find_returns_only_what_lies_within_the_scope(store: RecordStore) -> None:
    mine, other = entry("mine", ALICE), entry("other", BOB)
    store.put([mine, other])

    assert texts(store.find(ALICE, [mine.record.id, other.record.id])) == ["mine"]
    assert texts(store.find(ROOT, [mine.record.id, other.record.id])) == ["mine", "other"]
    assert store.find(ALICE, ["unknown"]) == []
    assert store.find(ALICE, []) == []
    assert texts(store.find(ALICE, [str(n) for n in range(40_000)] + [mine.record.id])) == ["mine"]


def test_replace_leaves_nothing_of_a_longer_text(store: RecordStore) -> None:
    old = entry("long", windows=5, seed=1)
    new = Entry(replace(old.record, text="short"), entry("x", windows=2, seed=2).vectors)
    store.put([old, entry("another", seed=3)])

    store.replace([(old, new)])

    [found] = store.find(ALICE, [old.record.id])
    assert found.record.text == "short"
    np.testing.assert_allclose(found.vectors, new.vectors, atol=1e-6)
    assert texts(store.entries(ALICE)) == ["another", "short"]


def test_what_is_new_is_stored_together_with_what_takes_a_place(store: RecordStore) -> None:
    old, past = entry("old"), entry("past")
    changed = Entry(replace(old.record, text="changed"), old.vectors)
    store.put([old])

    store.replace([(old, changed)], [past])
    store.replace((), [entry("alone")])

    assert texts(store.entries(ALICE)) == ["alone", "changed", "past"]


def test_removing_what_is_absent_changes_nothing(store: RecordStore) -> None:
    kept = entry("kept")
    store.put([kept])

    store.remove([entry("never stored"), entry("elsewhere", BOB)])

    assert texts(store.entries(ROOT)) == ["kept"]


def test_nearest_returns_the_nearest_of_the_scope_by_any_of_its_windows(store: RecordStore) -> None:
    entries = [entry(f"text {number}", windows=2, seed=number) for number in range(20)]
    store.put([*entries, entry("other user", BOB, seed=7)])
    query = entries[7].vectors[1]

    found = store.nearest(ALICE, query, 1)

    assert "text 7" in texts(found)
    assert all(one.record.scope == ALICE for one in found)


def test_more_entries_than_one_slice_or_page_are_all_kept(store: RecordStore) -> None:
    many = [entry(f"text {number}", seed=number) for number in range(250)]
    many += [entry(f"long text {number}", windows=150, seed=number) for number in range(45)]

    store.put(many)

    assert texts(store.entries(ALICE)) == texts(many)


def test_erasing_a_scope_removes_it_and_what_lies_below_it_and_nothing_else(
    store: RecordStore,
) -> None:
    inside = [entry("at", windows=3), entry("below", ALICE.child("session", "1"), seed=1)]
    past = Entry(replace(inside[0].record, id="past", version_of="x"), inside[0].vectors)
    held_back = Entry(replace(inside[0].record, id="held", quarantine="orders"), inside[0].vectors)
    outside = [
        entry("above", Scope(("user",)), seed=2),
        entry("beside", BOB, windows=2, seed=3),
        entry("longer name", Scope(("user", "alice2")), seed=4),
    ]
    store.put([*inside, past, held_back, *outside])

    erased = store.erase(ALICE)

    assert (erased.records, erased.rows) == (4, 10)
    assert erased.verification is None or erased.verification.occurrences == 0
    assert list(store.entries(ALICE)) == []
    assert texts(store.entries(ROOT)) == ["above", "beside", "longer name"]
    for other in outside:
        [found] = store.find(ROOT, [other.record.id])
        assert found.record == other.record
        np.testing.assert_allclose(found.vectors, other.vectors, atol=1e-6)


def test_erasing_the_root_leaves_an_empty_store_that_takes_records_again(
    store: RecordStore,
) -> None:
    store.put([entry("x"), entry("y", BOB, seed=1), entry("z", ROOT, seed=2)])

    assert store.erase(ROOT).records == 3

    assert list(store.entries(ROOT)) == []
    store.put([entry("again")])
    assert texts(store.nearest(ALICE, entry("again").vectors[0], 1)) == ["again"]


def test_erasing_what_is_empty_erases_nothing(store: RecordStore) -> None:
    assert store.erase(ALICE).records == 0
    store.put([entry("kept", BOB)])

    assert store.erase(ALICE).records == 0
    assert store.erase(ALICE.child("session", "1")).rows == 0
    assert texts(store.entries(ROOT)) == ["kept"]


def test_an_empty_store_holds_nothing(store: RecordStore) -> None:
    store.put([])
    store.remove([])

    assert list(store.entries(ROOT)) == []
    assert list(store.records(ROOT)) == []
    assert store.find(ROOT, ["any"]) == []
    assert store.nearest(ALICE, entry("x").vectors[0], 3) == []


def test_statements_are_found_in_exactly_their_scope(store: RecordStore) -> None:
    mine = entry("Likes tea", seed=1)
    below = entry("likes tea", scope=ALICE.child("work"), seed=2)
    message = Entry(replace(entry("Likes tea", seed=3).record, kind="message"), mine.vectors)
    store.put([mine, below, message, entry("Lives in Oslo", seed=4)])

    assert texts(store.stating(ALICE, ["likes tea", "unknown"])) == ["Likes tea"]
    assert texts(store.stating(ALICE, ["likes tea", "lives in Oslo"])) == [
        "Likes tea",
        "Lives in Oslo",
    ]
    assert store.stating(ALICE, ["likes Tea"]) == []  # what is nearly the same is not
    assert store.stating(ROOT, ["likes tea"]) == store.stating(ALICE, []) == []

    store.replace([(mine, Entry(replace(mine.record, text="Likes rum"), mine.vectors))])
    assert store.stating(ALICE, ["likes tea"]) == []


def test_past_versions_are_found_by_the_record_they_are_of(store: RecordStore) -> None:
    present = entry("Lives in Rome", seed=1)
    past = Entry(
        replace(
            entry("Lives in Oslo", seed=2).record,
            version_of=present.record.id,
            valid_until=present.record.created_at,
        ),
        present.vectors,
    )
    store.put([present, past])

    assert texts(store.versions(ALICE, [present.record.id])) == ["Lives in Oslo"]
    assert texts(store.versions(ROOT, [present.record.id, "unknown"])) == ["Lives in Oslo"]
    assert store.versions(ALICE.child("work"), [present.record.id]) == []
    assert store.versions(ALICE, [past.record.id]) == store.versions(ALICE, []) == []
    assert store.stating(ALICE, ["lives in Oslo"]) == []


def test_counting_uses_changes_nothing_else(store: RecordStore) -> None:
    long = entry("long text", windows=3)
    put, other = Entry(replace(long.record, metadata={"n": 1}), long.vectors), entry("other")
    store.put([put, other])
    at = put.record.created_at + timedelta(days=1)

    counted = store.count_uses({(ALICE, put.record.id): Use(3, at)})
    again = store.count_uses({(ALICE, put.record.id): Use(1, at - timedelta(hours=1))})

    assert counted == [replace(put.record, uses=3, used_at=at)]
    assert again == [replace(put.record, uses=4, used_at=at)]
    [found] = store.find(ALICE, [put.record.id])
    assert found.record == again[0]
    np.testing.assert_allclose(found.vectors, put.vectors, atol=1e-6)
    assert [one.record.id for one in store.nearest(ALICE, put.vectors[2], 1)] == [put.record.id]
    assert store.stating(ALICE, ["long text"])[0].record == again[0]
    assert [one.record for one in store.find(ALICE, [other.record.id])] == [other.record]


def test_uses_of_what_is_not_there_come_to_nothing(store: RecordStore) -> None:
    kept, gone, held_back = entry("kept"), entry("gone"), entry("held back")
    expired = Entry(replace(kept.record, id="e", expires_at=kept.record.created_at), kept.vectors)
    quarantined = Entry(replace(held_back.record, quarantine="orders"), held_back.vectors)
    store.put([kept, gone, quarantined, expired])
    store.remove([gone])
    before = sorted(store.records(ROOT), key=lambda record: record.id)
    use = Use(1, kept.record.created_at)

    missing = [(ALICE, gone.record.id), (BOB, kept.record.id), (ROOT, "unknown")]
    refused = [(ALICE, "e"), (ALICE, quarantined.record.id)]
    counted = store.count_uses(dict.fromkeys(missing + refused, use))

    assert counted == []
    assert sorted(store.records(ROOT), key=lambda record: record.id) == before


def test_uses_of_many_records_of_many_scopes_are_counted(store: RecordStore) -> None:
    many = [
        Entry(replace(entry("x").record, id=str(number), scope=Scope(("user", str(number % 7)))), v)
        for number, v in enumerate(entry("x", windows=250).vectors[:, None])
    ]
    store.put(many)

    uses = {(one.record.scope, one.record.id): Use(2, one.record.created_at) for one in many}

    assert len(store.count_uses(uses)) == 250
    assert {record.uses for record in store.records(ROOT)} == {2}


def test_what_takes_the_place_of_a_record_has_the_uses_it_says(store: RecordStore) -> None:
    old = entry("old")
    store.put([old])
    [counted] = store.count_uses({(ALICE, old.record.id): Use(3, old.record.created_at)})

    store.replace([(Entry(counted, old.vectors), old)])

    assert list(store.records(ALICE)) == [old.record]
