"""What an operation writes to one branch, cut into commits. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from commonplace.chroma.shared_rows import branch_of
from commonplace.ports import Entry
from commonplace.values.scope import Scope
from commonplace.writing.batch import Identity, identity

ROWS_PER_COMMIT = 299
"""Rows that one commit stores beside its own: Chroma Cloud takes no more than 300 in a request."""

GONE_PER_COMMIT = 100
"""Rows that one commit replaces: it names each, and metadata is not to grow large."""


@dataclass(slots=True)
class Share:
    """Entries to store, each with whose place it takes, and what is removed."""

    put: list[tuple[Entry, Identity | None]] = field(default_factory=list)
    removed: list[Identity] = field(default_factory=list)

    def add(self, entry: Entry, old: Entry | None = None) -> None:
        """Store an entry, in the place of another if one is given.

        Those come first: only these are not the same when they are written twice.
        """
        if old is None:
            self.put.append((entry, None))
        else:
            self.put.insert(0, (entry, identity(old.record)))

    @property
    def replaced(self) -> list[Identity]:
        """What counts no longer once this is written."""
        return [*(old for _, old in self.put if old is not None), *self.removed]

    def commits(
        self, rows_of: Callable[[Identity], Sequence[str]]
    ) -> Iterator[tuple[list[Entry], list[str]]]:
        """Yield what each commit stores, and the rows that count no longer by it."""
        entries, gone, rows = list[Entry](), list[str](), 0
        for entry, old in self.put:
            former = [] if old is None else list(rows_of(old))
            windows = len(entry.vectors)
            if entries and (
                rows + windows > ROWS_PER_COMMIT or len(gone) + len(former) > GONE_PER_COMMIT
            ):
                yield entries, gone
                entries, gone, rows = [], [], 0
            entries.append(entry)
            gone += former
            rows += windows
        gone += [row for key in self.removed for row in rows_of(key)]
        while entries or gone:
            yield entries, gone[:GONE_PER_COMMIT]
            entries, gone = [], gone[GONE_PER_COMMIT:]


def shared_out(
    new: Iterable[Entry], replaced: Iterable[tuple[Entry, Entry]], removed: Iterable[Entry]
) -> dict[Scope, Share]:
    """Return the share of each branch in what is stored, replaced and removed."""
    shares: defaultdict[Scope, Share] = defaultdict(Share)
    for entry in new:
        shares[branch_of(entry.record.scope)].add(entry)
    for old, entry in replaced:
        shares[branch_of(entry.record.scope)].add(entry, old)
    for entry in removed:
        shares[branch_of(entry.record.scope)].removed.append(identity(entry.record))
    return shares
