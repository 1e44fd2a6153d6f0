"""Entries for stores in a directory, and what those hold of them."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import numpy as np

from commonplace import Record, Scope
from commonplace.chroma.directory import DirectoryStore
from commonplace.chroma.ledger_list import COLUMNS
from commonplace.ports import Entry

ALICE = Scope(("user", "alice"))
TALK = ALICE.child("session", "7")
BOB = Scope(("user", "bob"))


def entry(text: str, scope: Scope = ALICE, *, windows: int = 1, id: str | None = None) -> Entry:
    seed = sum(text.encode())
    vectors = np.random.default_rng(seed).normal(size=(windows, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    record = Record(text, scope=scope)
    return Entry(record if id is None else replace(record, id=id), vectors)


def in_chroma(store: DirectoryStore, scope: Scope) -> list[Record]:
    """Return what Chroma holds, past the ledger."""
    store.flush()
    return list(store.chroma.records(scope))


def texts(store: DirectoryStore, scope: Scope) -> list[str]:
    return sorted(one.record.text for one in store.entries(scope))


def unlist(database: sqlite3.Connection) -> None:
    """Take from a ledger the list of its records, which former releases did not keep."""
    database.execute("DROP INDEX listed")
    for name in COLUMNS:
        database.execute(f"ALTER TABLE entries DROP COLUMN {name}")
