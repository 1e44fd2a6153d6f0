"""Tells whether a ledger is the file that was closed.

Chroma has everything that is in a closed ledger. So one that was changed since is begun anew: what
was changed may be a text, of which SQLite cannot tell.
"""

from __future__ import annotations

import json
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from commonplace.files.private_file import write_privately

LEDGER_SEAL = "ledger-sealed.json"
# What is larger is known by its size and time alone: summing it would hold up who closes.
_MOST_SUMMED = 256 * 1024**2


def seal(file: Path) -> None:
    """Note a ledger as it was closed. Where that fails, as on a full disk, it is taken as it is."""
    with suppress(OSError):
        state = file.stat()
        total = None if state.st_size > _MOST_SUMMED else _sum(file)
        write_privately(_seal_of(file), json.dumps([state.st_size, state.st_mtime_ns, total]))


def unseal(file: Path) -> None:
    """Let a ledger be changed. Raises OSError."""
    _seal_of(file).unlink(missing_ok=True)


def was_changed(file: Path) -> bool:
    """Tell whether a ledger is not the one that was closed; one without a seal is taken as is."""
    with suppress(OSError, ValueError):
        size, changed_at, total = json.loads(_seal_of(file).read_bytes())
        state = file.stat()
        if (state.st_size, state.st_mtime_ns) != (size, changed_at):
            return state.st_size != size or total not in (None, _sum(file))
    return False


def _seal_of(file: Path) -> Path:
    return file.with_name(LEDGER_SEAL)


def _sum(file: Path) -> str:
    with file.open("rb") as opened:
        total = blake2b(digest_size=16)
        while piece := opened.read(1024**2):
            total.update(piece)
    return total.hexdigest()
