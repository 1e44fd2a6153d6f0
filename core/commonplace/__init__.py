"""Long-term memory that agents share."""

from commonplace import errors
from commonplace.aio import AsyncMemory
from commonplace.errors import (
    AccessDeniedError,
    CommonplaceError,
    EmbedderMismatchError,
    EmbeddingError,
    InvalidInputError,
    MemoryClosedError,
    RecordNotFoundError,
    StoreError,
    StoreInUseError,
)
from commonplace.keeping.receipt import ErasureReceipt
from commonplace.memory import Memory
from commonplace.opening import open
from commonplace.records import Match, Record, Source, Stats
from commonplace.scope import Scope
from commonplace.writing.screening import Screening

__version__ = "0.1.0"

__all__ = [
    "AccessDeniedError",
    "AsyncMemory",
    "CommonplaceError",
    "EmbedderMismatchError",
    "EmbeddingError",
    "ErasureReceipt",
    "InvalidInputError",
    "Match",
    "Memory",
    "MemoryClosedError",
    "Record",
    "RecordNotFoundError",
    "Scope",
    "Screening",
    "Source",
    "Stats",
    "StoreError",
    "StoreInUseError",
    "errors",
    "open",
]


def __dir__() -> list[str]:
    """Return what is public: modules of its own that were imported on the way are not."""
    return sorted([*__all__, "__version__"])
