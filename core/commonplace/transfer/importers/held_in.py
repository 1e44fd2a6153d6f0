"""The conversation or thread that messages are of, where they do not say it themselves. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from commonplace.transfer.importers.making import time
from commonplace.values.records import JSON


@dataclass(frozen=True, slots=True)
class HeldIn:
    """What messages are held in: its id, when it began, and its metadata."""

    id: str
    at: datetime
    metadata: Mapping[str, JSON] = field(default_factory=dict)

    def told_by(self, value: Mapping[str, Any], kind: str) -> HeldIn:
        """Return what `value` describes, itself or under `kind`; what it leaves out is as here."""
        inner = value.get(kind)
        told = inner if isinstance(inner, dict) else value
        metadata = told.get("metadata")
        named = inner if isinstance(inner, str) else self.id
        return HeldIn(
            str(told.get("id") or told.get(f"{kind}_id") or named),
            time(told.get("created_at")) or self.at,
            metadata if isinstance(metadata, dict) else {},
        )
