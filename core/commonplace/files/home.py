"""A home, for a user that has none: one of a container may have no entry and no variable."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any


@contextmanager
def with_a_home() -> Iterator[None]:
    """Name a home within, where neither the environment nor the system names one."""
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = tempfile.gettempdir()
        try:
            yield
        finally:
            del os.environ["HOME"]
    else:
        yield


def chromadb() -> Any:
    """Return the module. Its modules ask for the home when they are imported, and need none."""
    with with_a_home():
        return import_module("chromadb")
