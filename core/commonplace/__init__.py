"""Long-term memory that agents share."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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
    from commonplace.opening.open import open
    from commonplace.values.records import Match, Record, Source, Stats
    from commonplace.values.scope import Scope
    from commonplace.writing.policy import Screening

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


# Where the others are. `commonplace --help` and what imports one module alone need few of them.
_PLACES = {
    "AsyncMemory": "aio",
    "ErasureReceipt": "keeping.receipt",
    "Match": "values.records",
    "Memory": "memory",
    "Record": "values.records",
    "Scope": "values.scope",
    "Screening": "writing.policy",
    "Source": "values.records",
    "Stats": "values.records",
    "open": "opening.open",
}


def __getattr__(name: str) -> Any:
    """Import what is public when it is first asked for."""
    if name == "errors":
        return import_module("commonplace.errors")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    place = _PLACES.get(name, "errors")
    found = globals()[name] = getattr(import_module(f"commonplace.{place}"), name)
    return found


def __dir__() -> list[str]:
    """Return what is public: modules of its own that were imported on the way are not."""
    return sorted([*__all__, "__version__"])
