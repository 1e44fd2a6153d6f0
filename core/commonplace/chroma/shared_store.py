"""Records in a Chroma that other processes write to as well.

What is written to a branch, which is what lies within the first two names of a scope, is numbered
by a log (commit_log.py). So one read of two ids tells whether what is held of it is current.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

from commonplace.chroma import rows
from commonplace.chroma.branch import Branch
from commonplace.chroma.branches import Branches
from commonplace.chroma.commit_log import Heard
from commonplace.chroma.direct import (
    IDS_PER_READ,
    Condition,
    ids_near,
    marked,
    named,
    of_branch,
    of_many,
    removed_leftovers,
    removed_rows,
)
from commonplace.chroma.lines import Awaited
from commonplace.chroma.patience import Patience, bounded
from commonplace.chroma.replica import Change, Replica
from commonplace.chroma.share import Share, shared_out
from commonplace.chroma.shared_catalogue import SharedCatalogue
from commonplace.chroma.shared_partition import SharedPartition
from commonplace.chroma.shared_rows import BRANCH_NAMES, Stored, branch_of
from commonplace.chroma.store import ChromaStore, sliced
from commonplace.errors import StoreError
from commonplace.ports import Entry, Erased, Vectors
from commonplace.stores.overtaken import decided
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.values.uses import Uses, used
from commonplace.writing.batch import Identity, identity
from commonplace.writing.repetition import statement

if TYPE_CHECKING:
    from chromadb.api import ClientAPI


class SharedStore(ChromaStore):
    """A RecordStore on a Chroma client, one of several processes' on that database.

    Within an `operation` what is held of a branch is brought in step once. What is written rests on
    that: if it is no longer so, `write` raises Overtaken.
    """

    def __init__(self, client: ClientAPI, embedder: str, max_bytes: int = 0) -> None:
        """Open the store that `client` holds; hold at most `max_bytes` bytes of its entries.

        Raises StoreFormatError, EmbedderMismatchError, StoreError.
        """
        bounded(client)
        self._patience = Patience()
        self._shared = SharedCatalogue(client, embedder, self._patience)
        self._opened = self._shared
        self._max_bytes = max_bytes
        self._branches = Branches(self._made, max_bytes)
        self._lock = self._branches.lock

    def operation(self) -> AbstractContextManager[None]:
        """Within it each branch is brought in step once; outside, with every call."""
        return self._branches.operation()

    def glance(self, scope: Scope) -> AbstractContextManager[Awaited[Heard]] | None:
        """Ask by one request what was committed since what is held of it; None if nothing is."""
        held = self._branches.known(scope)
        return None if held is None else held.glance()

    def assume(self, scope: Scope) -> None:
        """Take what is held of a branch as current, within this operation: `write` finds out."""
        self._branches.assume(scope)

    def hear(self, scope: Scope, heard: Heard) -> None:
        """Bring a branch in step, within this operation, by what a glance was answered."""
        self._branches.hear(scope, heard)

    def confirm(self) -> None:
        """Bring in step what was taken as current."""
        self._branches.confirm()

    def changes(self, scope: Scope) -> list[Change] | None:
        """Return what changed in the branch of a scope since this was asked; None if all may have.

        Raises LookupError if it is not held: it is too large, or spreads over many branches.
        """
        with self._lock:
            if len(scope.names) < BRANCH_NAMES or self._branches.of(scope).replica is None:
                raise LookupError(scope)
            return self._branches.of(scope).changes()

    def write(
        self,
        new: Sequence[Entry],
        replaced: Sequence[tuple[Entry, Entry]] = (),
        removed: Sequence[Entry] = (),
    ) -> None:
        """Store entries, put others in the place of some, and remove some.

        Raises Overtaken if this rests on what is no longer so. Then nothing was written to that
        branch; those before it may have been.
        """
        shares = shared_out(new, replaced, removed)
        with self._lock:
            for scope, share in shares.items():
                self._commit(self._branches.of(scope), share)
            self._branches.check_assumed(shares)

    def put(self, entries: Sequence[Entry]) -> None:
        decided(partial(self.write, entries))

    def replace(self, pairs: Sequence[tuple[Entry, Entry]], new: Sequence[Entry] = ()) -> None:
        decided(partial(self.write, new, pairs))

    def remove(self, entries: Sequence[Entry]) -> None:
        decided(partial(self.write, (), (), entries))

    def count_uses(self, uses: Uses) -> list[Record]:
        shares: defaultdict[Scope, dict[Identity, Any]] = defaultdict(dict)
        for key, use in uses.items():
            shares[branch_of(key[0])][key] = use
        with self.operation():
            each = (decided(partial(self._used, share)) for share in shares.values())
            return [record for counted in each for record in counted]

    def exactly(self, keys: Sequence[Identity]) -> list[Entry]:
        """Return the entries of exactly these scopes and ids."""
        shares: defaultdict[Scope, list[Identity]] = defaultdict(list)
        for key in keys:
            shares[branch_of(key[0])].append(key)
        with self._lock:
            return [
                entry
                for scope, share in shares.items()
                for entry in self._exactly(self._branches.of(scope), share)
            ]

    def find(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        conditions = named((scope, id) for id in ids)
        return self._found(scope, lambda replica: replica.find(scope, ids), conditions)

    def stating(self, scope: Scope, statements: Sequence[str]) -> list[Entry]:
        with self._lock:
            branch = self._branches.of(scope)
            if branch.replica is not None:
                return branch.replica.stating(scope, statements)
            marks = sorted(
                {one for said in statements for one in rows.statement_marks(scope, said)}
            )
            found = (one.entry for one in of_branch(branch, scope, marked(marks), vectors=True))
            entries = (entry for entry in found if entry.record.scope == scope)
            return [entry for entry in entries if statement(entry.record) in statements]

    def versions(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        marks = marked([rows.version_mark(id) for id in ids])
        return self._found(scope, lambda replica: replica.versions(scope, ids), marks)

    def entries(self, scope: Scope) -> Iterator[Entry]:
        with self._lock:
            replica = self._replica(scope)
            if replica is not None:
                return iter(list(replica.entries(scope)))
            ids = [record.id for record in self.records(scope)]
        parts = (self.find(scope, part) for part in sliced(ids, IDS_PER_READ))
        return chain.from_iterable(parts)

    def records(self, scope: Scope) -> Iterator[Record]:
        with self._lock:
            replica = self._replica(scope)
            if replica is not None:
                return (entry.record for entry in list(replica.entries(scope)))
            found = self._read(scope, [None], vectors=False)
            return (one.entry.record for one in found)

    def nearest(self, scope: Scope, vector: Vectors, limit: int) -> list[Entry]:
        with self._lock:
            is_deep = len(scope.names) >= BRANCH_NAMES
            spare = self._branches.of(scope).unsettled if is_deep else 0
            near = ids_near(self._shared_partitions(scope), scope, vector, limit + spare)
            found = sorted(self.find(scope, near), key=lambda one: near.index(one.record.id))
            return found[:limit] if is_deep else found

    def erase(self, scope: Scope) -> Erased:
        """Remove what lies within `scope`. What the database keeps of it is out of reach here.

        Then a commit has every process read anew, and what one wrote in between is removed too.
        """
        partitions = self._shared_partitions(scope)
        removed = removed_rows(partitions, scope)
        ends = {branch: decided(partial(self._end, branch)) for branch in removed.branches}
        late = removed_rows(partitions, scope, ends) if ends else removed
        rows = removed.rows + (late.rows if ends else 0)
        return Erased(len(removed.records | late.records), rows, verification=None)

    def tidy(self, scope: Scope) -> int:
        """Remove rows within a scope that count no longer, or never did; return how many."""
        within = scope if len(scope.names) < BRANCH_NAMES else branch_of(scope)
        return removed_leftovers(self._shared_partitions(scope), scope, within)

    def _end(self, scope: Scope) -> int:
        """Have every process read a branch anew; return the number of the commit that says so."""
        with self._lock:
            branch = self._branches.of(scope)
            return branch.head if branch.commit([], anew=True) else self._branches.overtaken(scope)

    def _commit(self, branch: Branch, share: Share) -> None:
        """Write to one branch. Raises Overtaken; StoreError, which tells what was stored."""
        former = self._row_ids(branch, share.replaced)
        self._branches.check(branch)
        stored = 0
        try:
            for entries, gone in share.commits(former):
                if not branch.commit(entries, gone):
                    self._branches.overtaken(branch.scope)
                stored += len(entries)
            self._branches.moved(branch)
            if share.removed:
                branch.remove_gone()
        except StoreError as error:
            if len(share.put) > 1:
                of = f"{stored:,} of {len(share.put):,} records of {str(branch.scope)!r}"
                raise type(error)(f"{error} Before that, {of} were stored.") from error
            raise

    def _row_ids(
        self, branch: Branch, keys: Sequence[Identity]
    ) -> Callable[[Identity], Sequence[str]]:
        """Return what gives the ids of an entry's rows."""
        if branch.replica is not None:
            return branch.replica.row_ids
        found = of_branch(branch, branch.scope, named(keys), vectors=False)
        ids = {identity(one.entry.record): one.row_ids for one in found}
        return lambda key: ids.get(key, ())

    def _used(self, uses: Uses) -> list[Record]:
        pairs = [
            (old, Entry(record, old.vectors))
            for old in self.exactly(list(uses))
            if (record := used(old.record, uses[identity(old.record)]))
        ]
        self.write((), pairs)
        return [new.record for _, new in pairs]

    def _exactly(self, branch: Branch, keys: Sequence[Identity]) -> list[Entry]:
        if branch.replica is not None:
            held = map(branch.replica.exact, keys)
            return [one for one in held if one is not None]
        found = of_branch(branch, branch.scope, named(keys), vectors=True)
        return [one.entry for one in found if identity(one.entry.record) in keys]

    def _found(
        self,
        scope: Scope,
        held: Callable[[Replica], list[Entry]],
        conditions: Sequence[Condition],
    ) -> list[Entry]:
        with self._lock:
            replica = self._replica(scope)
            if replica is not None:
                return held(replica)
            return [one.entry for one in self._read(scope, conditions, vectors=True)]

    def _replica(self, scope: Scope) -> Replica | None:
        """Return what is held of a scope, in step; None if it is not held."""
        return None if len(scope.names) < BRANCH_NAMES else self._branches.of(scope).replica

    def _read(
        self, scope: Scope, conditions: Sequence[Condition], *, vectors: bool
    ) -> list[Stored]:
        if len(scope.names) < BRANCH_NAMES:
            return of_many(self._shared_partitions(scope), scope, conditions, vectors=vectors)
        return of_branch(self._branches.of(scope), scope, conditions, vectors=vectors)

    def _made(self, scope: Scope) -> Branch:
        partition = SharedPartition(self._shared, self._number(scope), self._patience)
        # A store with commits has been started, so it has a dimension.
        return Branch(partition, scope, lambda: self.dimension or 0, self._max_bytes)

    def _shared_partitions(self, scope: Scope) -> list[SharedPartition]:
        """Return the partitions with a collection that may hold records within `scope`."""
        return [
            SharedPartition(self._shared, number, self._patience)
            for number in self._partitions(scope)
            if self._catalogue.partition(number) is not None
        ]
