"""Backups that an erasure reaches: Chroma is loaded only where there are some."""

from __future__ import annotations

from pathlib import Path

from commonplace.values.scope import Scope


def erase_in_backup(file: Path, scope: Scope) -> object:
    """Erase a scope from a file that `backup` made."""
    from commonplace.chroma.backup import erase_in_backup

    return erase_in_backup(file, scope)
