"""While a scope is erased, scopes that are in use are recalled; all else waits its turn."""

from __future__ import annotations

import threading

from clock import Clock
from commonplace import Memory, Scope
from commonplace.embedding import as_embedder
from commonplace.engine.local_engine import LocalEngine
from commonplace.ports import Erased
from commonplace.stores.in_memory import InMemoryStore
from commonplace.testing import HashingEmbedder

PATIENCE = 30


class SlowToErase(InMemoryStore):
    """Erases when it is allowed to, as one with large files would."""

    def __init__(self) -> None:
        super().__init__()
        self.is_erasing, self.may_erase = threading.Event(), threading.Event()

    def erase(self, scope: Scope) -> Erased:
        self.is_erasing.set()
        assert self.may_erase.wait(PATIENCE)
        return super().erase(scope)


def test_a_scope_in_use_is_recalled_while_another_is_erased() -> None:
    store, written = SlowToErase(), threading.Event()
    engine = LocalEngine(store, as_embedder(HashingEmbedder()), clock=Clock(), cache_bytes=10**8)
    memory = Memory(engine, Scope())
    alice, bob = memory.scope("user", "alice"), memory.scope("user", "bob")
    alice.remember_many([f"Statement {n} of alice" for n in range(20)])
    bob.remember("Keeps the deploy key")
    for used, question in ((alice, "Statement 7"), (bob, "deploy key"), (memory, "key")):
        assert used.recall(question)

    def write() -> None:
        bob.remember("Said meanwhile")
        written.set()

    threads = [threading.Thread(target=step) for step in (lambda: alice.erase(reason="1"), write)]
    threads[0].start()
    assert store.is_erasing.wait(PATIENCE)
    threads[1].start()
    for _ in range(3):
        assert bob.recall("deploy key")[0].record.text == "Keeps the deploy key"
    assert not written.is_set()
    store.may_erase.set()
    for thread in threads:
        thread.join(PATIENCE)

    assert written.is_set()
    assert alice.recall("Statement 7") == []
    assert {match.record.scope for match in memory.recall("Statement 7")} == {bob.path}
    assert bob.recall("Said meanwhile")[0].record.text == "Said meanwhile"
