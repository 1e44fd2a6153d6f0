"""Puts a store that was written beside another in its place, whole or not at all.

The draft lies in a directory of its own within the store's. Two renames make the switch; a process
that ends between them leaves what `settled` finishes before anything else is opened.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from commonplace.chroma.ledger_file import LEDGER, remove, written
from commonplace.chroma.ledger_seal import unseal
from commonplace.chroma.sealing import CHROMA, SEAL
from commonplace.chroma.translation import translated

DRAFT = "reembedding"
_BEFORE = "chroma.before"


def draft_of(directory: Path) -> Path:
    """Return where a draft of the store in `directory` lies, or would."""
    return directory / DRAFT


def discard(directory: Path) -> None:
    """Remove the draft, if there is one. Raises StoreError."""
    with translated(f"removing {str(draft_of(directory))!r}"):
        if draft_of(directory).exists():
            shutil.rmtree(draft_of(directory))


def switch(directory: Path) -> None:
    """Put the draft in the store's place. Both are closed, and the lock is held.

    Raises StoreError; then the store is the old one or, once opened again, the new one.
    """
    with translated(f"switching {str(directory / CHROMA)!r}"):
        (directory / CHROMA).rename(directory / _BEFORE)
        _kept(directory)
    settled(directory)


def settled(directory: Path) -> None:
    """Finish a switch that a process began. The lock is held. Raises StoreError."""
    before = directory / _BEFORE
    if not before.exists():
        return
    with translated(f"switching {str(directory / CHROMA)!r}"):
        if not (directory / CHROMA).exists():
            (draft_of(directory) / CHROMA).rename(directory / CHROMA)
        if (draft_of(directory) / SEAL).exists():  # by which the files are known
            (draft_of(directory) / SEAL).replace(directory / SEAL)
        ledger = draft_of(directory) / LEDGER
        if written(ledger) == [ledger]:  # with a log beside it, it was not closed
            remove(directory / LEDGER)
            ledger.replace(directory / LEDGER)
        unseal(directory / LEDGER)  # the seal there is of the ledger before
        _kept(directory)
    discard(directory)
    with translated(f"removing {str(before)!r}"):
        shutil.rmtree(before)  # last: as long as it is there, there is something to finish


def _kept(directory: Path) -> None:
    """Have the disk keep the names in a directory; Windows has no such call, and needs none."""
    if os.name != "nt":
        opened = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
