"""Folders for what must not outlast its use: they go, too, when who made them is killed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from commonplace.files.private_file import make_private_folder

# It ends when the process that started it has closed its side, however that came.
_REMOVER = "import shutil, sys; sys.stdin.buffer.read(); shutil.rmtree(sys.argv[1], True)"


@contextmanager
def removed_at_the_end(work: Path) -> Iterator[None]:
    """Give a new folder, which another process removes at the end or when this process ends."""
    shutil.rmtree(work, ignore_errors=True)  # what both left, if the machine stopped
    with subprocess.Popen(  # noqa: S603  # a list of arguments
        [sys.executable, "-I", "-c", _REMOVER, str(work)],
        stdin=subprocess.PIPE,
        cwd=work.anchor,
        start_new_session=True,  # what ends this process's group must not end it
    ):
        make_private_folder(work)
        yield


@contextmanager
def passing_folder() -> Iterator[Path]:
    """Give a new folder in the system's folder for such, which its user alone enters."""
    work = Path(tempfile.mkdtemp(prefix="commonplace-"))
    with removed_at_the_end(work):
        yield work
