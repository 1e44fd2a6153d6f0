"""Parts of JSON that somebody else wrote: what is not of the expected kind is taken for empty."""

from __future__ import annotations

from typing import Any


def object_of(value: Any) -> dict[str, Any]:
    """Return an object, or an empty one in the place of anything else."""
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """Return a list, or an empty one in the place of anything else."""
    return value if isinstance(value, list) else []
