"""The Chroma database in a directory that this process owns, and whose files it can rewrite.

It is opened, and chromadb imported, when it is first needed. Importing takes longer than all else
that a short program does.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock

from commonplace.chroma import regrowing, rows
from commonplace.chroma.catalogue import PARTITIONS, Catalogue, Mark
from commonplace.chroma.client import client_of
from commonplace.chroma.forks import keep_in_forks
from commonplace.chroma.index_files import blank_unused
from commonplace.chroma.ledger_file import Fed
from commonplace.chroma.privacy import Privacy
from commonplace.chroma.purging import DATABASE, check_free, purge, without_index
from commonplace.chroma.rewriting import Rewriting
from commonplace.chroma.room import Room
from commonplace.chroma.sealing import CHROMA, REWRITING, Seal
from commonplace.chroma.store import ChromaStore, where
from commonplace.chroma.translation import translated
from commonplace.errors import MemoryClosedError, StoreError
from commonplace.files.private_file import write_privately
from commonplace.ports import Entry
from commonplace.values.records import Record
from commonplace.values.scope import Scope

PATIENCE_SECONDS = 60.0
"""How long Chroma may take for a step before who waits for it is told."""
_BYTES_PER_USE = 500
# An index of so many rows takes long to make. In a write, Chroma would keep the interpreter for it.
_MANY_QUEUED = 1_000
_log = logging.getLogger(__name__)


class ChromaFiles(ChromaStore):
    """A ChromaStore whose files can be rewritten. The directory's lock must be held."""

    def __init__(self, directory: Path, embedder: str | None) -> None:
        """Look after the database in `directory`, and open nothing.

        `embedder` None takes the one that the store was built with. Raises StoreError.
        """
        self.path = directory / CHROMA
        self._in_use = RLock()
        self._directory = directory
        self._marker = directory / REWRITING
        self._embedder = embedder
        self._has_erased = False
        self._opened = None
        self._closed = False
        self._known_partitions = PARTITIONS
        self._seal = Seal(directory)
        with translated(f"opening {str(self.path)!r}"):
            self._privacy = Privacy(directory)
        self._room = Room(self.path)

    @property
    def is_open(self) -> bool:
        """Tell whether Chroma has the database open."""
        return self._opened is not None

    @property
    def mark(self) -> Mark | None:
        """What the store says of itself, without opening it; None if it is not open."""
        return None if self._opened is None else self._opened.mark

    @property
    def _catalogue(self) -> Catalogue:
        self.start()
        return super()._catalogue

    @property
    def _partition_count(self) -> int:
        return self._known_partitions if self._opened is None else self._opened.partitions

    def has_database(self) -> bool:
        """Tell whether Chroma was ever opened here."""
        return (self.path / DATABASE).exists()

    def adopt(self, mark: Mark) -> None:
        """Take what the store says of itself, though Chroma may not have been told yet."""
        self._embedder, self._known_partitions = mark["embedder"], mark["partitions"]

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let nobody else open, close or feed Chroma during the body.

        Raises StoreError if that takes too long.
        """
        if not self._in_use.acquire(timeout=PATIENCE_SECONDS):
            raise StoreError(
                f"Chroma has not answered for {PATIENCE_SECONDS:.0f} seconds, in "
                f"{str(self.path)!r}. End this process if that does not pass: what is acknowledged "
                "is safe in the ledger, and is fed at the next opening."
            )
        try:
            yield
        finally:
            self._in_use.release()

    def start(self) -> None:
        """Open Chroma if it is not. Raises StoreFormatError, StoreDamagedError, StoreError."""
        if self._opened is not None:
            return
        with self.alone():
            if self._closed:
                raise MemoryClosedError("This store is closed: others may have its files open.")
            if self._opened is None:
                self._start()

    def is_being_rewritten(self) -> bool:
        """Tell whether a process ended while it rewrote partitions."""
        return self._marker.exists()

    def finish_rewriting(self) -> None:
        """Finish or undo what a process that ended was rewriting."""
        self.start()
        self._purge()

    def put(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._room.for_writing(sum(map(rows.payload, entries)))
        before = self._folders()
        super().put(entries)
        self._keep_private()
        if self._folders() != before:
            self._blank_unused()

    def recount(self, records: Sequence[Record]) -> None:
        """Write how often these records were used, where they are."""
        self._room.for_writing(_BYTES_PER_USE * len(records))
        super().recount(records)
        self._keep_private()

    def discard(self, row_ids: Sequence[tuple[Scope, str]]) -> None:
        """Remove the rows with these ids, each of a record of a scope."""
        if row_ids:
            self._room.for_removing()
            super().discard(row_ids)
            self._keep_private()

    def check_free(self) -> None:
        """Raise StoreError if another program has locked the database.

        Chroma would wait for that, and hold the interpreter, so that every thread would wait.
        """
        if (self.path / DATABASE).exists():
            check_free(self.path)

    def note_fed(self, fed: Fed) -> bool:
        """Let the database say who fed it and how far; not if nobody has started the store yet."""
        return self._catalogue.annotate({"ledger": fed.name, "fed": fed.sequence})

    def holds(self, scope: Scope) -> bool:
        """Tell whether there is a row of a scope. One without its record counts as well."""
        return any(
            partition.get(where=where(scope, None), limit=1, include=[])["ids"]
            for partition in self._collections(scope)
        )

    def close(self) -> None:
        with self.alone():
            self._closed = True
            self._leave(was_open=self._shut())

    def _leave(self, *, was_open: bool) -> None:
        """Tidy the files and note them as they are closed.

        On a full disk that fails, and where the directory is gone. It costs nothing stored.
        """
        try:
            if was_open:
                self._tidy()
            with translated(f"noting the files in {str(self.path)!r}"):
                self._seal.close()
        except StoreError as error:
            _log.warning("%s Their structure is looked at when they are opened again.", error)

    def check(self) -> None:
        """Raise StoreDamagedError if Chroma cannot be let near the files. Nothing is opened."""
        if not self._seal.is_open:
            with translated(f"looking at {str(self.path)!r}"):
                regrowing.check(self._directory)

    def begin_rewriting(self, beside: int = 0) -> None:
        """Mark that old rows may be left in the files from now on. Raises StoreError.

        So many bytes are written `beside` at the same time.
        """
        self._room.for_rewriting(beside)
        with translated(f"marking {str(self._marker)!r}"):
            write_privately(self._marker, "")

    @contextmanager
    def rewriting(self) -> Iterator[Rewriting]:
        """Let the body rewrite partitions, and leave nothing of their old rows in the files.

        If the body raises, each partition is as it was or as it was to be; the rest is left to the
        next rewriting, or to the next opening.
        """
        self.begin_rewriting()
        try:
            yield Rewriting(self._catalogue, self._room)
        except BaseException:
            with self.stopped():
                raise
        self._purge()

    def _purge(self) -> None:
        with self.stopped():
            purge(self.path)
        self._unmark()

    def _unmark(self) -> None:
        with translated(f"unmarking {str(self._marker)!r}"):
            self._marker.unlink()

    @contextmanager
    def stopped(self) -> Iterator[Path]:
        """Give the directory, with a database, to a body while nothing has its files open."""
        with self.alone():
            was_open = self._opened is not None
            if not was_open and not (self.path / DATABASE).exists():
                self._start()
            self._stop()
            try:
                yield self._directory
            finally:
                if was_open:
                    self._start()

    def _stop(self) -> None:
        if self._shut():
            self._tidy()

    def _shut(self) -> bool:
        """Close the database, and tell whether it was open."""
        if self._opened is None:
            return False
        self._opened = None
        with translated(f"closing {str(self.path)!r}"):
            self._client.close()
        return True

    def _tidy(self) -> None:
        self._blank_unused()
        self._keep_private()

    def _start(self) -> None:
        self.check()
        self._blank_unused()
        if not (self.path / DATABASE).exists():
            self._room.for_writing(0)
        unmade = without_index(self.path, 0 if self._has_erased else _MANY_QUEUED)
        self._client = client_of(self._directory)
        self._keep_private()
        keep_in_forks(self._client)
        try:
            self._opened = Catalogue(self._client, self._embedder)
            self._opened.settle()
            self._seal.open()
            self._make_indexes(unmade)
        except BaseException:
            self._opened = None
            self._client.close()
            raise

    def _make_indexes(self, collections: Iterable[str]) -> None:
        """Let the engine write now the indexes that it writes at the first use of each.

        They are written as the process's memory is, in which what was erased may still be found.
        """
        for name in collections:
            # One that is damaged is told of when it is read, and keeps nobody from the others.
            with suppress(StoreError), translated("reading"):
                found = self._client.get_collection(name, embedding_function=None)
                found.get(limit=1, include=["embeddings"])
        self._blank_unused()
        self._keep_private()

    def _blank_unused(self) -> None:
        with translated(f"tidying {str(self.path)!r}"):
            blank_unused(self.path)

    def _keep_private(self) -> None:
        with translated(f"closing {str(self.path)!r} to other users"):
            self._privacy.keep()

    def _folders(self) -> set[str]:
        """Return the names of the indexes, if it matters when there is a new one."""
        return {one.name for one in self.path.iterdir()} if self._has_erased else set()
