"""The store in a directory that this process owns: a ledger, and behind it Chroma.

What is written is acknowledged when it is in the ledger, and read from there where that covers the
scope. A thread brings Chroma up to date. At rest, Chroma holds everything.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from heapq import nlargest
from pathlib import Path

from commonplace.chroma.catalogue import Mark, check_mark, new_mark
from commonplace.chroma.covering import copied
from commonplace.chroma.database_file import state_of
from commonplace.chroma.erasable_files import ErasableFiles
from commonplace.chroma.feeder import Feeder
from commonplace.chroma.importing import import_beforehand
from commonplace.chroma.leavings import Leavings
from commonplace.chroma.ledger_list import LedgerList
from commonplace.chroma.ledger_seal import seal
from commonplace.chroma.reconciling import UNFED, is_new, ledger_of
from commonplace.chroma.rewriting import Rewriting
from commonplace.chroma.sealing import check_database
from commonplace.chroma.switching import discard, settled
from commonplace.chroma.translation import translated
from commonplace.errors import MemoryClosedError, StoreError
from commonplace.files.private_file import write_privately
from commonplace.ports import Entry, Erased, Vectors, Verification
from commonplace.recall.columns import Columns
from commonplace.values.records import Record
from commonplace.values.scope import Scope
from commonplace.values.uses import Uses, used

_MOST_MERGED = 1_000
_log = logging.getLogger(__name__)


def opened(
    directory: Path, embedder: str, holding: object = None
) -> tuple[DirectoryStore, Callable[[], None]]:
    """Open the store in `directory`, whose lock is held; return it and what closes it.

    Its files are looked at first: Chroma would take a store that lost its database for a new one.
    `holding` is kept as long as anything here may write to Chroma. Raises StoreFormatError,
    EmbedderMismatchError, StoreDamagedError, StoreError.
    """
    with translated(f"looking at {str(directory)!r}"):
        settled(directory)
        check_database(directory)
    import_beforehand()
    store = DirectoryStore(directory, embedder, holding)
    return store, store.close


class DirectoryStore:
    """A RecordStore in a directory. The directory's lock must be held."""

    def __init__(self, directory: Path, embedder: str | None, holding: object = None) -> None:
        """Open the store, and finish or undo what a process that ended was rewriting.

        What such a process left pending is fed from now on. `embedder` None takes the one that the
        store was built with. Raises StoreFormatError, EmbedderMismatchError, StoreDamagedError,
        StoreError.
        """
        settled(directory)
        self._directory = directory
        self._unfed = directory / UNFED
        self._embedder = embedder
        self._closed = False
        self.chroma = ErasableFiles(directory, embedder)
        self._leavings = Leavings(directory, is_new=is_new(directory, self.chroma))
        with ExitStack() as undo:
            undo.callback(self.chroma.close)
            self.ledger = ledger_of(directory, self.chroma)
            undo.callback(self.ledger.close)
            if (mark := self._mark) is not None:
                check_mark(mark, embedder)
                self.chroma.adopt(mark)
            undo.pop_all()
        self._feeder = Feeder(self.chroma, self.ledger, holding)
        self._is_marked = self._unfed.exists()
        weakref.finalize(self, self._feeder.give_up).atexit = False
        if self.ledger.waiting.changes:
            self._feeder.wrote()

    @property
    def dimension(self) -> int | None:
        return None if (mark := self._mark) is None else mark["dimension"]

    @property
    def embedder(self) -> str | None:
        """The name of the embedder whose vectors are kept, or None before the first was."""
        return None if (mark := self._mark) is None else str(mark["embedder"])

    @property
    def _mark(self) -> Mark | None:
        return self.ledger.said.mark

    @property
    def pending(self) -> int:
        """How many changes Chroma does not have yet."""
        return self.ledger.waiting.changes

    def put(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._before(entries)
            self.ledger.put(entries)
            self._feeder.wrote()

    def replace(self, pairs: Sequence[tuple[Entry, Entry]], new: Sequence[Entry] = ()) -> None:
        if pairs or new:
            self._before([*new, *(changed for _, changed in pairs)])
            self.ledger.replace(pairs, new)
            self._feeder.wrote()

    def remove(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._mark_unfed()
            self._leavings.note(entry.record.scope for entry in entries)
            self.ledger.remove(entries)
            self._feeder.wrote()

    def count_uses(self, uses: Uses) -> list[Record]:
        found = self._exactly(list(uses))
        counted = [
            Entry(new, one.vectors)
            for one in found
            if (new := used(one.record, uses[one.record.scope, one.record.id]))
        ]
        if counted:
            self._feeder.check_room()  # who counts holds locks: it does not wait, and tries again
            self._mark_unfed()
            self.ledger.recount(counted)
            self._feeder.wrote()
        return [one.record for one in counted]

    def find(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        if self._covers(scope):
            return self.ledger.find(scope, ids)
        return self._fed().find(scope, ids)

    def stating(self, scope: Scope, statements: Sequence[str]) -> list[Entry]:
        if self._covers(scope):
            return self.ledger.stating(scope, statements)
        return self._fed().stating(scope, statements)

    def versions(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        if self._covers(scope):
            return self.ledger.versions(scope, ids)
        return self._fed().versions(scope, ids)

    def entries(self, scope: Scope) -> Iterator[Entry]:
        if self._covers(scope):
            return self.ledger.entries(scope)
        return copied(self.ledger, scope, self._fed().entries(scope))

    def columns(self, scope: Scope) -> Iterator[Columns] | None:
        return self.ledger.columns(scope) if self._covers(scope) else None

    def records(self, scope: Scope) -> Iterator[Record]:
        if self._covers(scope):
            return self.ledger.records(scope)
        return self._fed().records(scope)

    def listing(self, scope: Scope) -> LedgerList | None:
        return LedgerList(self.ledger.ask) if self._covers(scope) else None

    def nearest(self, scope: Scope, vector: Vectors, limit: int) -> list[Entry]:
        """Return what Chroma's index finds, and what is pending as it is now."""
        pending = self.ledger.pending_within(scope)
        if len(pending) > _MOST_MERGED:
            pending = set()
            self.flush()
        near = self._started().nearest(scope, vector, limit + len(pending))
        settled = [one for one in near if (one.record.scope, one.record.id) not in pending]
        near = [*settled, *self.ledger.exact(pending)]
        return nlargest(limit, near, key=lambda one: float((one.vectors @ vector).max()))

    def erase(self, scope: Scope) -> Erased:
        """Remove every entry within `scope` and every trace of it in the files, and look for them.

        Of a scope that never had a record there is nothing to remove or to look for. Raises
        StoreError if anything of it is left.
        """
        if not self._leavings.may_be_of(scope) and not self._holds(scope):
            return Erased(0, 0, Verification(files=0, bytes=0, traces=0, occurrences=0))
        self._leavings.begin_erasing(scope)
        discard(self._directory)  # a draft of the store with other vectors holds the same texts
        with self._erasing():
            erased = self.chroma.erase_from(scope, self.ledger)
        self._leavings.forget(scope)
        return erased

    def _holds(self, scope: Scope) -> bool:
        """Tell whether there is anything of a scope, here or in Chroma."""
        if self._covers(scope) and next(self.ledger.records(scope), None):
            return True
        self.flush()
        return not self.chroma.is_known_empty(scope) and self._started().holds(scope)

    def await_room(self) -> None:
        """Wait until few enough changes are pending that one more may be. Raises StoreError."""
        self._feeder.await_room()

    def flush(self) -> None:
        """Wait until Chroma has everything that is acknowledged. Raises StoreError."""
        if self.ledger.waiting.changes:
            self.ledger.check_there()
            self._feeder.flush()

    @contextmanager
    def stopped(self) -> Iterator[Path]:
        """Give the directory to a body while its files have everything, and nobody has them."""
        self.flush()
        self.ledger.stands_beside(None)
        with self.chroma.stopped() as directory:
            yield directory
        self.ledger.stands_beside(state_of(self.chroma.path))

    @contextmanager
    def rewriting(self) -> Iterator[Rewriting]:
        """Let the body rewrite partitions, as `ChromaFiles.rewriting` does.

        Their rows remain what they are, and what is pending remains pending.
        """
        with self._changing(), self.chroma.rewriting() as partitions:
            yield partitions

    def close(self) -> None:
        """Let Chroma have everything, and release the files. May be called again.

        What Chroma does not take stays in the ledger, and is fed at the next opening. Raises
        StoreError if Chroma does not answer.
        """
        if self._closed:
            return
        self._feed_the_rest()
        self._feeder.stop()
        self._closed = True
        try:
            self.chroma.close()
            self._note_closing()
        finally:
            self.ledger.close()
        if not self._unfed.exists():
            seal(self.ledger.file)

    def _note_closing(self) -> None:
        """Let both say that they are in step. On a full disk that fails, and costs nothing."""
        try:
            self.ledger.stands_beside(state_of(self.chroma.path))
            if not self.ledger.waiting.changes:
                with translated(f"unmarking {str(self._unfed)!r}"):
                    self._unfed.unlink(missing_ok=True)
        except StoreError as error:
            _log.warning("%s It is looked at when the directory is opened again.", error)

    def _feed_the_rest(self) -> None:
        try:
            if threading.main_thread().is_alive():
                self.flush()
                return
            self._feeder.stop()
            # No thread can be started any more, and chromadb not be imported: it starts threads.
            while self.chroma.is_open and self.ledger.waiting.changes:
                self._feeder.step()
        except StoreError as error:
            _log.error("%s It is fed when the directory is opened again.", error)

    def _before(self, entries: Sequence[Entry]) -> None:
        """Make sure that entries can be written. Raises StoreError."""
        lengths = {one.vectors.shape[1] for one in entries}
        expected = self.dimension or min(lengths)
        if wrong := lengths - {expected}:
            raise StoreError(
                f"Vectors of length {min(wrong)} do not go into a store of vectors of length "
                f"{expected}. Nothing was written."
            )
        self._mark_unfed()
        if self._mark is None:
            assert self._embedder is not None, "a store that is begun has an embedder"
            self.ledger.begin(new_mark(self._embedder, expected))

    def _mark_unfed(self) -> None:
        """Let the directory say that changes may be pending. Raises StoreError."""
        if self._closed:
            raise MemoryClosedError("This store is closed: others may have its files open.")
        self.ledger.check_there()
        if not self._is_marked:
            with translated(f"marking {str(self._unfed)!r}"):
                write_privately(self._unfed, "")
            self._is_marked = True

    def _covers(self, scope: Scope) -> bool:
        if self._closed:
            raise MemoryClosedError("This store is closed: others may have its files open.")
        return self.ledger.covers(scope)

    def _fed(self) -> ErasableFiles:
        """Return Chroma with everything that is acknowledged."""
        self.flush()
        return self._started()

    def _started(self) -> ErasableFiles:
        """Return Chroma, opened, which changes its database."""
        if not self.chroma.is_open:
            with self.chroma.alone():
                self.ledger.stands_beside(None)
                self.chroma.start()
                self.ledger.stands_beside(state_of(self.chroma.path))
        return self.chroma

    def _exactly(self, identities: Sequence[tuple[Scope, str]]) -> list[Entry]:
        """Return what is stored with these scopes and ids."""
        here = [one for one in identities if self._covers(one[0])]
        found = self.ledger.exact(here)
        for scope, id in set(identities) - set(here):
            found += [one for one in self.find(scope, [id]) if one.record.scope == scope]
        return found

    @contextmanager
    def _erasing(self) -> Iterator[None]:
        """Let the body change both. If it raises, begin the ledger anew: it may be out of step."""
        self.flush()
        self.chroma.check()  # what is damaged is told before anything is changed
        with self._changing():
            self.chroma.begin_rewriting(beside=self.ledger.size())
            try:
                yield
            except BaseException:
                self.ledger.renew(None)
                raise

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Let the body change Chroma's files, while nobody feeds them."""
        with self.chroma.alone():
            self.ledger.stands_beside(None)
            try:
                yield
            finally:
                self.ledger.stands_beside(state_of(self.chroma.path))
