"""Tells whether a ledger is the file that was closed.

Chroma has everything that is in a closed ledger. So one that was changed since is begun anew: what
was changed may be a text, of which SQLite cannot tell.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path

from commonplace.chroma.known_file import KnownFile
from commonplace.files.private_file import write_privately

LEDGER_SEAL = "ledger-sealed.json"


def seal(file: Path) -> None:
    """Note a ledger as it was closed. Where that fails, as on a full disk, it is taken as it is."""
    with suppress(OSError):
        write_privately(_seal_of(file), json.dumps(astuple(KnownFile.of(file))))


def unseal(file: Path) -> None:
    """Let a ledger be changed. Raises OSError."""
    _seal_of(file).unlink(missing_ok=True)


def was_changed(file: Path) -> bool:
    """Tell whether a ledger is not the one that was closed; one without a seal is taken as is."""
    try:
        return not KnownFile(*json.loads(_seal_of(file).read_bytes())).is_same(file)
    except (OSError, ValueError, TypeError):
        return False


def _seal_of(file: Path) -> Path:
    return file.with_name(LEDGER_SEAL)
