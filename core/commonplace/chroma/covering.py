"""Copies to the ledger, on the way, what is read from Chroma of a scope that it does not cover."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from commonplace.chroma.ledger import Ledger
from commonplace.ports import Entry
from commonplace.values.scope import Scope

_MOST_COPIED = 100_000


def copied(ledger: Ledger, scope: Scope, entries: Iterable[Entry]) -> Iterator[Entry]:
    """Yield the entries of `scope`, which is not covered; it is once all were taken.

    Not if anything was written meanwhile, which may be missing among them, or if there are more
    than fit into memory with ease.
    """
    before, taken = ledger.changes, list[Entry]()
    for count, entry in enumerate(entries):
        if count < _MOST_COPIED:
            taken.append(entry)
        yield entry
    if ledger.changes == before and len(taken) < _MOST_COPIED:
        ledger.cover(scope, taken)
