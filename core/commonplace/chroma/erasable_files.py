"""Takes scopes out of the Chroma database in a directory, and out of its ledger.

Chroma is not opened for that, and makes the new indexes when it is next opened: of what is erased
nothing depends on them (docs/decisions/0075-an-index-when-it-is-needed.md).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from commonplace.chroma.catalogue import partition_name
from commonplace.chroma.cutting import cut_out, has_rows, is_read
from commonplace.chroma.erasure import (
    ErasedRows,
    Found,
    found_in_chroma,
    found_in_ledger,
    is_in,
    verified,
)
from commonplace.chroma.files import ChromaFiles
from commonplace.chroma.ledger import Ledger
from commonplace.chroma.purging import purge
from commonplace.chroma.translation import translated
from commonplace.ports import Erased
from commonplace.values.scope import Scope


class ErasableFiles(ChromaFiles):
    """ChromaFiles from which scopes can be erased. The directory's lock must be held."""

    def is_known_empty(self, scope: Scope) -> bool:
        """Tell whether the database has no row of a scope. False if only Chroma can tell."""
        with self.alone():
            is_told = scope.names and not self.is_open and self.has_database()
            return (
                bool(is_told)
                and self._are_read(self._partitions(scope))
                and not has_rows(self.path, scope)
            )

    def erase_from(self, scope: Scope, ledger: Ledger) -> Erased:
        """Remove every entry within `scope` and every trace of it in the files, and look for them.

        Also in the ledger and its files. The partitions that may have held it are
        rewritten, whether or not they still do, so that what was forgotten before goes as well.
        Raises StoreError if anything of it is left.
        """
        erased = ErasedRows()
        self._has_erased = True
        found = self._erased(self._partitions(scope), scope, erased, ledger, ledger.erase)
        if found:
            # Another scope said the same and forgot it: the bytes are in its partition.
            holding = self._holding(found)
            found = self._erased(holding, scope, erased, ledger, lambda _: ledger.renew(None))
        return Erased(erased.records, erased.rows, verified(self.path, erased, found))

    def _erased(
        self,
        partitions: Iterable[int],
        scope: Scope,
        erased: ErasedRows,
        ledger: Ledger,
        renew: Callable[[Scope], None],
    ) -> Found:
        """Take out the scope here and, in a thread beside, in the ledger; return what is left."""
        with ThreadPoolExecutor(1, "commonplace-erasing") as beside:
            renewed = beside.submit(renew, scope)
            self._take_out(partitions, scope, erased)
            renewed.result()
            self._unmark()
            in_ledger = beside.submit(found_in_ledger, ledger.files(), erased)
            return found_in_chroma(self.path, erased).and_in(in_ledger.result())

    def _take_out(self, numbers: Iterable[int], scope: Scope, erased: ErasedRows) -> None:
        """Take rows out of partitions, and leave nothing of what was forgotten there either.

        Chroma is closed afterwards. It makes the new indexes when it is opened again: nothing that
        is erased depends on them.
        """
        numbers = list(numbers)
        with self.alone():
            self._let_read(numbers)
            self.begin_rewriting()
            self._stop()
            self._seal.open()
            for name in map(partition_name, numbers):
                cut_out(self.path, name, scope, erased)
            purge(self.path)

    def _let_read(self, numbers: Sequence[int]) -> None:
        """Let the engine read the queue of these partitions to the end, if it has not yet.

        The database is looked into only while Chroma is closed: to close it here would end the
        locks that Chroma has on it.
        """
        if not self.has_database():
            self.start()
        if not self.is_open and self._are_read(numbers):
            return
        found = map(self._catalogue.partition, numbers)
        for one in filter(None, found):
            with translated("reading"):
                one.get(limit=1, include=[])

    def _are_read(self, numbers: Iterable[int]) -> bool:
        return all(is_read(self.path, partition_name(number)) for number in numbers)

    def _holding(self, found: Found) -> list[int]:
        """Return the numbers of the partitions in whose files any of the pieces is."""
        numbers = range(self._partition_count)
        return [one for one in numbers if is_in(self.path, partition_name(one), found)]
