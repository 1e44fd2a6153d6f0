"""Files and folders that are their user's alone, whatever the umask, and files that are whole."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

_FOLDER = 0o700
_FILE = 0o600
_OTHERS = 0o077


def make_private_folder(folder: Path) -> None:
    """Make a folder that its user alone enters, and those around it as usual.

    One that exists and is empty is closed to others; one that holds anything is left as it is.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir(mode=_FOLDER)
    except FileExistsError:
        if not folder.is_dir():
            raise
        if is_open_to_others(folder) and not any(folder.iterdir()):
            make_private(folder)
    else:
        make_private(folder)  # a umask may have taken its own user's rights


def make_private_file(path: Path) -> None:
    """Make an empty file that its user alone reads, if there is none."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT, _FILE))
    make_private(path)


def make_private(path: Path) -> None:
    """Close a file or folder to all others, if it is this user's to close, and no link."""
    mode = path.lstat().st_mode
    wanted = _FOLDER if stat.S_ISDIR(mode) else _FILE
    if os.name == "posix" and not stat.S_ISLNK(mode) and stat.S_IMODE(mode) != wanted:
        with suppress(PermissionError):
            path.chmod(wanted)


def is_open_to_others(path: Path) -> bool:
    """Tell whether another user can do anything with a file or folder that can be reached."""
    return os.name == "posix" and bool(path.lstat().st_mode & _OTHERS)


def write_privately(path: Path, content: str | bytes) -> None:
    """Write a file so that a reader finds the old content or the new one, and no other user any.

    Durable on return.
    """
    draft = _drafted(path, content)
    with draft.open("r+b") as file:
        os.fsync(file.fileno())
    put_in_place(draft, path)


def write_for_the_living(path: Path, content: str | bytes) -> None:
    """Write a file in the same way that says something of running processes alone.

    After a power failure it may say anything, or nothing.
    """
    _drafted(path, content).replace(path)


def put_in_place(draft: Path, path: Path) -> None:
    """Let a written and synced file take the place of `path`. Durable on return."""
    draft.replace(path)
    if os.name == "posix":  # elsewhere a folder cannot be synced, and need not be
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _drafted(path: Path, content: str | bytes) -> Path:
    """Write a file beside `path`, which is to take its place."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    make_private_file(draft)
    draft.write_bytes(content.encode() if isinstance(content, str) else content)
    return draft
