"""The Chroma database in a directory that this process owns, and whose files it can rewrite.

It is opened, and chromadb imported, when it is first needed: to write, and to read what the copy
beside it does not hold. Importing takes longer than all else that a short program does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock

import numpy as np

from commonplace.chroma import rows
from commonplace.chroma.catalogue import Catalogue, Mark, check_mark
from commonplace.chroma.client import client_of
from commonplace.chroma.erasure import ErasedRows, Found, is_in, remaining, searched, verified
from commonplace.chroma.forks import keep_in_forks
from commonplace.chroma.index_files import blank_unused
from commonplace.chroma.leavings import Leavings
from commonplace.chroma.mirror import NO_DATABASE, Mirror, state_of
from commonplace.chroma.privacy import Privacy
from commonplace.chroma.purging import DATABASE, purge
from commonplace.chroma.reading import everything
from commonplace.chroma.rewriting import Rewriting
from commonplace.chroma.room import Room
from commonplace.chroma.sealing import CHROMA, REWRITING, Seal, check, check_database
from commonplace.chroma.store import ChromaStore, where
from commonplace.chroma.switching import discard, settled
from commonplace.chroma.translation import translated
from commonplace.errors import MemoryClosedError, StoreError
from commonplace.ports import Entry, Erased, Vectors, Verification
from commonplace.private_file import write_privately
from commonplace.records import Record
from commonplace.scope import Scope
from commonplace.uses import Uses

MIRROR = "mirror.sqlite3"
_BYTES_PER_USE = 500


def opened(directory: Path, embedder: str) -> tuple[DirectoryStore, Callable[[], None]]:
    """Open the store in `directory`, whose lock is held; return it and what closes it.

    Its files are looked at first: Chroma would take a store that lost its database for a new one.
    Raises StoreFormatError, EmbedderMismatchError, StoreDamagedError, StoreError.
    """
    with translated(f"looking at {str(directory)!r}"):
        settled(directory)
        check_database(directory)
    store = DirectoryStore(directory, embedder)
    return store, store.close


class DirectoryStore(ChromaStore):
    """A ChromaStore whose files can be rewritten. The directory's lock must be held."""

    def __init__(self, directory: Path, embedder: str | None) -> None:
        """Open the store, and finish or undo what a process that ended was rewriting.

        `embedder` None takes the one that the store was built with. Raises StoreFormatError,
        EmbedderMismatchError, StoreDamagedError, StoreError.
        """
        settled(directory)
        self._directory = directory
        self._files, self._marker = directory / CHROMA, directory / REWRITING
        self._embedder, self._opened = embedder, None
        self._has_erased = self._closed = False
        self._seal = Seal(directory)
        # Held by who opens Chroma and by who needs it closed: `records` is read from any thread.
        self._opening = RLock()
        with translated(f"opening {str(self._files)!r}"):
            self._privacy = Privacy(directory)
        self._room: Room = Room(self._files)
        state = self._state()
        self._leavings = Leavings(directory, is_new=state == NO_DATABASE)
        self._mirror = Mirror(directory / MIRROR, state)
        try:
            if self._marker.exists():
                self._start()
                self._purge()
            elif self._mirror.mark is not None:
                check_mark(self._mirror.mark, embedder)
            elif state != NO_DATABASE:
                self._start()
        except BaseException:
            self.close()
            raise

    @property
    def dimension(self) -> int | None:
        return None if (mark := self._mark) is None else mark["dimension"]

    @property
    def embedder(self) -> str | None:
        """The name of the embedder whose vectors are kept, or None before the first was."""
        return None if (mark := self._mark) is None else str(mark["embedder"])

    @property
    def _mark(self) -> Mark | None:
        return self._mirror.mark if self._opened is None else self._opened.mark

    @property
    def _catalogue(self) -> Catalogue:
        with self._opening:
            if self._closed:
                raise MemoryClosedError("This store is closed: others may have its files open.")
            if self._opened is None:
                self._start()
            return super()._catalogue

    def put(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._room.for_writing(sum(map(rows.payload, entries)))
        before = self._folders()
        with self._mirrored():
            super().put(entries)
            self._mirror.put(entries)
        if self._folders() != before:
            self._blank_unused()

    def replace(self, pairs: Sequence[tuple[Entry, Entry]]) -> None:
        with self._mirrored():
            super().replace(pairs)

    def expect_uses(self) -> None:
        """Open Chroma: importing it at the end of the process fails, since it starts threads."""
        self._catalogue  # noqa: B018  # asking for it opens it

    def count_uses(self, uses: Uses) -> list[Record]:
        self._room.for_writing(_BYTES_PER_USE * len(uses))
        with self._mirrored():
            counted = super().count_uses(uses)
            self._mirror.recount(counted)
        return counted

    def remove(self, entries: Sequence[Entry]) -> None:
        if entries:
            self._room.for_removing()
            self._leavings.note(entry.record.scope for entry in entries)
        with self._mirrored():
            super().remove(entries)
            self._mirror.remove(entry.record for entry in entries)

    def entries(self, scope: Scope) -> Iterator[Entry]:
        if self._mirror.covers(scope):
            return self._mirror.entries(scope)
        return self._mirror.copied(scope, super().entries(scope))

    def find(self, scope: Scope, ids: Sequence[str]) -> list[Entry]:
        if self._mirror.covers(scope):
            return self._mirror.find(scope, ids)
        return super().find(scope, ids)

    def records(self, scope: Scope) -> Iterator[Record]:
        if self._mirror.covers(scope):
            return self._mirror.records(scope)
        return super().records(scope)

    def stating(self, scope: Scope, statements: Sequence[str]) -> list[Entry]:
        if self._mirror.covers(scope):
            return self._mirror.stating(scope, statements)
        return super().stating(scope, statements)

    @contextmanager
    def _mirrored(self) -> Iterator[None]:
        """Remove the copy if the body, which writes to both, may have been done in part."""
        try:
            yield
            self._keep_private()
        except BaseException:
            self._mirror.drop()
            raise

    def erase(self, scope: Scope) -> Erased:
        """Remove every entry within `scope` and every trace of it in the files, and look for them.

        The partitions that may have held it are rewritten, whether or not they still do, so that
        what was forgotten before goes as well. Of a scope that never had a record there is nothing
        to remove or to look for. Raises StoreError if anything of it is left.
        """
        if not self._leavings.may_be_of(scope) and not self._holds(scope):
            return Erased(0, 0, Verification(files=0, bytes=0, traces=0, occurrences=0))
        self._leavings.begin_erasing(scope)
        discard(self._directory)  # a draft of the store with other vectors holds the same texts
        erased = ErasedRows()
        self._has_erased = True
        self._mirror.erase(scope)
        with self._mirrored():
            self._take_out(self._partitions(scope), scope, erased)
        found = self._searched(erased)
        if found:
            # Another scope said the same and forgot it: the bytes are in its partition.
            self._mirror.drop()
            self._take_out(self._holding(found), scope, erased)
            found = self._searched(erased)
        verification = verified(self._files, erased, found)
        self._leavings.forget(scope)
        return Erased(erased.records, erased.rows, verification)

    def _holds(self, scope: Scope) -> bool:
        """Tell whether there is a row of a scope. One without its record counts as well."""
        if self._mirror.covers(scope) and next(self._mirror.records(scope), None):
            return True
        return any(
            partition.get(where=where(scope, None), limit=1, include=[])["ids"]
            for partition in self._collections(scope)
        )

    def _searched(self, erased: ErasedRows) -> Found:
        return searched(self._files, [self._mirror.file], erased, self._vectors)

    def _take_out(self, numbers: Iterable[int], scope: Scope, erased: ErasedRows) -> None:
        """Rewrite partitions without the rows within `scope`, and without what was forgotten."""
        with self.rewriting() as partitions:
            for number in numbers:
                collection = partitions.collection(number)
                if collection is not None:
                    partitions.rewrite(number, remaining(collection, scope, erased))

    def _holding(self, found: Found) -> list[int]:
        """Return the numbers of the partitions in whose files any of the pieces is."""
        return [
            number
            for number in range(self._catalogue.partitions)
            if (collection := self._catalogue.partition(number)) is not None
            and is_in(self._files, str(collection.id), found)
        ]

    @contextmanager
    def rewriting(self) -> Iterator[Rewriting]:
        """Let the body rewrite partitions, and leave nothing of their old rows in the files.

        If the body raises, each partition is as it was or as it was to be; the rest is left to the
        next rewriting, or to the next opening.
        """
        self._room.for_rewriting()
        with translated(f"marking {str(self._marker)!r}"):
            write_privately(self._marker, "")
        try:
            yield Rewriting(self._catalogue, self._room)
        except BaseException:
            with self.stopped():
                raise
        self._purge()

    def close(self) -> None:
        mark = self._mark
        with self._opening:
            self._closed = True
            self._stop()
            with translated(f"noting the files in {str(self._files)!r}"):
                self._seal.close()
        self._mirror.close(self._state(), mark)

    def _purge(self) -> None:
        with self.stopped():
            purge(self._files)
        with translated(f"unmarking {str(self._marker)!r}"):
            self._marker.unlink()

    @contextmanager
    def stopped(self) -> Iterator[Path]:
        """Give the directory, with a database, to a body while nothing has its files open."""
        with self._opening:
            was_open = self._opened is not None
            if not was_open and not (self._files / DATABASE).exists():
                self._start()
            self._stop()
            try:
                yield self._directory
            finally:
                if was_open:
                    self._start()

    def _state(self) -> str:
        with translated(f"reading {str(self._files)!r}"):
            return state_of(self._files / DATABASE)

    def _stop(self) -> None:
        if self._opened is None:
            return
        self._opened = None
        with translated(f"closing {str(self._files)!r}"):
            self._client.close()
        self._blank_unused()
        self._keep_private()

    def _start(self) -> None:
        if not self._seal.is_open:
            with translated(f"looking at {str(self._files)!r}"):
                check(self._directory)
        self._blank_unused()
        if not (self._files / DATABASE).exists():
            self._room.for_writing(0)
        self._client = client_of(self._directory)
        self._keep_private()
        keep_in_forks(self._client)
        try:
            self._opened = Catalogue(self._client, self._embedder)
            self._opened.settle()
            self._seal.open()
            if self._has_erased:
                self._touch_all()
        except BaseException:
            self._opened = None
            self._client.close()
            raise

    def _touch_all(self) -> None:
        """Let the engine write now the empty indexes that it writes at the first use of each.

        They are written as the process's memory is, in which what was erased may still be found.
        """
        for collection in self._collections(Scope()):
            # One that is damaged is told of when it is read, and keeps nobody from the others.
            with suppress(StoreError), translated("reading"):
                collection.get(limit=1, include=[])
        self._blank_unused()

    def _blank_unused(self) -> None:
        with translated(f"tidying {str(self._files)!r}"):
            blank_unused(self._files)

    def _keep_private(self) -> None:
        with translated(f"closing {str(self._files)!r} to other users"):
            self._privacy.keep()

    def _folders(self) -> set[str]:
        """Return the names of the indexes, if it matters when there is a new one."""
        return {one.name for one in self._files.iterdir()} if self._has_erased else set()

    def _vectors(self) -> Iterator[Vectors]:
        for collection in self._collections(Scope()):
            for page in everything(collection).pages(["embeddings"]):
                yield np.asarray(page["embeddings"], np.float32)
