"""Where a server is."""

from __future__ import annotations

from dataclasses import dataclass

UNIX = "unix:"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, ``unix:`` and a path or an http(s) address, and the key it is shown."""

    url: str
    key: str | None = None
