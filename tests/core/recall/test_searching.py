"""What is ranked of a scope too large to hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace import Record, Scope
from commonplace.ports import Entry
from commonplace.recall import searching
from commonplace.recall.searching import candidates
from commonplace.stores.in_memory import InMemoryStore

SCOPE = Scope(("user", "a"))


def entry(number: int, kind: str) -> Entry:
    vectors = np.random.default_rng(number).normal(size=(1 + number % 2, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Entry(Record(str(number), kind=kind, id=str(number), scope=SCOPE), vectors)  # type: ignore[arg-type]  # a kind


def is_wanted(record: Record) -> bool:
    return record.kind == "event"


@pytest.fixture(autouse=True, scope="module")
def few_at_a_time() -> object:
    """Let fifty records be many."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(searching, "_MOST", 12)
        patched.setattr(searching, "_OVERFETCH", 2)
        patched.setattr(searching, "_IDS_PER_READ", 5)
        yield


@given(st.lists(st.booleans(), max_size=50), st.integers(1, 6))
def test_the_nearest_wanted_entries_are_among_them(wanted: list[bool], limit: int) -> None:
    store = InMemoryStore()
    entries = [entry(n, "event" if one else "fact") for n, one in enumerate(wanted)]
    store.put(entries)
    vector = entry(1_000, "fact").vectors[0]

    found = candidates(store, SCOPE, vector, limit, is_wanted)

    nearest = sorted(
        (one for one in entries if is_wanted(one.record)),
        key=lambda one: float((one.vectors @ vector).max()),
        reverse=True,
    )
    ids = {one.record.id for one in found}
    assert {one.record.id for one in nearest[:limit]} <= ids
    assert len(found) <= 12
