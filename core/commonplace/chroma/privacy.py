"""Keeps a store's files to its user, those that Chroma makes as well.

Chroma makes files as the umask has it, and the umask is the whole process's. Nobody else enters the
folder around them, so that none can be reached before it is closed as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from commonplace.files.private_file import is_open_to_others, make_private, make_private_folder

# What a directory holds of ours beside the folder of Chroma's files.
_BESIDE = (
    *("commonplace.lock", "owner.json", "starting.lock", "server.log", "run"),
    *("keys.json", "keys.lock", "audit.jsonl", "audit-head.json", "audit.key"),
    *("ledger.sqlite3", "ledger.sqlite3-wal", "ledger.sqlite3-shm", "ledger.sqlite3.new"),
    "ledger-sealed.json",
    *("mirror.sqlite3", "unfed", "rewriting", "sealed.json", "leavings"),
)
_CHROMA = "chroma"


class Privacy:
    """Closes what a directory holds of a store, and what Chroma adds to it meanwhile."""

    def __init__(self, directory: Path) -> None:
        """Make the folder of Chroma's files, if there is none, and close what is there.

        The directory itself may hold other things as well, and is left as it is.
        """
        self._files = directory / _CHROMA
        self._seen: dict[Path, int] = {}
        make_private_folder(self._files)
        for name in (*_BESIDE, _CHROMA):
            with suppress(FileNotFoundError):
                make_private(directory / name)

    def keep(self) -> None:
        """Close what was made since the last time."""
        make_private(self._files)
        for folder in (self._files, *_folders(self._files)):
            with suppress(FileNotFoundError):  # Chroma's journals come and go
                changed_at = folder.stat().st_mtime_ns
                if self._seen.get(folder) != changed_at:
                    for one in folder.iterdir():
                        make_private(one)
                    self._seen[folder] = changed_at


def open_to_others(directory: Path) -> list[Path]:
    """Return what of a store other users can read, write or enter: the directory itself, or parts.

    What lies in a folder that nobody else enters is not among them.
    """
    ours = [directory / name for name in (*_BESIDE, _CHROMA)]
    found = [one for one in (directory, *ours) if one.exists() and is_open_to_others(one)]
    return found if found and found[0] == directory else []


def _folders(files: Path) -> Iterator[Path]:
    with os.scandir(files) as entries:
        yield from (Path(one) for one in entries if one.is_dir(follow_symlinks=False))
