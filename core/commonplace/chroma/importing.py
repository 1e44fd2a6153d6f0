"""What is imported before the thread that feeds Chroma would import it beside the program's."""

from __future__ import annotations

import sys


def import_beforehand() -> None:
    """Import httpx, which chromadb needs, where openai is in use.

    From openai 3 on, which has no need of httpx, each of its requests looks whether httpx is
    imported, and fails if another thread has only begun to import it.
    """
    if "openai" in sys.modules:
        import httpx  # noqa: F401  # for others to find it whole
