"""A lock on a folder itself, which lasts when a lock's file is taken for a leftover and removed."""

from __future__ import annotations

import os
import time
import weakref
from functools import partial
from pathlib import Path

from filelock import Timeout, lock_descriptor

POLL_SECONDS = 0.01


class FolderLock:
    """Holds a folder until released or dropped, or until the process ends.

    It holds nothing where a folder cannot be locked: on Windows, where no file can be removed that
    is open, and on file systems that lock files alone.
    """

    def __init__(self, folder: Path, seconds: float) -> None:
        """Take the lock, waiting for so long. Raises filelock.Timeout, OSError."""
        self._close: weakref.finalize[..., FolderLock] | None = None
        if os.name != "posix":
            return
        descriptor = os.open(folder, os.O_RDONLY)
        self._close = weakref.finalize(self, os.close, descriptor)
        self._close.atexit = False  # the store is closed then, and is held until that is done
        # A forked process has it as well, and would hold the folder when this one has ended.
        os.register_at_fork(after_in_child=partial(_let_go, weakref.ref(self)))
        if not _is_locked(descriptor, seconds):
            self.release()
            raise Timeout(str(folder))

    def release(self) -> None:
        """Give the folder free. May be called again."""
        if self._close is not None:
            self._close()


def _is_locked(descriptor: int, seconds: float) -> bool:
    """Lock an open folder within so many seconds, if its file system can; tell whether it is."""
    until = time.monotonic() + seconds
    try:
        while not (is_locked := lock_descriptor(descriptor, blocking=False)):
            if time.monotonic() >= until:
                break
            time.sleep(POLL_SECONDS)  # a lock of a file cannot be waited for with a limit
    except OSError:
        return True
    return is_locked


def _let_go(reference: weakref.ref[FolderLock]) -> None:
    if (lock := reference()) is not None:
        lock.release()
