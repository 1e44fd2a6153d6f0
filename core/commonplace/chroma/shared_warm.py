"""A warm store beside others: what it holds is brought in step before it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial

from commonplace.chroma.shared_rows import branch_of
from commonplace.chroma.shared_store import SharedStore
from commonplace.ports import Entry
from commonplace.recall.hot import HotScope
from commonplace.recall.hot_scopes import HotScopes
from commonplace.stores.overtaken import decided
from commonplace.stores.scope_counts import ScopeCounts
from commonplace.stores.warm_store import Result, WarmStore, Work
from commonplace.values.records import Kind, Record
from commonplace.values.scope import Scope
from commonplace.values.uses import Uses, is_change
from commonplace.writing.batch import Batch, Identity, Write, identity


class SharedWarm(WarmStore):
    """A WarmStore whose store other processes write to."""

    def __init__(self, store: SharedStore, max_bytes: int) -> None:
        """Keep arrays of at most half of `max_bytes` bytes; the other half is the store's."""
        super().__init__(store, max_bytes // 2)
        self._shared = store
        self._hot = FollowingScopes(store, max_bytes // 2)
        self.counts = ScopeCounts(store.records, 0)

    def operation(self) -> AbstractContextManager[None]:
        return self._shared.operation()

    def beside(self, scopes: Sequence[Scope], work: Work[Result], begin: Work[None]) -> Result:
        """Work on what is held while Chroma is asked whether that is current; again if not.

        So neither waits for the other, and nobody for the answer who wants the same lock. In a
        large scope the answer comes while the work is begun: then all is done once.
        """
        glance = self._shared.glance(scopes[0]) if len(scopes) == 1 else None
        if glance is None or not self.holds(scopes):
            return super().beside(scopes, work, begin)
        assume = partial(self._shared.assume, scopes[0])
        with glance as answered:
            begin(assume)
            early = [] if answered.has_come() else [work(assume)]
            heard = answered()
        if early and heard.is_nothing_new:
            return early[0]
        return work(partial(self._shared.hear, scopes[0], heard))

    def tidy(self, scope: Scope) -> None:
        self._shared.tidy(scope)

    def write_all(self, writes: Sequence[Write], at: datetime) -> list[list[Record]]:
        """Store what a number of writes come to, branch by branch, each decided on its own."""
        written: dict[int, Record] = {}
        entries = [entry for write in writes for entry in write.entries]
        for branch in dict.fromkeys(branch_of(entry.record.scope) for entry in entries):
            shares = [_within(write, branch) for write in writes]
            self._shared.assume(branch)
            outcomes = decided(lambda shares=shares: WarmStore.write_all(self, shares, at))  # type: ignore[misc]  # bound in time
            for share, outcome in zip(shares, outcomes, strict=True):
                written |= zip(map(id, share.entries), outcome, strict=True)
        return [[written[id(entry)] for entry in write.entries] for write in writes]

    def write(self, batch: Batch) -> None:
        self._shared.write(batch.new, batch.replaced)

    def known(self, records: Sequence[Record]) -> dict[Identity, Record]:
        """Return it as it is held, if all of them change that: `write_all` finds out if it is not.

        That one changes nothing must be so now, since nothing will be written.
        """
        for record in records:
            self._shared.assume(record.scope)
        known = super().known(records)
        if all(is_change(one, known.get(identity(one))) for one in records):
            return known
        self._shared.confirm()
        return super().known(records)

    def swap(self, old: Record, new: Record, ready: Entry | None, at: datetime) -> Record | None:
        return decided(partial(super().swap, old, new, ready, at))

    def remove_those(self, meant: Callable[[], Iterable[Entry]]) -> list[Entry]:
        return decided(partial(super().remove_those, meant))

    def remove(self, entries: Sequence[Entry]) -> None:
        self._shared.write((), (), [*entries, *self._past_versions(entries)])

    def count_uses(self, uses: Uses) -> None:
        self.store.count_uses(uses)

    def stored(self, records: Iterable[Record]) -> dict[tuple[Scope, str], Entry]:
        found = self._shared.exactly([identity(record) for record in records])
        return {identity(entry.record): entry for entry in found}

    def exact(self, scope: Scope, id: str) -> Record | None:
        return next((entry.record for entry in self._shared.exactly([(scope, id)])), None)

    def current(self, scope: Scope) -> Iterator[Record]:
        return (record for record in self.store.records(scope) if record.is_current)

    def _tally(self, scope: Scope, at: datetime) -> dict[Kind, int]:
        self._hot.of(scope)  # counted at every call, it would cost by their number
        return super()._tally(scope, at)

    def holds(self, scopes: Iterable[Scope]) -> bool:
        """Tell whether the arrays of all these scopes are held, in step or not."""
        return all(self._hot.has(scope) for scope in scopes)


class FollowingScopes(HotScopes):
    """Hot scopes that follow the writes of all processes when they are asked for."""

    _store: SharedStore

    def of(self, scope: Scope) -> HotScope | None:
        return super().of(scope) if self._follow(scope) else None

    def held(self, scope: Scope) -> HotScope | None:
        return super().held(scope) if self._follow(scope) else None

    def _follow(self, scope: Scope) -> bool:
        """Bring the arrays of a scope in step; tell whether it can have any."""
        try:
            changes = self._store.changes(scope)
        except LookupError:
            self.let_go(branch_of(scope))
            return False
        if changes is None:
            self.let_go(branch_of(scope))
            return True
        for old, new in changes:
            if old is not None and new is None:
                self.remove([old])
            elif new is not None:
                self.add([new])
        return True


def _within(write: Write, branch: Scope) -> Write:
    entries = [entry for entry in write.entries if branch_of(entry.record.scope) == branch]
    return Write(entries, write.new)
