"""Who may use an open store: threads by turns, none once it is closed, nor a forked process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from commonplace.engine.gathered_uses import GatheredUses
from commonplace.errors import MemoryClosedError, StoreInUseError
from commonplace.recall.filters import Selection
from commonplace.stores.warm_store import WarmStore
from commonplace.values.scope import Scope
from commonplace.waiting.turns import Turns


class Gate:
    """The way to a store, past which uses that cannot wait are written first."""

    def __init__(self, store: WarmStore, uses: GatheredUses, directory: str | None) -> None:
        """Guard `store`; `directory` is the one that this process owns, if it is in one."""
        self._store, self._uses, self._directory = store, uses, directory
        self._turns = Turns()  # embedding takes none
        self._closed = False
        self._process = os.getpid()

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Let the body use all, while nobody else does."""
        self.check()  # before the lock: in a forked process nobody may be there to release it
        with self._turns.whole():
            self.check()
            self._uses.write_if_urgent()
            with self._store.operation():
                yield

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Let the body change what is stored, after waiting for room where nobody waits for it."""
        self.await_room()
        with self.opened():
            yield

    def await_room(self) -> None:
        """Wait until more changes may be pending. The caller holds no turn."""
        self.check()
        self._store.store.await_room()

    @contextmanager
    def recalling(self, scopes: Sequence[Scope], selection: Selection) -> Iterator[None]:
        """Let the body use arrays: those that are held also while the files are rewritten."""
        with self._turns.enough(
            lambda: not (selection.as_of or self._uses.are_urgent) and self._store.holds(scopes)
        ):
            self.check()
            self._uses.write_if_urgent()
            with self._store.operation():
                yield

    @contextmanager
    def rewriting(self, prepare: Callable[[], None]) -> Iterator[None]:
        """Let the body change the files, after `prepare` has taken out of memory what goes."""

        def checked() -> None:
            self.check()
            prepare()

        with self._turns.rewriting(checked):
            yield

    @contextmanager
    def closing(self) -> Iterator[bool]:
        """Let nobody in any more; tell whether the store is to be closed, which happens once."""
        if self._is_forked():
            yield False  # the store is the parent's
            return
        with self._turns.whole():
            is_first, self._closed = not self._closed, True
            yield is_first

    def check(self) -> None:
        """Raise MemoryClosedError or StoreInUseError if this process may not use the store."""
        if self._closed:
            raise MemoryClosedError("This memory is closed. Open it again with commonplace.open.")
        if self._is_forked():
            raise StoreInUseError(
                f"The memory in {self._directory!r} was opened by the parent of this process "
                f"({self._process}), which owns the directory. Open it in each process with "
                "commonplace.open(path, shared=True)."
            )

    def _is_forked(self) -> bool:
        """Tell whether this is a copy, in a forked process, of an engine that owns a directory."""
        return self._directory is not None and os.getpid() != self._process
