"""Makes sure of room on the disk before Chroma writes.

On a full disk Chroma loses vectors of writes that it acknowledges, or waits for its own lock for
ever with the whole process (docs/decisions/0007-shared-server.md). So it must never meet one.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from pathlib import Path

from commonplace.chroma.purging import DATABASE
from commonplace.errors import StoreError

# What a write may take for a moment beside its payload: the copies of changed pages, the merging of
# the text index (at most 2 MB for a payload of 0.2 MB, 7 MB for one of 0.3 MB in 90 MB of files).
_SPARE_BYTES = 4 * 1024**2
_SPARE_FOR_REMOVAL = 1024**2
_BYTES_PER_BYTE = 8
# An index that is full grows by a fifth; merging the text index takes a part of the database.
_SHARE_OF_INDEX = 2
_SHARE_OF_DATABASE = 16
_MOST_PROVEN_BYTES = 256 * 1024**2
_CANNOT_TELL = (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS)


class Room:
    """The room on the disk around one database."""

    def __init__(self, directory: Path) -> None:
        """Look after what Chroma keeps in `directory`, which exists."""
        self._directory = directory
        self._largest = 0
        self._growth = 0
        self._unproven = 0

    def for_writing(self, payload: int) -> None:
        """Raise StoreError unless there is room to store `payload` bytes of texts and vectors."""
        self._make_sure(_SPARE_BYTES, _BYTES_PER_BYTE * payload)

    def for_removing(self) -> None:
        """Raise StoreError unless there is room to remove records."""
        self._make_sure(_SPARE_FOR_REMOVAL, 0)

    def for_rewriting(self, beside: int) -> None:
        """Raise StoreError unless there is room to write every file anew, one after another.

        So many bytes are written `beside` at the same time.
        """
        self._measure()
        self._make_sure(_SPARE_BYTES, 2 * self._largest + beside)

    def _make_sure(self, spare: int, kept: int) -> None:
        self._unproven -= kept + _SPARE_BYTES // 64
        try:
            if self._unproven < 0:
                self._measure()
                self._prove(spare + kept)
                self._unproven = spare // 2
            free = shutil.disk_usage(self._directory).free
        except (FileNotFoundError, NotADirectoryError) as error:
            raise gone(self._directory) from error
        except OSError as error:
            raise _full(self._directory, str(error)) from error
        needed = spare + kept + self._growth
        if free < needed:
            said = f"{free / 1e6:.1f} MB are free where {needed / 1e6:.1f} MB may be needed"
            raise _full(self._directory, said)

    def _measure(self) -> None:
        """Note how large the files are, on which it depends how much a write may take."""
        sizes = {path: path.stat().st_size for path in self._directory.rglob("*.*")}
        database = sizes.pop(self._directory / DATABASE, 0)
        index = max(sizes.values(), default=0)
        self._largest = max(database, index)
        self._growth = index // _SHARE_OF_INDEX + database // _SHARE_OF_DATABASE

    def _prove(self, needed: int) -> None:
        """Let the largest file's likeness grow: quotas and limits show in nothing else."""
        if not hasattr(os, "posix_fallocate"):
            return
        with tempfile.TemporaryFile(dir=self._directory) as trial:
            try:
                most = min(needed + self._growth, _MOST_PROVEN_BYTES)
                os.posix_fallocate(trial.fileno(), self._largest, most)
            except OSError as error:
                if error.errno not in _CANNOT_TELL:
                    raise


def gone(directory: Path) -> StoreError:
    """Return the error that says so of a directory."""
    return StoreError(
        f"The directory {str(directory)!r} was removed or moved while this memory was open: "
        "nothing can be kept there. Close the memory, put the directory back and open it again."
    )


def _full(directory: Path, said: str) -> StoreError:
    return StoreError(
        f"There is no room on the disk to write to {str(directory)!r} ({said}). Nothing was "
        "changed: make room there and try again."
    )
