"""Long-term memory that agents share."""

from commonplace.aio import AsyncMemory
from commonplace.errors import (
    CommonplaceError,
    EmbedderMismatchError,
    EmbeddingError,
    InvalidInputError,
    MemoryClosedError,
    ModelUnavailableError,
    RecordNotFoundError,
    StoreDamagedError,
    StoreError,
    StoreFormatError,
    StoreInUseError,
)
from commonplace.memory import Memory
from commonplace.opening import open
from commonplace.records import Match, Record, Source, Stats
from commonplace.scope import Scope

__all__ = [
    "AsyncMemory",
    "CommonplaceError",
    "EmbedderMismatchError",
    "EmbeddingError",
    "InvalidInputError",
    "Match",
    "Memory",
    "MemoryClosedError",
    "ModelUnavailableError",
    "Record",
    "RecordNotFoundError",
    "Scope",
    "Source",
    "Stats",
    "StoreDamagedError",
    "StoreError",
    "StoreFormatError",
    "StoreInUseError",
    "open",
]
