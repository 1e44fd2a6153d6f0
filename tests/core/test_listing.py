"""What a ledger lists of its records tells the same as reading all of them."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import commonplace
from commonplace import Record, Scope
from commonplace.chroma.directory import DirectoryStore
from commonplace.chroma.ledger_file import LEDGER
from commonplace.chroma.ledger_list import LedgerList
from commonplace.chroma.ledger_seal import unseal
from commonplace.ports import Entry
from commonplace.recall.filters import Selection
from commonplace.stores.scope_counts import counted
from commonplace.testing import HashingEmbedder
from commonplace.values.records import KEPT_APART
from stored_entries import unlist

AT = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)
HOUR = timedelta(hours=1)
SCOPES = [Scope.parse(path) for path in ("", "a", "a/x", "a-b", "a.b/x", "b")]
STATES: list[dict[str, Any]] = [
    {},
    {"quarantine": "It gives orders."},
    {"quarantine": KEPT_APART},
    {"version_of": "another"},
]
ENDS = [None, AT - HOUR, AT, AT + timedelta(microseconds=1), AT + HOUR]


def varied() -> Iterator[Record]:
    """Yield a record of each state and end in each scope, otherwise unlike one another."""
    for number, (scope, state, end) in enumerate(product(SCOPES, STATES, ENDS)):
        created = AT - (number % 7) * HOUR - timedelta(microseconds=number % 2)
        said = (created - HOUR, created + timedelta(minutes=90)) if number % 5 == 0 else ()
        record = Record(
            "It is [REDACTED:password]" if number % 6 == 0 else f"Thing {number}",
            kind="preference" if number % 3 == 0 else "fact",
            scope=scope,
            id=f"{number % 11}-{number}",
            created_at=created,
            updated_at=created + HOUR if number % 4 == 0 else None,
            mentioned_at=said,
            used_at=AT - HOUR if number % 9 == 0 else None,
            uses=int(number % 9 == 0),
            metadata={"parity": number % 2},
            expires_at=end,
        )
        yield replace(record, **state)


RECORDS = list(varied())
SELECTIONS = [
    Selection(),
    Selection(("preference",)),
    Selection(("preference", "event")),
    Selection(state="quarantined"),
    Selection(state="screened"),
    Selection(where={"parity": 1}),
    Selection(since=AT - HOUR),
    Selection(until=AT - 3 * HOUR),
    Selection(("fact",), {"parity": 0}, AT - 4 * HOUR, AT - 2 * HOUR),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DirectoryStore]:
    with closing(DirectoryStore(tmp_path_factory.mktemp("listed"), "random")) as store:
        store.put([Entry(one, np.eye(1, 4, dtype=np.float32)) for one in RECORDS])
        yield store


def listed(store: DirectoryStore) -> LedgerList:
    listing = store.listing(Scope())
    assert listing is not None
    return listing


def selected(scope: Scope, selection: Selection) -> list[Record]:
    """Return what is selected, newest first, by reading everything."""
    admitted = selection.condition()
    found = [
        one
        for one in RECORDS
        if scope.contains(one.scope)
        and selection.is_of_state(one)
        and admitted(one)
        and not one.is_expired(AT)
    ]
    return sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_the_list_tells_what_reading_all_records_tells(store: DirectoryStore, scope: Scope) -> None:
    listing = listed(store)
    for selection in SELECTIONS:
        expected = selected(scope, selection)
        assert listing.newest(scope, selection, AT, 0, None) == expected
        assert listing.newest(scope, selection, AT, 2, 3) == expected[2:5]
        assert listing.newest(scope, selection, AT, 0, 10**20) == expected
        assert listing.newest(scope, selection, AT, 10**20, 3) == []
    within = [one for one in RECORDS if scope.contains(one.scope)]
    assert listing.numbers(scope, AT) == counted(within, AT)
    assert listing.kinds(scope, AT) == Counter(one.kind for one in selected(scope, Selection()))


def test_the_list_leaves_to_others_what_it_does_not_tell(store: DirectoryStore) -> None:
    for selection in (Selection(as_of=AT), Selection(state="all")):
        assert listed(store).newest(Scope(), selection, AT, 0, 1) is None


def test_a_ledger_of_a_former_release_gets_a_list(tmp_path: Path) -> None:
    with commonplace.open(tmp_path / "store", embedder=HashingEmbedder()) as memory:
        alice = memory.scope("user", "alice")
        alice.remember_many(["Likes tea", "Lives in Oslo"])
    unseal(tmp_path / "store" / LEDGER)  # which that release knows nothing of
    with closing(sqlite3.connect(tmp_path / "store" / LEDGER)) as ledger:
        unlist(ledger)
        ledger.commit()
    with commonplace.open(tmp_path / "store", embedder=HashingEmbedder()) as memory:
        assert [one.text for one in memory.records(limit=1)] == ["Lives in Oslo"]
        assert memory.stats().kinds == {"fact": 2}
