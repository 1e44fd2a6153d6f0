"""The HTTP application on a store of the test's, asked without sockets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from fastapi import FastAPI
from starlette.testclient import TestClient

from by_turns import ByTurns
from clock import Clock
from commonplace.chroma.shared_store import SharedStore
from commonplace.chroma.shared_warm import SharedWarm
from commonplace.embedding import as_embedder
from commonplace.engine.local_engine import LocalEngine
from commonplace.ports import RecordStore
from commonplace.service.access import Gate
from commonplace.service.app import application
from commonplace.service.confined import Grant
from commonplace.stores.in_memory import InMemoryStore
from commonplace.stores.warm_store import WarmStore
from commonplace.testing import HashingEmbedder
from commonplace.values.records import Record
from commonplace.values.scope import Scope

ALL = {"all": Grant(name="all")}
"""One key, which opens every scope; to be on this machine opens more."""


def engine_on(store: RecordStore) -> LocalEngine:
    if isinstance(store, ByTurns):
        return cast("LocalEngine", ByTurns([engine_on(one) for one in store.several]))
    warm = SharedWarm if isinstance(store, SharedStore) else WarmStore
    model = as_embedder(HashingEmbedder())
    return LocalEngine(store, model, clock=Clock(), cache_bytes=10**8, warm=warm)


def gate_on(store: RecordStore, keys: Mapping[str, Grant] = ALL) -> Gate:
    return Gate(engine_on(store), keys.get, embeds=True)


def app_on(store: RecordStore, keys: Mapping[str, Grant] = ALL) -> FastAPI:
    return application(gate_on(store, keys))


def asking(app: FastAPI, key: str = "all") -> TestClient:
    return TestClient(
        app, raise_server_exceptions=False, headers={"authorization": f"Bearer {key}"}
    )


def stored(store: RecordStore) -> list[tuple[Record, bytes]]:
    """Return everything that is stored, in an order of its own."""
    entries = [(entry.record, entry.vectors.tobytes()) for entry in store.entries(Scope())]
    return sorted(entries, key=lambda pair: (pair[0].scope, pair[0].id))


def filled() -> InMemoryStore:
    """Return a store with records of two people."""
    store = InMemoryStore()
    texts = {"alice": "Likes green tea", "bob": "Lives in Oslo"}
    records = [
        Record(text, scope=Scope(("user", name)), id=f"of-{name}", created_at=Clock()())
        for name, text in texts.items()
    ]
    engine_on(store).write(records)
    return store
