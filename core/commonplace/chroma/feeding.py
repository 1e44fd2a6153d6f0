"""Brings Chroma up to date with some changes of the ledger. What is done twice does no harm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from commonplace.chroma import rows
from commonplace.chroma.database_file import state_of
from commonplace.chroma.files import ChromaFiles
from commonplace.chroma.ledger import Ledger
from commonplace.chroma.ledger_file import Fed
from commonplace.chroma.ledger_rows import Pending
from commonplace.ports import Entry
from commonplace.values.scope import Scope

Identity = tuple[Scope, str]


@dataclass(slots=True)
class _Change:
    """What becomes of one record: how many rows it may have had, and if only its uses changed."""

    windows: int = 0
    counts: bool = True


def feed(chroma: ChromaFiles, ledger: Ledger, pending: Sequence[Pending]) -> None:
    """Let Chroma have the first changes that are pending, and both of them say so.

    Raises StoreError; Chroma may have a part of them then.
    """
    changes: dict[Identity, _Change] = {}
    for one in pending:
        change = changes.setdefault((one.scope, one.id), _Change())
        change.windows = max(change.windows, one.windows)
        change.counts = change.counts and one.counts
    present = {_identity(one): one for one in ledger.as_they_are(changes)}
    counted = [one for key, one in present.items() if changes[key].counts]
    chroma.check_free()
    ledger.stands_beside(None)
    chroma.put([one for key, one in present.items() if not changes[key].counts])
    chroma.recount([one.record for one in counted])
    chroma.discard(list(_left_over(changes, present)))
    says_so = chroma.note_fed(Fed(ledger.said.name, pending[-1].sequence))
    ledger.took(pending, says_so=says_so)
    ledger.stands_beside(state_of(chroma.path))


def _left_over(
    changes: dict[Identity, _Change], present: dict[Identity, Entry]
) -> Iterable[tuple[Scope, str]]:
    """Yield the ids of rows that are no more, with the scope of each."""
    for (scope, id), change in changes.items():
        entry = present.get((scope, id))
        first = 0 if entry is None else len(entry.vectors)
        for window in range(first, change.windows):
            yield scope, rows.row_id_of(scope, id, window)


def _identity(entry: Entry) -> Identity:
    return entry.record.scope, entry.record.id
