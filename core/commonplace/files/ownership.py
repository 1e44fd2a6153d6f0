"""One owner per directory, held by an operating-system lock.

Two processes that write one embedded Chroma directory destroy it without an error
(docs/decisions/0003-one-owner-per-directory.md).
"""

from __future__ import annotations

import json
import os
import socket
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from filelock import FileLock, Timeout

from commonplace.errors import StoreError, StoreInUseError
from commonplace.files.folder_lock import POLL_SECONDS, FolderLock
from commonplace.files.private_file import make_private_folder, write_for_the_living
from commonplace.values.records import now

LOCK = "commonplace.lock"
OWNER = "owner.json"
# Who took the lock a moment ago may not have said its name yet; who only looked gives it back.
_SETTLING_SECONDS = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who holds a directory: a process and, if it `serves` others, where.

    `address`, None before it can be reached, is ``unix:`` and the path of a socket, or an http
    address of this machine with the `token` it asks for.
    """

    pid: int
    host: str
    program: str
    since: str
    serves: bool = False
    address: str | None = None
    token: str | None = None


class DirectoryLock:
    """Holds `directory` until released or until the process ends, however it ends."""

    def __init__(self, directory: Path, *, serves: bool = False) -> None:
        """Create the directory if needed and take its lock.

        `serves` tells others that this process is about to serve them. Raises StoreInUseError
        naming the holder, StoreError if the path cannot be used.
        """
        self._directory = directory
        self._owner = _this_process(serves)
        self._lock = _lock_of(directory)
        self._folder: FolderLock | None = None
        try:
            make_private_folder(directory)
            self._lock.acquire(timeout=0 if is_server(directory) else _SETTLING_SECONDS)
            self._folder = FolderLock(directory, _SETTLING_SECONDS)
            _write(directory, self._owner)
        except Timeout as error:
            self.release()
            raise in_use(directory) from error
        except OSError as error:
            self.release()
            raise unusable(directory, error) from error

    def publish(self, address: str, token: str | None = None) -> None:
        """Tell other processes where this one serves the directory."""
        _write(self._directory, replace(self._owner, address=address, token=token))

    def release(self) -> None:
        """Give the directory free. May be called again."""
        if self._owner.pid == os.getpid():  # a forked child would release its parent's lock
            if self._folder is not None:
                self._folder.release()
            self._lock.release()


def owner_of(directory: Path) -> Owner | None:
    """Return who holds the directory, or held it last; None if that left no name."""
    try:
        return Owner(**json.loads((directory / OWNER).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def unusable(directory: Path, error: OSError) -> StoreError:
    """Return the error for a directory in which no file can be made."""
    return StoreError(
        f"The directory {str(directory)!r} cannot hold a memory ({error}). "
        "Give a directory that this process may write, on a disk that has room."
    )


def is_server(directory: Path) -> bool:
    """Tell whether who holds the directory, or held it last, serves others."""
    owner = owner_of(directory)
    return owner is not None and owner.serves


def is_served(directory: Path) -> bool:
    """Tell whether a server holds the directory, though it may not answer yet or any more.

    Raises StoreInUseError if another kind of process does.
    """
    if not _is_held(directory, 0):
        return False
    if is_server(directory):
        return True
    if not _is_held(directory, _SETTLING_SECONDS):
        return False
    if is_server(directory):
        return True
    raise in_use(directory)


def _is_held(directory: Path, seconds: float) -> bool:
    """Tell whether the directory is still held after so many seconds."""
    lock = _lock_of(directory)
    try:
        lock.acquire(timeout=seconds)
    except Timeout:
        return True
    lock.release()
    return False


def _lock_of(directory: Path) -> FileLock:
    # Who can open the file can hold the lock: so nobody else may.
    return FileLock(directory / LOCK, mode=0o600, poll_interval=POLL_SECONDS, thread_local=False)


def _this_process(serves: bool) -> Owner:  # noqa: FBT001  # passed on
    return Owner(
        serves=serves,
        pid=os.getpid(),
        host=socket.gethostname(),
        program=" ".join(sys.argv[:1]) or "python",
        since=now().isoformat(timespec="seconds"),
    )


def _write(directory: Path, owner: Owner) -> None:
    # Whoever is named holds the lock, which no power failure outlasts.
    write_for_the_living(directory / OWNER, json.dumps(asdict(owner)))


def in_use(directory: Path) -> StoreInUseError:
    """Return the error that names who holds the directory, and what to do."""
    return StoreInUseError(_said_of(str(directory), owner_of(directory)))


def _said_of(directory: str, holder: Owner | None) -> str:
    if holder is None:
        return f"The memory in {directory!r} is open elsewhere; its holder left no name."
    if holder.pid == os.getpid():
        return (
            f"The memory in {directory!r} is open already in this process, since "
            f"{holder.since}: use that memory, or close it first."
        )
    return (
        f"The memory in {directory!r} is held by process {holder.pid} ({holder.program}) "
        f"since {holder.since}. Close it there, or open it everywhere, there as well, with "
        "commonplace.open(path, shared=True)."
    )
