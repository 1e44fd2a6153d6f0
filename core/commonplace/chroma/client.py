"""A Chroma client on the files of a directory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from commonplace.chroma.sealing import CHROMA
from commonplace.chroma.translation import translated
from commonplace.files import home


def client_of(directory: Path) -> Any:
    """Return a Chroma client on the files in `directory`. Raises StoreDamagedError, StoreError."""
    chromadb = home.chromadb()
    files = directory / CHROMA
    with translated(f"opening {str(files)!r}"), _forgotten_unless_started(files):
        return chromadb.PersistentClient(
            files, settings=chromadb.Settings(anonymized_telemetry=False)
        )


@contextmanager
def _forgotten_unless_started(files: Path) -> Iterator[None]:
    """Have Chroma forget a system that it could not start: it would give that one again."""
    try:
        yield
    except BaseException:
        from chromadb.api.shared_system_client import SharedSystemClient

        SharedSystemClient._identifier_to_system.pop(str(files), None)
        raise
